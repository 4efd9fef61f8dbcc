/**
 * One set-associative array of translations.
 *
 * An entry is three numbers in typed arrays: the tag (page number >> size), the frame of its first page, and a word
 *
 *      31       16 15 14 13 12 11    10 9    8 7 6 5 4 3 2 1 0
 *     +-----------+-----+-----+--------+------+-+-+-+-+-+-+-+-+
 *     |   ASID    |  0  |PBMT | origin | size |D|A|G|U|X|W|R|V|
 *     +-----------+-----+-----+--------+------+-+-+-+-+-+-+-+-+
 *
 * where `size` is what the entry covers and `origin` the size of the leaf it was read from (codes of tlb-config.ts); they
 * differ where the array holds a large leaf in pieces. A word of 0 is an empty entry. An entry with G matches every ASID.
 */
import type { Pfn } from '../src/base/index.js';
import { ACCESS_NAME, type Access } from './access.js';
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
/** No page number of Sv39: the translation cache holds nothing of an entry. */
const NO_PAGE = -0x8000_0000;

/** One array of a TLB or of a walk cache. */
export class TlbArray {
  readonly config: TlbArrayConfig;
  readonly words: Int32Array;
  readonly pfns: Float64Array;
  /** Entries replaced while valid. */
  evictions = 0;
  /** Entries entered. */
  fills = 0;
  /** Entries dropped by fences. */
  invalidated = 0;
  readonly #tags: Int32Array;
  readonly #sets: number;
  readonly #ways: number;
  readonly #mask: number;
  readonly #policy: ReplacementPolicy;
  /** By set: 1 + the entry touched last, where the policy keeps recency. */
  readonly #recent: Int32Array;
  /** Valid entries by size code. */
  readonly live: Int32Array = new Int32Array(4);
  /** Valid entries that are pieces of a larger leaf. */
  #pieces = 0;
  /** For each leaf size code the code it is held as, -1 where it is not held. */
  readonly #heldAs: readonly number[];
  readonly #cache: TranslationCache | undefined;
  /** Kinds of access served, as the translation cache wants them. */
  readonly #kinds: number;
  /** By entry larger than a page: the lowest and highest page the translation cache may hold a tag of. */
  readonly #firstTagged: Int32Array;
  readonly #lastTagged: Int32Array;

  /**
   * @param cache the translation cache whose tags this array answers for; only for arrays of the first level
   */
  constructor(config: TlbArrayConfig, cache?: TranslationCache) {
    const entries = config.sets * config.ways;
    this.config = config;
    this.words = new Int32Array(entries);
    this.pfns = new Float64Array(entries);
    this.#tags = new Int32Array(entries);
    this.#sets = config.sets;
    this.#ways = config.ways;
    this.#mask = Number.isInteger(Math.log2(config.sets)) ? config.sets - 1 : -1;
    this.#policy = replacementPolicy(config.replacement, config.sets, config.ways, config.seed);
    this.#recent = new Int32Array(this.#policy.recency ? config.sets : 0);
    this.#heldAs = heldAs(config);
    this.#cache = cache;
    this.#kinds = ACCESS_NAME.reduce((kinds, name, access) => (config.serves?.includes(name) ?? true ? kinds | kindBit(access as Access) : kinds), 0);
    this.#firstTagged = new Int32Array(entries);
    this.#lastTagged = new Int32Array(entries).fill(NO_PAGE);
  }

  /** Number of entries. */
  get entries(): number {
    return this.words.length;
  }

  /** Number of valid entries. */
  get valid(): number {
    return this.live[0]! + this.live[1]! + this.live[2]! + this.live[3]!;
  }

  /** The size code a leaf of size code `leaf` is held as here, or -1 when it is not. */
  holds(leaf: number): number {
    return this.#heldAs[leaf]!;
  }

