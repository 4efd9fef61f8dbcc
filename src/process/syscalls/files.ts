/** openat(2), close(2), read(2), write(2), writev(2), readv(2), pread64(2), pwrite64(2), ioctl(2), dup(2), fcntl(2), lseek(2). */
import { EBADF, EFAULT, EINVAL, ESPIPE } from '../../base/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { OPEN_MAX } from '../file-table.js';
import { AT_FDCWD } from '../linux-flags.js';
import { isUserRange } from '../lwp.js';
import type { OpenFile } from '../open-file.js';
import { openPath } from '../open-path.js';
import { MAX_RW_COUNT, transfer, transferAt } from '../transfer.js';
import type { Call, SyscallFamily } from './call.js';

/** Most buffers of one readv or writev (UIO_MAXIOV). */
const IOV_MAX = 1024;

const [SEEK_SET, SEEK_CUR] = [0, 1];
const [F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC] = [0, 1, 2, 3, 4, 1030];

function* openat(call: Call): Kgen<number> {
  const path = yield* call.path(call.number(1));
  if (typeof path === 'number') return path;
  if (!path.startsWith('/') && call.int(0) !== AT_FDCWD && call.proc.files.get(call.int(0)) === undefined) return -EBADF;
  return yield* openPath(call.system, call.proc, path, call.uint(2));
}

function* close(call: Call): Kgen<number> {
  return -(yield* call.proc.files.close(call.int(0)));
}

function fileFor(call: Call, write: boolean): OpenFile | undefined {
  const file = call.proc.files.get(call.int(0));
  return file !== undefined && (write ? file.writable : file.readable) ? file : undefined;
}

/** The arguments (fd, buffer, length) of a read or write, checked; or a negated errno. */
function request(call: Call, write: boolean): { file: OpenFile; base: number; length: number } | number {
  const file = fileFor(call, write);
  if (file === undefined) return -EBADF;
  const length = call.size(2);
  if (length > Number.MAX_SAFE_INTEGER) return -EINVAL;
  if (!isUserRange(call.number(1), Math.min(length, MAX_RW_COUNT))) return -EFAULT;
  return { file, base: call.number(1), length };
}

const single = (write: boolean) => function* (call: Call): Kgen<number> {
  const asked = request(call, write);
  return typeof asked === 'number' ? asked : yield* transfer(asked.file, write, asked.base, asked.length);
};

/** pread64 and pwrite64: at an offset of their own, which the file's offset does not follow. */
const positioned = (write: boolean) => function* (call: Call): Kgen<number> {
  const asked = request(call, write);
  if (typeof asked === 'number') return asked;
  if (call.number(3) < 0) return -EINVAL;
  return yield* transferAt(asked.file, write, asked.base, asked.length, call.number(3));
};

/** Several buffers; what was moved before an error counts, as for one buffer. */
const vector = (write: boolean) => function* (call: Call): Kgen<number> {
  const file = fileFor(call, write);
  if (file === undefined) return -EBADF;
  const count = call.int(2);
  if (count < 0 || count > IOV_MAX) return -EINVAL;
  const iov = yield* call.copyin(call.number(1), 16 * count);
  if (iov === undefined) return -EFAULT;
  const lengths = Array.from({ length: count }, (_, i) => Number(iov.getBigInt64(16 * i + 8, true)));
  if (lengths.some((length) => length < 0)) return -EINVAL;
  let moved = 0;
  for (const [i, length] of lengths.entries()) {
    const wanted = Math.min(length, MAX_RW_COUNT - moved);
    if (wanted === 0) continue;
    const result = yield* transfer(file, write, Number(iov.getBigInt64(16 * i, true)), wanted);
    if (result < 0) return moved > 0 ? moved : result;
    moved += result;
    // A stream that has given something may make the next buffer wait.
    if (result < wanted || (!write && file.ops.stream === true)) break;
  }
  return moved;
};

function* ioctl(call: Call): Kgen<number> {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined) return -EBADF;
  const rvalp = { value: 0 };
  const error = yield* settle(file.ops.ioctl(call.uint(1), call.number(2), rvalp));
  return error === 0 ? rvalp.value : -error;
}

/** Another descriptor of the same open file, the lowest free one not below `min`. */
function duplicate(call: Call, min: number): number {
  const { files } = call.proc;
  const file = files.get(call.int(0));
  if (file === undefined) return -EBADF;
  const fd = files.lowest(min);
  return fd < 0 ? fd : files.add(file.hold(), min);
}

/** F_DUPFD: a lower bound that no descriptor can reach is EINVAL, none free above it EMFILE. */
function duplicateFrom(call: Call, min: number): number {
  return min < 0 || min >= OPEN_MAX ? -EINVAL : duplicate(call, min);
}

function fcntl(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined) return -EBADF;
  switch (call.int(1)) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return duplicateFrom(call, call.int(2));
    case F_GETFD:
    case F_SETFD:
    case F_SETFL: return 0;
    case F_GETFL: return file.readable ? (file.writable ? 2 : 0) : 1;
    default: return -EINVAL;
  }
}

/** lseek(2). A file has no end one could count from: devices do not say theirs, memory has none. */
function lseek(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined) return -EBADF;
  if (file.ops.seekable !== true) return -ESPIPE;
  const whence = call.int(2);
  const to = (whence === SEEK_CUR ? file.offset : 0) + call.number(1);
  if ((whence !== SEEK_SET && whence !== SEEK_CUR) || to < 0 || !Number.isSafeInteger(to)) return -EINVAL;
  file.offset = to;
  return to;
}

export const fileCalls: SyscallFamily = {
  23: { name: 'dup', args: 1, handler: (call) => duplicate(call, 0) },
  25: { name: 'fcntl', args: 3, handler: fcntl },
  29: { name: 'ioctl', args: 3, handler: ioctl },
  56: { name: 'openat', args: 4, handler: openat },
  57: { name: 'close', args: 1, handler: close },
  62: { name: 'lseek', args: 3, handler: lseek },
  63: { name: 'read', args: 3, handler: single(false) },
  64: { name: 'write', args: 3, handler: single(true) },
  65: { name: 'readv', args: 3, handler: vector(false) },
  66: { name: 'writev', args: 3, handler: vector(true) },
  67: { name: 'pread64', args: 4, handler: positioned(false) },
  68: { name: 'pwrite64', args: 4, handler: positioned(true) },
};
