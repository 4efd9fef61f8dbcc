/** struct stat, struct statx and struct statfs as RV64 Linux has them (`include/uapi/asm-generic/stat.h`, `linux/stat.h`, `asm-generic/statfs.h`). */
import type { Attributes, FileType } from '../fs/attributes.js';

/** Bits of S_IFMT by kind of file. */
const S_IF: Readonly<Record<FileType, number>> = {
  fifo: 0o010000, character: 0o020000, directory: 0o040000, block: 0o060000, regular: 0o100000, link: 0o120000, socket: 0o140000,
};
/** d_type of an entry of a directory: the same number without its low 12 bits. */
export const direntType = (type: FileType): number => S_IF[type] >> 12;

/** st_blksize. */
const BLOCK = 4096;
const STAT_SIZE = 128;
const STATX_SIZE = 256;
const STATFS_SIZE = 120;
/** All that statx(2) gave in its first form, STATX_BASIC_STATS. */
export const STATX_ALL = 0x7ff;
const NS = 1_000_000_000n;

const modeOf = (a: Attributes): number => S_IF[a.type] | a.mode;
/** Blocks of 512 bytes, as if files were stored in blocks of 4096 without holes. */
const blocksOf = (a: Attributes): bigint => (a.type === 'regular' || a.type === 'directory' ? BigInt(Math.ceil(a.size / BLOCK) * (BLOCK / 512)) : 0n);
/** Whole seconds and the nanoseconds above them, also before 1970. */
function split(ns: bigint): readonly [seconds: bigint, nanoseconds: number] {
  const rest = ((ns % NS) + NS) % NS;
  return [(ns - rest) / NS, Number(rest)];
}

/** struct stat. */
export function statBytes(a: Attributes): DataView {
  const view = new DataView(new ArrayBuffer(STAT_SIZE));
  view.setBigUint64(0, BigInt(a.dev), true);
  view.setBigUint64(8, BigInt(a.ino), true);
  view.setUint32(16, modeOf(a), true);
  view.setUint32(20, a.nlink, true);
  view.setBigUint64(32, BigInt(a.rdev), true);
  view.setBigInt64(48, BigInt(a.size), true);
  view.setInt32(56, BLOCK, true);
  view.setBigInt64(64, blocksOf(a), true);
  [a.mtime, a.mtime, a.ctime].forEach((time, i) => {
    const [seconds, nanoseconds] = split(time);
    view.setBigInt64(72 + 16 * i, seconds, true);
    view.setBigUint64(80 + 16 * i, BigInt(nanoseconds), true);
  });
  return view;
}

/** struct statx with the fields of `mask`; the time of birth is not known. */
export function statxBytes(a: Attributes, mask: number): DataView {
  const view = new DataView(new ArrayBuffer(STATX_SIZE));
  view.setUint32(0, mask, true);
  view.setUint32(4, BLOCK, true);
  view.setUint32(16, a.nlink, true);
  view.setUint16(28, modeOf(a), true);
  view.setBigUint64(32, BigInt(a.ino), true);
  view.setBigUint64(40, BigInt(a.size), true);
  view.setBigUint64(48, blocksOf(a), true);
  for (const [at, time] of [[64, a.mtime], [96, a.ctime], [112, a.mtime]] as const) {
    const [seconds, nanoseconds] = split(time);
    view.setBigInt64(at, seconds, true);
    view.setUint32(at + 8, nanoseconds, true);
  }
  [a.rdev >> 8, a.rdev & 0xff, a.dev >> 8, a.dev & 0xff].forEach((half, i) => view.setUint32(128 + 4 * i, half, true));
  return view;
}

/** struct statfs of mount `dev`; room in bytes. */
export function statfsBytes(dev: number, room: { readonly total: number; readonly free: number }, readOnly: boolean): DataView {
  const view = new DataView(new ArrayBuffer(STATFS_SIZE));
  const blocks = (bytes: number): bigint => BigInt(Math.floor(bytes / BLOCK));
  const ST_RDONLY = 1;
  // f_type: that of ramfs, for nobody has a number for this one.
  const words = [0x8584_58f6n, BigInt(BLOCK), blocks(room.total), blocks(room.free), blocks(room.free), 0n, 0n, BigInt(dev), 255n, BigInt(BLOCK), readOnly ? BigInt(ST_RDONLY) : 0n];
  words.forEach((word, i) => view.setBigUint64(8 * i, word, true));
  return view;
}
