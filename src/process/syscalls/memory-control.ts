/** Advice and residence: msync(2), mlock(2), munlock(2), mlockall(2), munlockall(2), mincore(2), madvise(2), over memcntl(2). */
import { EBUSY, EFAULT, EINVAL, ENOMEM, ENOTSUP, PAGESIZE, USER_END, alignDown, alignUp, isAligned } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import {
  MADV_FREE, MADV_NORMAL, MADV_PURGE, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MC_ADVISE, MC_INHERIT_ZERO, MC_LOCK, MC_LOCKAS, MC_SYNC, MC_UNLOCK,
  MC_UNLOCKAS, MS_ASYNC, MS_INVALIDATE, SEG_PAGE_INCORE,
} from '../../vm/index.js';
import { controlMemory, incoreMemory } from '../control-memory.js';
import {
  LX_MADV_COLD, LX_MADV_DODUMP, LX_MADV_DONTDUMP, LX_MADV_DONTNEED, LX_MADV_FREE, LX_MADV_HUGEPAGE, LX_MADV_NOHUGEPAGE, LX_MADV_NORMAL,
  LX_MADV_PAGEOUT, LX_MADV_RANDOM, LX_MADV_SEQUENTIAL, LX_MADV_WILLNEED, LX_MADV_WIPEONFORK, LX_MS_ALL, MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT,
} from '../linux-flags.js';
import { isUserRange } from '../lwp.js';
import type { Call, SyscallFamily } from './call.js';

/** Pages mincore reports at a time, so that an absurd length costs no host memory. */
const CHUNK = 4096;

/** One memcntl(2) over whole pages; 0 or a negated errno. */
function* control(call: Call, addr: number, len: number, cmd: number, arg: number): Kgen<number> {
  return -(yield* controlMemory(call.proc, { addr, len, cmd, arg, attr: 0 }));
}

function* msync(call: Call): Kgen<number> {
  const [addr, len, flags] = [call.number(0), call.size(1), call.uint(2)];
  if (!isAligned(addr, PAGESIZE) || (flags & ~LX_MS_ALL) !== 0) return -EINVAL;
  // MC_SYNC refuses MS_ASYNC with MS_SYNC; an empty range is no error, but wrong flags are.
  if (len === 0) return (flags & 5) === 5 ? -EINVAL : 0;
  return yield* control(call, addr, len, MC_SYNC, flags);
}

const lock = (cmd: number) => function* (call: Call): Kgen<number> {
  const [addr, len] = [call.size(0), call.size(1)];
  if (addr + len >= 2 ** 64) return -EINVAL;
  if (len === 0) return 0;
  if (addr + len > USER_END) return -ENOMEM;
  const from = alignDown(addr, PAGESIZE);
  return yield* control(call, from, alignUp(addr + len, PAGESIZE) - from, cmd, 0);
};

/** Nothing is ever paged out, so pages that are to be locked once they are touched (MCL_ONFAULT) need nothing done. */
function* mlockall(call: Call): Kgen<number> {
  const flags = call.uint(0);
  const what = flags & (MCL_CURRENT | MCL_FUTURE);
  if (what === 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) !== 0) return -EINVAL;
  return (flags & MCL_ONFAULT) !== 0 ? 0 : yield* control(call, 0, 0, MC_LOCKAS, what);
}

const munlockall = (call: Call): Kgen<number> => control(call, 0, 0, MC_UNLOCKAS, 0);

/** Fills the vector as far as it gets, as Linux does: what lies below a gap is reported. */
function* mincore(call: Call): Kgen<number> {
  const [addr, len, vec] = [call.number(0), call.size(1), call.number(2)];
  if (!isAligned(addr, PAGESIZE)) return -EINVAL;
  if (!isUserRange(addr, len)) return -ENOMEM;
  const pages = Math.ceil(len / PAGESIZE);
  if (!isUserRange(vec, pages)) return -EFAULT;
  for (let done = 0; done < pages; done += CHUNK) {
    const count = Math.min(CHUNK, pages - done);
    const answer = yield* incoreMemory(call.proc, addr + done * PAGESIZE, count * PAGESIZE);
    if (typeof answer === 'number') return -answer;
    const bits = answer.map((page) => page & SEG_PAGE_INCORE);
    if ((yield* call.copyout(new DataView(bits.buffer), vec + done)) !== 0) return -EFAULT;
  }
  return 0;
}

/** illumos advice for Linux advice; hints that mean nothing here still ask whether the range is mapped. */
const adviceOf: ReadonlyMap<number, number> = new Map([
  [LX_MADV_NORMAL, MADV_NORMAL], [LX_MADV_RANDOM, MADV_RANDOM], [LX_MADV_SEQUENTIAL, MADV_SEQUENTIAL], [LX_MADV_WILLNEED, MADV_WILLNEED],
  [LX_MADV_DONTNEED, MADV_PURGE], [LX_MADV_FREE, MADV_FREE], [LX_MADV_HUGEPAGE, MADV_NORMAL], [LX_MADV_NOHUGEPAGE, MADV_NORMAL],
  [LX_MADV_DONTDUMP, MADV_NORMAL], [LX_MADV_DODUMP, MADV_NORMAL], [LX_MADV_COLD, MADV_NORMAL], [LX_MADV_PAGEOUT, MADV_NORMAL],
]);

function* madvise(call: Call): Kgen<number> {
  const [addr, wanted, linux] = [call.number(0), call.size(1), call.int(2)];
  const advice = adviceOf.get(linux);
  if (!isAligned(addr, PAGESIZE) || (advice === undefined && linux !== LX_MADV_WIPEONFORK)) return -EINVAL;
  const len = alignUp(wanted, PAGESIZE);
  if (addr + len > 2 ** 63) return -EINVAL;
  if (len === 0) return 0;
  const answer = yield* advise(call, addr, len, linux, advice);
  return answer === -EBUSY || answer === -ENOTSUP ? -EINVAL : answer;
}

function* advise(call: Call, addr: number, len: number, linux: number, advice: number | undefined): Kgen<number> {
  if (advice === undefined) return yield* control(call, addr, len, MC_INHERIT_ZERO, 0);
  if (linux === LX_MADV_DONTNEED) {
    // Linux drops nothing that is locked; illumos says so when it is asked to invalidate it.
    const error = yield* control(call, addr, len, MC_SYNC, MS_ASYNC | MS_INVALIDATE);
    if (error !== 0) return error;
  }
  return yield* control(call, addr, len, MC_ADVISE, advice);
}

/** Calls that advise on memory, lock it and say what is resident, by their Linux RV64 numbers. */
export const memoryControlCalls: SyscallFamily = {
  227: { name: 'msync', args: 3, handler: msync },
  228: { name: 'mlock', args: 2, handler: lock(MC_LOCK) },
  229: { name: 'munlock', args: 2, handler: lock(MC_UNLOCK) },
  230: { name: 'mlockall', args: 1, handler: mlockall },
  231: { name: 'munlockall', args: 0, handler: munlockall },
  232: { name: 'mincore', args: 3, handler: mincore },
  233: { name: 'madvise', args: 3, handler: madvise },
};
