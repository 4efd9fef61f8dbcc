/** The end of a process: everything is given back, the parent is told. */
import { cv_broadcast } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_free } from '../vm/index.js';
import { userMemory } from './lwp.js';
import { postSignal } from './post-signal.js';
import type { ExitStatus, Proc } from './proc.js';
import { SA_NOCLDWAIT, SIG_IGN } from './signal-state.js';
import { CLD_EXITED, CLD_KILLED, SIGCHLD, signalName } from './signals.js';
import type { SigInfo } from './signals.js';
import type { System } from './system.js';

/** What traces and reports print for an end. */
export const statusText = (status: ExitStatus): string => (status.kind === 'exited' ? `exit ${status.code}` : signalName(status.signal));

/**
 * Ends a process: files are closed, lowest descriptor first, then every mapping goes (devmap_unmap(9E) runs), then the
 * parent hears of it. A process that is ending already stays as it is.
 */
export function* exitProcess(system: System, proc: Proc, status: ExitStatus): Kgen<void> {
  if (proc.status !== undefined) return;
  proc.status = status;
  if (system.trace.on) system.trace.emit('guest.exit', { pid: proc.pid, status: statusText(status) });
  if (proc.clearChildTid !== 0) yield* userMemory(() => proc.as).copyout(new Uint8Array(4), proc.clearChildTid);
  yield* proc.files.closeAll();
  yield* as_free(proc.as);
  for (const child of proc.children) orphan(system, child);
  proc.children.clear();
  proc.zombie = true;
  tellParent(system, proc, status);
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
  proc.parent?.children.delete(proc);
  proc.parent = undefined;
  system.procs.delete(proc.pid);
}
