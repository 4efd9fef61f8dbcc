/** The standard streams as files: what fstat(2) says of them, and what /proc/PID/fd/N leads to. */
import type { FileOps } from './file-ops.js';
import { MOUNTS, TTY, madeUp } from './fs/attributes.js';
import type { Place } from './fs/vnode.js';

/** The place of a stream: a terminal, or one end of a pipe whose other end is the host. */
export function streamPlace(ops: FileOps, n: number, terminal: boolean): Place {
  const attributes = terminal ? TTY : madeUp({ type: 'fifo', mode: 0o600, dev: MOUNTS.pipe, ino: n + 1 });
  return { vnode: { type: attributes.type, attributes: () => attributes, open: () => ops }, parent: undefined, name: terminal ? '/dev/tty' : `pipe:[${n + 1}]` };
}

/** What /dev/tty opens: reads are those of standard input, writes those of standard output or error, as far as they are the terminal. */
export function terminalOf(streams: readonly FileOps[], terminals: readonly boolean[]): FileOps | undefined {
  const [input, ...outputs] = streams.map((ops, n) => (terminals[n] === true ? ops : undefined));
  const output = outputs.find((ops) => ops !== undefined);
  if (input === undefined || output === undefined) return input ?? output;
  return { ...input, write: (uio, flags) => output.write(uio, flags), ready: () => (input.ready?.() ?? 0) | (output.ready?.() ?? 0) };
}
