/** Writes the instructions of a region's blocks: copies their stamps and fills the holes; and counts what a block has done. */
import { type Code, Op, setSigned5, setUnsigned2 } from './code.js';
import type { GuestInstruction } from './guest-code.js';
import type { i32 } from './integers.js';
import { BEFORE, F0, Local, WINDOW0, X0 } from './region-locals.js';
import { Hole, Opening, type Stamp, StampKind, type Stamps, Variant } from './stamps.js';
import { FIRST_PAGE, type Use } from './windows.js';

/**
 * What code that leaves for the interpreter says:
 *
 *      31       22 21           12 11                    0
 *     | accesses  | instructions  | offset from the page  |    done by the block, and the place of the next instruction
 */
export const LEFT_ACCESSES: i32 = 22;
export const LEFT_INSTRUCTIONS: i32 = 12;
/** The most instructions a block may have. */
export const LONGEST_BLOCK: i32 = 1023;

/** Writes instructions of one region. */
export class InstructionWriter {
  readonly code: Code;
  private readonly stamps: Stamps;
  /** Where the region is left for the interpreter, with what {@link LEFT_ACCESSES} tells on the stack. */
  leaveLabel: i32 = 0;
  /** What glue is told: see Hole. */
  number: i32 = 0;
  distance: i32 = 0;
  /** Windows of pages that are used. */
  pageWindows: i32 = 0;
  /** Relative address of the page of the block. */
  private page: i32 = 0;
  /** The instruction at hand, its offset in its page, and how it finds its memory where that is in a window. */
  private instruction: GuestInstruction | null = null;
  private offset: i32 = 0;
  private use: Use | null = null;
  /** Instructions and accesses the block has done before it. */
  private done: i32 = 0;
  private accessesDone: i32 = 0;

  constructor(code: Code, stamps: Stamps) {
    this.code = code;
    this.stamps = stamps;
  }

  /** Begins a block, whose page has a relative address. */
  beginBlock(page: i32): void {
    this.page = page;
    this.done = this.accessesDone = 0;
  }

  /** Writes an instruction that does not end its block, and counts it. */
  plain(instruction: GuestInstruction, offset: i32, use: Use | null): void {
    this.begin(instruction, offset, use);
    if (use !== null) this.open(use);
    const stamp = this.ofInstruction(instruction);
    this.done++;
    if (stamp.accesses) this.accessesDone++;
  }

  /** Writes a branch up to its condition, which is on the stack then; everything done has been counted. */
  branch(instruction: GuestInstruction, offset: i32): void {
    this.begin(instruction, offset, null);
    this.settle(1);
    this.ofInstruction(instruction);
  }

  /** Writes the link of a jump; everything done has been counted. */
  jump(instruction: GuestInstruction, offset: i32): void {
    if (instruction.rd !== 0) {
      this.address(offset + instruction.length);
      this.code.set(X0 + instruction.rd);
    }
    this.settle(1);
  }

  /** Writes the target of a computed jump into its local, and the link, in this order: both may be the same register. */
  jumpRegister(instruction: GuestInstruction, offset: i32): void {
    const code = this.code;
    if (instruction.rs1 === 0) code.i64Const(0);
    else code.get(X0 + instruction.rs1);
    code.i64Const(instruction.imm);
    code.op(Op.i64Add);
    code.i64Const(-2);
    code.op(Op.i64And);
    code.set(Local.target);
    this.jump(instruction, offset);
  }

  /** Pushes the virtual address at an offset from the page. */
  address(offset: i32): void {
    this.code.get(Local.pageVa);
    this.code.i64Const(offset);
    this.code.op(Op.i64Add);
  }

  /** Takes what the block has done off the countdown, `more` instructions included. */
  settle(more: i32): void {
    const instructions = this.done + more;
    if (instructions === 0) return;
    this.code.get(Local.count);
    this.code.i64ConstWords(this.accessesDone - 1, -instructions);
    this.code.op(Op.i64Add);
    this.code.set(Local.count);
  }

  /** Leaves for the interpreter before the instruction at an offset of the page, which is the next one. */
  leaveAt(offset: i32): void {
    this.offset = offset;
    this.code.i32Const(this.left());
    this.code.br(this.leaveLabel);
  }

