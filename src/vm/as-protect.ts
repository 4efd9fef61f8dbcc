/** Protection of address ranges: as_setprot, as_checkprot. */
import { EAGAIN, ENOMEM, PAGESIZE, alignDown, alignUp, asVaddr } from '../base/index.js';
import { RW_READER, RW_WRITER, rw_enter, rw_exit, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_segat, as_segnext } from './address-space.js';
import type { As, Seg } from './address-space.js';
import { as_waitunlock } from './as-wait.js';
import { AS_SETPROT_EVENT, IE_NOMEM, IE_RETRY } from './constants.js';
import { segOps } from './seg.js';

/** A pass over a range: done with a result, or to be repeated, as writer from now on. */
const AGAIN_AS_WRITER = -100;

/**
 * Changes the protection of a range (as_setprot), sleeping while pages there are softlocked.
 * @returns 0; ENOMEM where nothing is mapped; EACCES when the object does not allow it; EAGAIN when memory for it is short. What
 *     lies below the failing address has the new protection.
 */
export function* as_setprot(as: As, addr: number, size: number, prot: number): Kgen<number> {
  const from = alignDown(addr, PAGESIZE);
  const to = alignUp(addr + size, PAGESIZE);
  let writer = false;
  for (;;) {
    const error = yield* setprotOnce(as, from, to, prot, writer);
    if (error !== AGAIN_AS_WRITER) return error;
    writer = true;
  }
}

function* setprotOnce(as: As, from: number, to: number, prot: number, writer: boolean): Kgen<number> {
  yield* rw_enter(as.lock, writer ? RW_WRITER : RW_READER);
  let at = from;
  let seg = as_segat(as, from);
  let error = seg === undefined ? ENOMEM : 0;
  while (seg !== undefined && at < to && error === 0) {
    const next: Seg | undefined = as_segnext(seg);
    const bytes = Math.min(to, seg.end) - at;
    error = yield* settle(segOps(seg).setprot(seg, asVaddr(at), bytes, prot));
    if (error === EAGAIN && writer) {
      yield* as_waitunlock(as, AS_SETPROT_EVENT, seg.base, seg.size);
      return AGAIN_AS_WRITER;
    }
    if (error === IE_RETRY || error === EAGAIN) error = AGAIN_AS_WRITER;
    if (error === 0) {
      at += bytes;
      seg = next;
      if (at < to && (seg === undefined || seg.base !== at)) error = ENOMEM;
    }
  }
  rw_exit(as.lock);
  return error === IE_NOMEM ? EAGAIN : error;
}

/**
 * Whether every page of a range allows `prot` (as_checkprot).
 * @returns 0; ENOMEM where nothing is mapped; EACCES.
 */
export function* as_checkprot(as: As, addr: number, size: number, prot: number): Kgen<number> {
  return yield* overRange(as, addr, size, (seg, at, bytes) => segOps(seg).checkprot(seg, asVaddr(at), bytes, prot));
}

/** Calls `operation` for each segment's part of a range, as reader, until one answers other than 0; ENOMEM at a gap. */
export function* overRange(
  as: As, addr: number, size: number, operation: (seg: Seg, at: number, bytes: number) => number | Kgen<number>,
): Kgen<number> {
  const to = alignUp(addr + size, PAGESIZE);
  yield* rw_enter(as.lock, RW_READER);
  let error = 0;
  for (let at = alignDown(addr, PAGESIZE); at < to && error === 0; ) {
    const seg = as_segat(as, at);
    if (seg === undefined) {
      error = ENOMEM;
      break;
    }
    const bytes = Math.min(to, seg.end) - at;
    error = yield* settle(operation(seg, at, bytes));
    at += bytes;
  }
  rw_exit(as.lock);
  return error;
}
