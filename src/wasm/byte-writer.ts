/** Growing byte buffer with the variable-length integers of the WebAssembly binary format (LEB128). */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(512);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Appends one byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Appends an unsigned integer, 0 to 2^32-1. */
  unsigned(value: number): void {
    while (value > 127) {
      this.byte((value & 127) | 128);
      value >>>= 7;
    }
    this.byte(value);
  }

  /** Appends a signed integer of 32 bits. */
  signed(value: number): void {
    for (;;) {
      const low = value & 127;
      value >>= 7;
      if (value === (low & 64 ? -1 : 0)) return this.byte(low);
      this.byte(low | 128);
    }
  }

  /** Appends a signed integer of 64 bits. */
  signed64(value: bigint): void {
    if (value === BigInt.asIntN(32, value)) return this.signed(Number(value));
    for (;;) {
      const low = Number(value & 127n);
      value >>= 7n;
      if (value === (low & 64 ? -1n : 0n)) return this.byte(low);
      this.byte(low | 128);
    }
  }

  /** Appends a signed integer of 32 bits in five bytes, whatever it is, so that another one can take its place. */
  signed5(value: number): void {
    for (const shift of [0, 7, 14, 21]) this.byte(((value >> shift) & 127) | 128);
    this.byte((value >> 28) & 127);
  }

  /** Appends an unsigned integer below 2^14 in two bytes, whatever it is, so that another one can take its place. */
  unsigned2(value: number): void {
    this.byte((value & 127) | 128);
    this.byte(value >> 7);
  }

  /** Appends a name: its length and its characters, which must be ASCII. */
  name(text: string): void {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** Appends all bytes of another writer. */
  append(other: ByteWriter): void {
    this.copy(other.view());
  }

  /** Appends bytes. */
  copy(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The bytes written so far, as a window that the next write may invalidate. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(by: number): void {
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by));
    bigger.set(this.view());
    this.#bytes = bigger;
  }
}
