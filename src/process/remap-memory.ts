/** mremap(2): a mapping grows, shrinks or moves. */
import { EFAULT, EINVAL, ENOMEM, PAGESIZE, alignUp, isAligned } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { ADDR_NOVACALIGN, as_grow, as_rangelock, as_rangeunlock, as_remap, choose_addr } from '../vm/index.js';
import { LX_MREMAP_FIXED, LX_MREMAP_MAYMOVE } from './linux-flags.js';
import { unmapMemory, userRange } from './map-memory.js';
import type { Proc } from './proc.js';

/** What mremap(2) is called with; `flags` are Linux's. */
export interface MremapArguments {
  readonly addr: number;
  readonly len: number;
  readonly newLen: number;
  readonly flags: number;
  /** Of meaning with MREMAP_FIXED. */
  readonly to: number;
}

/**
 * mremap(2). Mappings of devices can only shrink.
 * @returns the address; or -EINVAL (unaligned, no length, unknown flags, MREMAP_FIXED without MREMAP_MAYMOVE or onto itself, a device), -EFAULT
 *     (not covered by one mapping), -ENOMEM (no room), -EAGAIN (locked for I/O)
 */
export function* remapMemory(proc: Proc, a: MremapArguments): Kgen<number> {
  const [len, newLen] = [alignUp(a.len, PAGESIZE), alignUp(a.newLen, PAGESIZE)];
  const fixed = (a.flags & LX_MREMAP_FIXED) !== 0;
  const mayMove = (a.flags & LX_MREMAP_MAYMOVE) !== 0;
  if ((a.flags & ~(LX_MREMAP_FIXED | LX_MREMAP_MAYMOVE)) !== 0 || (fixed && !mayMove)) return -EINVAL;
  if (!isAligned(a.addr, PAGESIZE) || !(newLen > 0) || !(len > 0)) return -EINVAL;
  if (!userRange(a.addr, len)) return -EFAULT;
  if (fixed) return yield* moveTo(proc, { ...a, len, newLen });
  if (newLen <= len) return newLen === len || (yield* unmapMemory(proc, a.addr + newLen, len - newLen)) === 0 ? a.addr : -EFAULT;
  if (!userRange(a.addr, newLen) && !mayMove) return -ENOMEM;
  const error = yield* as_grow(proc.as, { addr: a.addr, len }, newLen);
  if (error === 0) proc.labels.map(a.addr, newLen, proc.labels.at(a.addr) ?? 'anonymous memory');
  if (error !== ENOMEM || !mayMove) return error === 0 ? a.addr : -error;
  return yield* moveAnywhere(proc, { ...a, len, newLen });
}

function* moveTo(proc: Proc, a: MremapArguments): Kgen<number> {
  if (!isAligned(a.to, PAGESIZE) || !userRange(a.to, a.newLen)) return -EINVAL;
  if (a.to < a.addr + a.len && a.addr < a.to + a.newLen) return -EINVAL;
  if ((yield* unmapMemory(proc, a.to, a.newLen)) !== 0) return -EINVAL;
  if (a.newLen < a.len && (yield* unmapMemory(proc, a.addr + a.newLen, a.len - a.newLen)) !== 0) return -EFAULT;
  return yield* move(proc, { ...a, len: Math.min(a.len, a.newLen) }, a.to);
}

function* moveAnywhere(proc: Proc, a: MremapArguments): Kgen<number> {
  yield* as_rangelock(proc.as);
  const to = yield* choose_addr(proc.as, 0, a.newLen, 0, ADDR_NOVACALIGN, 0);
  const result = to === undefined ? -ENOMEM : yield* move(proc, a, to);
  yield* as_rangeunlock(proc.as);
  return result;
}

function* move(proc: Proc, a: MremapArguments, to: number): Kgen<number> {
  const name = proc.labels.at(a.addr) ?? 'anonymous memory';
  const error = yield* as_remap(proc.as, { addr: a.addr, len: a.len }, to, a.newLen);
  if (error !== 0) return -error;
  proc.labels.unmap(a.addr, a.len);
  proc.labels.map(to, a.newLen, name);
  return to;
}
