/** Little-endian fields of an ELF file, each read checked against the end of the file. */
import { hex } from '../../src/base/index.js';
import { ElfError } from './error.js';

/** Reads the fields of one file; every method throws ElfError, naming what was being read, where the file ends too early. */
export class ElfFields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The `length` bytes at `offset`, both as the file gives them (64-bit, so possibly far beyond any file). */
  slice(what: string, offset: bigint, length: bigint): Uint8Array {
    if (offset + length > BigInt(this.bytes.length)) {
      throw new ElfError(`truncated: ${what} needs bytes ${hex(offset)} to ${hex(offset + length)}, the file has ${hex(this.bytes.length)}`);
    }
    return this.bytes.subarray(Number(offset), Number(offset + length));
  }

  /** Checks that a table of `count` entries of `size` bytes at `offset` lies in the file; returns its offset as a number. */
  table(what: string, offset: bigint, count: number, size: number): number {
    this.slice(what, offset, BigInt(count * size));
    return Number(offset);
  }

  /** The byte at `offset`. These four are for offsets that `slice` or `table` has checked; a RangeError beyond the file. */
  u8(offset: number): number { return this.#view.getUint8(offset); }
  /** The little-endian 16-bit number at `offset`. */
  u16(offset: number): number { return this.#view.getUint16(offset, true); }
  /** The little-endian 32-bit number at `offset`. */
  u32(offset: number): number { return this.#view.getUint32(offset, true); }
  /** The little-endian 64-bit number at `offset`. */
  u64(offset: number): bigint { return this.#view.getBigUint64(offset, true); }
}
