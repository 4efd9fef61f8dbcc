/** New processes and threads: clone(2), clone3(2). */
import { E2BIG, EFAULT, EINVAL } from '../../base/index.js';
import { cv_wait, mutex_enter, mutex_exit } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { forkProcess, newThread } from '../fork.js';
import { illumosSignal } from '../linux-abi.js';
import {
  CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_DETACHED, CLONE_FILES, CLONE_FS, CLONE_IO, CLONE_PARENT_SETTID, CLONE_SETTLS, CLONE_SIGHAND,
  CLONE_SYSVSEM, CLONE_THREAD, CLONE_UNTRACED, CLONE_VFORK, CLONE_VM, CSIGNAL,
} from '../linux-flags.js';
import { userMemory } from '../lwp.js';
import type { Lwp } from '../lwp.js';
import type { Proc } from '../proc.js';
import { NO_ALTSTACK } from '../thread-signals.js';
import type { Call, SyscallFamily } from './call.js';

const [SP, TP, A0] = [2, 4, 10];
/** Bytes of an ecall instruction. */
const ECALL = 4;
/** Flags that mean something here or nothing at all. Namespaces, pidfds and strange mixtures are refused. */
const KNOWN: number = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_VFORK | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID
  | CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED | CLONE_CHILD_SETTID | CLONE_IO;
/** Bytes of struct clone_args: of its first version, and those that are known. */
const [CLONE_ARGS_SIZE_VER0, CLONE_ARGS_SIZE] = [64, 88];
const PAGE = 4096;

/** What is asked for; addresses are 0 where nothing is. */
interface CloneRequest {
  readonly flags: number;
  /** Signal to the parent at the end, a Linux number; 0 = none. */
  readonly signal: number;
  /** The child's stack pointer. */
  readonly sp: bigint;
  readonly tls: bigint;
  readonly parentTid: number;
  readonly childTid: number;
}

/** clone(flags, stack, parent_tid, tls, child_tid). */
function* clone(call: Call): Kgen<number> {
  const flags = call.uint(0);
  return yield* start(call, {
    flags: flags & ~CSIGNAL, signal: flags & CSIGNAL, sp: call.long(1), parentTid: call.number(2), tls: call.long(3), childTid: call.number(4),
  });
}

/** clone3(args, size): the same with a struct, which may be longer than what is known as long as the rest is zero. */
function* clone3(call: Call): Kgen<number> {
  const size = call.size(1);
  if (size > PAGE) return -E2BIG;
  if (size < CLONE_ARGS_SIZE_VER0) return -EINVAL;
  const args = yield* call.copyin(call.number(0), size);
  if (args === undefined) return -EFAULT;
  for (let at = CLONE_ARGS_SIZE; at < size; at++) if (args.getUint8(at) !== 0) return -E2BIG;
  const word = (at: number): bigint => (at < size ? args.getBigUint64(at, true) : 0n);
  const [flags, signal, stack, stackSize] = [word(0), word(32), word(40), word(48)];
  if (flags > 0xffff_ffffn || (flags & BigInt(CSIGNAL)) !== 0n || signal > 64n || (stack === 0n) !== (stackSize === 0n)) return -EINVAL;
  // set_tid: numbers are this kernel's to choose.
  if (word(64) !== 0n || word(72) !== 0n) return -EINVAL;
  return yield* start(call, {
    flags: Number(flags), signal: Number(signal), sp: stack + stackSize, tls: word(56), parentTid: Number(word(24)), childTid: Number(word(16)),
  });
}

const has = (flags: number, all: number): boolean => (flags & all) === all;

/** Whether the flags fit each other. CLONE_SIGHAND is for threads only, because actions belong to a process here. */
function sensible({ flags }: CloneRequest): boolean {
  if ((flags & ~KNOWN) !== 0) return false;
  if (has(flags, CLONE_THREAD) !== has(flags, CLONE_SIGHAND)) return false;
  if (has(flags, CLONE_THREAD)) return has(flags, CLONE_VM) && !has(flags, CLONE_VFORK);
  return true;
}

function* start(call: Call, r: CloneRequest): Kgen<number> {
  const signal = r.signal === 0 ? 0 : illumosSignal(r.signal);
  if (signal === undefined || !sensible(r)) return -EINVAL;
  const { lwp, system } = call;
  const made = has(r.flags, CLONE_THREAD) ? newThread(system, lwp) : yield* newProcess(call, r, signal);
  if (typeof made === 'number') return made;
  yield* prepare(call, r, made);
  const { proc, tid } = made;
  system.start(made);
  if (has(r.flags, CLONE_VFORK)) yield* untilMemoryBack(call, proc);
  return tid;
}

function* newProcess(call: Call, r: CloneRequest, signal: number): Kgen<Lwp | number> {
  const forked = yield* forkProcess(call.system, call.proc, call.lwp, { memory: has(r.flags, CLONE_VM), files: has(r.flags, CLONE_FILES) });
  if (typeof forked === 'number') return forked;
  forked.proc.exitSignal = signal;
  forked.proc.borrows = has(r.flags, CLONE_VFORK);
  return forked.lwp;
}

/** Gives the child the registers and the numbers that were asked for. A bad address is not an error of clone(2), as in Linux. */
function* prepare(call: Call, r: CloneRequest, child: Lwp): Kgen<void> {
  child.pc = call.lwp.pc + ECALL;
  child.setX(A0, 0n);
  if (r.sp !== 0n) child.setX(SP, r.sp);
  if (has(r.flags, CLONE_SETTLS)) child.setX(TP, r.tls);
  if (has(r.flags, CLONE_VM) && !has(r.flags, CLONE_VFORK)) child.signals.altstack = NO_ALTSTACK;
  const tid = new DataView(new ArrayBuffer(4));
  tid.setInt32(0, child.tid, true);
  if (has(r.flags, CLONE_CHILD_SETTID)) yield* userMemory(() => child.proc.as).copyout(new Uint8Array(tid.buffer), r.childTid);
  if (has(r.flags, CLONE_PARENT_SETTID)) yield* call.copyout(tid, r.parentTid);
  child.clearChildTid = has(r.flags, CLONE_CHILD_CLEARTID) ? r.childTid : 0;
}

/** vfork(2): sleeps until the child runs another program or has ended. Signals wait until then. */
function* untilMemoryBack(call: Call, child: Proc): Kgen<void> {
  yield* mutex_enter(call.system.pidlock);
  while (child.borrows) yield* cv_wait(child.memoryBack, call.system.pidlock);
  mutex_exit(call.system.pidlock);
}

/** Calls that make threads and processes: clone(2), and with it fork and vfork, by their Linux RV64 numbers. */
export const cloneCalls: SyscallFamily = {
  220: { name: 'clone', args: 5, handler: clone },
  435: { name: 'clone3', args: 2, handler: clone3 },
};
