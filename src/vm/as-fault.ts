/** Faults on an address space: as_fault, as_faulta, as_pagelock, as_pageunlock. */
import { EDEADLK, EFAULT, ENOMEM, ENOTSUP, PAGESIZE, alignDown, alignUp, asVaddr } from '../base/index.js';
import type { Pfn, Vaddr } from '../base/index.js';
import { RW_READER, RW_READER_STARVEWRITER, delay, rw_enter, rw_exit, rw_tryenter, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_segat, as_segnext } from './address-space.js';
import type { As, Seg } from './address-space.js';
import {
  FC_MAKE_ERR, FC_NOMAP, F_SOFTLOCK, F_SOFTUNLOCK, L_PAGELOCK, L_PAGEUNLOCK, S_OTHER, faultTypeText, faultcodeText, fc_decode, rwText,
} from './faultcode.js';
import type { FaultType, SegRw } from './faultcode.js';
import { hat_probe } from './hat-probe.js';
import { segOps } from './seg.js';

/**
 * Resolves a fault, or locks or unlocks pages (as_fault). Readers do not wait for waiting writers here, since the holder of a
 * softlock faults while somebody waits to unmap.
 * @param addr,size bytes; widened to pages.
 * @param type F_INVAL, F_PROT, F_SOFTLOCK or F_SOFTUNLOCK; `rw` S_*.
 * @returns 0; FC_NOMAP where nothing is mapped; FC_MAKE_ERR(ENOMEM) when no frame is left for a page table; else the segment's
 *     fault code. After a failed F_SOFTLOCK nothing is locked.
 */
export function* as_fault(as: As, addr: number, size: number, type: FaultType, rw: SegRw): Kgen<number> {
  const from = alignDown(addr, PAGESIZE);
  const to = alignUp(addr + size, PAGESIZE);
  const { kernel } = as;
  let result: number;
  for (;;) {
    if (kernel.preemptive || !rw_tryenter(as.lock, RW_READER_STARVEWRITER)) yield* rw_enter(as.lock, RW_READER_STARVEWRITER);
    const seg = as_segat(as, from);
    const { shortages } = as.hat;
    if (seg === undefined) result = FC_NOMAP;
    else if (to <= seg.base + seg.size) result = yield* segOps(seg).fault(as.hat, seg, from as Vaddr, to - from, type, rw);
    else result = yield* faultRange(as, seg, from, to, type, rw);
    if (result === 0 && as.hat.shortages !== shortages && seg !== undefined) result = yield* afterShortage(as, seg, from, to, type);
    rw_exit(as.lock);
    if (result !== FC_MAKE_ERR(EDEADLK)) break;
    yield* delay(1);
  }
  if (kernel.trace.on) {
    kernel.trace.emit('as_fault', {
      as: as.name, va: addr, len: size, type: faultTypeText(type), rw: rwText(rw), result: faultcodeText(result),
    });
  }
  return result;
}

/**
 * The result of a fault whose segments report success, but during which a load found no frame for a page table: they, and the drivers
 * behind them, load with hat_devload, which answers nothing and cannot say so. Checking here what is there covers every way
 * a segment or a driver may have loaded, however many pages it asked for beyond those of the fault.
 */
function* afterShortage(as: As, first: Seg, from: number, to: number, type: FaultType): Kgen<number> {
  if (type === F_SOFTUNLOCK) return 0;
  let at = from;
  while (at < to && hat_probe(as.hat, at) !== undefined) at += PAGESIZE;
  if (at >= to) return 0;
  if (type === F_SOFTLOCK) yield* undoSoftlock(as, first, from, to);
  return FC_MAKE_ERR(ENOMEM);
}

