/**
 * Code that is written once and then copied. What the semantics of an instruction write depends on the instruction in a few places
 * only: its registers, its immediate, its address. So the code of each kind of instruction is kept with the places, its holes; for
 * an instruction it is copied and the holes are filled. The code between instructions comes from stamps as well.
 */
import type { i32 } from './integers.js';

/** What belongs into a hole. Registers are locals of one byte, constants take five, other indices and offsets two. */
export class Hole {
  static readonly rs1: i32 = 0;
  static readonly rs2: i32 = 1;
  static readonly rd: i32 = 2;
  static readonly fs1: i32 = 3;
  static readonly fs2: i32 = 4;
  static readonly fs3: i32 = 5;
  static readonly fd: i32 = 6;
  static readonly imm: i32 = 7;
  /** Offsets from the page of code. */
  static readonly pc: i32 = 8;
  static readonly nextPc: i32 = 9;
  /** Where the region is left and what the block has done before that; the branch out. */
  static readonly left: i32 = 10;
  static readonly leave: i32 = 11;
  /** The window of an access, and its offset in that. */
  static readonly window: i32 = 12;
  static readonly offset: i32 = 13;
  /** Where a span begins, the same seen from the window, and the last place in a page where it may. */
  static readonly first: i32 = 14;
  static readonly anchor: i32 = 15;
  static readonly lastPlace: i32 = 16;
  /** Address of a page, absolute or from the page of code. */
  static readonly pageAddress: i32 = 17;
  /** What the code between instructions is told: constants of 32 bits, or of 64 for a distance. */
  static readonly number: i32 = 18;
  static readonly distance: i32 = 19;
}

/** Code with holes. */
export class Stamp {
  readonly code: Uint8Array;
  /** Three numbers a hole: what, its place in the code, and how many blocks of the code are open there. */
  readonly holes: Int32Array;
  /** Whether it makes a data access. */
  readonly accesses: boolean;

  constructor(code: Uint8Array, holes: Int32Array, accesses: boolean) {
    this.code = code;
    this.holes = holes;
    this.accesses = accesses;
  }
}

/** Kinds of stamps that are no instruction's: the number of an instruction's handler is its kind. */
export class StampKind {
  static readonly openPage: i32 = 0;
  static readonly openSpan: i32 = 1;
  static readonly loadCache: i32 = 0x1000;
  static readonly atPage: i32 = 0x1001;
  static readonly finishLeave: i32 = 0x1002;
  static readonly storeState: i32 = 0x1003;
  static readonly storeFetches: i32 = 0x1004;
  static readonly ask: i32 = 0x1005;
  static readonly quantumIsOver: i32 = 0x1006;
  static readonly pageTag: i32 = 0x1007;
  static readonly isUnsure: i32 = 0x1008;
  static readonly isNotFetchable: i32 = 0x1009;
  static readonly decodedPage: i32 = 0x100a;
  static readonly found: i32 = 0x100b;
  static readonly enterPage: i32 = 0x100c;
  static readonly fetched: i32 = 0x100d;
  static readonly otherParcel: i32 = 0x100e;
  static readonly targetPage: i32 = 0x100f;
  static readonly pageDistance: i32 = 0x1010;
  static readonly isNoEntry: i32 = 0x1011;
  static readonly isOfOther: i32 = 0x1012;
  static readonly blockOfEntry: i32 = 0x1013;
}

/** Variants of instructions: operands that are x0, whether memory is in a window; and by how many bits a rounding mode is above these. */
export class Variant {
  static readonly noRs1: i32 = 1;
  static readonly noRs2: i32 = 2;
  static readonly noRd: i32 = 4;
  static readonly window: i32 = 8;
  static readonly rounding: i32 = 4;
}

/**
 * Variants of what opens windows: those for stores; of pages, those that move with the code; of spans, those longer than their alignment, and by
 * how many bits a size is above.
 */
export class Opening {
  static readonly store: i32 = 1;
  static readonly relative: i32 = 2;
  static readonly wide: i32 = 2;
  static readonly size: i32 = 2;
}

const VARIANTS: i32 = 128;

/** The first words of a stamp that is given as words. */
export class StampWord {
  static readonly kind: i32 = 0;
  static readonly variant: i32 = 1;
  static readonly accesses: i32 = 2;
  static readonly holes: i32 = 3;
  static readonly bytes: i32 = 4;
  static readonly head: i32 = 5;
}

/** Who makes stamps that are wanted for the first time. */
export interface StampMaker {
  /** Gives the stamp of a kind and variant to who asks. */
  make(kind: i32, variant: i32): void;
}

/** Stamps by a kind of code and a number that tells its variants apart. */
export class Stamps {
  private readonly maker: StampMaker;
  private readonly known: Map<i32, Stamp> = new Map<i32, Stamp>();

  constructor(maker: StampMaker) {
    this.maker = maker;
  }

  /** The stamp of a kind and variant. */
  of(kind: i32, variant: i32): Stamp {
    const key = kind * VARIANTS + variant;
    if (!this.known.has(key)) this.maker.make(kind, variant);
    return this.known.get(key)!;
  }

  /**
   * Takes stamps that are in words from a place on. Of each there are: its kind, its variant, 1 where it accesses memory, how many words
   * of holes and bytes of code; the holes; the code, four bytes a word, the lowest first.
   */
  take(words: Int32Array, from: i32, count: i32): void {
    let at = from;
    for (let n = 0; n < count; n++) {
      const key = words[at + StampWord.kind]! * VARIANTS + words[at + StampWord.variant]!;
      const accesses = words[at + StampWord.accesses] !== 0;
      const holes = words.slice(at + StampWord.head, at + StampWord.head + words[at + StampWord.holes]!);
      const code = new Uint8Array(words[at + StampWord.bytes]!);
      at += StampWord.head + holes.length;
      for (let k = 0; k < code.length; k++) code[k] = (words[at + (k >> 2)]! >> ((k & 3) << 3)) & 0xff;
      at += (code.length + 3) >> 2;
      this.known.set(key, new Stamp(code, holes, accesses));
    }
  }

  /** Forgets all: the code they are for has become another. */
  clear(): void {
    this.known.clear();
  }
}
