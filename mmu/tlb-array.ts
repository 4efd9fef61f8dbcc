/**
 * One set-associative array of translations.
 *
 * An entry is a tag (page number >> size), the frame of its first page, and a word
 *
 *      31       16 15 14 13 12 11    10 9    8 7 6 5 4 3 2 1 0
 *     +-----------+-----+-----+--------+------+-+-+-+-+-+-+-+-+
 *     |   ASID    |  0  |PBMT | origin | size |D|A|G|U|X|W|R|V|
 *     +-----------+-----+-----+--------+------+-+-+-+-+-+-+-+-+
 *
 * where `size` is what the entry covers and `origin` the size of the leaf it was read from (codes of tlb-config.ts); they
 * differ where the array holds a large leaf in pieces. A word of 0 is an empty entry. An entry with G matches every ASID.
 *
 * They lie in memory that generated code can share, all zero at first: a descriptor (ARRAY_*), then by entry the keys (word, tag:
 * 8 bytes), the values (frame: 8 bytes; stamp of the replacement policy: f64), the pages tagged (first, last: 8 bytes), and the marks.
 */
import type { Pfn } from '../src/base/index.js';
import { ACCESS_NAME, type Access } from './access.js';
import type { CellMemory, Cells } from './cells.js';
import { PTE_D, PTE_G, PTE_V } from './pte.js';
import { replacementPolicy, type ReplacementPolicy } from './replacement.js';
import { SIZE_64K, SIZE_ORDER, SIZE_SHIFT, sizeCode, type TlbArrayConfig } from './tlb-config.js';
import { kindBit, type TranslationCache } from './translation-cache.js';

/** Position of the size code in an entry's word. */
export const WORD_SIZE_SHIFT = 8;
/** Position of the origin code in an entry's word. */
export const WORD_ORIGIN_SHIFT = 10;
/** Position of the memory type in an entry's word. */
export const WORD_PBMT_SHIFT = 12;
/** Position of the ASID in an entry's word. */
export const WORD_ASID_SHIFT = 16;
const WORD_SIZE = 3 << WORD_SIZE_SHIFT;

/** In an array's descriptor, i32: address of its keys. */
export const ARRAY_KEYS = 0;
/** In an array's descriptor, i32: address of its values. */
export const ARRAY_VALUES = 4;
/** In an array's descriptor, i32: address of the pages tagged. */
export const ARRAY_TAGGED = 8;
/** In an array's descriptor, i32: number of sets less 1. */
export const ARRAY_SET_MASK = 12;
/** In an array's descriptor, i32: ways. */
export const ARRAY_WAYS = 16;
/** In an array's descriptor, 4 i32: valid entries by size code. */
export const ARRAY_LIVE = 20;
/** In an array's descriptor, i32: address of the marks, an i32 for each MARKED entries, not 0 where one of them may be valid. */
export const ARRAY_MARKS = 36;
/** In an array's descriptor, f64: entries entered. */
export const ARRAY_FILLS = 40;
/** In an array's descriptor, f64: entries replaced while valid. */
export const ARRAY_EVICTIONS = 48;
/** In an array's descriptor, f64: clock of the replacement policy's stamps. */
export const ARRAY_CLOCK = 56;
const DESCRIPTOR_BYTES = 64;
/** log2 of the entries that share a mark: fences must not look at entries that were never used. */
export const MARKED_SHIFT = 8;
/** Bytes of an entry: key, value, pages tagged. */
const KEY = 8;
const VALUE = 16;
const TAGGED = 8;
/** Added to page numbers among the pages tagged, so that 0 means none. */
export const TAGGED_BIAS: number = 2 ** 27;
const LOW = 0x1_0000_0000;

/** One array of a TLB or of a walk cache. */
export class TlbArray {
  readonly config: TlbArrayConfig;
  /** Number of entries. */
  readonly entries: number;
  /** Where everything lies; the descriptor comes first. */
  readonly cells: Cells;
  /** Valid entries by size code. */
  readonly live: Int32Array;
  /** Entries dropped by fences. */
  invalidated = 0;
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;
  readonly #f64: Float64Array;
  /** Indices in the 32-bit views of entry 0's word, frame and first page tagged. */
  readonly #keys: number;
  readonly #values: number;
  readonly #tagged: number;
  readonly #marks: number;
  readonly #sets: number;
  readonly #ways: number;
  readonly #mask: number;
  readonly #policy: ReplacementPolicy;
  /** By set: 1 + the entry touched last, where the policy keeps recency. */
  readonly #recent: Int32Array;
  /** Valid entries that are pieces of a larger leaf. */
  #pieces = 0;
  /** For each leaf size code the code it is held as, -1 where it is not held. */
  readonly #heldAs: readonly number[];
  readonly #cache: TranslationCache | undefined;
  /** Kinds of access served, as the translation cache wants them. */
  readonly #kinds: number;

