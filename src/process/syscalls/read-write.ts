/** Moving bytes: read(2), write(2), readv(2), writev(2), pread64(2), pwrite64(2), preadv(2), pwritev(2), their 2-forms, lseek(2). */
import { EBADF, EFAULT, EINVAL, ENOTSUP, ENXIO, EPIPE, ESPIPE } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { O_PATH } from '../linux-flags.js';
import { isUserRange } from '../lwp.js';
import type { OpenFile } from '../open-file.js';
import { postSignal } from '../post-signal.js';
import { SIGPIPE } from '../signals.js';
import { MAX_RW_COUNT, transfer, transferAt } from '../transfer.js';
import type { Call, SyscallFamily } from './call.js';

/** Most buffers of one readv or writev (UIO_MAXIOV). */
const IOV_MAX = 1024;
const [SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE] = [0, 1, 2, 3, 4];

function fileFor(call: Call, write: boolean): OpenFile | undefined {
  const file = call.proc.files.get(call.int(0));
  return file !== undefined && (write ? file.writable : file.readable) ? file : undefined;
}

/** The result of a write as the caller gets it: EPIPE comes with SIGPIPE. */
export function withSigpipe(call: Call, result: number): number {
  if (result === -EPIPE) postSignal(call.proc, { signal: SIGPIPE, code: 0, errno: 0, pid: call.proc.pid });
  return result;
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
  if (typeof asked === 'number') return asked;
  return withSigpipe(call, yield* transfer(asked.file, write, asked.base, asked.length));
};

/** pread64 and pwrite64: at an offset of their own, which the file's offset does not follow. */
const positioned = (write: boolean) => function* (call: Call): Kgen<number> {
  const asked = request(call, write);
  if (typeof asked === 'number') return asked;
  if (call.number(3) < 0) return -EINVAL;
  return yield* transferAt(asked.file, write, asked.base, asked.length, call.number(3));
};

interface Buffer {
  readonly base: number;
  readonly length: number;
}

/** Reads the struct iovec array of arguments 1 and 2; or a negated errno. */
function* buffers(call: Call): Kgen<readonly Buffer[] | number> {
  const count = call.int(2);
  if (count < 0 || count > IOV_MAX) return -EINVAL;
  const iov = yield* call.copyin(call.number(1), 16 * count);
  if (iov === undefined) return -EFAULT;
  const read = (i: number): Buffer => ({ base: Number(iov.getBigInt64(16 * i, true)), length: Number(iov.getBigInt64(16 * i + 8, true)) });
  const all = Array.from({ length: count }, (_, i) => read(i));
  return all.some(({ length }) => length < 0) ? -EINVAL : all;
}

/** Several buffers, at the file's offset or at `offset`; what was moved before an error counts, as for one buffer. */
function* vector(call: Call, write: boolean, offset: number | undefined): Kgen<number> {
  const file = fileFor(call, write);
  if (file === undefined) return -EBADF;
  if (offset !== undefined && file.ops.seekable !== true) return -ESPIPE;
  const all = yield* buffers(call);
  if (typeof all === 'number') return all;
  let moved = 0;
  for (const { base, length } of all) {
    const wanted = Math.min(length, MAX_RW_COUNT - moved);
    if (wanted === 0) continue;
    const result = offset === undefined ? yield* transfer(file, write, base, wanted) : yield* transferAt(file, write, base, wanted, offset + moved);
    if (result < 0) return moved > 0 ? moved : withSigpipe(call, result);
    moved += result;
    // A stream that has given something may make the next buffer wait.
    if (result < wanted || (!write && file.ops.stream === true)) break;
  }
  return moved;
}

const plainVector = (write: boolean) => (call: Call): Kgen<number> => vector(call, write, undefined);

/** preadv and pwritev: the offset is argument 3; an offset of -1 is the file's own where `own` allows it. */
const positionedVector = (write: boolean, own: boolean) => function* (call: Call): Kgen<number> {
  const offset = call.number(3);
  // RWF_ flags of preadv2 and pwritev2 are argument 5: none of them can be kept.
  if (own && call.uint(5) !== 0) return -ENOTSUP;
  if (own && offset === -1) return yield* vector(call, write, undefined);
  return offset < 0 ? -EINVAL : yield* vector(call, write, offset);
};

/** lseek(2). Only what has a size has an end to count from; nothing has holes that one could tell from data. */
function lseek(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF;
  if (file.ops.seekable !== true) return -ESPIPE;
  const [offset, whence] = [call.number(1), call.int(2)];
  const attributes = whence >= SEEK_END && whence <= SEEK_HOLE && file.place.vnode.type === 'regular' ? file.attributes() : undefined;
  if (typeof attributes === 'number') return attributes;
  if (whence !== SEEK_SET && whence !== SEEK_CUR && attributes === undefined) return -EINVAL;
  const size = attributes?.size ?? 0;
  if (whence === SEEK_DATA || whence === SEEK_HOLE) {
    if (offset < 0 || offset >= size) return -ENXIO;
    return seekTo(file, whence === SEEK_DATA ? offset : size);
  }
  return seekTo(file, offset + (whence === SEEK_CUR ? file.offset : whence === SEEK_END ? size : 0));
}

function seekTo(file: OpenFile, to: number): number {
  if (to < 0 || !Number.isSafeInteger(to)) return -EINVAL;
  file.offset = to;
  file.entries = undefined;
  return to;
}

/** Calls that move bytes, and lseek(2), by their Linux RV64 numbers. */
export const readWriteCalls: SyscallFamily = {
  62: { name: 'lseek', args: 3, handler: lseek },
  63: { name: 'read', args: 3, handler: single(false) },
  64: { name: 'write', args: 3, handler: single(true) },
  65: { name: 'readv', args: 3, handler: plainVector(false) },
  66: { name: 'writev', args: 3, handler: plainVector(true) },
  67: { name: 'pread64', args: 4, handler: positioned(false) },
  68: { name: 'pwrite64', args: 4, handler: positioned(true) },
  69: { name: 'preadv', args: 4, handler: positionedVector(false, false) },
  70: { name: 'pwritev', args: 4, handler: positionedVector(true, false) },
  286: { name: 'preadv2', args: 6, handler: positionedVector(false, true) },
  287: { name: 'pwritev2', args: 6, handler: positionedVector(true, true) },
};
