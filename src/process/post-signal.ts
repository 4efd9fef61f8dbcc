/** Sending a signal to a process or a thread, and telling a parent that its child has stopped or goes on. */
import { cv_broadcast } from '../kernel/index.js';
import type { JobNews, Proc } from './proc.js';
import { SA_NOCLDSTOP } from './signal-state.js';
import type { SignalQueue } from './signal-queue.js';
import { CLD_CONTINUED, CLD_STOPPED, SIGCHLD, SIGCONT, SIGKILL, sigbit } from './signals.js';
import type { SigInfo } from './signals.js';
import type { UserThread } from './user-thread.js';

/**
 * Makes a signal pending for a process and wakes a sleep it may end; SIGCONT lets a stopped process go on. Nothing happens to a process
 * that is ending.
 */
export function postSignal(proc: Proc, info: SigInfo): void {
  if (proc.status !== undefined) return;
  const bit = sigbit(info.signal);
  const threads = [...proc.threads];
  const taker = threads.find(({ signals }) => signals.wants(bit));
  post(proc, proc.signals.shared, info, threads.some(({ signals }) => holds(signals, bit)));
  if (taker?.signals.wakes === true) taker.kthread?.interrupt();
}

/** Makes a signal pending for one thread of a process. */
export function postToThread(proc: Proc, thread: UserThread, info: SigInfo): void {
  if (proc.status !== undefined || thread.doomed) return;
  post(proc, thread.signals.own, info, holds(thread.signals, sigbit(info.signal)));
  if (thread.signals.wakes) thread.kthread?.interrupt();
}

/** Whether a thread keeps a signal, though it is ignored: an action may be set before it is unblocked. */
const holds = (signals: UserThread['signals'], bit: bigint): boolean => ((signals.mask | signals.awaited) & bit) !== 0n;

function post(proc: Proc, queue: SignalQueue, info: SigInfo, held: boolean): void {
  proc.signals.cancelOpposite(info.signal);
  if (held || !proc.signals.ignores(info.signal)) queue.add(info);
  if (!proc.stopped || (info.signal !== SIGCONT && info.signal !== SIGKILL)) return;
  proc.stopped = false;
  cv_broadcast(proc.continued);
  if (info.signal === SIGCONT) tellParent(proc, { kind: 'continued' });
}

/** Keeps the news for wait4(2), wakes a parent that sleeps in it, and sends SIGCHLD unless the parent has set SA_NOCLDSTOP. */
export function tellParent(proc: Proc, news: JobNews): void {
  const { parent } = proc;
  if (parent === undefined) return;
  proc.news = news;
  const [code, status] = news.kind === 'stopped' ? [CLD_STOPPED, news.signal] : [CLD_CONTINUED, SIGCONT];
  if ((parent.signals.action(SIGCHLD).flags & SA_NOCLDSTOP) === 0) postSignal(parent, { signal: SIGCHLD, code, errno: 0, pid: proc.pid, status });
  cv_broadcast(parent.childChanged);
}
