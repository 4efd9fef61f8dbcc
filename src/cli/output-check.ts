/** Checks, before a run, that its result files can be written: a long run must not end in "cannot write". */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './usage-error.js';

/**
 * Checks that a file can be created or replaced at `path`, without touching it.
 * @throws UsageError naming the option and the path.
 */
export function checkWritable(option: string, path: string): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory() === true) throw new UsageError(`--${option} ${path}: is a directory`);
  const folder = dirname(path);
  try {
    accessSync(existing === undefined ? folder : path, constants.W_OK);
  } catch {
    throw new UsageError(`--${option} ${path}: ${existing === undefined ? `cannot create a file in ${folder}` : 'cannot be written'}`);
  }
}
