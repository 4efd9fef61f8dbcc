/** Guest code as regions are compiled from it: decoded instructions that have been executed. */
import type { i32 } from './integers.js';

/** Where control goes behind an instruction. */
export class Flow {
  static readonly next: i32 = 0;
  static readonly branch: i32 = 1;
  static readonly jump: i32 = 2;
  static readonly jumpRegister: i32 = 3;
}

/** Registers an instruction names, as bits. */
export class Uses {
  static readonly rs1: i32 = 1;
  static readonly rs2: i32 = 2;
  static readonly rd: i32 = 4;
  static readonly fs1: i32 = 8;
  static readonly fs2: i32 = 16;
  static readonly fs3: i32 = 32;
  static readonly fd: i32 = 64;
}

/** Instructions whose result can be known, as they are in the manual. */
export class Known {
  static readonly no: i32 = 0;
  static readonly lui: i32 = 1;
  static readonly auipc: i32 = 2;
  static readonly addi: i32 = 3;
  static readonly addiw: i32 = 4;
  static readonly add: i32 = 5;
}

/** What is so of an instruction whatever its operands are. */
export class Traits {
  /** The number of its handler. */
  readonly handler: i32;
  /** One of {@link Flow}. */
  readonly flow: i32;
  /** {@link Uses} of its operands. */
  readonly uses: i32;
  /** What a plain load or store does with memory at rs1 + imm: bytes, 0 for all other instructions, atomics and cache blocks included. */
  readonly size: i32;
  readonly store: boolean;
  /** Whether its immediate is a rounding mode. */
  readonly rounds: boolean;
  /** One of {@link Known}. */
  readonly known: i32;

  constructor(handler: i32, flow: i32, uses: i32, size: i32, store: boolean, rounds: boolean, known: i32) {
    this.handler = handler;
    this.flow = flow;
    this.uses = uses;
    this.size = size;
    this.store = store;
    this.rounds = rounds;
    this.known = known;
  }
}

/** One instruction. Fields it does not have are 0. */
export class GuestInstruction {
  readonly traits: Traits;
  readonly rd: i32;
  readonly rs1: i32;
  readonly rs2: i32;
  readonly rs3: i32;
  readonly imm: i32;
  /** Bytes: 2 or 4. */
  readonly length: i32;
  /** Where it lies over two pages: the second parcel it was decoded with; else -1. */
  readonly secondParcel: i32;

  constructor(traits: Traits, rd: i32, rs1: i32, rs2: i32, rs3: i32, imm: i32, length: i32, secondParcel: i32) {
    this.traits = traits;
    this.rd = rd;
    this.rs1 = rs1;
    this.rs2 = rs2;
    this.rs3 = rs3;
    this.imm = imm;
    this.length = length;
    this.secondParcel = secondParcel;
  }

  /** Whether it writes an x register. */
  get writes(): boolean {
    return this.rd !== 0 && (this.traits.uses & Uses.rd) !== 0;
  }
}

/** The pages around the first seed of a region. */
export interface CodeSource {
  /** Place of the decoded page at a distance in pages, 0 where there is none. */
  pageAt(distance: i32): i32;
  /** The instruction of a decoded page at a relative address; null where a region has to end. */
  instructionAt(page: i32, at: i32): GuestInstruction | null;
  /** The same for code that is copied, and may belong to other regions too. */
  copyOf(page: i32, at: i32): GuestInstruction | null;
  /** Whether regions stay open behind calls of copies in a decoded page. */
  staysOpen(page: i32): boolean;
}

/** Bytes of code to bytes of decoded code, as a shift. */
export const DECODED_SHIFT: i32 = 3;

/** Distance in pages of a relative address. */
export function pageOf(at: i32): i32 {
  return at >> 12;
}

/** Place of the instruction at a relative address in the decoded page that holds it. */
export function placeIn(page: i32, at: i32): i32 {
  return page + ((at & 0xfff) << DECODED_SHIFT);
}
