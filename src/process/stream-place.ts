/** The standard streams as files: what fstat(2) says of them, and what /proc/PID/fd/N leads to. */
import type { FileOps } from './file-ops.js';
import { MOUNTS, madeUp } from './fs/attributes.js';
import type { Place } from './fs/vnode.js';

/** A pseudo terminal's device number. */
const PTS = 136 * 256;

/** The place of a stream: a terminal, or one end of a pipe whose other end is the host. */
export function streamPlace(ops: FileOps, n: number, terminal: boolean): Place {
  const type = terminal ? 'character' : 'fifo';
  const attributes = madeUp({ type, mode: terminal ? 0o620 : 0o600, dev: MOUNTS.pipe, ino: n + 1, rdev: terminal ? PTS : 0 });
  return { vnode: { type, attributes: () => attributes, open: () => ops }, parent: undefined, name: terminal ? '/dev/tty' : `pipe:[${n + 1}]` };
}
