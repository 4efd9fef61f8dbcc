/** The devmap handle: one contiguous part of a mapping, and what lies behind it (devmap_handle_t). */
import type { Pfn } from '../base/index.js';
import { PFN_INVALID } from '../base/index.js';
import type { Dev, DevmapAccess, DevmapCookie, DevmapDup, DevmapMap, DevmapUnmap, Ref } from '../ddi/index.js';
import { DEVMAP_ALLOW_REMAP, ref } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { Kmutex, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import type { DevmapCtx } from './ctx-list.js';
import type { SegdevState } from './state.js';
import type { DevmapSoftlock } from './softlock.js';
import type { DevmapPmemCookie, UmemCookie } from './umem-cookie.js';

/** Internal flag: a set-up routine ran. */
export const DEVMAP_SETUP_DONE = 0x100;
/** Internal flag: `lock` exists. */
export const DEVMAP_LOCK_INITED = 0x200;
/** Internal flag: faults are widened to large pages. */
export const DEVMAP_FLAG_LARGE = 0x1000;

/** Handle cookie of device memory. */
export const DEVMAP_DEVMEM_COOKIE = 'devmem';
/** Handle cookie of pmem, whose own cookie is in `pcookie`. */
export const DEVMAP_PMEM_COOKIE = 'pmem';

/** What lies behind a handle; undefined before set-up, and behind umem that was set up invalid. */
export type HandleCookie = UmemCookie | typeof DEVMAP_DEVMEM_COOKIE | typeof DEVMAP_PMEM_COOKIE | undefined;

/** The callbacks a handle copied at set-up. */
export interface HandleCallbacks {
  map: DevmapMap | undefined;
  access: DevmapAccess | undefined;
  dup: DevmapDup | undefined;
  unmap: DevmapUnmap | undefined;
}

/** A devmap handle. Field names are those of `struct devmap_handle` without `dh_`. */
export class DevmapHandle implements DevmapCookie {
  readonly opaque = 'devmap_cookie_t';
  readonly state: SegdevState;
  /** Number by creation, from 1: `h1` in traces. */
  readonly id: number;
  readonly dev: Dev;
  /** Offset into what is behind: bytes into the register set or the memory, page aligned. */
  roff = 0;
  /** Offset in the device's mapping space of the first byte. */
  uoff: number;
  /** Bytes, a multiple of the page size once set up. */
  len = 0;
  /** Kernel address of the first byte (umem); 0 for device memory. */
  cvaddr = 0;
  /** User address of the first byte; 0 until the mapping exists. */
  uvaddr = 0;
  /** Guards what a remap changes; exists only with DEVMAP_ALLOW_REMAP. */
  lock: Kmutex | undefined = undefined;
  seg: Seg | undefined = undefined;
  /** The driver's private data. */
  readonly pvtp: Ref<unknown> = ref<unknown>(null);
  next: DevmapHandle | undefined = undefined;
  softlock: DevmapSoftlock | undefined = undefined;
  ctx: DevmapCtx | undefined = undefined;
  cookie: HandleCookie = undefined;
  pcookie: DevmapPmemCookie | undefined = undefined;
  prot: number;
  maxprot: number;
  readonly orig_maxprot: number;
  /** Largest page level worth trying, 0..2. */
  mmulevel = 0;
  flags = 0;
  /** First frame of device memory. */
  pfn: Pfn = 0;
  hat_attr = 0;
  /** Ticks of hysteresis for devmap_do_ctxmgt. */
  timeout_length = 0;
  callbackops: HandleCallbacks = { map: undefined, access: undefined, dup: undefined, unmap: undefined };
  /** The handle is gone; only the checks for stale handles look at it. */
  freed = false;

  constructor(state: SegdevState, dev: Dev, uoff: number, prot: number, maxprot: number) {
    this.state = state;
    this.id = state.newHandle();
    this.dev = dev;
    this.uoff = uoff;
    this.prot = prot;
    this.maxprot = maxprot;
    this.orig_maxprot = maxprot;
  }

  /** A second handle equal to this one but for its identity and its links (the bcopy of dup and split). */
  copy(seg: Seg): DevmapHandle {
    const twin = new DevmapHandle(this.state, this.dev, this.uoff, this.prot, this.orig_maxprot);
    twin.maxprot = this.maxprot;
    twin.roff = this.roff;
    twin.len = this.len;
    twin.cvaddr = this.cvaddr;
    twin.uvaddr = this.uvaddr;
    twin.seg = seg;
    twin.pvtp.value = this.pvtp.value;
    twin.cookie = this.cookie;
    twin.pcookie = this.pcookie;
    twin.mmulevel = this.mmulevel;
    twin.flags = this.flags;
    twin.pfn = this.pfn;
    twin.hat_attr = this.hat_attr;
    twin.timeout_length = this.timeout_length;
    twin.callbackops = { ...this.callbackops };
    return twin;
  }

  /** Makes `lock` when the handle may be remapped, as the set-up routines do. */
  initLock(): void {
    if ((this.flags & DEVMAP_ALLOW_REMAP) === 0) return;
    this.lock = new Kmutex(`h${this.id}`);
    this.flags |= DEVMAP_LOCK_INITED;
  }
}

/** HOLD_DHP_LOCK: takes the handle's lock if it may be remapped. Callers skip it when `lock` is undefined. */
export function* holdDhpLock(dhp: DevmapHandle): Kgen<void> {
  if (dhp.lock !== undefined) yield* mutex_enter(dhp.lock);
}

/** RELE_DHP_LOCK. */
export function releDhpLock(dhp: DevmapHandle): void {
  if (dhp.lock !== undefined) mutex_exit(dhp.lock);
}

/** Name of a handle in traces; `-` for none. */
export const handleText = (dhp: DevmapHandle | null | undefined): string => (dhp === null || dhp === undefined ? '-' : `h${dhp.id}`);

/** Whether a handle maps device memory. */
export const dhp_is_devmem = (dhp: DevmapHandle): boolean => dhp.cookie === DEVMAP_DEVMEM_COOKIE;
/** Whether a handle maps pmem. */
export const dhp_is_pmem = (dhp: DevmapHandle): boolean => dhp.cookie === DEVMAP_PMEM_COOKIE;
/** Frame "none" as a handle holds it while invalid. */
export const HANDLE_PFN_INVALID: Pfn = PFN_INVALID;
