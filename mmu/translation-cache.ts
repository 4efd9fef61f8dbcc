/**
 * The translation cache: what generated code asks before it asks the MMU.
 *
 * It lies in linear memory, direct mapped, 32 bytes an entry; all three tags of an entry share the addend:
 *
 *      0  read tag   i64    address of the page (low 12 bits 0) loads may go to; -1: none
 *      8  write tag  i64    the same for stores
 *     16  exec tag   i64    the same for fetches
 *     24  addend     i32    linear address = low 32 bits of the virtual address + addend, modulo 2^32
 *     28  spare      i32
 *
 * The entry of an address is (va >> 12) & (entries - 1). One compare of a tag with `va & ~(0xfff & ~(size - 1))`
 * finds out a miss, a page crossing and a misaligned access together.
 *
 * Protocol with the TLB: every tag belongs to at most one owner, a first-level TLB entry (owner 0: none, a tag of an
 * untranslated address). Whoever changes or evicts that TLB entry, or makes another entry the most recent of its set
 * where recency is kept, first calls `drop(owner)`. So a tag that is found proves that the access would hit the first
 * level and change nothing there.
 */
import type { LinearMemory } from '../src/base/index.js';
import { EXEC, READ, WRITE, type Access } from './access.js';

/** Entries of a translation cache when nothing else is said. */
export const TC_ENTRIES: number = 2 ** 15;
/** Bytes of one entry. */
export const TC_ENTRY_BYTES = 32;
/** Byte offset of the read tag. */
export const TC_READ = 0;
/** Byte offset of the write tag. */
export const TC_WRITE = 8;
/** Byte offset of the exec tag. */
export const TC_EXEC = 16;
/** Byte offset of the addend. */
export const TC_ADDEND = 24;

/** Past this share of filled slots a flush clears the whole table instead of walking the list of filled slots. */
const WHOLESALE = 4;
const WORDS = TC_ENTRY_BYTES / 4;
const LOW = 0x1_0000_0000;

/** A hart's translation cache. */
export class TranslationCache {
  /** Linear address of entry 0. */
  readonly at: number;
  /** Entries, a power of two. */
  readonly entries: number;
  readonly #i32: Int32Array;
  readonly #base: number;
  /** Slots that hold, or held since the last flush, a tag. */
  readonly #filled: Int32Array;
  readonly #listed: Uint8Array;
  #count = 0;
  /**
   * Doubly linked list of an owner's tags. A tag's node is slot * 4 + access; 0 ends a list, so nodes are kept plus 1.
   * #prev holds the node before, or -(owner + 1) at the head, or 0 when the tag is in no list.
   */
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  #head: Int32Array = new Int32Array(1);

  /**
   * @param o.memory the memory generated code runs on, zero where the table lies; must not grow
   * @param o.at linear address of the table, a multiple of 32
   * @param o.entries a power of two; default {@link TC_ENTRIES}
   * @throws RangeError on a misaligned address, a size that is no power of two, or a table beyond the memory
   */
  constructor(o: { memory: LinearMemory; at: number; entries?: number }) {
    this.at = o.at;
    this.entries = o.entries ?? TC_ENTRIES;
    if (!Number.isInteger(Math.log2(this.entries))) throw new RangeError(`entries: ${this.entries} is not a power of two`);
    if (o.at % TC_ENTRY_BYTES !== 0 || o.at < 0) throw new RangeError(`at: ${o.at} is not a multiple of ${TC_ENTRY_BYTES}`);
    if (o.at + this.entries * TC_ENTRY_BYTES > o.memory.buffer.byteLength) throw new RangeError(`at: ${this.entries} entries at ${o.at} exceed the memory`);
    this.#i32 = new Int32Array(o.memory.buffer);
    this.#base = o.at / 4;
    this.#filled = new Int32Array(this.entries);
    this.#listed = new Uint8Array(this.entries);
    this.#next = new Int32Array(this.entries * 4);
    this.#prev = new Int32Array(this.entries * 4);
    // The memory is fresh: a tag of 0 is a page address only in slot 0. Touching the other slots would commit their pages.
    this.#i32.fill(-1, this.#base, this.#base + WORDS);
  }

