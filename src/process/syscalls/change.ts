/**
 * Changing what is there: truncate(2), ftruncate(2), fallocate(2), fchmod(2), fchmodat(2), fchown(2), fchownat(2), utimensat(2), umask(2),
 * sync(2), fsync(2), fdatasync(2), syncfs(2), fadvise64(2).
 */
import { EBADF, EFAULT, EFBIG, EINVAL, EISDIR, ENODEV, ENOTSUP, EROFS, ESPIPE } from '../../base/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { AttributeChange } from '../file-ops.js';
import type { Vnode } from '../fs/vnode.js';
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, O_PATH } from '../linux-flags.js';
import type { OpenFile } from '../open-file.js';
import type { Call, SyscallFamily } from './call.js';
import { findAt, findHere } from './paths.js';

const FALLOC_FL_KEEP_SIZE = 1;
const [UTIME_NOW, UTIME_OMIT] = [0x3fff_ffff, 0x3fff_fffe];

function* truncate(call: Call): Kgen<number> {
  const size = call.number(1);
  if (size < 0) return -EINVAL;
  const place = yield* findHere(call, 0);
  if (typeof place === 'number') return place;
  const { vnode } = place;
  if (vnode.type !== 'regular') return vnode.type === 'directory' ? -EISDIR : -EINVAL;
  const ops = yield* settle(vnode.open({ path: '', readable: false, writable: true, truncate: false }));
  if (typeof ops === 'number') return ops;
  const error = Number.isSafeInteger(size) ? (ops.truncate?.(size) ?? EINVAL) : EFBIG;
  yield* settle(ops.close());
  return -error;
}

function ftruncate(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF;
  const size = call.number(1);
  if (size < 0 || !file.writable) return -EINVAL;
  return Number.isSafeInteger(size) ? -(file.ops.truncate?.(size) ?? EINVAL) : -EFBIG;
}

/** Only room at the end can be asked for: nothing here has holes. */
function fallocate(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || !file.writable) return -EBADF;
  const [mode, offset, length] = [call.uint(1), call.number(2), call.number(3)];
  if ((mode & ~FALLOC_FL_KEEP_SIZE) !== 0) return -ENOTSUP;
  if (offset < 0 || length <= 0) return -EINVAL;
  if (file.place.vnode.type === 'fifo') return -ESPIPE;
  if (!Number.isSafeInteger(offset + length)) return -EFBIG;
  return -(file.ops.allocate?.(offset + length, mode === FALLOC_FL_KEEP_SIZE) ?? ENODEV);
}

/** Changes a file through its descriptor where it can, else by its place. */
const changeFile = (file: OpenFile, change: AttributeChange): number => {
  if (file.ops.change !== undefined) return -file.ops.change(change);
  return changeVnode(file.place.vnode, change);
};

const changeVnode = (vnode: Vnode, change: AttributeChange): number => vnode.change?.(change) ?? -EROFS;

function fchmod(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  return file === undefined || (file.flags & O_PATH) !== 0 ? -EBADF : changeFile(file, { mode: call.uint(1) & 0o7777 });
}

function* fchmodat(call: Call, flags: number): Kgen<number> {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const place = yield* findAt(call, 0, (flags & AT_SYMLINK_NOFOLLOW) === 0, (flags & AT_EMPTY_PATH) !== 0);
  if (typeof place === 'number') return place;
  return place.vnode.type === 'link' ? -ENOTSUP : changeVnode(place.vnode, { mode: call.uint(2) & 0o7777 });
}

/** Everything belongs to root and stays so: who is named as the owner does not matter, whether the file could be changed does. */
function fchown(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  return file === undefined || (file.flags & O_PATH) !== 0 ? -EBADF : changeFile(file, {});
}

