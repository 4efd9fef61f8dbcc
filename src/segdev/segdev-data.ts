/** What a device segment keeps (struct segdev_data). */
import { KernelPanic } from '../base/index.js';
import type { Dev, Snode } from '../ddi/index.js';
import { Krwlock } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import type { LockedRanges } from './locked-ranges.js';
import type { DevmapSoftlock } from './softlock.js';
import type { SegdevState } from './state.js';

/** mmap(9E) of an old-style mapping: the frame at `off`, or -1. */
export type Mapfunc = (dev: Dev, off: number, prot: number) => number;

/** A softlock on its way through a segment: what the unlock of the same range gives back. */
export interface HeldSoftlock {
  readonly addr: number;
  readonly len: number;
  readonly slock: DevmapSoftlock | undefined;
  /** Pages taken from `slock`. */
  readonly slpage: number;
}

/** Private data of a device segment. Field names are those of `struct segdev_data`. */
export class SegdevData {
  readonly state: SegdevState;
  /** Offset of the segment's first byte in the device's mapping space. */
  offset = 0;
  /** Guards the protections. */
  readonly lock: Krwlock;
  /** Not undefined: an old mmap(9E) mapping, which has no handles. */
  mapfunc: Mapfunc | undefined = undefined;
  readonly vp: Snode;
  /** Whether pages have protections of their own, in `vpage`. */
  pageprot = false;
  prot = 0;
  maxprot = 0;
  /** MAP_SHARED or MAP_PRIVATE; 0 for mappings made by spec_segmap of /dev/null. */
  type = 0;
  /** Protection of each page; present when `pageprot`. */
  vpage: Uint8Array | undefined = undefined;
  hat_attr = 0;
  hat_flags = 0;
  /** Softlocked pages, as C counts them. */
  softlockcnt = 0;
  /** First handle of the chain. */
  devmap_data: DevmapHandle | undefined = undefined;
  /** Softlocks that hold: what the fault took and has to give back. */
  readonly held: HeldSoftlock[] = [];
  /** Pages loaded with a lock; undefined until the first one. */
  locked: LockedRanges | undefined = undefined;

  constructor(state: SegdevState, vp: Snode) {
    this.state = state;
    this.vp = vp;
    this.lock = new Krwlock(`segdev of ${vp.dev.label}`);
    state.live.segdata++;
    state.kmem('kmem_alloc', 'segdata', 80);
  }

  /** Replaces the per-page protections, counting them for leak checks. */
  setVpage(vpage: Uint8Array | undefined): void {
    const old = this.vpage;
    this.takeVpage(vpage);
    this.state.freedVpage(old);
  }

  /** Takes per-page protections; the old ones are the caller's. */
  takeVpage(vpage: Uint8Array | undefined): void {
    this.vpage = vpage;
    if (vpage === undefined) return;
    this.state.live.vpage++;
    this.state.kmem('kmem_alloc', 'vpage', 2 * vpage.length);
  }
}

/** sdp_alloc: fresh private data. */
export const sdp_alloc = (state: SegdevState, vp: Snode): SegdevData => new SegdevData(state, vp);

/** The private data of a device segment. @throws KernelPanic when the segment is another driver's */
export function sdpOf(seg: Seg): SegdevData {
  const { data } = seg;
  if (!(data instanceof SegdevData)) throw new KernelPanic('crash', 'not a device segment');
  return data;
}

/** Whether unmap and setprot must wait for softlocks. */
export const softlocked = (sdp: SegdevData): boolean => sdp.softlockcnt !== 0 || sdp.held.length > 0;
