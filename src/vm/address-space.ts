/**
 * Address spaces and segments. An address space is an ordered list of segments that do not overlap, under one readers/writer
 * lock; a segment is a range of addresses and the operations of whoever implements it.
 */
import { LEVEL_SIZE, USER_END } from '../base/index.js';
import type { Pfn, Vaddr } from '../base/index.js';
import { Kcondvar, Kmutex, Krwlock } from '../kernel/index.js';
import type { Kernel, Kgen, MaybeKgen } from '../kernel/index.js';
import type { FaultType, SegRw } from './faultcode.js';
import type { Hat } from './hat.js';
import type { VmServices } from './services.js';

/**
 * What a segment can do (struct seg_ops), called with the address space locked: as writer for dup, unmap, free and setprot
 * where it says so, else at least as reader. Addresses and lengths are page aligned and inside the segment. Results are errno
 * numbers unless said otherwise, 0 for success.
 */
export interface SegOps {
  /** Makes `newseg`, of the same place in another address space, a copy (fork). Writer. */
  dup(seg: Seg, newseg: Seg): Kgen<number>;
  /**
   * Ends part or all of the segment. Writer.
   * @returns 0; EAGAIN when pages are softlocked; IE_RETRY to be called again.
   */
  unmap(seg: Seg, addr: Vaddr, len: number): Kgen<number>;
  /** Frees what hangs on `seg.data`. Called by seg_free. */
  free(seg: Seg): Kgen<void>;
  /** Handles a fault, or locks or unlocks pages. @returns a fault code. */
  fault(hat: Hat, seg: Seg, addr: Vaddr, len: number, type: FaultType, rw: SegRw): Kgen<number>;
  /** Starts an asynchronous fault. @returns a fault code. */
  faulta(seg: Seg, addr: Vaddr): MaybeKgen<number>;
  /** Changes the protection. @returns 0, EACCES, EAGAIN (softlocked), IE_NOMEM, IE_RETRY. */
  setprot(seg: Seg, addr: Vaddr, len: number, prot: number): MaybeKgen<number>;
  /** Whether all pages allow `prot`: 0 or EACCES. */
  checkprot(seg: Seg, addr: Vaddr, len: number, prot: number): MaybeKgen<number>;
  /** Whether the page `delta` bytes from `addr` is worth reading together with it: 0 if so, else -1. */
  kluster(seg: Seg, addr: Vaddr, delta: number): number;
  /** Absent where the C table has a null pointer. */
  swapout?(seg: Seg): number;
  /** Writes changes back to what is behind the segment (msync(3C)); `attr` selects pages by SHARED, PRIVATE and PROT_ bits, `flags` are MS_ bits. */
  sync(seg: Seg, addr: Vaddr, len: number, attr: number, flags: number): MaybeKgen<number>;
  /** Writes SEG_PAGE_* bits for each page to `vec`. @returns the bytes reported. */
  incore(seg: Seg, addr: Vaddr, len: number, vec: Uint8Array): MaybeKgen<number>;
  /** Locks pages into memory (MC_LOCK) or lets them go (MC_UNLOCK), mlock(3C); `attr` as for sync. */
  lockop(seg: Seg, addr: Vaddr, len: number, attr: number, op: number): MaybeKgen<number>;
  /** Writes the PROT_* bits of each page to `protv`; `len` follows the implementation's convention. */
  getprot(seg: Seg, addr: Vaddr, len: number, protv: Uint8Array): MaybeKgen<number>;
  /** Offset in the object behind the segment, in bytes. */
  getoffset(seg: Seg, addr: Vaddr): number;
  /** MAP_SHARED or MAP_PRIVATE, with other MAP_* bits. */
  gettype(seg: Seg, addr: Vaddr): number;
  /** The object behind the segment. */
  getvp(seg: Seg, addr: Vaddr): unknown;
  /** Takes a MADV_ advice (madvise(3C)). */
  advise(seg: Seg, addr: Vaddr, len: number, behav: number): MaybeKgen<number>;
  /** Names the pages a crash dump needs. */
  dump(seg: Seg): void;
  /** Locks pages for I/O (L_PAGELOCK) and appends their frames to `pages`, or unlocks them. @returns 0, ENOTSUP, EFAULT, ENOMEM. */
  pagelock(seg: Seg, addr: Vaddr, len: number, type: number, rw: SegRw, pages: Pfn[]): MaybeKgen<number>;
  /** Wishes pages of size code `szc`, 0 to 2 (4K, 2M, 1G). @returns 0; ENOTSUP. */
  setpagesize(seg: Seg, addr: Vaddr, len: number, szc: number): MaybeKgen<number>;
  /** Identity of the memory at `addr`: equal for two mappings of the same. An errno where there is none. */
  getmemid(seg: Seg, addr: Vaddr): Memid | number;
  /** Where memory for `addr` should lie; there are no wishes. */
  getpolicy(seg: Seg, addr: Vaddr): undefined;
  /** Whether the segment has an S_CAPABILITY_: 1 or 0. */
  capable(seg: Seg, capability: number): number;
  /** What the child of a fork shall get of the pages. @returns 0; ENOTSUP. */
  inherit(seg: Seg, addr: Vaddr, len: number, behav: number): MaybeKgen<number>;
}

