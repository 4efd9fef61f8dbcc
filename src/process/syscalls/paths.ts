/** Paths as arguments: a directory descriptor, a name, and flags. */
import { EBADF, ENOENT } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { find, walk } from '../fs/walk.js';
import type { Found, Walker } from '../fs/walk.js';
import type { Place } from '../fs/vnode.js';
import { AT_FDCWD } from '../linux-flags.js';
import type { Call } from './call.js';

/** From where `path` counts when argument `n` is the directory's descriptor; -EBADF where that is none. */
export function walkerAt(call: Call, n: number, path: string): Walker | number {
  const { fs, pid } = call.proc;
  const walker = { root: fs.root, caller: { pid } };
  if (path.startsWith('/') || call.int(n) === AT_FDCWD) return { ...walker, start: fs.cwd };
  const file = call.proc.files.get(call.int(n));
  return file === undefined ? -EBADF : { ...walker, start: file.place };
}

/** The walker for names without a descriptor. */
export const walkerHere = (call: Call): Walker => ({ root: call.proc.fs.root, start: call.proc.fs.cwd, caller: { pid: call.proc.pid } });

/** The name arguments `n` (descriptor) and `n + 1` (name) are about, not what it may link to, and be it missing; or a negated errno. */
export function* walkAt(call: Call, n: number): Kgen<Found | number> {
  const path = yield* call.path(call.number(n + 1));
  if (typeof path === 'number') return path;
  const walker = walkerAt(call, n, path);
  return typeof walker === 'number' ? walker : walk(walker, path, 'never');
}

/**
 * What arguments `n` (descriptor) and `n + 1` (name) name; with `empty`, no name means the descriptor's own file (AT_EMPTY_PATH).
 * @returns its place, or a negated errno
 */
export function* findAt(call: Call, n: number, follow: boolean, empty = false): Kgen<Place | number> {
  const path = yield* call.path(call.number(n + 1));
  if (typeof path === 'number') return path;
  const walker = walkerAt(call, n, path);
  if (typeof walker === 'number') return walker;
  if (path === '') return empty ? walker.start : -ENOENT;
  return find(walker, path, follow);
}

/** What argument `n`, a name that counts from the working directory, leads to, links followed. */
export function* findHere(call: Call, n: number): Kgen<Place | number> {
  const path = yield* call.path(call.number(n));
  return typeof path === 'number' ? path : find(walkerHere(call), path, true);
}
