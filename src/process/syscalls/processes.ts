/** Life of processes: clone(2) as fork, wait4(2), exit(2), exit_group(2). */
import { ECHILD, EFAULT, EINVAL, ESRCH } from '../../base/index.js';
import { cv_wait_sig, mutex_enter, mutex_exit } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { exitProcess, reap } from '../exit.js';
import { forkProcess } from '../fork.js';
import { ERESTART, illumosSignal } from '../linux-abi.js';
import {
  CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_PARENT_SETTID, CLONE_SETTLS, CSIGNAL, WCONTINUED, WNOHANG, WUNTRACED,
} from '../linux-flags.js';
import { userMemory } from '../lwp.js';
import type { ExitStatus, JobNews, Proc } from '../proc.js';
import { waitStatus } from '../wait-status.js';
import type { Call, SyscallFamily } from './call.js';

const [SP, TP, A0] = [2, 4, 10];
/** Flags a fork may carry; sharing memory or files (threads, vfork) is refused. */
const FORK_FLAGS: number = CSIGNAL | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_PARENT_SETTID | CLONE_SETTLS;
/** Bytes of struct rusage. */
const RUSAGE_SIZE = 144;
/** Options of wait4 that change nothing here: __WNOTHREAD, __WALL, __WCLONE. */
const WAIT_MODES = 0xe000_0000;

/** clone(flags, stack, parent_tid, tls, child_tid): a new process with a copy of everything; threads are refused with EINVAL. */
function* clone(call: Call): Kgen<number> {
  const flags = call.uint(0);
  if ((flags & ~FORK_FLAGS) !== 0) return -EINVAL;
  const signal = (flags & CSIGNAL) === 0 ? 0 : illumosSignal(flags & CSIGNAL);
  if (signal === undefined) return -EINVAL;
  const { lwp, system } = call;
  const forked = yield* forkProcess(system, call.proc, lwp);
  if (typeof forked === 'number') return forked;
  const { proc, lwp: child } = forked;
  proc.exitSignal = signal;
  child.pc = lwp.pc + 4;
  child.setX(A0, 0n);
  if (call.number(1) !== 0) child.setX(SP, lwp.x(A0 + 1));
  if ((flags & CLONE_SETTLS) !== 0) child.setX(TP, lwp.x(A0 + 3));
  const tid = new DataView(new ArrayBuffer(4));
  tid.setInt32(0, proc.pid, true);
  // A bad address in either place is not an error of clone(2), as in Linux.
  if ((flags & CLONE_CHILD_SETTID) !== 0) yield* userMemory(() => proc.as).copyout(new Uint8Array(tid.buffer), call.number(4));
  if ((flags & CLONE_PARENT_SETTID) !== 0) yield* call.copyout(tid, call.number(2));
  proc.clearChildTid = (flags & CLONE_CHILD_CLEARTID) !== 0 ? call.number(4) : 0;
  system.start(child);
  return proc.pid;
}

/** The children wait4's first argument speaks of; all processes are of one group. */
function wanted(call: Call, pid: number): Proc[] {
  const children = [...call.proc.children];
  if (pid > 0) return children.filter((child) => child.pid === pid);
  return pid === -1 || pid === 0 ? children : [];
}

/** What wait4 tells of a child, which is then told: its end, and with WUNTRACED and WCONTINUED that it has stopped or goes on. */
function takeNews(call: Call, child: Proc, options: number): ExitStatus | JobNews | undefined {
  if (child.zombie) {
    reap(call.system, child);
    return child.status;
  }
  const { news } = child;
  if (news === undefined || (options & (news.kind === 'stopped' ? WUNTRACED : WCONTINUED)) === 0) return undefined;
  child.news = undefined;
  return news;
}

function* wait4(call: Call): Kgen<number> {
  const options = call.uint(2);
  if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_MODES)) !== 0) return -EINVAL;
  if (call.int(0) === -(2 ** 31)) return -ESRCH;
  yield* mutex_enter(call.system.pidlock);
  const found = yield* findChanged(call, options);
  mutex_exit(call.system.pidlock);
  if (typeof found === 'number') return found;
  const status = new DataView(new ArrayBuffer(4));
  status.setInt32(0, waitStatus(found.status), true);
  if (call.number(1) !== 0 && (yield* call.copyout(status, call.number(1))) !== 0) return -EFAULT;
  if (call.number(3) !== 0 && (yield* call.copyout(new DataView(new ArrayBuffer(RUSAGE_SIZE)), call.number(3))) !== 0) return -EFAULT;
  return found.child.pid;
}

/** Sleeps, with pidlock held, until there is news of a wanted child. It counts more than the signal that says so. */
function* findChanged(call: Call, options: number): Kgen<{ child: Proc; status: ExitStatus | JobNews } | number> {
  for (let signalled = false; ;) {
    const children = wanted(call, call.int(0));
    if (children.length === 0) return -ECHILD;
    for (const child of children) {
      const status = takeNews(call, child, options);
      if (status !== undefined) return { child, status };
    }
    if ((options & WNOHANG) !== 0) return 0;
    if (signalled) return -ERESTART;
    signalled = (yield* cv_wait_sig(call.proc.childChanged, call.system.pidlock)) === 0;
  }
}

function* exit(call: Call): Kgen<undefined> {
  yield* exitProcess(call.system, call.proc, { kind: 'exited', code: call.int(0) & 0xff });
  return undefined;
}

export const processCalls: SyscallFamily = {
  93: { name: 'exit', args: 1, handler: exit },
  94: { name: 'exit_group', args: 1, handler: exit },
  220: { name: 'clone', args: 5, handler: clone },
  260: { name: 'wait4', args: 4, handler: wait4 },
};
