/** Pipes, and moving bytes from file to file: pipe2(2), sendfile(2), copy_file_range(2). */
import { EBADF, EFAULT, EINVAL, EISDIR, ESPIPE } from '../../base/index.js';
import { Uio } from '../../ddi/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { O_APPEND, O_CLOEXEC, O_DIRECT, O_NONBLOCK } from '../linux-flags.js';
import { OpenFile } from '../open-file.js';
import type { Call, SyscallFamily } from './call.js';
import { withSigpipe } from './read-write.js';

/** Bytes moved between files at a time. */
const CHUNK = 65536;

function* pipe2(call: Call): Kgen<number> {
  const flags = call.uint(1);
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) !== 0) return -EINVAL;
  const pipe = call.system.pipes.make();
  if (typeof pipe === 'number') return pipe;
  const { place } = pipe;
  const { files } = call.proc;
  const end = (readable: boolean): OpenFile => {
    const how = { path: place.name, readable, writable: !readable, truncate: false };
    return new OpenFile({ ...how, ops: pipe.open(how), place, flags: flags & (O_NONBLOCK | O_DIRECT) });
  };
  const ends = [end(true), end(false)];
  const fds = ends.map((file) => files.add(file, 0, (flags & O_CLOEXEC) !== 0));
  const failed = fds.find((fd) => fd < 0) ?? (yield* call.copyout(new DataView(new Int32Array(fds).buffer), call.number(0)));
  if (failed === 0) return 0;
  for (const [i, file] of ends.entries()) {
    const fd = fds[i] ?? -1;
    yield* fd < 0 ? file.release() : files.close(fd);
  }
  return failed;
}

/** One side of a copy: where it reads or writes, and whether the file's own offset moves. */
interface Side {
  readonly file: OpenFile;
  at: number;
  readonly own: boolean;
}

/**
 * Moves up to `count` bytes from a file with offsets, so that what finds no room is not lost.
 * @returns the bytes moved, or a negated errno when none were
 */
function* copy(call: Call, from: Side, to: Side, count: number): Kgen<number> {
  let moved = 0;
  let error = 0;
  while (moved < count && error === 0) {
    const buffer = new Uint8Array(Math.min(CHUNK, count - moved));
    const input = new Uio(0, buffer.length, from.at, buffer);
    const readError = yield* settle(from.file.ops.read(input, from.file.flags));
    const output = new Uio(0, input.base, to.at, buffer.subarray(0, input.base));
    error = readError !== 0 || input.base === 0 ? readError : yield* settle(to.file.ops.write(output, to.file.flags));
    const length = input.base - output.resid;
    from.at += length;
    to.at = output.loffset;
    moved += length;
    if (length === 0) break;
  }
  if (from.own) from.file.offset = from.at;
  if (to.own) to.file.offset = to.at;
  return moved > 0 || error === 0 ? moved : withSigpipe(call, -error);
}

/** The file's own offset, or the one at user address `pointer`; or a negated errno. */
function* side(call: Call, file: OpenFile, pointer: number): Kgen<Side | number> {
  if (pointer === 0) return { file, at: file.offset, own: true };
  if (file.ops.seekable !== true) return -ESPIPE;
  const view = yield* call.copyin(pointer, 8);
  if (view === undefined) return -EFAULT;
  const at = Number(view.getBigInt64(0, true));
  return at < 0 || !Number.isSafeInteger(at) ? -EINVAL : { file, at, own: false };
}

/** Tells the caller where a side has got to, unless the file's own offset moved; 0 or -EFAULT. */
function* tell(call: Call, from: Side, pointer: number): Kgen<number> {
  if (from.own) return 0;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(from.at), true);
  return yield* call.copyout(view, pointer);
}

/** The two files of a copy, arguments `from` and `to`, readable and writable; or a negated errno. */
function pair(call: Call, from: number, to: number): readonly [OpenFile, OpenFile] | number {
  const [source, target] = [call.proc.files.get(call.int(from)), call.proc.files.get(call.int(to))];
  if (source?.readable !== true || target?.writable !== true) return -EBADF;
  return source.place.vnode.type === 'directory' ? -EISDIR : [source, target];
}

function* sendfile(call: Call): Kgen<number> {
  const files = pair(call, 1, 0);
  if (typeof files === 'number') return files === -EISDIR ? -EINVAL : files;
  const from = yield* side(call, files[0], call.number(2));
  if (typeof from === 'number') return from;
  if (files[0].place.vnode.type !== 'regular' || (files[1].flags & O_APPEND) !== 0) return -EINVAL;
  const moved = yield* copy(call, from, { file: files[1], at: files[1].offset, own: true }, count(call, 3));
  return (yield* tell(call, from, call.number(2))) === 0 ? moved : -EFAULT;
}

const count = (call: Call, n: number): number => Math.min(call.size(n), 0x7fff_f000);

function* copyFileRange(call: Call): Kgen<number> {
  if (call.uint(5) !== 0) return -EINVAL;
  const files = pair(call, 0, 2);
  if (typeof files === 'number') return files;
  if (files.some(({ place }) => place.vnode.type !== 'regular')) return -EINVAL;
  if ((files[1].flags & O_APPEND) !== 0) return -EBADF;
  const from = yield* side(call, files[0], call.number(1));
  const to = typeof from === 'number' ? from : yield* side(call, files[1], call.number(3));
  if (typeof from === 'number' || typeof to === 'number') return typeof from === 'number' ? from : (to as number);
  const wanted = count(call, 4);
  if (files[0].place.vnode === files[1].place.vnode && from.at < to.at + wanted && to.at < from.at + wanted) return -EINVAL;
  const moved = yield* copy(call, from, to, wanted);
  if (moved < 0) return moved;
  const told = (yield* tell(call, from, call.number(1))) || (yield* tell(call, to, call.number(3)));
  return told === 0 ? moved : -EFAULT;
}

/** Calls that make pipes and move bytes from file to file, by their Linux RV64 numbers. */
export const pipeCalls: SyscallFamily = {
  59: { name: 'pipe2', args: 2, handler: pipe2 },
  71: { name: 'sendfile', args: 4, handler: sendfile },
  285: { name: 'copy_file_range', args: 6, handler: copyFileRange },
};
