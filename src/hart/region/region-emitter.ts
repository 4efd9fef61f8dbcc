/**
 * The emitter of regions: an access the translation cache does not answer leaves the region before its instruction, which the
 * interpreter then performs. So faults are precise for nothing, and a region calls nothing but arithmetic.
 */
import { TC_GENERATION, TC_READ, TC_WRITE } from '../../../mmu/index.js';
import type { Access, AccessWidth } from '../access.js';
import type { Imports, Place } from '../emitter.js';
import { PAGE_MAP, State } from '../layout.js';
import type { Leave, Return } from '../leave.js';
import { cell32, load, local, type Long, long, type Value, value, word, type Word } from '../value.js';
import { type FunctionBody, type Label, Op, ValueType } from '../../wasm/index.js';
import type { GuestInstruction } from './guest-code.js';
import { Local } from './region-locals.js';
import type { Span } from './span.js';
import { BEFORE, firstOf, lastPlace, Left, offsetIn, StampingEmitter, ZERO } from './stamping-emitter.js';
import { Hole, OPEN_PAGE, OPEN_SPAN, type Stamps } from './stamps.js';
import type { Page, Use } from './windows.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** What the emitter of a region asks for control flow. */
export interface Jumps {
  /** Goes to the block the last instruction of the current one may jump to; in `if`, the condition is on the stack. */
  taken(conditional: boolean): void;
  /** Goes to the address in the target local. */
  indirect(): void;
}

/** Writes the instructions of a region. */
export class RegionEmitter extends StampingEmitter {
  readonly #jumps: Jumps;

  constructor(body: FunctionBody, imports: Imports, stamps: Stamps, jumps: Jumps) {
    super(body, imports, stamps);
    this.#jumps = jumps;
  }

  // --- instructions

  /** Begins a block, whose page has a relative address. */
  beginBlock(page: number): void {
    this.page = page;
    this.done = 0;
    this.accessesDone = 0;
  }

  /** Writes the instruction at an offset of the page, which may use a window. One that does not end its block is counted here. */
  instruction(instruction: GuestInstruction, offset: number, use: Use | undefined): void {
    const { rd, rs1, rs2, traits: { flow, handler, rounds, row } } = instruction;
    this.instructionNow = instruction;
    this.offset = offset;
    this.use = use;
    if (flow === 'jump' || flow === 'jumpRegister') {
      this.begin();
      return row.semantics(this);
    }
    if (use?.opens !== undefined) this.#open(use.opens, use.store ? TC_WRITE : TC_READ);
    if (flow === 'branch') this.settle(1);
    // What does not show in the holes: registers that are 0, windows, and rounding modes.
    const variant = (rs1 === 0 ? 1 : 0) | (rs2 === 0 ? 2 : 0) | (rd === 0 ? 4 : 0) | (use ? 8 : 0) | (rounds ? instruction.imm << 4 : 0);
    const { accesses } = this.copy(handler, variant) ?? this.stamp(handler, variant, () => row.semantics(this));
    if (flow === 'branch') return this.#jumps.taken(true);
    this.done++;
    if (accesses) this.accessesDone++;
  }

  /** Takes what the block has done off the countdown, `more` instructions included. */
  settle(more = 0): void {
    const { body } = this;
    if (this.done + more === 0) return;
    body.get(Local.count);
    body.i64ConstWords(this.accessesDone - 1, -(this.done + more));
    body.op(Op.i64Add);
    body.set(Local.count);
  }

  /** The instruction before has been settled; the condition is left on the stack. */
  override branchIf(condition: Word): void {
    condition.put(this.body);
  }

  override branch(): void {
    this.settle(1);
    this.#jumps.taken(false);
  }

  override jump(target: Long): void {
    this.settle(1);
    this.assign(Local.target, target);
    this.#jumps.indirect();
  }

  /** Leaves before this instruction, whatever the reason: the interpreter will find it. */
  override leave(_: Leave): void {
    this.#putLeft();
    this.hole(Hole.Leave, 1);
    this.body.brWide(Op.br, this.leaveLabel);
  }

  /** The same where a condition holds. */
  protected override ifMissed(missed: Word): void {
    this.#putLeft();
    missed.put(this.body);
    this.hole(Hole.Leave, 1);
    this.body.brWide(Op.brIf, this.leaveLabel);
    this.body.op(Op.drop);
  }