  /**
   * @param memory where it gets its cells
   * @param cache the translation cache whose tags this array answers for; only for arrays of the first level
   */
  constructor(config: TlbArrayConfig, memory: CellMemory, cache?: TranslationCache) {
    const entries = config.sets * config.ways;
    const cells = memory.take(DESCRIPTOR_BYTES + entries * (KEY + VALUE + TAGGED) + 4 * ((entries >> MARKED_SHIFT) + 1));
    const keys = cells.at + DESCRIPTOR_BYTES;
    const values = keys + entries * KEY;
    const tagged = values + entries * VALUE;
    const marks = tagged + entries * TAGGED;
    this.config = config;
    this.entries = entries;
    this.cells = cells;
    this.live = cells.i32.subarray((cells.at + ARRAY_LIVE) / 4, (cells.at + ARRAY_LIVE) / 4 + 4);
    this.#i32 = cells.i32;
    this.#u32 = cells.u32;
    this.#f64 = cells.f64;
    this.#keys = keys / 4;
    this.#values = values / 4;
    this.#tagged = tagged / 4;
    this.#marks = marks / 4;
    this.#sets = config.sets;
    this.#ways = config.ways;
    this.#mask = Number.isInteger(Math.log2(config.sets)) ? config.sets - 1 : -1;
    const stamps = { f64: cells.f64, first: values / 8 + 1, clock: (cells.at + ARRAY_CLOCK) / 8 };
    this.#policy = replacementPolicy(config.replacement, config.sets, config.ways, config.seed, stamps);
    this.#recent = new Int32Array(this.#policy.recency ? config.sets : 0);
    this.#heldAs = heldAs(config);
    this.#cache = cache;
    this.#kinds = ACCESS_NAME.reduce((kinds, name, access) => (config.serves?.includes(name) ?? true ? kinds | kindBit(access as Access) : kinds), 0);
    const describe: readonly (readonly [at: number, value: number])[] =
      [[ARRAY_KEYS, keys], [ARRAY_VALUES, values], [ARRAY_TAGGED, tagged], [ARRAY_SET_MASK, this.#mask], [ARRAY_WAYS, config.ways], [ARRAY_MARKS, marks]];
    for (const [at, value] of describe) this.#i32[(cells.at + at) / 4] = value;
  }

  /** Number of valid entries. */
  get valid(): number {
    return this.live[0]! + this.live[1]! + this.live[2]! + this.live[3]!;
  }

  /** Entries entered. */
  get fills(): number {
    return this.#f64[(this.cells.at + ARRAY_FILLS) / 8]!;
  }

  /** Entries replaced while valid. */
  get evictions(): number {
    return this.#f64[(this.cells.at + ARRAY_EVICTIONS) / 8]!;
  }

  /** The word of an entry, 0 where it is empty. */
  word(entry: number): number {
    return this.#i32[this.#keys + entry * 2]!;
  }

  /** First frame of an entry. */
  pfn(entry: number): Pfn {
    const at = this.#values + entry * 4;
    return this.#u32[at]! + this.#i32[at + 1]! * LOW;
  }

  /** The size code a leaf of size code `leaf` is held as here, or -1 when it is not. */
  holds(leaf: number): number {
    return this.#heldAs[leaf]!;
  }

  /** Notes that the translation cache is about to hold a tag of page `vpn`, which an entry translates. */
  noteTag(entry: number, vpn: number): void {
    if (sizeOf(this.word(entry)) === 0) return;
    const at = this.#tagged + entry * 2;
    const page = vpn + TAGGED_BIAS;
    if (this.#i32[at + 1] === 0) this.#i32[at] = this.#i32[at + 1] = page;
    else if (page < this.#i32[at]!) this.#i32[at] = page;
    else if (page > this.#i32[at + 1]!) this.#i32[at + 1] = page;
  }

  /** First page an entry translates; of a walk cache's entry, first page below its pointer. */
  firstPageOf(entry: number): number {
    return this.#tag(entry) << SIZE_SHIFT[sizeOf(this.word(entry))]!;
  }

  /** The entry of one size that translates page `vpn` for `asid`, or -1. Changes nothing. */
  find(size: number, vpn: number, asid: number): number {
    const i32 = this.#i32;
    const tag = vpn >> SIZE_SHIFT[size]!;
    const first = this.#setOf(tag) * this.#ways;
    const wanted = PTE_V | (size << WORD_SIZE_SHIFT);
    let key = this.#keys + first * 2;
    for (let entry = first; entry < first + this.#ways; entry++, key += 2) {
      if (i32[key + 1] !== tag) continue;
      const word = i32[key]!;
      if ((word & (PTE_V | WORD_SIZE)) === wanted && ((word & PTE_G) !== 0 || word >>> WORD_ASID_SHIFT === asid)) return entry;
    }
    return -1;
  }

  /** Tells the policy that an entry was hit. */
  touch(entry: number): void {
    if (!this.#policy.recency) return;
    const set = Math.floor(entry / this.#ways);
    const recent = this.#recent[set]!;
    if (recent === entry + 1) return;
    if (recent !== 0) this.#dropTags(recent - 1);
    this.#recent[set] = entry + 1;
    this.#policy.touch(set, entry - set * this.#ways);
  }

  /**
   * Enters a translation, in the place of one it repeats, of an empty entry or of the policy's victim.
   * @param size size code, as {@link holds} answered
   * @param pfn frame of the page `vpn` itself
   * @param word the entry's word without its size
   * @returns the entry
   */
  insert(size: number, vpn: number, pfn: Pfn, word: number): number {
    const shift = SIZE_SHIFT[size]!;
    const tag = vpn >> shift;
    const set = this.#setOf(tag);
    const entry = this.#place(size, vpn, set, word);
    if (this.word(entry) !== 0) this.#clear(entry);
    const sized = word | (size << WORD_SIZE_SHIFT);
    const first = pfn - (vpn & ((1 << shift) - 1));
    this.#i32[this.#keys + entry * 2] = sized;
    this.#i32[this.#keys + entry * 2 + 1] = tag;
    this.#i32[this.#values + entry * 4] = first;
    this.#i32[this.#values + entry * 4 + 1] = Math.floor(first / LOW);
    this.#i32[this.#tagged + entry * 2 + 1] = 0;
    this.#i32[this.#marks + (entry >> MARKED_SHIFT)] = 1;
    this.live[size]!++;
    if (isPiece(sized)) this.#pieces++;
    this.#f64[(this.cells.at + ARRAY_FILLS) / 8]!++;
    // What is global is found in every address space from now on, before larger or later entries of their own.
    if ((word & PTE_G) !== 0) this.#cache?.drop(tag << shift, (tag << shift) + (1 << shift) - 1, this.#kinds);
    if (this.#policy.recency) {
      const recent = this.#recent[set]!;
      if (recent !== 0 && recent !== entry + 1) this.#dropTags(recent - 1);
      this.#recent[set] = entry + 1;
    }
    this.#policy.touch(set, entry - set * this.#ways);
    return entry;
  }

  /** Empties an entry that a newer translation makes useless; no fence, so not counted as one. */
  discard(entry: number): void {
    this.#clear(entry);
  }

  /**
   * Drops what translates page `vpn`: of one address space but not its global entries, or of all with `asid` undefined.
   * Pieces of a large leaf go together, for they all are copies of the one PTE the fence names.
   * @returns entries dropped
   */
  invalidatePage(vpn: number, asid: number | undefined): number {
    let dropped = 0;
    for (const size of SIZE_ORDER) {
      if (this.live[size] === 0) continue;
      const tag = vpn >> SIZE_SHIFT[size]!;
      const first = this.#setOf(tag) * this.#ways;
      for (let at = first; at < first + this.#ways; at++) {
        const word = this.word(at);
        if (word !== 0 && this.#tag(at) === tag && sizeOf(word) === size && fenced(word, asid)) dropped += this.#invalidate(at);
      }
    }
    return this.#pieces === 0 ? dropped : dropped + this.#invalidateIf((at, word) => {
      const origin = SIZE_SHIFT[originOf(word)]!;
      return isPiece(word) && this.#tag(at) >> (origin - SIZE_SHIFT[sizeOf(word)]!) === vpn >> origin && fenced(word, asid);
    });
  }

  /**
   * Does what {@link invalidatePage} does for each page from `first` to `last`, in one pass over the array.
   * @returns entries dropped
   */
  invalidateRange(first: number, last: number, asid: number | undefined): number {
    if (this.valid === 0) return 0;
    return this.#invalidateIf((at, word) => {
      const size = SIZE_SHIFT[sizeOf(word)]!;
      const origin = isPiece(word) ? SIZE_SHIFT[originOf(word)]! : size;
      const from = (this.#tag(at) >> (origin - size)) << origin;
      return from <= last && from + (1 << origin) > first && fenced(word, asid);
    });
  }

  /**
   * Drops everything of one address space but its global entries, or simply everything with `asid` undefined.
   * @returns entries dropped
   */
  invalidateAll(asid: number | undefined): number {
    if (this.valid === 0) return 0;
    if (asid !== undefined) return this.#invalidateIf((_at, word) => fenced(word, asid));
    const dropped = this.valid;
    this.#i32.fill(0, this.#keys, this.#keys + this.entries * 2);
    this.#recent.fill(0);
    this.live.fill(0);
    this.#pieces = 0;
    this.invalidated += dropped;
    this.#cache?.flush();
    return dropped;
  }

  #invalidateIf(match: (at: number, word: number) => boolean): number {
    let dropped = 0;
    for (let mark = 0; mark << MARKED_SHIFT < this.entries; mark++) {
      if (this.#i32[this.#marks + mark] === 0) continue;
      let left = 0;
      const end = Math.min((mark + 1) << MARKED_SHIFT, this.entries);
      for (let at = mark << MARKED_SHIFT; at < end; at++) {
        const word = this.word(at);
        if (word === 0) continue;
        if (match(at, word)) dropped += this.#invalidate(at);
        else left = 1;
      }
      this.#i32[this.#marks + mark] = left;
    }
    return dropped;
  }

  #invalidate(entry: number): 1 {
    this.#clear(entry);
    this.invalidated++;
    return 1;
  }

  #clear(entry: number): void {
    const word = this.word(entry);
    this.#dropTags(entry);
    this.live[sizeOf(word)]!--;
    if (isPiece(word)) this.#pieces--;
    this.#i32[this.#keys + entry * 2] = 0;
  }

  #tag(entry: number): number {
    return this.#i32[this.#keys + entry * 2 + 1]!;
  }

  /** Drops what the translation cache holds of an entry's pages; an empty entry's are gone already. */
  #dropTags(entry: number): void {
    const word = this.word(entry);
    if (this.#cache === undefined || word === 0) return;
    const tagged = this.#tagged + entry * 2;
    if (sizeOf(word) === 0) {
      this.#cache.drop(this.#tag(entry), this.#tag(entry), this.#kinds);
    } else if (this.#i32[tagged + 1] !== 0) {
      this.#cache.drop(this.#i32[tagged]! - TAGGED_BIAS, this.#i32[tagged + 1]! - TAGGED_BIAS, this.#kinds);
      this.#i32[tagged + 1] = 0;
    }
  }

  #place(size: number, vpn: number, set: number, word: number): number {
    const same = this.find(size, vpn, word >>> WORD_ASID_SHIFT);
    if (same >= 0) return same;
    const i32 = this.#i32;
    const first = set * this.#ways;
    const keys = this.#keys + first * 2;
    for (let way = 0; way < this.#ways; way++) if (i32[keys + way * 2] === 0) return first + way;
    this.#f64[(this.cells.at + ARRAY_EVICTIONS) / 8]!++;
    return first + this.#policy.victim(set);
  }

  #setOf(tag: number): number {
    return this.#mask >= 0 ? tag & this.#mask : (tag >>> 0) % this.#sets;
  }
}

/** The size code of an entry's word. */
export const sizeOf = (word: number): number => (word >>> WORD_SIZE_SHIFT) & 3;
/** The origin code of an entry's word. */
export const originOf = (word: number): number => (word >>> WORD_ORIGIN_SHIFT) & 3;
/** Whether an entry can serve a store without the walker: D is set. */
export const isDirty = (word: number): boolean => (word & PTE_D) !== 0;

/** Whether an entry is a piece of a superpage. Pieces of a Svnapot range are no such thing: the range has a PTE for each page. */
const isPiece = (word: number): boolean => originOf(word) !== sizeOf(word) && originOf(word) !== SIZE_64K;

/** Whether a fence for `asid` (undefined: all) reaches an entry. */
const fenced = (word: number, asid: number | undefined): boolean => asid === undefined || ((word & PTE_G) === 0 && word >>> WORD_ASID_SHIFT === asid);

function heldAs(config: TlbArrayConfig): readonly number[] {
  const sizes = config.pageSizes.map(sizeCode);
  return SIZE_SHIFT.map((leafShift) => {
    let best = -1;
    for (const size of sizes) {
      if (SIZE_SHIFT[size]! <= leafShift && (best < 0 || SIZE_SHIFT[size]! > SIZE_SHIFT[best]!)) best = size;
    }
    return best;
  });
}
