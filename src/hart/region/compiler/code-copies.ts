/**
 * The guest code a plan is made from: copies of decoded pages, in which the engine marks what belongs to other regions. They are copies
 * because the compiler may run in a memory of its own.
 */
import { type CodeSource, DECODED_SHIFT, GuestInstruction, placeIn, Traits } from './guest-code.js';
import type { i32 } from './integers.js';

/** Bytes of a decoded page. */
export const PAGE_BYTES: i32 = 0x8000;
/** Pages that are looked at for a plan: those of the region, and those functions are in that could be copied. */
const MOST_PAGES: i32 = 48;

/** What the engine adds to the handler in a copy: the instruction may only be copied; it begins a block of a region. */
export const CLOSED: i32 = 0x8000;
export const LEADS: i32 = 0x4000;
const HANDLER: i32 = 0x3fff;

/** The handler of instructions over two pages. */
export const STRADDLE: i32 = 5;

/** Offsets in a decoded instruction; see layout.ts. */
export class Field {
  static readonly handler: i32 = 0;
  static readonly rd: i32 = 2;
  static readonly rs1: i32 = 4;
  static readonly rs2: i32 = 5;
  static readonly rs3: i32 = 6;
  static readonly length: i32 = 7;
  static readonly imm: i32 = 8;
  static readonly innerHandler: i32 = 12;
  static readonly secondParcel: i32 = 14;
}

/** What an instruction without rd has there, or one that writes x0. */
export const SINK: i32 = 0x100;

/** Traits as a number, -1 for those of no instruction: the flow, and above it the others. */
export class Packed {
  static readonly uses: i32 = 2;
  static readonly size: i32 = 9;
  static readonly store: i32 = 13;
  static readonly rounds: i32 = 14;
  static readonly known: i32 = 15;
}

/** The traits of a handler; null for those of no instruction. */
export function unpackTraits(handler: i32, packed: i32): Traits | null {
  if (packed < 0) return null;
  return new Traits(
    handler, packed & 3, (packed >> Packed.uses) & 0x7f, (packed >> Packed.size) & 0xf, ((packed >> Packed.store) & 1) !== 0,
    ((packed >> Packed.rounds) & 1) !== 0, packed >> Packed.known,
  );
}

/** What the compiler asks, as numbers. */
export class Question {
  static readonly pageAt: i32 = 0;
  static readonly copyPage: i32 = 1;
  static readonly staysOpen: i32 = 2;
  static readonly traitsOf: i32 = 3;
  static readonly make: i32 = 4;
}

/** What knows the guest's code. */
export interface Engine {
  /** Place of the decoded page at a distance from that of the first seed; 0 where there is none. */
  pageAt(distance: i32): i32;
  /** Writes a marked copy of a decoded page: into the copy with a number, which there is by now. */
  copyPage(page: i32, copy: i32): void;
  /** Whether regions stay open behind calls of copies in a decoded page. */
  staysOpen(page: i32): boolean;
  /** The traits of a handler, packed. */
  traitsOf(handler: i32): i32;
}

/** A copy of a decoded page. */
class PageCopy {
  readonly bytes: Uint8Array = new Uint8Array(PAGE_BYTES);
  private readonly view: DataView = new DataView(this.bytes.buffer);

  byte(at: i32): i32 {
    return this.bytes[at]!;
  }

  half(at: i32): i32 {
    return this.view.getUint16(at, true);
  }

  word(at: i32): i32 {
    return this.view.getInt32(at, true);
  }
}

/** Copies of the pages of one plan. */
export class CodeCopies implements CodeSource {
  /** Made when they are needed, and kept for the next plan. */
  readonly copies: PageCopy[] = [];
  /** Places of instructions of other regions that were looked at. */
  touched: i32[] = [];
  private readonly engine: Engine;
  private readonly pages: i32[] = [];
  /** The page that was read last, and the number of its copy. */
  private page: i32 = 0;
  private copy: i32 = 0;
  private readonly traits: Map<i32, Traits | null> = new Map<i32, Traits | null>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Begins a plan. */
  clear(): void {
    while (this.pages.length > 0) this.pages.pop();
    this.page = 0;
    this.touched = [];
  }

  /** Says what the traits of a handler are, before they are asked for. */
  setTraits(handler: i32, packed: i32): void {
    this.traits.set(handler, unpackTraits(handler, packed));
  }

  pageAt(distance: i32): i32 {
    const page = this.engine.pageAt(distance);
    if (page === 0 || this.pages.includes(page)) return page;
    if (this.pages.length === MOST_PAGES) return 0;
    if (this.pages.length === this.copies.length) this.copies.push(new PageCopy());
    this.engine.copyPage(page, this.pages.length);
    this.pages.push(page);
    return page;
  }

  staysOpen(page: i32): boolean {
    return this.engine.staysOpen(page);
  }

  instructionAt(page: i32, at: i32): GuestInstruction | null {
    const handler = this.handlerAt(page, at);
    if (handler & LEADS) this.touched.push(placeIn(page, at));
    return handler & CLOSED ? null : this.read(at, handler & HANDLER);
  }

  copyOf(page: i32, at: i32): GuestInstruction | null {
    return this.read(at, this.handlerAt(page, at) & HANDLER);
  }

  private handlerAt(page: i32, at: i32): i32 {
    if (page !== this.page) {
      this.page = page;
      this.copy = this.pages.indexOf(page);
    }
    return this.copies[this.copy]!.half(placeIn(0, at) + Field.handler);
  }

  private read(at: i32, handler: i32): GuestInstruction | null {
    const ip = placeIn(0, at);
    const copy = this.copies[this.copy]!;
    const straddles = handler === STRADDLE;
    const traits = this.traitsOf(straddles ? copy.half(ip + Field.innerHandler) : handler);
    if (traits === null) return null;
    const rd = copy.half(ip + Field.rd);
    return new GuestInstruction(
      traits, rd === SINK ? 0 : rd >> 3, copy.byte(ip + Field.rs1) >> 3, copy.byte(ip + Field.rs2) >> 3, copy.byte(ip + Field.rs3) >> 3,
      copy.word(ip + Field.imm), copy.byte(ip + Field.length) >> DECODED_SHIFT, straddles ? copy.half(ip + Field.secondParcel) : -1,
    );
  }

  private traitsOf(handler: i32): Traits | null {
    if (!this.traits.has(handler)) this.setTraits(handler, this.engine.traitsOf(handler));
    const traits = this.traits.get(handler);
    return traits ? traits : null;
  }
}