  #putLeft(): void {
    this.hole(Hole.Left, 1);
    this.body.i32ConstWide(this.left());
  }

  /** Leaves for the interpreter before the instruction at an offset of the page, which is the next one. */
  leaveAt(offset: number): void {
    this.offset = offset;
    this.leave(0);
  }

  /** What has no short way is the interpreter's. */
  override exact(): Long {
    this.leave(0);
    return ZERO;
  }

  override cacheBlock(): void {
    this.leave(0);
  }

  protected override publishCount(): void {}

  protected override takeCount(): void {}

  // --- windows

  protected override place(access: Access, size: AccessWidth, va: Long, bits?: Long): Place {
    const use = this.use;
    if (use === undefined) return super.place(access, size, va, bits);
    this.accesses = true;
    const base = value(I32, (b) => {
      this.hole(Hole.Window, 1);
      b.localWide(Op.localGet, this.windowOf(use));
    });
    return { base, offset: offsetIn(use) };
  }

  protected override memoryOp(opcode: number, offset: number): void {
    if (this.use === undefined) return super.memoryOp(opcode, offset);
    this.hole(Hole.Offset, 2);
    this.body.memoryWide(opcode, offset);
  }

  #open(opens: Span | Page, tag: number): void {
    if ('page' in opens) {
      const variant = (tag === TC_WRITE ? 1 : 0) | (opens.relative ? 2 : 0);
      if (!this.copy(OPEN_PAGE, variant)) this.stamp(OPEN_PAGE, variant, () => this.#openPage(opens, tag));
      return;
    }
    const wide = opens.high - firstOf(opens) > opens.size;
    const variant = (tag === TC_WRITE ? 1 : 0) | (wide ? 2 : 0) | (opens.size << 2);
    if (!this.copy(OPEN_SPAN, variant)) this.stamp(OPEN_SPAN, variant, () => this.#openSpan(opens, tag, wide));
  }

  #openPage(page: Page, tag: number): void {
    const address = this.constant(Hole.PageAddress, this.pageAddress(page));
    const va = this.let(page.relative ? this.add(local(I64, Local.pageVa), address) : address);
    const entry = this.cacheEntry(va);
    this.#setWindow(this.add32(this.low(va), this.addendOf(entry)));
    this.ifMissed(this.ne(this.tagOf(entry, tag), this.cacheTag(va, 1)));
  }

  /** The lowest aligned address stands for all bytes: its tag says that it is aligned, and then they may not go beyond the page. */
  #openSpan(span: Span, tag: number, wide: boolean): void {
    const va = this.let(this.add(this.rs1(), this.constant(Hole.First, firstOf(span))));
    const entry = this.cacheEntry(va);
    const anchor = value(I32, (b) => {
      this.hole(Hole.Anchor, 1);
      b.i32ConstWide(firstOf(span) + BEFORE);
    });
    this.#setWindow(this.add32(this.low(va), this.sub32(this.addendOf(entry), anchor)));
    const missed = this.ne(this.tagOf(entry, tag), this.cacheTag(va, span.size as AccessWidth));
    const last = value(I32, (b) => {
      this.hole(Hole.LastPlace, 1);
      b.i32ConstWide(lastPlace(span));
    });
    const crosses = this.ltU32(last, this.and32(this.low(va), word(0xfff)));
    const misaligned = this.and32(this.low(va), word(span.size - 1));
    this.if(wide ? this.or32(missed, crosses) : missed, () => {
      this.assign(Local.reason, this.ne32(this.or32(crosses, misaligned), word(0)));
      this.leave(0);
    });
  }

  #setWindow(place: Word): void {
    place.put(this.body);
    this.hole(Hole.Window, 1);
    this.body.localWide(Op.localSet, this.windowOf(this.use!));
  }

  // --- for those who write what lies between the instructions

  /** Where the region is left at the target local, for that reason; everything done has been counted. */
  exitLabel: Label = 0;

  /** Takes place and generation of the translation cache over from memory. */
  loadCache(): void {
    if (this.cacheAt === 0) this.set(Local.cache, cell32(State.cache));
    this.set(Local.generation, load(I64, Op.i64Load, this.cacheBase(), TC_GENERATION));
  }

  /** Returns from the region; everything done has been counted. */
  exit(reason: Return, pc: Long): void {
    this.set(Local.target, pc);
    this.exitAtTarget(reason);
  }

  /** The same with the pc in the target local. */
  exitAtTarget(reason: Return): void {
    this.set(Local.reason, word(reason));
    this.body.br(this.exitLabel);
  }

  /** Behind the leave label: counts what the block had done, and says that the interpreter has the next instruction. */
  finishLeave(): void {
    this.begin();
    const left = this.let(value(I32, () => {}));
    this.set(Local.reason, this.add32(local(I32, Local.reason), word(1)));
    this.set(Local.target, this.add(local(I64, Local.pageVa), this.zext(this.and32(left, word((1 << Left.instructions) - 1)))));
    const instructions = this.and32(this.shrU32(left, word(Left.instructions)), word((1 << (Left.accesses - Left.instructions)) - 1));
    const counted = this.sub(this.shl(this.zext(this.shrU32(left, word(Left.accesses))), long(32n)), this.zext(instructions));
    this.set(Local.count, this.add(local(I64, Local.count), counted));
  }

  /** Gives the state back. */
  storeState(): void {
    this.setCell(State.count, local(I64, Local.count));
    this.setCell(State.pc, local(I64, Local.target));
    this.setCell(State.page, local(I32, Local.page));
    this.setCell(State.pageVa, local(I64, Local.pageVa));
  }

  /** Counts the pages that were entered. */
  storeFetches(): void {
    this.setCell(State.fetches, this.add32(cell32(State.fetches), local(I32, Local.fetches)));
  }

  /** Sets a local. */
  set(index: number, v: Value): void {
    this.assign(index, v);
  }

  /** Forgets scratch locals. */
  beginGlue(): void {
    this.begin();
  }

  /**
   * Linear address of the page of code at `tag`, in a scratch local; `otherwise`, which must leave, is for pages that can not be fetched
   * from without changing something.
   */
  codeHost(tag: Long, otherwise: () => void): Word {
    const entry = this.cacheEntry(tag);
    this.if(this.eqz32(this.fetchable(entry, tag)), otherwise);
    return this.let(this.add32(this.low(tag), this.addendOf(entry)));
  }

  /** Its decoded page, 0 where it has none. */
  codePage(tag: Long, otherwise: () => void): Word {
    const host = this.codeHost(tag, otherwise);
    return this.let(load(I32, Op.i32Load, this.shl32(this.shrU32(host, word(12)), word(2)), PAGE_MAP));
  }

  /** The virtual address at an offset from the page. */
  addressAt(offset: number): Long {
    return value(I64, (b) => {
      b.get(Local.pageVa);
      b.i64ConstWords(offset >> 31, offset);
      b.op(Op.i64Add);
    });
  }
}
