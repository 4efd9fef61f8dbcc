/** openat(2), close(2), read(2), write(2), writev(2), readv(2), ioctl(2), dup(2), fcntl(2), lseek(2). */
import { EBADF, EFAULT, EINVAL, ESPIPE } from '../../base/index.js';
import { Uio } from '../../ddi/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { AT_FDCWD } from '../linux-flags.js';
import { isUserRange } from '../lwp.js';
import type { OpenFile } from '../open-file.js';
import { openPath } from '../open-path.js';
import type { Call, SyscallFamily } from './call.js';

/** Most bytes one read or write moves, as Linux has it (MAX_RW_COUNT). */
const MAX_RW_COUNT = 0x7fff_f000;
/** Most buffers of one readv or writev (UIO_MAXIOV). */
const IOV_MAX = 1024;

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

/** One buffer; the bytes moved, or a negated errno when none were. */
function* transfer(file: OpenFile, write: boolean, base: number, wanted: number): Kgen<number> {
  const length = Math.min(wanted, MAX_RW_COUNT);
  const uio = new Uio(base, length, 0);
  const error = yield* settle(write ? file.ops.write(uio) : file.ops.read(uio));
  const moved = length - uio.resid;
  return moved > 0 || error === 0 ? moved : -error;
}

function fileFor(call: Call, write: boolean): OpenFile | undefined {
  const file = call.proc.files.get(call.int(0));
  return file !== undefined && (write ? file.writable : file.readable) ? file : undefined;
}

const single = (write: boolean) => function* (call: Call): Kgen<number> {
  const file = fileFor(call, write);
  if (file === undefined) return -EBADF;
  const length = call.size(2);
  if (length > Number.MAX_SAFE_INTEGER) return -EINVAL;
  if (!isUserRange(call.number(1), Math.min(length, MAX_RW_COUNT))) return -EFAULT;
  return yield* transfer(file, write, call.number(1), length);
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
    if (result < wanted) break;
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

function dup(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined) return -EBADF;
  const fd = call.proc.files.lowest();
  return fd < 0 ? fd : call.proc.files.add(file.hold());
}

function fcntl(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined) return -EBADF;
  switch (call.int(1)) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return dup(call);
    case F_GETFD:
    case F_SETFD:
    case F_SETFL: return 0;
    case F_GETFL: return file.readable ? (file.writable ? 2 : 0) : 1;
    default: return -EINVAL;
  }
}

const lseek = (call: Call): number => -(call.proc.files.get(call.int(0)) === undefined ? EBADF : ESPIPE);

export const fileCalls: SyscallFamily = {
  23: { name: 'dup', args: 1, handler: dup },
  25: { name: 'fcntl', args: 3, handler: fcntl },
  29: { name: 'ioctl', args: 3, handler: ioctl },
  56: { name: 'openat', args: 4, handler: openat },
  57: { name: 'close', args: 1, handler: close },
  62: { name: 'lseek', args: 3, handler: lseek },
  63: { name: 'read', args: 3, handler: single(false) },
  64: { name: 'write', args: 3, handler: single(true) },
  65: { name: 'readv', args: 3, handler: vector(false) },
  66: { name: 'writev', args: 3, handler: vector(true) },
};
