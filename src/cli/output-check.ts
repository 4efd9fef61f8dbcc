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

/** What a path names, so that links and other spellings are seen through: the file, or its place where there is none yet. */
function identityOf(path: string): string {
  try {
    const { dev, ino } = fs.statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return resolve(path);
  }
}

const isDevice = (path: string): boolean => fs.statSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;

/**
 * Checks all result files of a run, by the names of their options.
 * @throws UsageError where one cannot be written, or two are the same file.
 */
export function checkOutputs(files: Readonly<Record<string, string | undefined>>): void {
  const seen = new Map<string, string>();
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined) continue;
    checkWritable(option, path);
    const identity = identityOf(path);
    const other = seen.get(identity);
    if (other !== undefined && !isDevice(path)) throw new UsageError(`--${other} and --${option} are the same file: ${path}`);
    seen.set(identity, option);
  }
}

/**
 * Checks that no result file is one that is read.
 * @param inputs what is read: what to call it, and its path
 * @throws UsageError where one would be overwritten
 */
export function checkAgainstInputs(files: Readonly<Record<string, string | undefined>>, inputs: readonly (readonly [what: string, path: string | undefined])[]): void {
  const outputs = new Map(Object.entries(files).flatMap(([option, path]) => (path === undefined || isDevice(path) ? [] : [[identityOf(path), { option, path }]])));
  if (outputs.size === 0) return;
  for (const [what, input] of inputs) {
    const output = input === undefined ? undefined : outputs.get(identityOf(input));
    if (output !== undefined) throw new UsageError(`--${output.option} and ${what} are the same file: ${output.path}`);
  }
}
