/** Names come and go: mkdirat(2), mknodat(2), unlinkat(2), renameat2(2), linkat(2), symlinkat(2). */
import { EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EROFS, EXDEV } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { Found } from '../fs/walk.js';
import type { DirectoryOps } from '../fs/vnode.js';
import { AT_EMPTY_PATH, AT_REMOVEDIR, AT_SYMLINK_FOLLOW } from '../linux-flags.js';
import type { Call, SyscallFamily } from './call.js';
import { findAt, walkAt } from './paths.js';

const RENAME_NOREPLACE = 1;
const [S_IFMT, S_IFREG] = [0o170000, 0o100000];

/** What a directory answers that lacks an operation: a negated errno. */
const refusal = (directory: DirectoryOps): number => -(directory.refusal ?? EROFS);

/** The directory a new name is made in; -EEXIST where the name is taken. */
function place(found: Found): DirectoryOps | number {
  if (found.place !== undefined) return -EEXIST;
  return found.parent.vnode.directory ?? -ENOTDIR;
}

function* mkdirat(call: Call): Kgen<number> {
  const found = yield* walkAt(call, 0);
  if (typeof found === 'number') return found;
  const directory = place(found);
  if (typeof directory === 'number') return directory;
  return directory.mkdir?.(found.name, call.uint(2) & 0o1777 & ~call.proc.fs.umask) ?? refusal(directory);
}

/** mknodat(2): regular files only. */
function* mknodat(call: Call): Kgen<number> {
  const type = call.uint(2) & S_IFMT;
  if (type !== 0 && type !== S_IFREG) return -EPERM;
  const found = yield* walkAt(call, 0);
  if (typeof found === 'number') return found;
  const directory = place(found);
  if (typeof directory === 'number') return directory;
  if (found.slash) return -ENOENT;
  const made = directory.create?.(found.name, call.uint(2) & 0o7777 & ~call.proc.fs.umask) ?? refusal(directory);
  if (typeof made === 'number') return made;
  made.ops.close();
  return 0;
}

function* symlinkat(call: Call): Kgen<number> {
  const target = yield* call.path(call.number(0));
  if (typeof target === 'number') return target;
  if (target === '') return -ENOENT;
  const found = yield* walkAt(call, 1);
  if (typeof found === 'number') return found;
  const directory = place(found);
  if (typeof directory === 'number') return directory;
  return found.slash ? -ENOENT : (directory.symlink?.(found.name, target) ?? refusal(directory));
}

/** unlink(2) and rmdir(2). */
function* unlinkat(call: Call): Kgen<number> {
  const flags = call.uint(2);
  if ((flags & ~AT_REMOVEDIR) !== 0) return -EINVAL;
  const removeDirectory = (flags & AT_REMOVEDIR) !== 0;
  const path = yield* call.path(call.number(1));
  if (typeof path === 'number') return path;
  const found = yield* walkAt(call, 0);
  if (typeof found === 'number') return found;
  if (found.name === '.') return removeDirectory ? dotError(path) : -EISDIR;
  if (found.place === undefined) return -ENOENT;
  const { directory } = found.parent.vnode;
  const { type } = found.place.vnode;
  if (directory === undefined || (found.slash && type !== 'directory')) return -ENOTDIR;
  if (removeDirectory) return type !== 'directory' ? -ENOTDIR : (directory.rmdir?.(found.name) ?? refusal(directory));
  return type === 'directory' ? -EISDIR : (directory.unlink?.(found.name) ?? refusal(directory));
}

/** rmdir(2) of a path that ends in "..", in ".", or is the root. */
function dotError(path: string): number {
  if (/(^|\/)\.\.\/*$/.test(path)) return -ENOTEMPTY;
  return /(^|\/)\.\/*$/.test(path) ? -EINVAL : -EBUSY;
}

function* renameat2(call: Call): Kgen<number> {
  const flags = call.uint(4);
  if ((flags & ~RENAME_NOREPLACE) !== 0) return -EINVAL;
  const from = yield* walkAt(call, 0);
  if (typeof from === 'number') return from;
  const to = yield* walkAt(call, 2);
  if (typeof to === 'number') return to;
  if (from.name === '.' || to.name === '.') return -EBUSY;
  if (from.place === undefined) return -ENOENT;
  const [source, target] = [from.parent.vnode.directory, to.parent.vnode.directory];
  if (source === undefined || target === undefined) return -ENOTDIR;
  if (to.place !== undefined && (flags & RENAME_NOREPLACE) !== 0) return -EEXIST;
  const isDirectory = from.place.vnode.type === 'directory';
  if (!isDirectory && (from.slash || to.slash)) return -ENOTDIR;
  if (to.place !== undefined) {
    const over = to.place.vnode.type === 'directory';
    if (over !== isDirectory) return over ? -EISDIR : -ENOTDIR;
  }
  if (source.rename === undefined) return target.rename === undefined ? refusal(source) : -EXDEV;
  return source.rename(from.name, to.parent.vnode, to.name);
}

function* linkat(call: Call): Kgen<number> {
  const flags = call.uint(4);
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const from = yield* findAt(call, 0, (flags & AT_SYMLINK_FOLLOW) !== 0, (flags & AT_EMPTY_PATH) !== 0);
  if (typeof from === 'number') return from;
  const to = yield* walkAt(call, 2);
  if (typeof to === 'number') return to;
  const directory = place(to);
  if (typeof directory === 'number') return directory;
  if (from.vnode.type === 'directory') return -EPERM;
  return to.slash ? -ENOENT : (directory.link?.(to.name, from.vnode) ?? refusal(directory));
}

/** Calls that make, move and remove names, by their Linux RV64 numbers. */
export const nameCalls: SyscallFamily = {
  33: { name: 'mknodat', args: 4, handler: mknodat },
  34: { name: 'mkdirat', args: 3, handler: mkdirat },
  35: { name: 'unlinkat', args: 3, handler: unlinkat },
  36: { name: 'symlinkat', args: 3, handler: symlinkat },
  37: { name: 'linkat', args: 5, handler: linkat },
  276: { name: 'renameat2', args: 5, handler: renameat2 },
};