  /** Notes that the translation cache is about to hold a tag of page `vpn`, which an entry translates. */
  noteTag(entry: number, vpn: number): void {
    if (sizeOf(this.words[entry]!) === 0) return;
    if (this.#lastTagged[entry] === NO_PAGE) this.#firstTagged[entry] = this.#lastTagged[entry] = vpn;
    else if (vpn < this.#firstTagged[entry]!) this.#firstTagged[entry] = vpn;
    else if (vpn > this.#lastTagged[entry]!) this.#lastTagged[entry] = vpn;
  }

  /** First page an entry translates; of a walk cache's entry, first page below its pointer. */
  firstPageOf(entry: number): number {
    return this.#tags[entry]! << SIZE_SHIFT[sizeOf(this.words[entry]!)]!;
  }

  /** The entry of one size that translates page `vpn` for `asid`, or -1. Changes nothing. */
  find(size: number, vpn: number, asid: number): number {
    const tag = vpn >> SIZE_SHIFT[size]!;
    const first = this.#setOf(tag) * this.#ways;
    const wanted = PTE_V | (size << WORD_SIZE_SHIFT);
    for (let at = first; at < first + this.#ways; at++) {
      if (this.#tags[at] !== tag) continue;
      const word = this.words[at]!;
      if ((word & (PTE_V | WORD_SIZE)) === wanted && ((word & PTE_G) !== 0 || word >>> WORD_ASID_SHIFT === asid)) return at;
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
    if (this.words[entry] !== 0) this.#clear(entry);
    const sized = word | (size << WORD_SIZE_SHIFT);
    this.words[entry] = sized;
    this.#tags[entry] = tag;
    this.pfns[entry] = pfn - (vpn & ((1 << shift) - 1));
    this.live[size]!++;
    if (isPiece(sized)) this.#pieces++;
    this.fills++;
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
        const word = this.words[at]!;
        if (word !== 0 && this.#tags[at] === tag && sizeOf(word) === size && fenced(word, asid)) dropped += this.#invalidate(at);
      }
    }
    return this.#pieces === 0 ? dropped : dropped + this.#invalidateIf((at, word) => {
      const origin = SIZE_SHIFT[originOf(word)]!;
      return isPiece(word) && this.#tags[at]! >> (origin - SIZE_SHIFT[sizeOf(word)]!) === vpn >> origin && fenced(word, asid);
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
      const from = (this.#tags[at]! >> (origin - size)) << origin;
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
    this.words.fill(0);
    this.#lastTagged.fill(NO_PAGE);
    this.#recent.fill(0);
    this.live.fill(0);
    this.#pieces = 0;
    this.invalidated += dropped;
    this.#cache?.flush();
    return dropped;
  }

  #invalidateIf(match: (at: number, word: number) => boolean): number {
    let dropped = 0;
    for (let at = 0; at < this.words.length; at++) {
      const word = this.words[at]!;
      if (word !== 0 && match(at, word)) dropped += this.#invalidate(at);
    }
    return dropped;
  }

  #invalidate(entry: number): 1 {
    this.#clear(entry);
    this.invalidated++;
    return 1;
  }

  #clear(entry: number): void {
    const word = this.words[entry]!;
    this.#dropTags(entry);
    this.live[sizeOf(word)]!--;
    if (isPiece(word)) this.#pieces--;
    this.words[entry] = 0;
  }

  /** Drops what the translation cache holds of an entry's pages; an empty entry's are gone already. */
  #dropTags(entry: number): void {
    const word = this.words[entry]!;
    if (this.#cache === undefined || word === 0) return;
    if (sizeOf(word) === 0) {
      this.#cache.drop(this.#tags[entry]!, this.#tags[entry]!, this.#kinds);
    } else if (this.#lastTagged[entry] !== NO_PAGE) {
      this.#cache.drop(this.#firstTagged[entry]!, this.#lastTagged[entry]!, this.#kinds);
      this.#lastTagged[entry] = NO_PAGE;
    }
  }

  #place(size: number, vpn: number, set: number, word: number): number {
    const same = this.find(size, vpn, word >>> WORD_ASID_SHIFT);
    if (same >= 0) return same;
    const first = set * this.#ways;
    for (let at = first; at < first + this.#ways; at++) if (this.words[at] === 0) return at;
    this.evictions++;
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
