/** Ends of processes and who waits for them: wait4(2), waitid(2), exit(2), exit_group(2). */
import { ECHILD, EFAULT, EINVAL, ESRCH } from '../../base/index.js';
import { cv_wait_sig, mutex_enter, mutex_exit } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { exitProcess, exitThread, reap } from '../exit.js';
import { ERESTART } from '../linux-abi.js';
import { WCONTINUED, WEXITED, WNOHANG, WNOWAIT, WSTOPPED, WUNTRACED } from '../linux-flags.js';
import type { ExitStatus, JobNews, Proc } from '../proc.js';
import { rusage } from '../rusage.js';
import { SIGINFO_SIZE, writeSigInfo } from '../signal-frame.js';
import { childInfo, waitStatus } from '../wait-status.js';
import type { Call, SyscallFamily } from './call.js';

/** Options of wait4 that change nothing here: __WNOTHREAD, __WALL, __WCLONE. */
const WAIT_MODES = 0xe000_0000;
/** Kinds of children waitid asks for. */
const [P_ALL, P_PID, P_PGID] = [0, 1, 2];

/** Which children are waited for, and what of them is news. */
interface Wait {
  readonly wanted: (child: Proc) => boolean;
  readonly ended: boolean;
  readonly stopped: boolean;
  readonly continued: boolean;
  /** WNOHANG: not to sleep. */
  readonly poll: boolean;
  /** WNOWAIT: the news stay news. */
  readonly keep: boolean;
}

/** A child there is news of, and them. */
interface Changed {
  readonly child: Proc;
  readonly status: ExitStatus | JobNews;
  /** Instructions it has executed, with its own children. */
  readonly executed: number;
}

/** What there is to tell of a child, which is then told. */
function takeNews(call: Call, child: Proc, wait: Wait): ExitStatus | JobNews | undefined {
  if (child.zombie) {
    if (!wait.ended) return undefined;
    if (!wait.keep) reap(call.system, child);
    return child.status;
  }
  const { news } = child;
  if (news === undefined || !(news.kind === 'stopped' ? wait.stopped : wait.continued)) return undefined;
  if (!wait.keep) child.news = undefined;
  return news;
}

/** Sleeps until there is news of a wanted child; 0 with WNOHANG. It counts more than the signal that says so. */
function* findChanged(call: Call, wait: Wait): Kgen<Changed | number> {
  yield* mutex_enter(call.system.pidlock);
  const found = yield* findLocked(call, wait);
  mutex_exit(call.system.pidlock);
  return found;
}

function* findLocked(call: Call, wait: Wait): Kgen<Changed | number> {
  for (let signalled = false; ;) {
    const children = [...call.proc.children].filter(wait.wanted);
    if (children.length === 0) return -ECHILD;
    for (const child of children) {
      const status = takeNews(call, child, wait);
      if (status !== undefined) return { child, status, executed: child.executed + child.childrenExecuted };
    }
    if (wait.poll) return 0;
    if (signalled) return -ERESTART;
    signalled = (yield* cv_wait_sig(call.proc.childChanged, call.system.pidlock)) === 0;
  }
}

function* wait4(call: Call): Kgen<number> {
  const [pid, options] = [call.int(0), call.uint(2)];
  if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_MODES)) !== 0) return -EINVAL;
  if (pid === -(2 ** 31)) return -ESRCH;
  const group = pid === 0 ? call.proc.pgid : -pid;
  const found = yield* findChanged(call, {
    wanted: pid === -1 ? () => true : pid > 0 ? (child) => child.pid === pid : (child) => child.pgid === group,
    ended: true, stopped: (options & WUNTRACED) !== 0, continued: (options & WCONTINUED) !== 0, poll: (options & WNOHANG) !== 0, keep: false,
  });
  if (typeof found === 'number') return found;
  const status = new DataView(new ArrayBuffer(4));
  status.setInt32(0, waitStatus(found.status), true);
  if (call.number(1) !== 0 && (yield* call.copyout(status, call.number(1))) !== 0) return -EFAULT;
  if (call.number(3) !== 0 && (yield* call.copyout(rusage(found.executed), call.number(3))) !== 0) return -EFAULT;
  return found.child.pid;
}

/** waitid(which, id, info, options, rusage). */
function* waitid(call: Call): Kgen<number> {
  const [which, id, options] = [call.int(0), call.int(1), call.uint(3)];
  const kinds = WEXITED | WSTOPPED | WCONTINUED;
  if ((options & kinds) === 0 || (options & ~(kinds | WNOHANG | WNOWAIT | WAIT_MODES)) !== 0) return -EINVAL;
  if ((which !== P_ALL && which !== P_PID && which !== P_PGID) || (which === P_PID && id <= 0) || (which === P_PGID && id < 0)) return -EINVAL;
  const group = id === 0 ? call.proc.pgid : id;
  const found = yield* findChanged(call, {
    wanted: which === P_ALL ? () => true : which === P_PID ? (child) => child.pid === id : (child) => child.pgid === group,
    ended: (options & WEXITED) !== 0, stopped: (options & WSTOPPED) !== 0, continued: (options & WCONTINUED) !== 0,
    poll: (options & WNOHANG) !== 0, keep: (options & WNOWAIT) !== 0,
  });
  if (typeof found === 'number' && found < 0) return found;
  const info = new DataView(new ArrayBuffer(SIGINFO_SIZE));
  if (typeof found !== 'number') writeSigInfo(info, 0, childInfo(found.child.pid, found.status));
  if (call.number(2) !== 0 && (yield* call.copyout(info, call.number(2))) !== 0) return -EFAULT;
  const used = typeof found === 'number' ? 0 : found.executed;
  return call.number(4) === 0 ? 0 : yield* call.copyout(rusage(used), call.number(4));
}

function* exit(call: Call): Kgen<undefined> {
  yield* exitThread(call.system, call.lwp, call.int(0) & 0xff);
  return undefined;
}

function* exitGroup(call: Call): Kgen<undefined> {
  yield* exitProcess(call.system, call.proc, { kind: 'exited', code: call.int(0) & 0xff }, call.lwp);
  return undefined;
}

/** Calls that end threads and processes and wait for them, by their Linux RV64 numbers. */
export const processCalls: SyscallFamily = {
  93: { name: 'exit', args: 1, handler: exit },
  94: { name: 'exit_group', args: 1, handler: exitGroup },
  95: { name: 'waitid', args: 5, handler: waitid },
  260: { name: 'wait4', args: 4, handler: wait4 },
};
