/**
 * Code that is written once and then copied. What the semantics of an instruction write depends on the instruction in a few places
 * only: its registers, its immediate, its address. So the code of the first one of a kind is kept with the places, its holes, and for
 * the next one it is copied and the holes are filled. That is several times faster, and regions are written in code that V8 has hardly seen.
 */

/** What belongs into a hole. Registers are locals of one byte, constants take five, other indices and offsets two. */
export const Hole = {
  Rs1: 0, Rs2: 1, Rd: 2, Fs1: 3, Fs2: 4, Fs3: 5, Fd: 6,
  Imm: 7,
  /** Offsets from the page of code. */
  Pc: 8, NextPc: 9,
  /** Where the region is left and what the block has done before that; the branch out. */
  Left: 10, Leave: 11,
  /** The window of an access, and its offset in that. */
  Window: 12, Offset: 13,
  /** Where a span begins, the same seen from the window, and the last place in a page where it may. */
  First: 14, Anchor: 15, LastPlace: 16,
  /** Address of a page, absolute or from the page of code. */
  PageAddress: 17,
} as const;
/** One of these. */
export type Hole = (typeof Hole)[keyof typeof Hole];

/** Code with holes. */
export interface Stamp {
  readonly code: Uint8Array;
  /** Three numbers a hole: what, its place in the code, and how many blocks of the code are open there. */
  readonly holes: readonly number[];
  /** Whether it makes a data access. */
  readonly accesses: boolean;
}

/** The translation cache that code asks. */
export interface AskedCache {
  readonly entries: number;
  /** Its place, where all code is one hart's; 0 where each hart brings its own. */
  readonly at: number;
}

/** Kinds of stamps that are no instruction's: the number of an instruction's handler is its kind. */
export const OPEN_PAGE = 0;
export const OPEN_SPAN = 1;
/** Variants of a kind. */
const VARIANTS = 128;

/** The stamps of code that asks one cache, by a kind of code and a number that tells its variants apart. */
export class Stamps {
  readonly cache: AskedCache;
  readonly #known = new Map<number, Stamp>();

  constructor(cache: AskedCache) {
    this.cache = cache;
  }

  /** The stamp of a kind and variant; undefined where none has been made. */
  get(kind: number, variant: number): Stamp | undefined {
    return this.#known.get(kind * VARIANTS + variant);
  }

  /** Keeps one. */
  set(kind: number, variant: number, stamp: Stamp): void {
    this.#known.set(kind * VARIANTS + variant, stamp);
  }
}