/** Identity of a piece of memory (memid_t). */
export interface Memid {
  readonly object: unknown;
  readonly offset: number;
}

/** A range of an address space. */
export class Seg {
  /** First address, page aligned. */
  base: Vaddr;
  /** Bytes, a multiple of PAGESIZE. */
  size: number;
  readonly as: As;
  /** S_PURGE and other S_* flags. */
  flags = 0;
  /** Who implements it; set together with `data` by the create routine of as_map. */
  ops: SegOps | undefined = undefined;
  /** Belongs to `ops`. */
  data: unknown = undefined;

  /** Segments are made by seg_alloc. */
  constructor(as: As, base: Vaddr, size: number) {
    this.as = as;
    this.base = base;
    this.size = size;
  }

  /** First address behind the segment. */
  get end(): number {
    return this.base + this.size;
  }
}

/** A function to be called when an address range is about to change (as_add_callback). */
export interface AsCallback {
  readonly func: (as: As, arg: unknown, events: number) => MaybeKgen<void>;
  readonly arg: unknown;
  /** AS_*_EVENT bits it wants to hear of. */
  readonly events: number;
  readonly addr: number;
  readonly len: number;
}

/** An address space. */
export class As {
  readonly name: string;
  readonly vm: VmServices;
  readonly kernel: Kernel;
  readonly hat: Hat;
  /** Guards the list of segments (a_lock). */
  readonly lock: Krwlock;
  /** Guards `flags` and `callbacks` (a_contents). */
  readonly contents: Kmutex;
  /** Where those wait who need softlocked pages unlocked, or the gap (a_cv). */
  readonly cv: Kcondvar;
  /** AS_* flags. */
  flags = 0;
  /** Bytes mapped. */
  size = 0;
  /** Bytes reserved; segments that map nothing real correct it (a_resvsize). */
  resvsize = 0;
  /** First address no mapping may reach. */
  userlimit: number = USER_END;
  /** Segments by ascending address. Changed by seg_alloc and seg_free only. */
  readonly segs: Seg[] = [];
  callbacks: AsCallback[] = [];
  /** The process it belongs to. */
  proc: unknown = undefined;
  /** Processes that run in it: more than one while the child of a vfork(2) does. */
  users = 1;
  /** The segment found last. */
  last: Seg | undefined = undefined;

  /** Address spaces are made by as_alloc. */
  constructor(vm: VmServices, hat: Hat, name: string) {
    this.vm = vm;
    this.kernel = vm.kernel;
    this.hat = hat;
    this.name = name;
    this.lock = new Krwlock(`${name} a_lock`);
    this.contents = new Kmutex(`${name} a_contents`);
    this.cv = new Kcondvar(`${name} a_cv`);
  }
}

/** Whether somebody waits until softlocked pages of `as` are unlocked (AS_ISUNMAPWAIT). */
export const AS_ISUNMAPWAIT = (as: As): boolean => (as.flags & 0x20) !== 0;
/** Ends that wait's flag; the caller broadcasts `as.cv` (AS_CLRUNMAPWAIT). */
export const AS_CLRUNMAPWAIT = (as: As): void => {
  as.flags &= ~0x20;
};
/** Whether `as` locks new mappings in memory (AS_ISPGLCK). */
export const AS_ISPGLCK = (as: As): boolean => (as.flags & 0x80) !== 0;

/** Index of the first segment that ends above `addr`; the number of segments when there is none. */
export function firstEndingAbove(as: As, addr: number): number {
  const { segs } = as;
  let low = 0;
  let high = segs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segs[middle]!.end <= addr) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The segment that holds `addr`; undefined when none does (as_segat). */
export function as_segat(as: As, addr: number): Seg | undefined {
  const { last } = as;
  if (last !== undefined && addr >= last.base && addr < last.base + last.size) return last;
  const seg = as.segs[firstEndingAbove(as, addr)];
  if (seg === undefined || addr < seg.base) return undefined;
  as.last = seg;
  return seg;
}

/** The first segment that holds `addr` or lies above it; undefined when there is none (as_findseg). */
export const as_findseg = (as: As, addr: number): Seg | undefined => as.segs[firstEndingAbove(as, addr)];

/** The segment behind `seg` in its address space (AS_SEGNEXT). */
export const as_segnext = (seg: Seg): Seg | undefined => as_findseg(seg.as, seg.end);

/** The largest page size not above `len`, up to `maxLevel`. */
export function largestPageSize(len: number, maxLevel: number): number {
  for (let level = maxLevel; level > 0; level--) {
    const size = LEVEL_SIZE[level as 0 | 1 | 2];
    if (len >= size) return size;
  }
  return LEVEL_SIZE[0];
}
