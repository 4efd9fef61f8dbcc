/**
 * The translation cache: what generated code asks before it asks the MMU.
 *
 * It lies in linear memory: a header, then the entries, direct mapped, 32 bytes each. The three tags of an entry share the addend:
 *
 *      0  read tag   i64    page loads may go to, with the generation of the tag in bits 11:3
 *      8  write tag  i64    the same for stores
 *     16  exec tag   i64    the same for fetches
 *     24  addend     i32    linear address = low 32 bits of the virtual address + addend, modulo 2^32
 *     28  spare      i32
 *
 * The entry of an address is (va >> 12) & (entries - 1). One compare of a tag with `va & ~(0xfff & ~(size - 1)) | generation`
 * finds out a miss, a page crossing, a misaligned access and a tag of another context together.
 *
 * A context is everything but the TLB that decides what an access finds: address space, privilege modes, SUM, MXR. Each has
 * its generation, a number that stands in the header while the context is in force, so changing contexts changes one cell
 * and every tag stays. A flush gives all contexts new generations. When the 511 are used up, the table is cleared.
 *
 * Protocol with the TLB: a tag of a translated page belongs to the first-level TLB entry that answers for the page. Whoever
 * changes or evicts that entry, or makes another entry the most recent of its set where recency is kept, first drops the tags
 * of the pages it covers. So a tag that is found proves that the access would hit the first level and change nothing there.
 * Dropping more than that is always right.
 */
import type { LinearMemory } from '../src/base/index.js';
import type { Access } from './access.js';

/** Entries of a translation cache when nothing else is said. */
export const TC_ENTRIES: number = 2 ** 15;
/** Most entries there can be. */
export const TC_ENTRIES_MAX: number = 2 ** 20;
/** Bytes of one entry. */
export const TC_ENTRY_BYTES = 32;
/** Bytes of the header; offsets of tags and addend below are from the start of the header plus the entry's index times its size. */
export const TC_HEADER_BYTES = 256;
/** Byte offset of the read tag. */
export const TC_READ: number = TC_HEADER_BYTES;
/** Byte offset of the write tag. */
export const TC_WRITE: number = TC_HEADER_BYTES + 8;
/** Byte offset of the exec tag. */
export const TC_EXEC: number = TC_HEADER_BYTES + 16;
/** Byte offset of the addend. */
export const TC_ADDEND: number = TC_HEADER_BYTES + 24;
/** In the header, i64: the generation in force, shifted to its place in a tag. */
export const TC_GENERATION = 0;
/** In the header, i32: (entries - 1) * TC_ENTRY_BYTES. The rest of the header is that of walk-cells.ts. */
export const TC_MASK = 8;

/** Position of the generation in a tag: above the bits that catch misalignment, below the page. */
const GENERATION_SHIFT = 3;
/** Generations there are; 0 is none, so that zeroed memory holds no tag. */
const GENERATIONS = 512;
/** Pages that are looked for one by one when they are dropped; longer ranges cost a flush. */
const PAGE_BY_PAGE = 512;
const WORDS = TC_ENTRY_BYTES / 4;
const LOW = 0x1_0000_0000;
const PAGE_BITS = ~0xfff;

/** Bit of a kind of access in a set of kinds. */
export const kindBit = (access: Access): number => 1 << access;
/** A hart's translation cache. */
export class TranslationCache {
  /** Linear address of the header. */
  readonly at: number;
  /** Entries, a power of two. */
  readonly entries: number;
  readonly #i32: Int32Array;
  /** Index in #i32 of entry 0. */
  readonly #base: number;
  /** Generation of each context since the last flush. */
  readonly #generations = new Map<number, number>();
  #context = 0;
  /** The generation given out last. */
  #last = 0;

