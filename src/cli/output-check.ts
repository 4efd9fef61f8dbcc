/** Checks, before a run, that its result files can be written: a long run must not end in "cannot write". */
import { fs } from './host.js';
import { dirname, resolve } from 'node:path';
import { UsageError } from './usage-error.js';

/**
 * Checks that a file can be created or replaced at `path`, without touching it.
 * @throws UsageError naming the option and the path.
 */
function checkWritable(option: string, path: string): void {
  const existing = fs.statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory() === true) throw new UsageError(`--${option} ${path}: is a directory`);
  const folder = dirname(path);
  try {
    fs.accessSync(existing === undefined ? folder : path, fs.constants.W_OK);
  } catch {
    throw new UsageError(`--${option} ${path}: ${existing === undefined ? `cannot create a file in ${folder}` : 'cannot be written'}`);
  }
}

/**
 * Checks all result files of a run, by the names of their options.
 * @throws UsageError where one cannot be written, or two are the same file.
 */
export function checkOutputs(files: Readonly<Record<string, string | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue;
    checkWritable(option, path);
    const other = seen.get(resolve(path));
    if (other !== undefined && fs.statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() !== true) throw new UsageError(`--${other} and --${option} are the same file: ${path}`);
    seen.set(resolve(path), option);
  }
}
