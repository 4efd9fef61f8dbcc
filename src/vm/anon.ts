/**
 * Anonymous memory: which frame holds which page of a private or shared piece of memory that no file is behind. A frame may be
 * referred to by several maps after fork; the one who writes then takes a copy.
 */
import type { Pfn } from '../base/index.js';
import type { PagePool } from './page.js';

/** Pages in one chunk of a map. */
const CHUNK = 512;

/** Frames by page index; sparse. Shared by segments that were one, and by processes when the memory is MAP_SHARED. */
export class AnonMap {
  /** Segments that use it. */
  refcount = 1;
  readonly #pages: PagePool;
  /** A slot holds 1 + the frame's index in RAM; 0 is empty. */
  readonly #chunks: Map<number, Uint32Array> = new Map();

  constructor(pages: PagePool) {
    this.#pages = pages;
  }

  /** The frame of a page; undefined when it was never written. */
  get(index: number): Pfn | undefined {
    const slot = this.#chunks.get(Math.floor(index / CHUNK))?.[index % CHUNK] ?? 0;
    return slot === 0 ? undefined : this.#pages.first + slot - 1;
  }

  /** Puts a frame, with the reference the caller has to it, in the place of what was there. */
  set(index: number, pfn: Pfn): void {
    const key = Math.floor(index / CHUNK);
    let chunk = this.#chunks.get(key);
    if (chunk === undefined) this.#chunks.set(key, (chunk = new Uint32Array(CHUNK)));
    const old = chunk[index % CHUNK]!;
    chunk[index % CHUNK] = pfn - this.#pages.first + 1;
    if (old !== 0) this.#pages.release(this.#pages.first + old - 1);
  }

  /** Empties pages [from, to). */
  clear(from: number, to: number): void {
    for (const key of this.#keys(from, to)) {
      const chunk = this.#chunks.get(key)!;
      const base = key * CHUNK;
      const end = Math.min(to - base, CHUNK);
      for (let at = Math.max(from - base, 0); at < end; at++) {
        const slot = chunk[at]!;
        if (slot === 0) continue;
        chunk[at] = 0;
        this.#pages.release(this.#pages.first + slot - 1);
      }
      if (from <= base && to >= base + CHUNK) this.#chunks.delete(key);
    }
  }

  /** Calls `visit` for each page in [from, to) that has a frame. */
  each(from: number, to: number, visit: (index: number, pfn: Pfn) => void): void {
    for (const key of this.#keys(from, to)) {
      const chunk = this.#chunks.get(key)!;
      const base = key * CHUNK;
      const end = Math.min(to - base, CHUNK);
      for (let at = Math.max(from - base, 0); at < end; at++) {
        const slot = chunk[at]!;
        if (slot !== 0) visit(base + at, this.#pages.first + slot - 1);
      }
    }
  }

  /** A new map of the same frames for pages [from, to), each with one more reference. */
  clone(from: number, to: number): AnonMap {
    const copy = new AnonMap(this.#pages);
    this.each(from, to, (index, pfn) => {
      this.#pages.share(pfn);
      copy.set(index, pfn);
    });
    return copy;
  }

  /** The chunks that hold pages of [from, to), ascending. */
  #keys(from: number, to: number): number[] {
    const first = Math.floor(from / CHUNK);
    const last = Math.ceil(to / CHUNK);
    if (last - first < this.#chunks.size) {
      const keys: number[] = [];
      for (let key = first; key < last; key++) if (this.#chunks.has(key)) keys.push(key);
      return keys;
    }
    return [...this.#chunks.keys()].filter((key) => key >= first && key < last).sort((a, b) => a - b);
  }

  /** One more segment uses this map. */
  hold(): this {
    this.refcount++;
    return this;
  }

  /** One segment less uses this map; the last frees what is left. */
  release(): void {
    this.refcount--;
    if (this.refcount === 0) this.clear(0, Infinity);
  }
}
