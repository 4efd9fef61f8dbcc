/** Descriptors come and go: openat(2), close(2), close_range(2), dup(2), dup3(2), fcntl(2), ioctl(2), flock(2). */
import { EBADF, EFAULT, EINVAL } from '../../base/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { OPEN_MAX } from '../file-table.js';
import { openFile } from '../fs/open.js';
import { PIPE_SIZE } from '../fs/pipe.js';
import { O_ACCMODE, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECT, O_NOATIME, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_WRONLY } from '../linux-flags.js';
import type { OpenFile } from '../open-file.js';
import type { Call, SyscallFamily } from './call.js';
import { walkerAt } from './paths.js';

const [F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW] = [0, 1, 2, 3, 4, 5, 6, 7];
const [F_SETPIPE_SZ, F_GETPIPE_SZ, F_DUPFD_CLOEXEC] = [1031, 1032, 1030];
const [F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW] = [36, 37, 38];
const F_UNLCK = 2;
/** Bytes of struct flock. */
const FLOCK_SIZE = 32;
const FD_CLOEXEC = 1;
/** What F_SETFL may change. */
const SETTABLE = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
const [FIONREAD, FIONBIO, FIONCLEX, FIOCLEX] = [0x541b, 0x5421, 0x5450, 0x5451];
const [CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC] = [2, 4];

function* openat(call: Call): Kgen<number> {
  const path = yield* call.path(call.number(1));
  if (typeof path === 'number') return path;
  const walker = walkerAt(call, 0, path);
  if (typeof walker === 'number') return walker;
  const { files, fs } = call.proc;
  const free = files.lowest();
  if (free < 0) return free;
  const flags = call.uint(2);
  const mode = (flags & O_CREAT) !== 0 ? call.uint(3) & 0o7777 & ~fs.umask : 0;
  const file = yield* openFile(walker, path, flags, mode);
  if (typeof file === 'number') return file;
  return yield* install(call, file, (flags & O_CLOEXEC) !== 0);
}

/** Gives a new file a descriptor; without one it is closed again. */
export function* install(call: Call, file: OpenFile, cloexec: boolean): Kgen<number> {
  const fd = call.proc.files.add(file, 0, cloexec);
  if (fd < 0) yield* file.release();
  return fd;
}

function* close(call: Call): Kgen<number> {
  return -(yield* call.proc.files.close(call.int(0)));
}

function* closeRange(call: Call): Kgen<number> {
  const [first, last, flags] = [call.uint(0), call.uint(1), call.uint(2)];
  if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) !== 0) return -EINVAL;
  const { files } = call.proc;
  for (const fd of files.numbers()) {
    if (fd < first || fd > last) continue;
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) files.setCloexec(fd, true);
    else yield* files.close(fd);
  }
  return 0;
}

function* ioctl(call: Call): Kgen<number> {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF;
  const cmd = call.uint(1);
  if (cmd === FIOCLEX || cmd === FIONCLEX) {
    call.proc.files.setCloexec(call.int(0), cmd === FIOCLEX);
    return 0;
  }
  if (cmd === FIONBIO) {
    const on = yield* call.copyin(call.number(2), 4);
    if (on === undefined) return -EFAULT;
    file.flags = on.getInt32(0, true) === 0 ? file.flags & ~O_NONBLOCK : file.flags | O_NONBLOCK;
    return 0;
  }
  if (cmd === FIONREAD && file.place.vnode.type === 'regular') return yield* tellRest(call, file);
  const rvalp = { value: 0 };
  const error = yield* settle(file.ops.ioctl(cmd, call.number(2), rvalp));
  return error === 0 ? rvalp.value : -error;
}

/** FIONREAD of a regular file: the bytes from its offset on. */
function* tellRest(call: Call, file: OpenFile): Kgen<number> {
  const attributes = file.attributes();
  if (typeof attributes === 'number') return attributes;
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, attributes.size - file.offset, true);
  return yield* call.copyout(view, call.number(2));
}

