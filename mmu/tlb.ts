/**
 * The TLB: levels of arrays. A lookup asks the arrays of the first level that serve the access, then the next level.
 *
 * A translation found in a level is entered in every level before it, one that was walked for in all levels (neither
 * inclusive nor exclusive); in each level it goes to the first array that holds the largest piece of it. An entry whose
 * D bit is clear does not serve a store when the hardware keeps D (Svadu): the store misses and walks.
 */
import { ACCESS_NAME, WRITE, type Access } from './access.js';
import type { CellMemory, Cells } from './cells.js';
import { TlbArray, WORD_ASID_SHIFT, isDirty } from './tlb-array.js';
import { SIZE_ORDER, SIZE_SHIFT, checkTlbConfig, type TlbConfig } from './tlb-config.js';
import type { TranslationCache } from './translation-cache.js';

/** Ranges of fewer pages are looked up page by page, longer ones cost a pass over the arrays. */
const PAGE_BY_PAGE = 64;

/** In a level's counts, f64 by access: lookups that hit. */
export const COUNTS_HITS = 0;
/** In a level's counts, f64 by access: lookups that missed. */
export const COUNTS_MISSES = 24;
const COUNTS_BYTES = 48;

/** An array and one size to look for in it. */
interface Probe {
  readonly array: TlbArray;
  readonly size: number;
}

/** One level: its arrays, and who asks which in what order. */
export interface TlbLevel {
  readonly arrays: readonly TlbArray[];
  /** By access: the arrays that serve it. */
  readonly serving: readonly (readonly TlbArray[])[];
  /** By access: array and size, small sizes first. */
  readonly probes: readonly (readonly Probe[])[];
  /** Where hits and misses lie. */
  readonly counts: Cells;
  /** Lookups that found a translation here, by access. In the first level: only those the translation cache did not answer. */
  readonly hits: Float64Array;
  /** Lookups that found none here, by access. */
  readonly misses: Float64Array;
}

/** The levels of one hart's TLB. */
export class Tlb {
  readonly config: TlbConfig;
  readonly levels: readonly TlbLevel[];
  /** The array a lookup found its entry in. */
  found: TlbArray | undefined = undefined;
  /** The level a lookup found its entry in. */
  foundLevel = 0;
  /** Whether the last lookup passed over an entry because it was clean. */
  #sawClean = false;

  /**
   * @param cache the hart's translation cache, which the first level keeps within itself
   * @param memory where the arrays and the counts of the first level get their cells
   * @throws RangeError when the configuration is not sound
   */
  constructor(config: TlbConfig, cache: TranslationCache, memory: CellMemory) {
    checkTlbConfig(config);
    this.config = config;
    this.levels = config.levels.map((level, depth) => {
      const arrays = level.map((array) => new TlbArray(array, memory, depth === 0 ? cache : undefined));
      const serving = ACCESS_NAME.map((access) => arrays.filter((array) => array.config.serves?.includes(access) ?? true));
      const probes = serving.map((some) => SIZE_ORDER.flatMap((size) => some.filter((array) => array.holds(size) === size).map((array): Probe => ({ array, size }))));
      const counts = memory.take(COUNTS_BYTES);
      const [hits, misses] = [(counts.at + COUNTS_HITS) / 8, (counts.at + COUNTS_MISSES) / 8] as const;
      return { arrays, serving, probes, counts, hits: counts.f64.subarray(hits, hits + 3), misses: counts.f64.subarray(misses, misses + 3) };
    });
  }

  /**
   * Looks a page up, level by level, counting hits and misses.
   * @param cleanServes whether an entry with D clear serves a store
   * @returns the entry of `found` at `foundLevel`, or -1
   */
  lookup(vpn: number, asid: number, access: Access, cleanServes: boolean): number {
    this.#sawClean = false;
    for (let depth = 0; depth < this.levels.length; depth++) {
      const level = this.levels[depth]!;
      const probes = level.probes[access]!;
      for (let n = 0; n < probes.length; n++) {
        const { array, size } = probes[n]!;
        if (array.live[size] === 0) continue;
        const entry = array.find(size, vpn, asid);
        if (entry < 0) continue;
        if (access === WRITE && !cleanServes && !isDirty(array.word(entry))) {
          this.#sawClean = true;
          continue;
        }
        array.touch(entry);
        level.hits[access]!++;
        this.found = array;
        this.foundLevel = depth;
        return entry;
      }
      level.misses[access]!++;
    }
    return -1;
  }

  /**
   * Enters a translation in the levels before `end`; clean entries the lookup passed over there give way to it.
   * @param leaf size code of the leaf
   * @param pfn frame of page `vpn` itself
   * @param word entry word with origin, without size
   * @returns the entry of `found` in the first level; -1 when the first level does not hold it
   */
  fill(end: number, vpn: number, access: Access, leaf: number, pfn: number, word: number): number {
    let held = -1;
    if (this.#sawClean) this.#discardClean(end, vpn, word >>> WORD_ASID_SHIFT);
    for (let depth = 0; depth < end; depth++) {
      const array = this.#best(this.levels[depth]!.serving[access]!, leaf);
      if (array === undefined) continue;
      const entry = array.insert(array.holds(leaf), vpn, pfn, word);
      if (depth !== 0) continue;
      this.found = array;
      held = entry;
    }
    return held;
  }

  /**
   * Drops translations: of one page or (vpn undefined) all, of one address space's non-global ones or (asid undefined) all.
   * @returns entries dropped in all levels
   */
  invalidate(vpn: number | undefined, asid: number | undefined): number {
    let dropped = 0;
    for (const level of this.levels) {
      for (const array of level.arrays) dropped += vpn === undefined ? array.invalidateAll(asid) : array.invalidatePage(vpn, asid);
    }
    return dropped;
  }

  /**
   * Drops the translations of every page from `first` to `last`.
   * @returns entries dropped in all levels
   */
  invalidateRange(first: number, last: number, asid: number | undefined): number {
    let dropped = 0;
    if (last - first < PAGE_BY_PAGE) {
      for (let vpn = first; vpn <= last; vpn++) dropped += this.invalidate(vpn, asid);
      return dropped;
    }
    for (const level of this.levels) for (const array of level.arrays) dropped += array.invalidateRange(first, last, asid);
    return dropped;
  }

  #discardClean(end: number, vpn: number, asid: number): void {
    for (let depth = 0; depth < end; depth++) {
      for (const { array, size } of this.levels[depth]!.probes[WRITE]!) {
        const entry = array.find(size, vpn, asid);
        if (entry >= 0 && !isDirty(array.word(entry))) array.discard(entry);
      }
    }
  }

  #best(arrays: readonly TlbArray[], leaf: number): TlbArray | undefined {
    let best: TlbArray | undefined;
    let span = -1;
    for (let n = 0; n < arrays.length; n++) {
      const array = arrays[n]!;
      const size = array.holds(leaf);
      if (size >= 0 && SIZE_SHIFT[size]! > span) {
        best = array;
        span = SIZE_SHIFT[size]!;
      }
    }
    return best;
  }
}
