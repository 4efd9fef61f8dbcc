/** Giving a process a program: the first one, and another in its place (execve(2)). */
import { ENOMEM } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_free, as_room } from '../vm/index.js';
import { endOtherThreads, releaseThread } from './thread-exit.js';
import { Labels } from './labels.js';
import { leaveMemory } from './leave.js';
import type { Lwp } from './lwp.js';
import { fillMemory } from './program-memory.js';
import type { ExecRequest, ProgramStart } from './program-memory.js';
import type { Proc } from './proc.js';
import type { System } from './system.js';
import { NO_ALTSTACK } from './thread-signals.js';

const SP = 2;

/**
 * Loads a program into the empty address space of `lwp` and sets its registers to the program's start.
 * @returns 0, E2BIG (arguments too long), or ENOMEM (the image does not fit memory, or collides with the stack).
 */
export function* execImage(system: System, lwp: Lwp, request: ExecRequest): Kgen<number> {
  const start = yield* fillMemory(system, lwp.proc, request);
  if (typeof start === 'number') return start;
  begin(system, lwp, request, start);
  return 0;
}

/**
 * Replaces the program of a process. The new memory is made first, so that a failure leaves the old program as it was; then the other
 * threads end, every mapping goes (devmap_unmap(9E) runs), and descriptors that ask for it are closed.
 * @returns 0; E2BIG, ENOMEM as execImage; -1: another thread ends the process or has been faster, and `lwp` is to end.
 */
export function* replaceProgram(system: System, lwp: Lwp, request: ExecRequest): Kgen<number> {
  const { proc } = lwp;
  if (!as_room(proc.as.vm)) return ENOMEM;
  const memory = { as: system.newAs(`${nameOf(request.path)}[${proc.pid}]`), labels: new Labels() };
  const start = yield* fillMemory(system, memory, request);
  const won = typeof start !== 'number' && (yield* endOtherThreads(system, proc, lwp, true));
  if (typeof start === 'number' || !won) {
    yield* as_free(memory.as);
    return typeof start === 'number' ? start : -1;
  }
  yield* releaseThread(system, lwp);
  yield* leaveMemory(proc);
  proc.as = memory.as;
  proc.as.proc = proc;
  proc.labels = memory.labels;
  yield* ownFiles(proc);
  becomeFirst(system, lwp);
  resetSignals(lwp);
  dropTimers(proc);
  proc.execed = true;
  proc.name = nameOf(request.path);
  begin(system, lwp, request, start);
  return 0;
}

/** The last component of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Sets everything else to the start of the program whose memory is there. */
function begin(system: System, lwp: Lwp, request: ExecRequest, { sp, heap }: ProgramStart): void {
  const { proc } = lwp;
  const { image } = request;
  proc.image = image;
  proc.exe = request.file;
  proc.argv = request.argv.map((arg) => (typeof arg === 'string' ? arg : new TextDecoder().decode(arg)));
  proc.heap = heap;
  const context = lwp.saved();
  context.x.fill(0n);
  context.f.fill(0n);
  context.fcsr = 0;
  context.x[SP] = BigInt(sp);
  context.pc = BigInt(image.entry);
  if (system.trace.on) system.trace.emit('guest.exec', { pid: proc.pid, path: request.path, entry: image.entry });
}

/** A descriptor table of the process's own, without what the new program does not get. */
function* ownFiles(proc: Proc): Kgen<void> {
  if (proc.files.users > 1) {
    proc.files.users--;
    proc.files = proc.files.fork();
  }
  yield* proc.files.closeOnExec();
}

/** The only thread left has the number of the process, whichever it was. */
function becomeFirst(system: System, lwp: Lwp): void {
  system.lwps.delete(lwp.tid);
  lwp.tid = lwp.proc.pid;
  system.lwps.set(lwp.tid, lwp);
}

function resetSignals(lwp: Lwp): void {
  lwp.proc.signals.exec();
  lwp.signals.altstack = NO_ALTSTACK;
  lwp.comm = undefined;
}

/** Only ITIMER_REAL goes on. */
function dropTimers(proc: Proc): void {
  for (const [id, timer] of proc.timers) {
    if (id === 'real') continue;
    timer.cancel();
    proc.timers.delete(id);
  }
}