  /** Writes the stamp of a kind that is no instruction. */
  glue(kind: i32): void {
    this.fill(this.stamps.of(kind, 0));
  }

  /** The same where it may leave at an offset of the page. */
  glueAt(kind: i32, offset: i32): void {
    this.offset = offset;
    this.glue(kind);
  }

  private begin(instruction: GuestInstruction, offset: i32, use: Use | null): void {
    this.instruction = instruction;
    this.offset = offset;
    this.use = use;
  }

  /** Where the region is left before the instruction at hand. */
  private left(): i32 {
    return (this.accessesDone << LEFT_ACCESSES) | (this.done << LEFT_INSTRUCTIONS) | this.offset;
  }

  private ofInstruction(instruction: GuestInstruction): Stamp {
    let variant: i32 = 0;
    if (instruction.rs1 === 0) variant |= Variant.noRs1;
    if (instruction.rs2 === 0) variant |= Variant.noRs2;
    if (instruction.rd === 0) variant |= Variant.noRd;
    if (this.use !== null) variant |= Variant.window;
    if (instruction.traits.rounds) variant |= instruction.imm << Variant.rounding;
    const stamp = this.stamps.of(instruction.traits.handler, variant);
    this.fill(stamp);
    return stamp;
  }

  /** Asks for what an access is the first to need. */
  private open(use: Use): void {
    let variant: i32 = use.store ? Opening.store : 0;
    const page = use.page;
    const span = use.span;
    if (page !== null) {
      if (page.relative) variant |= Opening.relative;
      this.fill(this.stamps.of(StampKind.openPage, variant));
    } else if (span !== null) {
      if (span.high - span.first > span.size) variant |= Opening.wide;
      this.fill(this.stamps.of(StampKind.openSpan, variant | (span.size << Opening.size)));
    }
  }

  private fill(stamp: Stamp): void {
    const start = this.code.copy(stamp.code);
    const bytes = this.code.bytes;
    const holes = stamp.holes;
    for (let n = 0; n < holes.length; n += 3) {
      const hole = holes[n]!;
      const at = start + holes[n + 1]!;
      if (hole <= Hole.fd) bytes[at] = this.registerFor(hole);
      else if (hole === Hole.leave) setUnsigned2(bytes, at, this.code.depth + holes[n + 2]! - this.leaveLabel);
      else if (hole === Hole.window) setUnsigned2(bytes, at, this.windowOf(this.use!));
      else if (hole === Hole.offset) setUnsigned2(bytes, at, offsetIn(this.use!));
      else setSigned5(bytes, at, this.constantFor(hole));
    }
  }

  private registerFor(hole: i32): i32 {
    const instruction = this.instruction!;
    switch (hole) {
      case Hole.rs1: return X0 + instruction.rs1;
      case Hole.rs2: return X0 + instruction.rs2;
      case Hole.rd: return X0 + instruction.rd;
      case Hole.fs1: return F0 + instruction.rs1;
      case Hole.fs2: return F0 + instruction.rs2;
      case Hole.fs3: return F0 + instruction.rs3;
      default: return F0 + instruction.rd;
    }
  }

  private constantFor(hole: i32): i32 {
    switch (hole) {
      case Hole.imm: return this.instruction!.imm;
      case Hole.pc: return this.offset;
      case Hole.nextPc: return this.offset + this.instruction!.length;
      case Hole.left: return this.left();
      case Hole.first: return this.use!.span!.first;
      case Hole.anchor: return this.use!.span!.first + BEFORE;
      case Hole.lastPlace: return this.use!.span!.lastPlace;
      case Hole.pageAddress: return this.pageAddress();
      case Hole.number: return this.number;
      default: return this.distance;
    }
  }

  private pageAddress(): i32 {
    const page = this.use!.page!;
    return page.relative ? (page.page << 12) - this.page : page.page << 12;
  }

  private windowOf(use: Use): i32 {
    const pages = use.window - FIRST_PAGE + 1;
    if (pages > this.pageWindows) this.pageWindows = pages;
    return WINDOW0 + use.window;
  }
}

function offsetIn(use: Use): i32 {
  return use.window < FIRST_PAGE ? use.offset + BEFORE : use.offset;
}
