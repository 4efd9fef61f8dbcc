/** memcntl(2) and mincore(2) as illumos has them: arguments are checked, then the segment drivers are asked. */
import { EINVAL, ENOMEM, LEVEL_SIZE, PAGESIZE, alignDown, alignUp, isAligned } from '../base/index.js';
import type { PageLevel } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import {
  FC_CODE, FC_ERRNO, FC_NOMAP, FC_OBJERR, MADV_DONTNEED, MADV_FREE, MADV_PURGE, MADV_WILLNEED, MC_ADVISE, MC_HAT_ADVISE, MC_INHERIT_ZERO, MC_LOCK,
  MC_LOCKAS, MC_SYNC, MC_UNLOCK, MC_UNLOCKAS, MS_ASYNC, MS_INVALIDATE, MS_SYNC, PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE, SEGP_INH_ZERO, as_ctl,
  as_faulta, as_incore, as_setpagesize, largestPageSize,
} from '../vm/index.js';
import { MCL_CURRENT, MCL_FUTURE } from './linux-flags.js';
import { userRange } from './map-memory.js';
import type { Proc } from './proc.js';

/** What memcntl(2) is called with; constants illumos'. */
export interface MemcntlArguments {
  readonly addr: number;
  readonly len: number;
  /** MC_*. */
  readonly cmd: number;
  readonly arg: number;
  /** Which pages are meant: PROT_* bits, SHARED, PRIVATE; 0 for all. Checked, and then left to the segment drivers. */
  readonly attr: number;
}

/** memcntl(2) attributes: only shared, only private mappings. */
const [SHARED, PRIVATE] = [0x10, 0x20];
const VALID_ATTR = PROT_READ | PROT_WRITE | PROT_EXEC | SHARED | PRIVATE;
const BOTH = SHARED | PRIVATE;

/**
 * memcntl(2).
 * @returns 0; EINVAL for an unknown command, argument or attribute, an address that is not page aligned, an empty range, or an address with
 *     MC_LOCKAS and MC_UNLOCKAS; ENOMEM outside user memory or where nothing is mapped; EBUSY for MS_INVALIDATE of locked pages; EAGAIN when
 *     memory is short; else what the segment driver answers.
 */
export function* controlMemory(proc: Proc, a: MemcntlArguments): Kgen<number> {
  const { addr, cmd, arg } = a;
  if ((a.attr & ~VALID_ATTR) !== 0 || (a.attr & BOTH) === BOTH) return EINVAL;
  const attr = a.attr === 0 ? 0 : a.attr | PROT_USER;
  if (cmd === MC_LOCKAS || cmd === MC_UNLOCKAS) {
    if (addr !== 0 || a.len !== 0) return EINVAL;
    if (cmd === MC_LOCKAS && (arg === 0 || (arg & ~(MCL_CURRENT | MCL_FUTURE)) !== 0)) return EINVAL;
    return yield* as_ctl(proc.as, 0, 0, cmd, attr, arg);
  }
  if (!isAligned(addr, PAGESIZE) || !(a.len > 0)) return EINVAL;
  const len = alignUp(a.len, PAGESIZE);
  if (!userRange(addr, len)) return ENOMEM;
  switch (cmd) {
    case MC_SYNC: return yield* sync(proc, addr, len, attr, arg);
    case MC_LOCK:
    case MC_UNLOCK: return yield* as_ctl(proc.as, addr, len, cmd, attr, 0);
    case MC_ADVISE: return yield* advise(proc, addr, cmdLength(a), attr, arg);
    case MC_HAT_ADVISE: return a.attr === 0 ? yield* preferPages(proc, addr, len, arg) : EINVAL;
    case MC_INHERIT_ZERO: return arg === 0 && attr === 0 ? yield* as_ctl(proc.as, addr, len, cmd, 0, SEGP_INH_ZERO) : EINVAL;
    default: return EINVAL;
  }
}

/** What is freed is whole pages, so that no byte outside the range goes. */
const cmdLength = ({ len, arg }: MemcntlArguments): number => (arg === MADV_FREE ? alignDown(len, PAGESIZE) : alignUp(len, PAGESIZE));

function* sync(proc: Proc, addr: number, len: number, attr: number, flags: number): Kgen<number> {
  const how = (flags & ~MS_INVALIDATE) === 0 ? flags | MS_SYNC : flags;
  if ((how & ~(MS_SYNC | MS_ASYNC | MS_INVALIDATE)) !== 0 || (how & (MS_SYNC | MS_ASYNC)) === (MS_SYNC | MS_ASYNC)) return EINVAL;
  return yield* as_ctl(proc.as, addr, len, MC_SYNC, attr, how);
}

function* advise(proc: Proc, addr: number, len: number, attr: number, advice: number): Kgen<number> {
  if (!Number.isInteger(advice) || advice < 0 || advice > MADV_PURGE) return EINVAL;
  if (advice === MADV_DONTNEED) return yield* as_ctl(proc.as, addr, len, MC_SYNC, attr, MS_ASYNC | MS_INVALIDATE);
  if (advice === MADV_WILLNEED) {
    const fc = yield* as_faulta(proc.as, addr, len);
    if (fc !== 0) return FC_CODE(fc) === FC_OBJERR ? FC_ERRNO(fc) : FC_CODE(fc) === FC_NOMAP ? ENOMEM : EINVAL;
  }
  return yield* as_ctl(proc.as, addr, len, MC_ADVISE, attr, advice);
}

/** MC_HAT_ADVISE: asks for a page size; 0 stands for the largest one the range holds. */
function* preferPages(proc: Proc, addr: number, len: number, wanted: number): Kgen<number> {
  const size = wanted === 0 ? largestPageSize(len, proc.as.vm.hatPolicy.maxLevel) : wanted;
  const level = LEVEL_SIZE.indexOf(size);
  return level < 0 ? EINVAL : yield* as_setpagesize(proc.as, addr, len, level as PageLevel);
}

/**
 * mincore(2) without the user's vector.
 * @returns a byte of SEG_PAGE_* bits for each page; or EINVAL for an address that is not page aligned or an empty range, ENOMEM outside user
 *     memory or where a page is not mapped.
 */
export function* incoreMemory(proc: Proc, addr: number, len: number): Kgen<Uint8Array | number> {
  if (!isAligned(addr, PAGESIZE) || !(len > 0)) return EINVAL;
  const size = alignUp(len, PAGESIZE);
  if (!userRange(addr, size)) return ENOMEM;
  const pages = new Uint8Array(size / PAGESIZE);
  const error = yield* as_incore(proc.as, addr, size, pages);
  return error === 0 ? pages : error;
}