function* fchownat(call: Call): Kgen<number> {
  const flags = call.uint(4);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const place = yield* findAt(call, 0, (flags & AT_SYMLINK_NOFOLLOW) === 0, (flags & AT_EMPTY_PATH) !== 0);
  return typeof place === 'number' ? place : changeVnode(place.vnode, {});
}

/** The time of the last change utimensat(2) asks for; undefined: it stays. Or a negated errno. */
function* wantedTime(call: Call): Kgen<{ readonly mtime: bigint | undefined } | number> {
  const now = call.system.realtime;
  if (call.number(2) === 0) return { mtime: now };
  const view = yield* call.copyin(call.number(2), 32);
  if (view === undefined) return -EFAULT;
  const nanoseconds = [view.getBigInt64(8, true), view.getBigInt64(24, true)];
  const special = (ns: bigint): boolean => ns === BigInt(UTIME_NOW) || ns === BigInt(UTIME_OMIT);
  if (nanoseconds.some((ns) => !special(ns) && (ns < 0n || ns >= 1_000_000_000n))) return -EINVAL;
  const ns = nanoseconds[1] ?? 0n;
  if (special(ns)) return { mtime: ns === BigInt(UTIME_NOW) ? now : undefined };
  return { mtime: view.getBigInt64(16, true) * 1_000_000_000n + ns };
}

function* utimensat(call: Call): Kgen<number> {
  const flags = call.uint(3);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const wanted = yield* wantedTime(call);
  if (typeof wanted === 'number') return wanted;
  const change: AttributeChange = wanted.mtime === undefined ? {} : { mtime: wanted.mtime };
  if (call.number(1) === 0 && call.int(0) !== AT_FDCWD) {
    const file = call.proc.files.get(call.int(0));
    return file === undefined ? -EBADF : changeFile(file, change);
  }
  const place = yield* findAt(call, 0, (flags & AT_SYMLINK_NOFOLLOW) === 0, (flags & AT_EMPTY_PATH) !== 0);
  return typeof place === 'number' ? place : changeVnode(place.vnode, change);
}

function umask(call: Call): number {
  const { fs } = call.proc;
  const before = fs.umask;
  fs.umask = call.uint(0) & 0o777;
  return before;
}

function sync(call: Call): number {
  call.system.files.hostTree?.sync();
  return 0;
}

/** fsync(2) and its kin: a stream has nothing to keep. */
function fsync(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF;
  if (file.ops.seekable !== true) return -EINVAL;
  return -(file.ops.sync?.() ?? 0);
}

function fadvise64(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF;
  if (file.place.vnode.type === 'fifo') return -ESPIPE;
  return call.number(2) < 0 || call.uint(3) > 5 ? -EINVAL : 0;
}

/** Calls that change files, their sizes and attributes, and those that make changes last, by their Linux RV64 numbers. */
export const changeCalls: SyscallFamily = {
  45: { name: 'truncate', args: 2, handler: truncate },
  46: { name: 'ftruncate', args: 2, handler: ftruncate },
  47: { name: 'fallocate', args: 4, handler: fallocate },
  52: { name: 'fchmod', args: 2, handler: fchmod },
  53: { name: 'fchmodat', args: 3, handler: (call) => fchmodat(call, 0) },
  54: { name: 'fchownat', args: 5, handler: fchownat },
  55: { name: 'fchown', args: 3, handler: fchown },
  81: { name: 'sync', args: 0, handler: sync },
  82: { name: 'fsync', args: 1, handler: fsync },
  83: { name: 'fdatasync', args: 1, handler: fsync },
  88: { name: 'utimensat', args: 4, handler: utimensat },
  166: { name: 'umask', args: 1, handler: umask },
  223: { name: 'fadvise64', args: 4, handler: fadvise64 },
  267: { name: 'syncfs', args: 1, handler: (call) => (call.proc.files.get(call.int(0)) === undefined ? -EBADF : 0) },
  452: { name: 'fchmodat2', args: 4, handler: (call) => fchmodat(call, call.uint(3)) },
};