/** A fault over several segments, the first of which is `first`. */
function* faultRange(as: As, first: Seg, from: number, to: number, type: FaultType, rw: SegRw): Kgen<number> {
  let seg: Seg | undefined = first;
  let at = from;
  let result = 0;
  while (at < to && result === 0) {
    if (at >= seg.end) {
      const next = as_segnext(seg);
      if (next === undefined || next.base !== at) {
        result = FC_NOMAP;
        break;
      }
      seg = next;
    }
    const bytes = Math.min(to, seg.end) - at;
    result = yield* segOps(seg).fault(as.hat, seg, asVaddr(at), bytes, type, rw);
    if (result === 0) at += bytes;
  }
  if (result !== 0 && type === F_SOFTLOCK && at > from) yield* undoSoftlock(as, first, from, at);
  return result;
}

/** Unlocks the segments of [from, to) again, all of which were locked. */
function* undoSoftlock(as: As, first: Seg, from: number, to: number): Kgen<void> {
  let seg = first;
  for (let at = from; at < to; ) {
    if (at >= seg.end) seg = as_segnext(seg)!;
    const bytes = Math.min(to, seg.end) - at;
    yield* segOps(seg).fault(as.hat, seg, asVaddr(at), bytes, F_SOFTUNLOCK, S_OTHER);
    at += bytes;
  }
}

/** Starts faults that nobody waits for (as_faulta). @returns 0, FC_NOMAP, or the segment's fault code. */
export function* as_faulta(as: As, addr: number, size: number): Kgen<number> {
  const to = alignUp(addr + size, PAGESIZE);
  yield* rw_enter(as.lock, RW_READER);
  let result = 0;
  for (let at = alignDown(addr, PAGESIZE); at < to && result === 0; at += PAGESIZE) {
    const seg = as_segat(as, at);
    result = seg === undefined ? FC_NOMAP : yield* settle(segOps(seg).faulta(seg, asVaddr(at)));
  }
  rw_exit(as.lock);
  return result;
}

/** Pages locked for I/O. */
export interface PageLock {
  /** 0, or an errno, and then nothing is locked. */
  readonly error: number;
  /** The frames in order; undefined when the segment can only softlock (a device), so that frames must be looked up. */
  readonly pages: readonly Pfn[] | undefined;
}

/**
 * Locks the pages of a user buffer for I/O (as_pagelock). A range in one segment that can give its frames does; all others
 * are softlocked.
 */
export function* as_pagelock(as: As, addr: number, size: number, rw: SegRw): Kgen<PageLock> {
  const from = alignDown(addr, PAGESIZE);
  const to = alignUp(addr + size, PAGESIZE);
  yield* rw_enter(as.lock, RW_READER);
  const seg = as_segat(as, from);
  if (seg === undefined) {
    rw_exit(as.lock);
    return { error: EFAULT, pages: undefined };
  }
  const pages: Pfn[] = [];
  const error = to <= seg.end ? yield* settle(segOps(seg).pagelock(seg, asVaddr(from), to - from, L_PAGELOCK, rw, pages)) : ENOTSUP;
  rw_exit(as.lock);
  if (error === 0) return { error, pages };
  if (error !== ENOTSUP && error !== EFAULT) return { error, pages: undefined };
  return { error: fc_decode(yield* as_fault(as, addr, size, F_SOFTLOCK, rw)), pages: undefined };
}

/** Undoes as_pagelock (as_pageunlock); `pages` is what it answered. */
export function* as_pageunlock(as: As, pages: readonly Pfn[] | undefined, addr: number, size: number, rw: SegRw): Kgen<void> {
  if (pages === undefined) {
    yield* as_fault(as, addr, size, F_SOFTUNLOCK, rw);
    return;
  }
  const from = alignDown(addr, PAGESIZE);
  yield* rw_enter(as.lock, RW_READER);
  const seg = as_segat(as, from);
  if (seg !== undefined) {
    yield* settle(segOps(seg).pagelock(seg, asVaddr(from), alignUp(addr + size, PAGESIZE) - from, L_PAGEUNLOCK, rw, [...pages]));
  }
  rw_exit(as.lock);
}
