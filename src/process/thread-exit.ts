/** The end of one thread: what it holds is given back, whoever waits for it is told. */
import { cv_broadcast, cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { releaseRobustList } from './robust-list.js';
import { userMemory } from './lwp.js';
import type { Lwp } from './lwp.js';
import type { Proc } from './proc.js';
import type { System } from './system.js';
import type { UserThread } from './user-thread.js';

/**
 * What a program may count on when a thread ends: its robust futexes are marked, its number is cleared (CLONE_CHILD_CLEARTID,
 * set_tid_address(2)) and who sleeps on that address is woken. Bad addresses are no error.
 */
export function* releaseThread(system: System, lwp: Lwp): Kgen<void> {
  yield* releaseRobustList(system, lwp);
  const { clearChildTid } = lwp;
  lwp.clearChildTid = 0;
  if (clearChildTid === 0) return;
  yield* userMemory(() => lwp.proc.as).copyout(new Uint8Array(4), clearChildTid);
  yield* system.futexes.wakeAt(lwp.proc.as, clearChildTid, 1);
}

/** Takes a thread that executes nothing any more out of its process. */
export function leaveProcess(system: System, lwp: Lwp): void {
  const { proc } = lwp;
  proc.threads.delete(lwp);
  if (system.lwps.get(lwp.tid) === lwp) system.lwps.delete(lwp.tid);
  lwp.signals.leave();
  cv_broadcast(proc.threadGone);
}

/**
 * Ends all threads of a process but `self` (undefined: all), and sleeps until they have gone.
 * @param mayLose whether `self` gives up when another thread ends it meanwhile: execve(2) loses against exit_group(2)
 * @returns false when it has given up; it shall end then.
 */
export function* endOtherThreads(system: System, proc: Proc, self: UserThread | undefined, mayLose: boolean): Kgen<boolean> {
  const lost = (): boolean => mayLose && self?.doomed === true;
  if (lost()) return false;
  for (const thread of proc.threads) {
    if (thread === self) continue;
    thread.doomed = true;
    thread.kthread?.interrupt();
  }
  if (self !== undefined) self.doomed = false;
  proc.stopped = false;
  cv_broadcast(proc.continued);
  // Another thread may sleep below; it shall see that it has lost.
  cv_broadcast(proc.threadGone);
  yield* mutex_enter(system.pidlock);
  while (!lost() && [...proc.threads].some((thread) => thread !== self)) yield* cv_wait(proc.threadGone, system.pidlock);
  mutex_exit(system.pidlock);
  return !lost();
}
