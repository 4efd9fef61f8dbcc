/** Sending a signal to a process. */
import { cv_broadcast } from '../kernel/index.js';
import type { Proc } from './proc.js';
import { SIGCONT, SIGKILL } from './signals.js';
import type { SigInfo } from './signals.js';

/** Makes a signal pending and wakes a sleep it may end. Nothing happens to a process that is ending. */
export function postSignal(proc: Proc, info: SigInfo): void {
  if (proc.status !== undefined) return;
  proc.signals.post(info);
  if (proc.stopped && (info.signal === SIGCONT || info.signal === SIGKILL)) {
    proc.stopped = false;
    cv_broadcast(proc.continued);
  }
  if (proc.signals.deliverable) proc.kthread?.interrupt();
}