/** Another descriptor of the same open file, the lowest free one not below `min`. */
function duplicate(call: Call, min: number, cloexec: boolean): number {
  const { files } = call.proc;
  const file = files.get(call.int(0));
  if (file === undefined) return -EBADF;
  const fd = files.lowest(min);
  return fd < 0 ? fd : files.add(file.hold(), min, cloexec);
}

function* dup3(call: Call): Kgen<number> {
  const [from, to, flags] = [call.int(0), call.int(1), call.uint(2)];
  if ((flags & ~O_CLOEXEC) !== 0 || from === to) return -EINVAL;
  const { files } = call.proc;
  const file = files.get(from);
  if (file === undefined || to < 0 || to >= OPEN_MAX) return -EBADF;
  // What closing the old file says is lost, as in Linux.
  yield* files.replace(to, file.hold(), (flags & O_CLOEXEC) !== 0);
  return to;
}

/** F_DUPFD: a lower bound that no descriptor can reach is EINVAL, none free above it EMFILE. */
function duplicateFrom(call: Call, min: number, cloexec: boolean): number {
  return min < 0 || min >= OPEN_MAX ? -EINVAL : duplicate(call, min, cloexec);
}

const accessMode = (file: OpenFile): number => (file.readable ? (file.writable ? O_RDWR : O_RDONLY) : file.writable ? O_WRONLY : O_RDONLY);

/** Locks are granted: all who could contend for them are of one user's making, and nobody waits for what is never held. */
function* lock(call: Call, asking: boolean): Kgen<number> {
  const view = yield* call.copyin(call.number(2), FLOCK_SIZE);
  if (view === undefined) return -EFAULT;
  const [type, whence] = [view.getInt16(0, true), view.getInt16(2, true)];
  if (type < 0 || type > F_UNLCK || whence < 0 || whence > 2) return -EINVAL;
  if (!asking) return 0;
  view.setInt16(0, F_UNLCK, true);
  return yield* call.copyout(view, call.number(2));
}

function* fcntl(call: Call): Kgen<number> {
  const { files } = call.proc;
  const fd = call.int(0);
  const file = files.get(fd);
  if (file === undefined) return -EBADF;
  const [cmd, arg] = [call.int(1), call.int(2)];
  switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return duplicateFrom(call, arg, cmd === F_DUPFD_CLOEXEC);
    case F_GETFD: return files.cloexec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
      files.setCloexec(fd, (arg & FD_CLOEXEC) !== 0);
      return 0;
    case F_GETFL: return (file.flags & ~O_ACCMODE) | accessMode(file);
    default:
  }
  if ((file.flags & O_PATH) !== 0) return -EBADF;
  switch (cmd) {
    case F_SETFL:
      file.flags = (file.flags & ~SETTABLE) | (arg & SETTABLE);
      return 0;
    case F_GETLK:
    case F_OFD_GETLK: return yield* lock(call, true);
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return yield* lock(call, false);
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ: return file.place.vnode.type !== 'fifo' ? -EBADF : PIPE_SIZE;
    default: return -EINVAL;
  }
}

/** flock(2): LOCK_SH, LOCK_EX or LOCK_UN, perhaps with LOCK_NB. */
function flock(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF;
  return [1, 2, 8].includes(call.int(1) & ~4) ? 0 : -EINVAL;
}

/** Calls that open, copy, change and close descriptors, by their Linux RV64 numbers. */
export const fileCalls: SyscallFamily = {
  23: { name: 'dup', args: 1, handler: (call) => duplicate(call, 0, false) },
  24: { name: 'dup3', args: 3, handler: dup3 },
  25: { name: 'fcntl', args: 3, handler: fcntl },
  29: { name: 'ioctl', args: 3, handler: ioctl },
  32: { name: 'flock', args: 2, handler: flock },
  56: { name: 'openat', args: 4, handler: openat },
  57: { name: 'close', args: 1, handler: close },
  436: { name: 'close_range', args: 3, handler: closeRange },
};
