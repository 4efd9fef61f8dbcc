/** Sending a signal to a process, and telling a parent that its child has stopped or goes on. */
import { cv_broadcast } from '../kernel/index.js';
import type { JobNews, Proc } from './proc.js';
import { SA_NOCLDSTOP } from './signal-state.js';
import { CLD_CONTINUED, CLD_STOPPED, SIGCHLD, SIGCONT, SIGKILL } from './signals.js';
import type { SigInfo } from './signals.js';

/** Makes a signal pending and wakes a sleep it may end; SIGCONT lets a stopped process go on. Nothing happens to a process that is ending. */
export function postSignal(proc: Proc, info: SigInfo): void {
  if (proc.status !== undefined) return;
  proc.signals.post(info);
  if (proc.stopped && (info.signal === SIGCONT || info.signal === SIGKILL)) {
    proc.stopped = false;
    cv_broadcast(proc.continued);
    if (info.signal === SIGCONT) tellParent(proc, { kind: 'continued' });
  }
  if (proc.signals.deliverable) proc.kthread?.interrupt();
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
