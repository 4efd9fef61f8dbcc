/**
 * A device's memory: a range of physical pages that get bytes on first touch.
 *
 * The table from page to linear address has two levels, both filled lazily, so that a BAR of 57 GiB costs what is
 * touched. A page that was never touched reads as zero and stays without backing.
 */
import { PAGESIZE, type Paddr } from '../base/index.js';
import { BackingExhausted, type Region } from './region.js';

/** Pages one leaf of the two-level table describes (4 MiB of device memory). */
const LEAF_PAGES = 1024;

/** Where device memory gets its bytes: pages of linear memory after RAM, handed out once and never returned. */
export class BackingPool {
  /** Bytes in the pool. */
  readonly size: number;
  #next: number;
  readonly #end: number;

  constructor(at: number, size: number) {
    this.size = size;
    this.#next = at;
    this.#end = at + size;
  }

  /** The linear address of a zeroed page, or 0 when none is left. */
  take(): number {
    if (this.#next >= this.#end) return 0;
    const page = this.#next;
    this.#next += PAGESIZE;
    return page;
  }
}

/** What a device memory needs of the bus that carries it. */
export interface BackingStore {
  readonly u8: Uint8Array;
  readonly pool: BackingPool;
  /** Told of every write from the host side: linear address of its first byte, bytes; decoded code in them must go. */
  wrote(host: number, length: number): void;
}

/** A range of device memory as device models and tests see it: bytes by offset. */
export class DeviceMemory implements Region {
  readonly kind = 'memory';
  readonly name: string;
  readonly base: Paddr;
  /** Bytes, a multiple of PAGESIZE. */
  readonly size: number;
  readonly #store: BackingStore;
  readonly #leaves: (Uint32Array | undefined)[] = [];
  #backed = 0;

  /** Made by {@link Bus.attachMemory}. */
  constructor(o: { name: string; base: Paddr; size: number; store: BackingStore }) {
    this.name = o.name;
    this.base = o.base;
    this.size = o.size;
    this.#store = o.store;
  }

  /** Pages that have been touched and hold bytes. */
  get backedPages(): number {
    return this.#backed;
  }

  /** Linear address of page `index` of this memory, or 0 when it was never touched. */
  pageIfBacked(index: number): number {
    return this.#leaves[Math.floor(index / LEAF_PAGES)]?.[index % LEAF_PAGES] ?? 0;
  }

  /**
   * Linear address of page `index` of this memory, which is backed first where needed.
   * @throws BackingExhausted when the pool is used up.
   */
  page(index: number): number {
    const at = Math.floor(index / LEAF_PAGES);
    const leaf = (this.#leaves[at] ??= new Uint32Array(LEAF_PAGES));
    let host = leaf[index % LEAF_PAGES]!;
    if (host === 0) {
      host = this.#store.pool.take();
      if (host === 0) throw new BackingExhausted(this.name, index * PAGESIZE, this.#store.pool.size);
      leaf[index % LEAF_PAGES] = host;
      this.#backed++;
    }
    return host;
  }

  /**
   * A copy of `length` bytes from byte `offset`.
   * @throws RangeError when the range is not inside this memory.
   */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.readInto(offset, bytes);
    return bytes;
  }

  /**
   * Copies bytes from byte `offset` into `to`, as many as it holds.
   * @throws RangeError when the range is not inside this memory.
   */
  readInto(offset: number, to: Uint8Array): void {
    this.#check(offset, to.length);
    for (let done = 0; done < to.length; ) {
      const inPage = (offset + done) % PAGESIZE;
      const step = Math.min(PAGESIZE - inPage, to.length - done);
      const host = this.pageIfBacked(Math.floor((offset + done) / PAGESIZE));
      if (host === 0) to.fill(0, done, done + step);
      else to.set(this.#store.u8.subarray(host + inPage, host + inPage + step), done);
      done += step;
    }
  }

  /**
   * Writes `bytes` from byte `offset` on.
   * @throws RangeError when the range is not inside this memory.
   * @throws BackingExhausted when the pool is used up.
   */
  write(offset: number, bytes: Uint8Array): void {
    this.#check(offset, bytes.length);
    this.#forEachPiece(offset, bytes.length, (host, done, step) => {
      this.#store.u8.set(bytes.subarray(done, done + step), host);
    });
  }

  /**
   * Repeats `pattern` over `length` bytes from byte `offset` on; the pattern starts at `offset`.
   * @throws RangeError when the range is not inside this memory or the pattern is empty.
   * @throws BackingExhausted when the pool is used up.
   */
  fill(offset: number, length: number, pattern: Uint8Array): void {
    this.#check(offset, length);
    if (pattern.length === 0) throw new RangeError(`${this.name}: fill pattern is empty`);
    const first = pattern[0]!;
    const plain = pattern.every((byte) => byte === first) ? new Uint8Array(Math.min(length, PAGESIZE)).fill(first) : undefined;
    const u8 = this.#store.u8;
    this.#forEachPiece(offset, length, (host, done, step) => {
      if (plain) u8.set(plain.subarray(0, step), host);
      else for (let i = 0; i < step; i++) u8[host + i] = pattern[(done + i) % pattern.length]!;
    });
  }

  #forEachPiece(offset: number, length: number, piece: (host: number, done: number, step: number) => void): void {
    for (let done = 0; done < length; ) {
      const inPage = (offset + done) % PAGESIZE;
      const step = Math.min(PAGESIZE - inPage, length - done);
      const host = this.page(Math.floor((offset + done) / PAGESIZE)) + inPage;
      piece(host, done, step);
      this.#store.wrote(host, step);
      done += step;
    }
  }

  #check(offset: number, length: number): void {
    if (!Number.isInteger(offset) || !Number.isInteger(length) || offset < 0 || length < 0 || offset + length > this.size) {
      throw new RangeError(`${this.name}: ${length} bytes at offset ${offset} are not inside its ${this.size} bytes`);
    }
  }
}

