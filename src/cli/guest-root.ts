/** The guest's file system: which directory of this computer it is, whether it may be changed, and the program in it. */
import { join, resolve } from 'node:path';
import { ENOENT, ENOTDIR, errnoName } from '../base/index.js';
import type { Machine, MachineConfig } from '../machine/index.js';
import type { LoadedFile } from '../process/index.js';
import { fs } from './host.js';
import { NodeHostFiles } from './host-files.js';
import { fileReason, readProgram } from './program-file.js';
import type { RunOptions } from './run-options.js';
import { UsageError } from './usage-error.js';

/**
 * The root a command line asks for.
 * @throws UsageError where --root names no directory, or what goes with it stands alone
 */
export function guestRoot(options: Pick<RunOptions, 'root' | 'rootWritable' | 'rootSpace'>): Pick<MachineConfig, 'root'> {
  const { root, rootWritable, rootSpace } = options;
  if (root === undefined) {
    if (rootWritable || rootSpace !== undefined) throw new UsageError(`--root-${rootWritable ? 'writable' : 'space'} needs --root DIR`);
    return {};
  }
  try {
    if (!fs.statSync(root).isDirectory()) throw new UsageError(`--root ${root}: not a directory`);
    return { root: { files: new NodeHostFiles(root, rootWritable), ...(rootSpace === undefined ? {} : { space: rootSpace }) } };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--root ${root}: ${fileReason(error)}`);
  }
}

/**
 * The program `path`: with --root the guest's file of that name where there is one, else a file of this computer.
 * @throws UsageError where it cannot be read
 */
export function guestProgram(machine: Machine, options: Pick<RunOptions, 'root'>, path: string): Uint8Array | LoadedFile {
  const inRoot = options.root === undefined ? -ENOENT : machine.readProgram(path);
  if (typeof inRoot !== 'number') return inRoot;
  if (inRoot !== -ENOENT && inRoot !== -ENOTDIR) throw new UsageError(`cannot run ${path} in the root: ${errnoName(-inRoot)}`);
  return readProgram(path);
}

/** Path on the host of the file `guestProgram` takes, for a debugger that looks for symbols. */
export function hostPath(options: Pick<RunOptions, 'root'>, path: string): string {
  const inRoot = options.root === undefined ? undefined : join(resolve(options.root), path);
  return inRoot !== undefined && fs.existsSync(inRoot) ? inRoot : resolve(path);
}
