/** New processes and threads: what a child gets of its parent, copied or shared. */
import { EAGAIN } from '../base/index.js';
import { newHartContext } from '../hart/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_dup } from '../vm/index.js';
import { copyContext } from './context.js';
import { Labels } from './labels.js';
import { Lwp } from './lwp.js';
import { Proc } from './proc.js';
import type { System } from './system.js';

/** A child; `lwp` has the registers of its parent's and is not running yet. */
export interface Forked {
  readonly proc: Proc;
  readonly lwp: Lwp;
}

/** What a child has in common with its parent instead of a copy. */
export interface Sharing {
  /** CLONE_VM: the address space. */
  readonly memory: boolean;
  /** CLONE_FILES: the descriptor table. */
  readonly files: boolean;
}

const NOTHING: Sharing = { memory: false, files: false };

/**
 * Makes a child of `parent`. Private memory is copied on write, device mappings are duplicated through devmap_dup(9E), no
 * translation is copied.
 * @param lwp whose registers and blocked signals the child gets; undefined for none
 * @returns the child, or -EAGAIN (table full), or the negated errno of the segment driver that refused.
 */
export function* forkProcess(system: System, parent: Proc, lwp: Lwp | undefined, sharing: Sharing = NOTHING): Kgen<Forked | number> {
  if (system.full) return -EAGAIN;
  const pid = system.newPid();
  const as = sharing.memory ? parent.as : yield* as_dup(parent.as, `${parent.name}[${pid}]`);
  if (typeof as === 'number') return -as;
  const proc = new Proc({ pid, name: parent.name, as, files: sharing.files ? parent.files : parent.files.fork(), fs: parent.fs.fork() });
  if (sharing.memory) {
    as.users++;
    as.proc = parent;
  }
  if (sharing.files) proc.files.users++;
  proc.signals = parent.signals.fork();
  proc.labels = sharing.memory ? parent.labels : new Labels(parent.labels);
  proc.heap = sharing.memory ? parent.heap : { ...parent.heap };
  proc.image = parent.image;
  proc.exe = parent.exe;
  proc.argv = parent.argv;
  proc.pgid = parent.pgid;
  proc.sid = parent.sid;
  proc.limits = new Map(parent.limits);
  proc.parent = parent;
  parent.children.add(proc);
  system.procs.set(pid, proc);
  system.counters.forks++;
  const child = new Lwp(proc, newHartContext());
  if (lwp !== undefined) inherit(lwp, child);
  return { proc, lwp: child };
}

/** Makes another thread of a process, not running yet, with registers and blocked signals of `lwp`; -EAGAIN when the table is full. */
export function newThread(system: System, lwp: Lwp): Lwp | number {
  if (system.full) return -EAGAIN;
  const thread = new Lwp(lwp.proc, newHartContext(), system.newPid());
  inherit(lwp, thread);
  return thread;
}

function inherit(from: Lwp, to: Lwp): void {
  copyContext(from.saved(), to.context);
  to.signals.mask = from.signals.mask;
  to.signals.altstack = from.signals.altstack;
  to.comm = from.comm;
}
