/** A process out of nothing: an empty address space and the three standard descriptors. */
import { FileTable } from './file-table.js';
import { OpenFile } from './open-file.js';
import { Proc } from './proc.js';
import type { System } from './system.js';

/**
 * Makes a process without a parent and without a program.
 * @throws RangeError when the process table is full
 */
export function newProc(system: System, name: string): Proc {
  if (system.full) throw new RangeError('the process table is full');
  const files = new FileTable();
  files.add(new OpenFile({ path: '/dev/stdin', readable: true, writable: false, ops: system.stdin }));
  files.add(new OpenFile({ path: '/dev/stdout', readable: false, writable: true, ops: system.stdout }));
  files.add(new OpenFile({ path: '/dev/stderr', readable: false, writable: true, ops: system.stderr }));
  const pid = system.newPid();
  const proc = new Proc({ pid, name, as: system.newAs(`${name}[${pid}]`), files });
  system.procs.set(pid, proc);
  return proc;
}
