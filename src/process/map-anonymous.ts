/** Mappings of memory: anonymous for mmap(2) and brk(2), and with the bytes of a program's segment. */
import { ENOMEM } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import {
  ADDR_NOVACALIGN, FileObject, MAP_PRIVATE, MAP_TYPE, PROT_ALL, as_map, as_rangelock, as_rangeunlock, choose_addr, segvn_create,
} from '../vm/index.js';
import type { As } from '../vm/index.js';
import type { MapRequest } from './file-ops.js';
import type { Labels } from './labels.js';

/** MAP_ANON: zeros on first touch, shared or private. Returns the address, or -ENOMEM. */
export const mapAnonymous = (r: MapRequest): Kgen<number> => mapPages(r);

/** Maps the pages of a file, or without one zeros, shared or private. Returns the address, or -ENOMEM. */
export function* mapPages(r: MapRequest, file?: FileObject): Kgen<number> {
  yield* as_rangelock(r.as);
  const addr = yield* choose_addr(r.as, r.addr, r.len, 0, ADDR_NOVACALIGN, r.flags);
  const create = segvn_create({ prot: r.prot, maxprot: r.maxprot, type: r.flags & MAP_TYPE, ...(file === undefined ? {} : { file, offset: r.off }) });
  const error = addr === undefined ? ENOMEM : yield* as_map(r.as, addr, r.len, create);
  yield* as_rangeunlock(r.as);
  return error !== 0 || addr === undefined ? -error : addr;
}

/** An address space and the names of what is mapped in it: a process, or the memory of a program to come. */
export interface Mapped {
  readonly as: As;
  readonly labels: Labels;
}

/** A private mapping at a place that is free; page aligned. */
export interface PlacedMapping {
  readonly base: number;
  readonly size: number;
  readonly prot: number;
  /** What reports call it. */
  readonly name: string;
}

/** Makes a private mapping of zeros; `extend` lets the one below grow instead. Returns 0 or an errno. */
export function* mapZeros(to: Mapped, m: PlacedMapping, extend = false): Kgen<number> {
  const error = yield* as_map(to.as, m.base, m.size, segvn_create({ prot: m.prot, type: MAP_PRIVATE, extend }));
  if (error === 0) to.labels.map(m.base, m.size, m.name);
  return error;
}

/** Bytes and the address of the first of them, which may lie below the mapping. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Makes a private mapping with the bytes of `pieces`, which do not overlap; the rest is zero. A page is filled when it is first touched.
 * @returns 0 or an errno.
 */
export function* mapPieces(to: Mapped, m: PlacedMapping, pieces: readonly Piece[]): Kgen<number> {
  const fileBytes = Math.min(m.size, Math.max(0, ...pieces.map(({ at, bytes }) => at + bytes.length - m.base)));
  if (fileBytes === 0) return yield* mapZeros(to, m);
  const file = new FileObject(to.as.vm, {
    name: m.name,
    size: fileBytes,
    read: (offset, bytes) => pieces.forEach((piece) => copyPiece(piece, m.base + offset, bytes)),
  });
  const error = yield* mapFile(to, m, file);
  file.release();
  return error;
}

/** Copies what `piece` has of the addresses from `address` on. */
function copyPiece({ at, bytes }: Piece, address: number, to: Uint8Array): void {
  const skip = at - address;
  if (skip < to.length) to.set(bytes.subarray(Math.max(0, -skip), Math.max(0, to.length - skip)), Math.max(0, skip));
}

/** Makes a private mapping that begins with the pages of `file`; the rest is zero. Returns 0 or an errno. */
export function* mapFile(to: Mapped, m: PlacedMapping, file: FileObject): Kgen<number> {
  const create = segvn_create({ prot: m.prot, maxprot: PROT_ALL, type: MAP_PRIVATE, file, fileBytes: file.size });
  const error = yield* as_map(to.as, m.base, m.size, create);
  if (error === 0) to.labels.map(m.base, m.size, m.name);
  return error;
}
