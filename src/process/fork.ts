/** fork(2): a new process with a copy of everything. */
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

/**
 * Makes a child of `parent`. Private memory is copied on write, device mappings are duplicated through devmap_dup(9E), no
 * translation is copied.
 * @param lwp whose registers the child gets; undefined for zeros
 * @returns the child, or -EAGAIN (table full), or the negated errno of the segment driver that refused.
 */
export function* forkProcess(system: System, parent: Proc, lwp: Lwp | undefined): Kgen<Forked | number> {
  if (system.full) return -EAGAIN;
  const pid = system.newPid();
  const as = yield* as_dup(parent.as, `${parent.name}[${pid}]`);
  if (typeof as === 'number') return -as;
  const proc = new Proc({ pid, name: parent.name, as, files: parent.files.fork(), fs: parent.fs.fork() });
  proc.signals = parent.signals.fork();
  proc.labels = new Labels(parent.labels);
  proc.image = parent.image;
  proc.exe = parent.exe;
  proc.argv = parent.argv;
  proc.heapBase = parent.heapBase;
  proc.heapEnd = parent.heapEnd;
  proc.parent = parent;
  parent.children.add(proc);
  system.procs.set(pid, proc);
  system.counters.forks++;
  const context = newHartContext();
  if (lwp !== undefined) copyContext(lwp.saved(), context);
  return { proc, lwp: new Lwp(proc, context) };
}
