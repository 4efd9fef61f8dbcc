/** Physical memory of the oracle: one run of bytes, little-endian, nothing elsewhere. */

/** lr reserves the aligned 8 bytes around its address. */
const reservationSet = (pa: bigint): bigint => pa / 8n;

/** Bytes from `base` up. */
export class OraclePhysical {
  readonly base: bigint;
  readonly bytes: Uint8Array;
  /** Physical address that each hart's lr has reserved. */
  readonly reservations: Map<object, bigint> = new Map();
  readonly #view: DataView;

  constructor(base: bigint, size: number) {
    this.base = base;
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** `size` bytes at `pa`; undefined where there is no memory. */
  load(pa: bigint, size: number): bigint | undefined {
    const at = pa - this.base;
    if (at < 0n || at + BigInt(size) > BigInt(this.bytes.length)) return undefined;
    if (size === 8) return this.#view.getBigUint64(Number(at), true); // nearly all are page table entries
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[Number(at) + i]!);
    return value;
  }

  /** Writes the low bytes of `value`; ends the reservations of other harts than `by` that they touch. */
  store(pa: bigint, size: number, value: bigint, by?: object): boolean {
    const at = pa - this.base;
    if (at < 0n || at + BigInt(size) > BigInt(this.bytes.length)) return false;
    for (let i = 0; i < size; i++) this.bytes[Number(at) + i] = Number((value >> BigInt(8 * i)) & 255n);
    for (const [hart, reserved] of this.reservations) {
      const set = reservationSet(reserved);
      if (hart !== by && reservationSet(pa) <= set && set <= reservationSet(pa + BigInt(size - 1))) this.reservations.delete(hart);
    }
    return true;
  }

  // What the translation oracle reads and, where A and D are kept by hardware, writes.
  read(pa: bigint): bigint | undefined {
    return this.load(pa, 8);
  }

  write(pa: bigint, value: bigint): void {
    this.store(pa, 8, value);
  }
}
