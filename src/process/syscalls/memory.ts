/** Memory: mmap(2), munmap(2), mremap(2), mprotect(2), brk(2). Linux flags become illumos flags here. */
import { EBADF, EEXIST, EINVAL, ENOMEM, PAGESIZE } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { MAP_ANON, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, PROT_ALL, PROT_READ, PROT_WRITE } from '../../vm/index.js';
import { setBreak } from '../heap.js';
import {
  LX_MAP_ANONYMOUS, LX_MAP_FIXED, LX_MAP_FIXED_NOREPLACE, LX_MAP_NORESERVE, LX_MAP_PRIVATE, LX_MAP_SHARED, LX_MAP_SHARED_VALIDATE,
  LX_MAP_TYPE, LX_PROT_MASK,
} from '../linux-flags.js';
import { isMapped } from '../mappings.js';
import { mapMemory, protectMemory, unmapMemory } from '../map-memory.js';
import { remapMemory } from '../remap-memory.js';
import type { Call, SyscallFamily } from './call.js';

/** illumos flags of Linux ones; hints Linux ignores are dropped. undefined: no type. */
function mapFlags(linux: number): number | undefined {
  const type = linux & LX_MAP_TYPE;
  const shared = type === LX_MAP_SHARED || type === LX_MAP_SHARED_VALIDATE;
  if (!shared && type !== LX_MAP_PRIVATE) return undefined;
  let flags = shared ? MAP_SHARED : MAP_PRIVATE;
  if ((linux & (LX_MAP_FIXED | LX_MAP_FIXED_NOREPLACE)) !== 0) flags |= MAP_FIXED;
  if ((linux & LX_MAP_ANONYMOUS) !== 0) flags |= MAP_ANON;
  if ((linux & LX_MAP_NORESERVE) !== 0) flags |= MAP_NORESERVE;
  return flags;
}

/** Linux RISC-V: a page that can be written can be read. */
const mapProt = (prot: number): number => ((prot & PROT_WRITE) !== 0 ? prot | PROT_READ : prot) & PROT_ALL;

function* mmap(call: Call): Kgen<number> {
  const [addr, len, prot, linux, fd, off] = [call.number(0), call.size(1), call.uint(2), call.uint(3), call.int(4), call.number(5)];
  const flags = mapFlags(linux);
  if (flags === undefined || (prot & ~LX_PROT_MASK) !== 0 || off < 0) return -EINVAL;
  const file = (flags & MAP_ANON) === 0 ? call.proc.files.get(fd) : undefined;
  if ((flags & MAP_ANON) === 0 && file === undefined) return -EBADF;
  if ((linux & LX_MAP_FIXED_NOREPLACE) !== 0 && isMapped(call.proc.as, addr, len)) return -EEXIST;
  const promised = file === undefined && (flags & (MAP_NORESERVE | MAP_SHARED)) === 0 && (prot & PROT_WRITE) !== 0;
  if (promised && exceedsMemory(call, len)) return -ENOMEM;
  return yield* mapMemory(call.proc, { addr, len, prot: mapProt(prot), flags, file, off: (flags & MAP_ANON) === 0 ? off : 0 });
}

/**
 * Whether a promise of memory is obviously more than there is: it is refused at once, as Linux does (overcommit_memory 0), and not when the
 * last page is touched. MAP_NORESERVE asks for no promise.
 */
const exceedsMemory = (call: Call, len: number): boolean => len > call.proc.as.vm.pages.total * PAGESIZE;

function* mremap(call: Call): Kgen<number> {
  const [addr, len, newLen, flags, to] = [call.number(0), call.size(1), call.size(2), call.uint(3), call.number(4)];
  if (newLen > len && exceedsMemory(call, newLen)) return -ENOMEM;
  return yield* remapMemory(call.proc, { addr, len, newLen, flags, to });
}

function* munmap(call: Call): Kgen<number> {
  return -(yield* unmapMemory(call.proc, call.number(0), call.size(1)));
}

function* mprotect(call: Call): Kgen<number> {
  const prot = call.uint(2);
  if ((prot & ~LX_PROT_MASK) !== 0) return -EINVAL;
  if (call.size(1) > Number.MAX_SAFE_INTEGER - PAGESIZE) return -ENOMEM;
  return -(yield* protectMemory(call.proc, call.number(0), call.size(1), mapProt(prot)));
}

function* brk(call: Call): Kgen<number> {
  const { heap } = call.proc;
  if (exceedsMemory(call, call.size(0) - heap.base)) return heap.end;
  return yield* setBreak(call.proc, call.number(0));
}

/** Calls that map, unmap, move and protect memory, by their Linux RV64 numbers. */
export const memoryCalls: SyscallFamily = {
  214: { name: 'brk', args: 1, handler: brk },
  215: { name: 'munmap', args: 2, handler: munmap },
  216: { name: 'mremap', args: 5, handler: mremap },
  222: { name: 'mmap', args: 6, handler: mmap },
  226: { name: 'mprotect', args: 3, handler: mprotect },
};
