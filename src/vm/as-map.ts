/** Making and ending mappings: as_map, as_unmap. */
import { EAGAIN, EINVAL, ENOMEM, PAGESIZE, alignDown, alignUp, asVaddr, errnoName } from '../base/index.js';
import { RW_WRITER, rw_enter, rw_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { AS_ISPGLCK, as_findseg, as_segnext } from './address-space.js';
import type { As, Seg } from './address-space.js';
import { as_ctl } from './as-ctl.js';
import { as_waitunlock } from './as-wait.js';
import { AS_UNMAP_EVENT, IE_RETRY, MC_LOCK } from './constants.js';
import { segOps, seg_alloc, seg_free } from './seg.js';

/**
 * Makes a mapping (as_map): allocates the segment and lets `create` set its operations and data up.
 * @param addr rounded down to a page; `size` in bytes, rounded so that all are covered.
 * @returns 0; ENOMEM when the range is taken or outside the address space; EINVAL for an empty range; whatever `create` returns;
 *     the error of locking the pages when the address space locks new mappings.
 */
export function* as_map(as: As, addr: number, size: number, create: (seg: Seg) => Kgen<number>): Kgen<number> {
  const error = yield* mapSegment(as, addr, size, create);
  const { trace } = as.kernel;
  if (trace.on) trace.emit('as_map', { as: as.name, va: addr, len: size, result: error === 0 ? '0' : errnoName(error) });
  return error;
}

function* mapSegment(as: As, addr: number, size: number, create: (seg: Seg) => Kgen<number>): Kgen<number> {
  if (!(size > 0)) return EINVAL;
  yield* rw_enter(as.lock, RW_WRITER);
  const seg = seg_alloc(as, addr, size);
  if (seg === undefined) {
    rw_exit(as.lock);
    return ENOMEM;
  }
  const error = yield* create(seg);
  if (error !== 0) {
    yield* seg_free(seg);
    rw_exit(as.lock);
    return error;
  }
  const { base, size: bytes } = seg;
  as.size += bytes;
  as.resvsize += bytes;
  const lockPages = AS_ISPGLCK(as);
  rw_exit(as.lock);
  if (!lockPages) return 0;
  const lockError = yield* as_ctl(as, base, bytes, MC_LOCK, 0, 0);
  if (lockError !== 0) yield* as_unmap(as, base, bytes);
  return lockError;
}

/**
 * Ends every mapping in a range (as_unmap), sleeping while pages there are softlocked.
 * @returns 0, also when nothing was mapped; -1 when a segment refused for another reason.
 */
export function* as_unmap(as: As, addr: number, size: number): Kgen<number> {
  const from = alignDown(addr, PAGESIZE);
  const to = alignUp(addr + size, PAGESIZE);
  let result = IE_RETRY;
  while (result === IE_RETRY) result = yield* unmapOnce(as, from, to);
  const { trace } = as.kernel;
  if (trace.on) trace.emit('as_unmap', { as: as.name, va: addr, len: size, result: String(result) });
  return result;
}

/** One pass of as_unmap; IE_RETRY when it must start over. */
function* unmapOnce(as: As, from: number, to: number): Kgen<number> {
  yield* rw_enter(as.lock, RW_WRITER);
  let seg = as_findseg(as, from);
  while (seg !== undefined && seg.base < to) {
    const next: Seg | undefined = as_segnext(seg);
    const start = Math.max(from, seg.base);
    const bytes = Math.min(to, seg.end) - start;
    const { base, size } = seg;
    const error = yield* segOps(seg).unmap(seg, asVaddr(start), bytes);
    if (error === EAGAIN) {
      yield* as_waitunlock(as, AS_UNMAP_EVENT, base, size);
      return IE_RETRY;
    }
    if (error !== 0) {
      rw_exit(as.lock);
      return error === IE_RETRY ? IE_RETRY : -1;
    }
    as.size -= bytes;
    as.resvsize -= bytes;
    seg = next;
  }
  rw_exit(as.lock);
  return 0;
}
