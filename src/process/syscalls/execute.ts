/** Another program in the place of this one: execve(2), execveat(2). */
import { E2BIG, EFAULT, EINVAL, ELOOP, PAGESIZE } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { replaceProgram } from '../exec.js';
import { placePath } from '../fs/place.js';
import type { Place } from '../fs/vnode.js';
import { ARG_MAX } from '../initial-stack.js';
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from '../linux-flags.js';
import { findProgram } from '../find-program.js';
import type { Call, SyscallFamily } from './call.js';
import { findAt, findHere, walkerHere } from './paths.js';

/** Bytes of one argument, its terminating zero included (MAX_ARG_STRLEN). */
const ARG_STRLEN_MAX = 32 * PAGESIZE;
/** Bytes of a path, its terminating zero included. */
const PATH_MAX = 4096;
const POINTER = 8;

/** Reads a zero-terminated string; -EFAULT, or -E2BIG beyond `max`. Reads no page behind the one with the zero. */
function* copyinstr(call: Call, from: number, max: number): Kgen<Uint8Array | number> {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < max;) {
    const at = from + length;
    const bytes = new Uint8Array(Math.min(max - length, PAGESIZE - (((at % PAGESIZE) + PAGESIZE) % PAGESIZE)));
    if ((yield* call.lwp.userMemory.copyin(at, bytes)) !== 0) return -EFAULT;
    const end = bytes.indexOf(0);
    parts.push(end < 0 ? bytes : bytes.subarray(0, end));
    if (end >= 0) return join(parts);
    length += bytes.length;
  }
  return -E2BIG;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Reads an array of string pointers that ends in a null pointer; a null pointer instead of an array is an empty one. */
function* copyinStrings(call: Call, from: number, room: { left: number }): Kgen<Uint8Array[] | number> {
  const strings: Uint8Array[] = [];
  if (from === 0) return strings;
  for (let at = from; ; at += POINTER) {
    const pointer = yield* call.copyin(at, POINTER);
    if (pointer === undefined) return -EFAULT;
    const address = Number(pointer.getBigInt64(0, true));
    if (address === 0) return strings;
    const string = yield* copyinstr(call, address, ARG_STRLEN_MAX);
    if (typeof string === 'number') return string;
    room.left -= string.length + 1 + POINTER;
    if (room.left < 0) return -E2BIG;
    strings.push(string);
  }
}

/** Runs the program at `file`; `argv` and `env` are the numbers of the arguments that point to its own. */
function* execute(call: Call, file: Place, path: string, argv: number, env: number): Kgen<number | undefined> {
  const room = { left: ARG_MAX };
  const words = yield* copyinStrings(call, call.number(argv), room);
  if (typeof words === 'number') return words;
  const variables = yield* copyinStrings(call, call.number(env), room);
  if (typeof variables === 'number') return variables;
  const program = yield* findProgram(walkerHere(call), file, path, words);
  if ('errno' in program) {
    if (program.reason !== '') call.system.counters.note(`execve of ${path}: ${program.reason}`);
    return -program.errno;
  }
  const error = yield* replaceProgram(call.system, call.lwp, { ...program, path, env: variables });
  return error > 0 ? -error : undefined;
}

/** execve(path, argv, envp). */
function* execve(call: Call): Kgen<number | undefined> {
  const file = yield* findHere(call, 0);
  if (typeof file === 'number') return file;
  const path = yield* copyinstr(call, call.number(0), PATH_MAX);
  return typeof path === 'number' ? path : yield* execute(call, file, new TextDecoder().decode(path), 1, 2);
}

/** execveat(dirfd, path, argv, envp, flags). */
function* execveat(call: Call): Kgen<number | undefined> {
  const flags = call.uint(4);
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) !== 0) return -EINVAL;
  const file = yield* findAt(call, 0, (flags & AT_SYMLINK_NOFOLLOW) === 0, (flags & AT_EMPTY_PATH) !== 0);
  if (typeof file === 'number') return file;
  return file.vnode.type === 'link' ? -ELOOP : yield* execute(call, file, placePath(file), 2, 3);
}

/** execve(2) and execveat(2), by their Linux RV64 numbers. */
export const executeCalls: SyscallFamily = {
  221: { name: 'execve', args: 3, handler: execve },
  281: { name: 'execveat', args: 5, handler: execveat },
};
