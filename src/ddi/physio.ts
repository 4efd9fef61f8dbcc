/** physio(9F): raw I/O straight into or out of the caller's memory, which is locked meanwhile. */
import { EFAULT, EINVAL, KernelPanic } from '../base/index.js';
import { settle } from '../kernel/index.js';
import type { Kgen, MaybeKgen } from '../kernel/index.js';
import { B_BUSY, B_DONE, B_PHYS, B_READ, B_WRITE, Buf, bioerror, biowait } from './buf.js';
import { currentUserMemory } from './copy.js';
import type { Dev } from './dev.js';
import type { Uio } from './uio.js';

/** Most bytes of one request that minphys lets through (maxphys). */
export const maxphys: number = 56 * 1024;

/** Limits a request to what the system allows (minphys(9F)). */
export function minphys(bp: Buf): void {
  bp.bcount = Math.min(bp.bcount, maxphys);
}

/** Carries a request out and calls biodone, at once or later (strategy(9E)). Its result is ignored. */
export type Strategy = (bp: Buf) => MaybeKgen<number>;

/**
 * Does the I/O of `uio` in requests of what `mincnt` allows: locks the pages, calls `strat`, waits, unlocks, and advances `uio` by what was
 * moved. The caller's memory may be its own or a mapping of any device, the driver's own included.
 * @param rw B_READ or B_WRITE
 * @returns 0; EFAULT when the memory is not there or the thread works for no process; EACCES when the memory does not allow it; EINVAL for
 *     another `rw` or memory of the kernel's; the error of a request. After an error, or a request that moved less, nothing more is asked for.
 */
export function* physio(strat: Strategy, bp: Buf | null, dev: Dev, rw: number, mincnt: (bp: Buf) => void, uio: Uio): Kgen<number> {
  if ((rw !== B_READ && rw !== B_WRITE) || uio.kernel !== undefined) return EINVAL;
  const buf = bp ?? new Buf();
  let error = 0;
  while (uio.resid > 0 && error === 0) {
    error = yield* request(strat, buf, dev, rw, mincnt, uio);
    const moved = buf.bcount - buf.resid;
    uio.base += moved;
    uio.resid -= moved;
    uio.loffset += moved;
    if (buf.resid > 0) break;
  }
  buf.flags &= ~(B_BUSY | B_PHYS);
  return error;
}

/** One request; afterwards `bcount - resid` bytes were moved. */
function* request(strat: Strategy, bp: Buf, dev: Dev, rw: number, mincnt: (bp: Buf) => void, uio: Uio): Kgen<number> {
  bp.flags = B_BUSY | B_PHYS | rw;
  bioerror(bp, 0);
  bp.edev = dev;
  bp.addr = uio.base;
  bp.loffset = uio.loffset;
  bp.resid = 0;
  bp.bcount = uio.resid;
  mincnt(bp);
  if (!(bp.bcount > 0 && bp.bcount <= uio.resid)) throw new KernelPanic('hang', `physio: the mincnt of ${dev.label} leaves ${bp.bcount} bytes`);
  // What the device reads it writes to memory, and the other way round.
  const lock = currentUserMemory()?.pagelock;
  const locked = lock === undefined ? EFAULT : yield* lock(bp.addr, bp.bcount, rw === B_READ);
  if (typeof locked === 'number') {
    bp.resid = bp.bcount;
    return locked;
  }
  bp.frames = locked.frames;
  yield* settle(strat(bp));
  const error = yield* biowait(bp);
  bp.frames = [];
  bp.flags &= ~B_DONE;
  // A driver that failed and does not say how far it came has moved nothing.
  if (error !== 0 && bp.resid === 0) bp.resid = bp.bcount;
  yield* locked.unlock();
  return error;
}
