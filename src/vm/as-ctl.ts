/** Control of mapped memory: as_ctl (memcntl, msync, mlock, madvise), as_incore (mincore), as_getmemid. */
import { EAGAIN, EINVAL, ENOMEM, PAGESIZE, alignDown, alignUp, asVaddr } from '../base/index.js';
import { RW_READER, RW_WRITER, mutex_enter, mutex_exit, rw_enter, rw_exit, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_segat } from './address-space.js';
import type { As, Memid, Seg } from './address-space.js';
import { overRange } from './as-protect.js';
import {
  AS_PAGLCK, IE_NOMEM, MC_ADVISE, MC_INHERIT_ZERO, MC_LOCK, MC_LOCKAS, MC_SYNC, MC_UNLOCK, MC_UNLOCKAS,
} from './constants.js';
import { segOps } from './seg.js';

/** mlockall(3C): what is mapped now. */
const MCL_CURRENT = 1;
/** mlockall(3C): what will be mapped. */
const MCL_FUTURE = 2;

/**
 * Control operations over a range (as_ctl).
 * @param func MC_SYNC (arg: MS_* flags), MC_LOCK, MC_UNLOCK, MC_ADVISE (arg: MADV_*), MC_INHERIT_ZERO (arg: SEGP_INH_ZERO),
 *     MC_LOCKAS (arg: MCL_* flags) and MC_UNLOCKAS over the whole address space.
 * @returns 0; ENOMEM where nothing is mapped; EINVAL for an unknown function; else what the segment answers.
 */
export function* as_ctl(as: As, addr: number, size: number, func: number, attr: number, arg: number): Kgen<number> {
  switch (func) {
    case MC_SYNC:
      return yield* overRange(as, addr, size, (seg, at, bytes) => segOps(seg).sync(seg, asVaddr(at), bytes, attr, arg));
    case MC_LOCK:
    case MC_UNLOCK: {
      const error = yield* overRange(as, addr, size, (seg, at, bytes) => segOps(seg).lockop(seg, asVaddr(at), bytes, attr, func));
      return error === IE_NOMEM ? EAGAIN : error;
    }
    case MC_ADVISE:
      return yield* overRange(as, addr, size, (seg, at, bytes) => segOps(seg).advise(seg, asVaddr(at), bytes, arg));
    case MC_INHERIT_ZERO:
      return yield* overRange(as, addr, size, (seg, at, bytes) => segOps(seg).inherit(seg, asVaddr(at), bytes, arg));
    case MC_LOCKAS:
      return yield* lockAll(as, arg);
    case MC_UNLOCKAS:
      return yield* unlockAll(as);
    default:
      return EINVAL;
  }
}

function* lockAll(as: As, arg: number): Kgen<number> {
  if (arg & MCL_FUTURE) {
    yield* mutex_enter(as.contents);
    as.flags |= AS_PAGLCK;
    mutex_exit(as.contents);
  }
  return arg & MCL_CURRENT ? yield* overAll(as, MC_LOCK) : 0;
}

function* unlockAll(as: As): Kgen<number> {
  yield* mutex_enter(as.contents);
  as.flags &= ~AS_PAGLCK;
  mutex_exit(as.contents);
  return yield* overAll(as, MC_UNLOCK);
}

function* overAll(as: As, op: number): Kgen<number> {
  yield* rw_enter(as.lock, RW_WRITER);
  let error = 0;
  for (const seg of as.segs) {
    error = yield* settle(segOps(seg).lockop(seg, seg.base, seg.size, 0, op));
    if (error !== 0) break;
  }
  rw_exit(as.lock);
  return error === IE_NOMEM ? EAGAIN : error;
}

/**
 * Reports which pages of a range are in memory, one byte of SEG_PAGE_* bits a page (as_incore).
 * @returns 0; ENOMEM at a gap, with what lies below it reported.
 */
export function* as_incore(as: As, addr: number, size: number, vec: Uint8Array): Kgen<number> {
  const to = alignUp(addr + size, PAGESIZE);
  let done = 0;
  yield* rw_enter(as.lock, RW_READER);
  let error = 0;
  for (let at = alignDown(addr, PAGESIZE); at < to; ) {
    const seg: Seg | undefined = as_segat(as, at);
    if (seg === undefined) {
      error = ENOMEM;
      break;
    }
    const bytes = Math.min(to, seg.end) - at;
    yield* settle(segOps(seg).incore(seg, asVaddr(at), bytes, vec.subarray(done)));
    done += bytes / PAGESIZE;
    at += bytes;
  }
  rw_exit(as.lock);
  return error;
}

/** Identity of the memory at `addr` (as_getmemid); ENOMEM where nothing is mapped, or what the segment answers. */
export function* as_getmemid(as: As, addr: number): Kgen<Memid | number> {
  yield* rw_enter(as.lock, RW_READER);
  const seg = as_segat(as, addr);
  const memid = seg === undefined ? ENOMEM : segOps(seg).getmemid(seg, asVaddr(addr));
  rw_exit(as.lock);
  return memid;
}
