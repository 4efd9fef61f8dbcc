/** Moving bytes between an open file and the memory of the caller: what read(2), write(2) and their kin come down to. */
import { ESPIPE } from '../base/index.js';
import { Uio } from '../ddi/index.js';
import { settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { O_APPEND } from './linux-flags.js';
import type { OpenFile } from './open-file.js';

/** Most bytes one read or write moves, as Linux has it. */
export const MAX_RW_COUNT = 0x7fff_f000;

function* move(file: OpenFile, write: boolean, uio: Uio): Kgen<number> {
  const length = uio.resid;
  const error = yield* settle(write ? file.ops.write(uio, file.flags) : file.ops.read(uio, file.flags));
  const moved = length - uio.resid;
  return moved > 0 || error === 0 ? moved : -error;
}

/** One buffer, at the offset of the file, which advances. Returns the bytes moved, or a negated errno when none were. */
export function* transfer(file: OpenFile, write: boolean, base: number, wanted: number): Kgen<number> {
  const uio = new Uio(base, Math.min(wanted, MAX_RW_COUNT), file.offset);
  const moved = yield* move(file, write, uio);
  if (file.ops.seekable === true && moved > 0) file.offset = write && (file.flags & O_APPEND) !== 0 ? uio.loffset : file.offset + moved;
  return moved;
}

/** One buffer, at `offset`. Returns what transfer does, or -ESPIPE for a file without offsets. */
export function* transferAt(file: OpenFile, write: boolean, base: number, wanted: number, offset: number): Kgen<number> {
  if (file.ops.seekable !== true) return -ESPIPE;
  return yield* move(file, write, new Uio(base, Math.min(wanted, MAX_RW_COUNT), offset));
}
