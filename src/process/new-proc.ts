/** A process out of nothing: an empty address space and the three standard descriptors. */
import { FileTable } from './file-table.js';
import { FsContext } from './fs/fs-context.js';
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
  system.streams.forEach((stream, fd) => files.add(new OpenFile({ ...stream, readable: fd === 0, writable: fd !== 0 })));
  const pid = system.newPid();
  const proc = new Proc({ pid, name, as: system.newAs(`${name}[${pid}]`), files, fs: new FsContext(system.files.root) });
  system.procs.set(pid, proc);
  return proc;
}
