/** mmap(2), munmap(2), mprotect(2) as illumos has them (smmap_common): arguments are checked, then the segment drivers are asked. */
import { EACCES, EINVAL, ENODEV, ENOMEM, PAGESIZE, USER_END, alignUp, isAligned } from '../base/index.js';
import { settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import {
  MAP_ALIGN, MAP_ANON, MAP_FIXED, MAP_INITDATA, MAP_NORESERVE, MAP_PRIVATE, MAP_RENAME, MAP_SHARED, MAP_TEXT, MAP_TYPE, PROT_ALL,
  PROT_EXEC, PROT_USER, PROT_WRITE, _MAP_LOW32, _MAP_NEW, _MAP_RANDOMIZE, as_setprot, as_unmap,
} from '../vm/index.js';
import { mapAnonymous } from './map-anonymous.js';
import type { OpenFile } from './open-file.js';
import type { Proc } from './proc.js';

/** Flags mmap(2) knows. */
const KNOWN = (MAP_TYPE | MAP_FIXED | MAP_RENAME | MAP_NORESERVE | _MAP_LOW32 | MAP_ANON | MAP_ALIGN | MAP_TEXT | MAP_INITDATA
  | _MAP_RANDOMIZE | _MAP_NEW) >>> 0;

/** What mmap(2) is called with; constants illumos'. */
export interface MmapArguments {
  readonly addr: number;
  readonly len: number;
  readonly prot: number;
  readonly flags: number;
  /** undefined with MAP_ANON. */
  readonly file: OpenFile | undefined;
  readonly off: number;
}

/** Whether [addr, addr + len) lies in the part of user memory that can be mapped. */
export const userRange = (addr: number, len: number): boolean =>
  Number.isSafeInteger(addr) && addr >= PAGESIZE && len >= 0 && addr + len <= USER_END;

/**
 * mmap(2).
 * @returns the address, or -EINVAL (unknown flag, no type, length 0, unaligned offset or MAP_FIXED address), -EACCES (the file is not
 *     open for that), -ENOMEM (no room, or MAP_FIXED outside user memory), -ENODEV (not mappable), or the negated errno of the file.
 */
export function* mapMemory(proc: Proc, a: MmapArguments): Kgen<number> {
  const type = a.flags & MAP_TYPE;
  if (((a.flags & ~KNOWN) >>> 0) !== 0 || (type !== MAP_SHARED && type !== MAP_PRIVATE)) return -EINVAL;
  if ((a.flags & MAP_TEXT) !== 0 && (a.prot & PROT_EXEC) === 0) return -EINVAL;
  if (!(a.len > 0) || !Number.isSafeInteger(a.off) || !isAligned(a.off, PAGESIZE)) return -EINVAL;
  const fixed = (a.flags & MAP_FIXED) !== 0;
  const len = alignUp(a.len, PAGESIZE);
  if (fixed && !isAligned(a.addr, PAGESIZE)) return -EINVAL;
  if (len > USER_END || (fixed && !userRange(a.addr, len))) return -ENOMEM;

  const { file } = a;
  const uprot = a.prot | PROT_USER;
  const readOnlyFile = file !== undefined && type === MAP_SHARED && !file.writable;
  const maxprot = readOnlyFile ? PROT_ALL & ~PROT_WRITE : PROT_ALL;
  if ((uprot & ~maxprot) !== 0 || (file !== undefined && !file.readable)) return -EACCES;

  const hint = fixed || userRange(a.addr, len) ? a.addr : 0;
  const request = { as: proc.as, addr: hint, len, off: a.off, prot: uprot, maxprot, flags: a.flags };
  if (file === undefined && (a.flags & MAP_ANON) === 0) return -ENODEV;
  const addr = file === undefined ? yield* mapAnonymous(request) : yield* settle(file.ops.mmap(request));
  if (addr >= 0) proc.labels.map(addr, len, file?.path ?? 'anonymous memory');
  return addr;
}

/** munmap(2). Returns 0, or EINVAL: unaligned, length 0, not user memory. Holes in the range are no error. */
export function* unmapMemory(proc: Proc, addr: number, len: number): Kgen<number> {
  if (!isAligned(addr, PAGESIZE) || !(len > 0)) return EINVAL;
  const size = alignUp(len, PAGESIZE);
  if (!userRange(addr, size)) return EINVAL;
  const error = yield* as_unmap(proc.as, addr, size);
  if (error !== 0) return EINVAL;
  proc.labels.unmap(addr, size);
  return 0;
}

/**
 * mprotect(2). Returns 0, EINVAL (unaligned, unknown protection), ENOMEM (not user memory, or a hole in the range), EACCES (more than the
 * mapping may ever allow), or what the segment driver said.
 */
export function* protectMemory(proc: Proc, addr: number, len: number, prot: number): Kgen<number> {
  if (!isAligned(addr, PAGESIZE) || (prot & ~PROT_ALL) !== 0 || !(len >= 0)) return EINVAL;
  if (len === 0) return 0;
  const size = alignUp(len, PAGESIZE);
  if (!userRange(addr, size)) return ENOMEM;
  return yield* as_setprot(proc.as, addr, size, prot | PROT_USER);
}