  /** Bytes a cache of `entries` entries takes. */
  static bytes(entries: number = TC_ENTRIES): number {
    return entries * TC_ENTRY_BYTES;
  }

  /** Makes owners 1 to `count` known; drops everything. Called once, by the MMU that uses the cache. */
  setOwners(count: number): void {
    this.flush();
    this.#head = new Int32Array(count + 1);
  }

  /**
   * Enters the page of `va` for one kind of access.
   * @param va any address in the page, signed or (untranslated) physical
   * @param host linear address of any byte of the page
   * @param owner the first-level TLB entry that answers for it, 0 for none
   */
  fill(va: number, access: Access, host: number, owner: number): void {
    const page = Math.floor(va / 4096);
    const slot = page & (this.entries - 1);
    const word = this.#base + slot * WORDS;
    const i32 = this.#i32;
    const low = page << 12;
    const high = Math.floor(va / LOW) | 0;
    const addend = ((host & ~0xfff) - low) | 0;
    if (this.#listed[slot] === 0) {
      this.#listed[slot] = 1;
      this.#filled[this.#count++] = slot;
    } else if (i32[word + TC_ADDEND / 4] !== addend) {
      this.#clearTag(slot, READ);
      this.#clearTag(slot, WRITE);
      this.#clearTag(slot, EXEC);
    }
    i32[word + TC_ADDEND / 4] = addend;
    i32[word + access * 2] = low;
    i32[word + access * 2 + 1] = high;
    this.#unlink(slot * 4 + access);
    if (owner !== 0) this.#link(slot * 4 + access, owner);
  }

  /** Drops every tag of one owner. */
  drop(owner: number): void {
    let node = this.#head[owner]!;
    if (node === 0) return;
    this.#head[owner] = 0;
    while (node !== 0) {
      const at = node - 1;
      const word = this.#base + (at >> 2) * WORDS + (at & 3) * 2;
      this.#i32[word] = -1;
      this.#i32[word + 1] = -1;
      this.#prev[at] = 0;
      node = this.#next[at]!;
    }
  }

  /** Drops everything; costs time in proportion to what was entered since the last flush. */
  flush(): void {
    if (this.#count > this.entries / WHOLESALE) {
      this.#clearAll();
      return;
    }
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#filled[i]!;
      this.#listed[slot] = 0;
      this.#clearTag(slot, READ);
      this.#clearTag(slot, WRITE);
      this.#clearTag(slot, EXEC);
    }
    this.#count = 0;
  }

  /**
   * What generated code would find for an access of one byte.
   * @returns the linear address, or -1 on a miss.
   */
  lookup(va: number, access: Access): number {
    const page = Math.floor(va / 4096);
    const word = this.#base + (page & (this.entries - 1)) * WORDS;
    const i32 = this.#i32;
    if (i32[word + access * 2] !== page << 12 || i32[word + access * 2 + 1] !== (Math.floor(va / LOW) | 0)) return -1;
    return ((page << 12) + (va - page * 4096) + i32[word + TC_ADDEND / 4]!) >>> 0;
  }

  #clearTag(slot: number, access: Access): void {
    const word = this.#base + slot * WORDS + access * 2;
    this.#i32[word] = -1;
    this.#i32[word + 1] = -1;
    this.#unlink(slot * 4 + access);
  }

  #clearAll(): void {
    this.#i32.fill(-1, this.#base, this.#base + this.entries * WORDS);
    this.#listed.fill(0);
    this.#prev.fill(0);
    this.#head.fill(0);
    this.#count = 0;
  }

  #link(at: number, owner: number): void {
    const first = this.#head[owner]!;
    this.#next[at] = first;
    this.#prev[at] = -(owner + 1);
    if (first !== 0) this.#prev[first - 1] = at + 1;
    this.#head[owner] = at + 1;
  }

  #unlink(at: number): void {
    const prev = this.#prev[at]!;
    if (prev === 0) return;
    const next = this.#next[at]!;
    if (prev > 0) this.#next[prev - 1] = next;
    else this.#head[-prev - 1] = next;
    if (next !== 0) this.#prev[next - 1] = prev;
    this.#prev[at] = 0;
  }
}
