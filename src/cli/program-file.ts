/** Reading the program a command names. */
import { fs } from './host.js';
import { UsageError } from './usage-error.js';

/** Larger files are no programs of this machine. */
const LARGEST = 2 ** 30;

/** The reason in an error of the file system, without the path, which the caller names: "ENOENT: no such file or directory". */
export const fileReason = (error: unknown): string => (error instanceof Error ? error.message.replace(/, \w+( '.*')?$/, '') : String(error));

/**
 * The bytes of a program.
 * @throws UsageError where it cannot be read, is no regular file, or is absurdly large.
 */
export function readProgram(path: string): Uint8Array {
  const name = path === '' ? '""' : path;
  try {
    const stat = fs.statSync(path);
    if (!stat.isFile()) throw new UsageError(`cannot run ${name}: not a regular file`);
    if (stat.size > LARGEST) throw new UsageError(`cannot run ${name}: ${stat.size} bytes are no program`);
    return fs.readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${name}: ${fileReason(error)}`);
  }
}
