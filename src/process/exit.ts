/** The end of a process: everything is given back, the parent is told. */
import { cv_broadcast } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { leaveFiles, leaveMemory } from './leave.js';
import type { Lwp } from './lwp.js';
import { postSignal } from './post-signal.js';
import type { ExitStatus, Proc } from './proc.js';
import { SA_NOCLDWAIT, SIG_IGN } from './signal-state.js';
import { CLD_EXITED, CLD_KILLED, SIGCHLD, signalName } from './signals.js';
import type { SigInfo } from './signals.js';
import type { System } from './system.js';
import { endOtherThreads, releaseThread } from './thread-exit.js';

/** What traces and reports print for an end. */
export const statusText = (status: ExitStatus): string => (status.kind === 'exited' ? `exit ${status.code}` : signalName(status.signal));

/**
 * Ends a process: its other threads, then files are closed, lowest descriptor first, then every mapping goes (devmap_unmap(9E) runs),
 * then the parent hears of it. A process that is ending already stays as it is.
 * @param self the thread that asks; undefined for the host
 */
export function* exitProcess(system: System, proc: Proc, status: ExitStatus, self?: Lwp): Kgen<void> {
  if (proc.status !== undefined) return;
  proc.status = status;
  if (system.trace.on) system.trace.emit('guest.exit', { pid: proc.pid, status: statusText(status) });
  if (proc.threads.size > 1) yield* endOtherThreads(system, proc, self, false);
  if (self !== undefined) yield* releaseThread(system, self);
  yield* leaveFiles(proc);
  yield* leaveMemory(proc);
  for (const timer of proc.timers.values()) timer.cancel();
  for (const child of proc.children) orphan(system, child);
  proc.children.clear();
  proc.zombie = true;
  tellParent(system, proc, status);
}

/** exit(2) of one thread: the process ends with its last one, with the code of its first. */
export function* exitThread(system: System, lwp: Lwp, code: number): Kgen<void> {
  const { proc } = lwp;
  const others = [...proc.threads].some((thread) => thread !== lwp && !thread.doomed);
  if (lwp.tid === proc.pid) proc.firstCode = code;
  if (!others) {
    yield* exitProcess(system, proc, { kind: 'exited', code: proc.firstCode ?? code }, lwp);
    return;
  }
  lwp.doomed = true;
  yield* releaseThread(system, lwp);
}

/** A process without a parent vanishes when it has ended; nobody will ask. */
function orphan(system: System, child: Proc): void {
  child.parent = undefined;
  if (child.zombie) system.procs.delete(child.pid);
}

function tellParent(system: System, proc: Proc, status: ExitStatus): void {
  const { parent } = proc;
  if (parent === undefined) {
    system.procs.delete(proc.pid);
    return;
  }
  const action = parent.signals.action(SIGCHLD);
  if (action.handler === BigInt(SIG_IGN) || (action.flags & SA_NOCLDWAIT) !== 0) reap(system, proc);
  if (proc.exitSignal !== 0) postSignal(parent, childInfo(proc, status));
  cv_broadcast(parent.childChanged);
}

const childInfo = (proc: Proc, status: ExitStatus): SigInfo => ({
  signal: proc.exitSignal,
  code: status.kind === 'exited' ? CLD_EXITED : CLD_KILLED,
  errno: 0,
  pid: proc.pid,
  status: status.kind === 'exited' ? status.code : status.signal,
});

/** Takes an ended process out of the table: its parent knows. */
export function reap(system: System, proc: Proc): void {
  const { parent } = proc;
  if (parent !== undefined) parent.childrenExecuted += proc.executed + proc.childrenExecuted;
  parent?.children.delete(proc);
  proc.parent = undefined;
  system.procs.delete(proc.pid);
}