  /**
   * @param o.memory the memory generated code runs on, zero where the table lies; must not grow
   * @param o.at linear address of the header, a multiple of 32
   * @param o.entries a power of two; default {@link TC_ENTRIES}
   * @throws RangeError on a misaligned address, a size that is no power of two, or a table beyond the memory
   */
  constructor(o: { memory: LinearMemory; at: number; entries?: number }) {
    this.at = o.at;
    this.entries = o.entries ?? TC_ENTRIES;
    if (!Number.isInteger(Math.log2(this.entries))) throw new RangeError(`entries: ${this.entries} is not a power of two`);
    if (o.at % TC_ENTRY_BYTES !== 0 || o.at < 0) throw new RangeError(`at: ${o.at} is not a multiple of ${TC_ENTRY_BYTES}`);
    if (o.at + TranslationCache.bytes(this.entries) > o.memory.buffer.byteLength) throw new RangeError(`at: ${this.entries} entries at ${o.at} exceed the memory`);
    this.#i32 = new Int32Array(o.memory.buffer);
    this.#base = (o.at + TC_HEADER_BYTES) / 4;
    this.#i32[(o.at + TC_MASK) / 4] = (this.entries - 1) * TC_ENTRY_BYTES;
    this.use(0);
  }

  /** Bytes a cache of `entries` entries takes, header included. */
  static bytes(entries: number = TC_ENTRIES): number {
    return TC_HEADER_BYTES + entries * TC_ENTRY_BYTES;
  }

  /** The generation in force, as it stands in tags. */
  get generation(): number {
    return this.#i32[(this.at + TC_GENERATION) / 4]!;
  }

  /** Makes a context the one in force, with the tags that were filled in it since the last flush. */
  use(context: number): void {
    this.#context = context;
    let generation = this.#generations.get(context);
    if (generation === undefined) {
      if (this.#last === GENERATIONS - 1) this.#clearAll();
      generation = ++this.#last;
      this.#generations.set(context, generation);
    }
    this.#i32[(this.at + TC_GENERATION) / 4] = generation << GENERATION_SHIFT;
  }

  /** Drops everything, in all contexts. */
  flush(): void {
    this.#generations.clear();
    this.use(this.#context);
  }

  /**
   * Enters the page of `va` for one kind of access in the context in force.
   * @param va any address in the page, signed or (untranslated) physical
   * @param host linear address of any byte of the page
   */
  fill(va: number, access: Access, host: number): void {
    const page = Math.floor(va / 4096);
    const word = this.#base + (page & (this.entries - 1)) * WORDS;
    const i32 = this.#i32;
    const low = page << 12;
    const addend = ((host & PAGE_BITS) - low) | 0;
    if (i32[word + 6] !== addend) {
      for (let at = word; at < word + 6; at++) i32[at] = 0;
      i32[word + 6] = addend;
    }
    i32[word + access * 2] = low | this.generation;
    i32[word + access * 2 + 1] = Math.floor(va / LOW) | 0;
  }

  /**
   * Drops the tags of pages `first` to `last` (int32 page numbers), in all contexts.
   * @param kinds the kinds of access to drop them for, by {@link kindBit}
   */
  drop(first: number, last: number, kinds: number): void {
    if (last - first >= PAGE_BY_PAGE) {
      this.flush();
      return;
    }
    for (let page = first; page <= last; page++) this.#dropPage(page, kinds);
  }

  /**
   * What generated code would find for an access of one byte.
   * @returns the linear address, or -1 on a miss.
   */
  lookup(va: number, access: Access): number {
    const page = Math.floor(va / 4096);
    const word = this.#base + (page & (this.entries - 1)) * WORDS;
    const i32 = this.#i32;
    if (i32[word + access * 2] !== (page << 12 | this.generation) || i32[word + access * 2 + 1] !== (Math.floor(va / LOW) | 0)) return -1;
    return ((page << 12) + (va - page * 4096) + i32[word + 6]!) >>> 0;
  }

  #dropPage(page: number, kinds: number): void {
    const i32 = this.#i32;
    const low = page << 12;
    const high = page >> 20;
    let at = this.#base + (page & (this.entries - 1)) * WORDS;
    for (let rest = kinds; rest !== 0; rest >>= 1, at += 2) {
      if ((rest & 1) === 0 || (i32[at]! & PAGE_BITS) !== low || i32[at + 1] !== high) continue;
      i32[at] = 0;
      i32[at + 1] = 0;
    }
  }

  #clearAll(): void {
    this.#i32.fill(0, this.#base, this.#base + this.entries * WORDS);
    this.#generations.clear();
    this.#last = 0;
  }
}
