/**
 * The function of a region: takes the registers over, runs its blocks (see loops.ts for their structure), gives the registers back.
 *
 * A jump that can not be a branch (a call backward, a return, a switch) puts a block's number into `next`, or -1 there and an address
 * into `target`, and goes to the head of the outermost loop, which finds the block of an address in the entry of the decoded
 * instruction and jumps through a table.
 */
import { Handler } from '../handlers.js';
import { REGION_PARAMS, REGION_RESULTS } from '../interpreter.js';
import { HarnessBug } from '../../base/index.js';
import { type Imports } from '../emitter.js';
import { Return } from '../leave.js';
import { Decoded, DECODED_SHIFT, REGION_ENTRIES } from '../layout.js';
import { load, local, type Long, long, word, type Word } from '../value.js';
import { FunctionBody, type Label, Op, ValueType } from '../../wasm/index.js';
import { type Block, NOWHERE, OUTSIDE, type Plan, targets } from './blocks.js';
import { pageOf } from './guest-code.js';
import type { Job } from './job.js';
import { commonLoop, findLoops, isAnnounced, type Loop, type LoopTree, unitOf } from './loops.js';
import { findWindows } from './windows.js';
import { type Jumps, RegionEmitter } from './region-emitter.js';
import { declareLocals, Local } from './region-locals.js';
import { LONGEST_BLOCK } from './stamping-emitter.js';
import type { Stamps } from './stamps.js';
import { UsedRegisters } from './used-registers.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** `next` where the address in `target` decides. */
const BY_ADDRESS = -1;

class RegionFunction implements Jumps {
  readonly body = new FunctionBody(REGION_PARAMS, REGION_RESULTS);
  readonly #e: RegionEmitter;
  readonly #plan: Plan;
  readonly #slot: number;
  readonly #tree: LoopTree;
  readonly #uses: ReturnType<typeof findWindows>;
  /** Heads of loops, and ends of the blocks before units, by first block. */
  readonly #heads = new Map<Loop, Label>();
  readonly #units = new Map<Loop, Map<number, Label>>();
  /** Units that something jumps to, by loop. */
  readonly #jumpedTo = new Map<Loop, Set<number>>();
  readonly #countsFetches: boolean;
  /** Numbers of pages of the region, by distance. */
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #registers = new UsedRegisters();
  #block = 0;

  constructor({ plan, slot, crosses }: Job, imports: Imports, stamps: Stamps) {
    this.#plan = plan;
    this.#slot = slot;
    this.#tree = findLoops(plan);
    declareLocals(this.body);
    this.#uses = findWindows(plan, !crosses);
    this.#e = new RegionEmitter(this.body, imports, stamps, this);
    this.#countsFetches = plan.pages.size > 1 || plan.blocks.some((block) => block.code.at(-1)!.secondParcel >= 0);
    this.#numbers = new Map([...plan.pages.keys()].map((distance, n) => [distance, n]));
    for (const block of plan.blocks) for (const instruction of block.code) this.#registers.add(instruction);
  }

  write(): FunctionBody {
    const e = this.#e;
    const { body } = this;
    this.#findJumps();
    this.#registers.load(body);
    e.loadCache();
    if (this.#hasPages) this.#findOrigin();
    e.exitLabel = body.open(Op.block);
    e.leaveLabel = body.open(Op.block, I32);
    this.#loop(this.#tree.outermost);
    body.op(Op.unreachable);
    body.end();
    e.finishLeave();
    body.end();
    this.#registers.store(body);
    e.storeState();
    if (this.#countsFetches) e.storeFetches();
    body.get(Local.reason);
    return body;
  }

  // --- jumps

  taken(conditional: boolean): void {
    const block = this.#plan.blocks[this.#block]!;
    if (conditional && block.taken >= 0 && this.#isPlain(block.taken)) {
      this.body.brIf(this.#label(block.taken));
      return;
    }
    if (conditional) this.body.open(Op.if);
    this.#edge(block.taken, block.takenTo);
    if (conditional) this.body.end();
  }

  indirect(): void {
    const { returnAddress, returnsTo } = this.#plan.blocks[this.#block]!;
    if (returnsTo >= 0) {
      const expected = this.#e.addressAt(returnAddress - this.#pageStart(this.#block));
      this.#e.if(this.#e.eq(local(I64, Local.target), expected), () => this.#edge(returnsTo, returnAddress));
    }
    this.#setNext(BY_ADDRESS);
    this.body.br(this.#heads.get(this.#tree.outermost)!);
  }

  /** Goes from the current block to another one, or out of the region to a relative address. */
  #edge(to: number, address: number): void {
    if (to === OUTSIDE) {
      this.#e.exit(Return.GoOn, this.#e.addressAt(address - this.#pageStart(this.#block)));
      return;
    }
    this.#changePage(to);
    if (this.#needsNext(to)) this.#setNext(to);
    this.body.br(this.#label(to));
  }

  /** Whether a jump from the current block to another one is a branch and nothing else. */
  #isPlain(to: number): boolean {
    return this.#pageStart(this.#block) === this.#pageStart(to) && !this.#needsNext(to);
  }

  /** How a jump from the current block gets to another: forward out of a block, back to a loop's head, or through a loop's table. */
  #way(to: number): { loop: Loop; unit: number | undefined } {
    let loop = commonLoop(this.#tree, this.#block, to);
    if (to > this.#block) return { loop, unit: unitOf(this.#tree, loop, to) };
    if (loop.first === to) return { loop, unit: undefined };
    while (!loop.dispatches) loop = loop.parent!;
    return { loop, unit: undefined };
  }

  #needsNext(to: number): boolean {
    const { loop, unit } = this.#way(to);
    return (unit === undefined && loop.dispatches) || isAnnounced(this.#tree, loop, to);
  }

  #label(to: number): Label {
    const { loop, unit } = this.#way(to);
    return unit === undefined ? this.#heads.get(loop)! : this.#units.get(loop)!.get(unit)!;
  }

  #setNext(block: number): void {
    this.#e.set(Local.block, word(block));
  }

  #pageStart(block: number): number {
    return pageOf(this.#plan.blocks[block]!.at) << 12;
  }

  get #hasPages(): boolean {
    return this.#plan.pages.size > 1;
  }

  /** From the page the region is entered in. */
  #findOrigin(): void {
    const e = this.#e;
    for (const [distance, page] of this.#plan.pages) {
      e.if(e.eq32(local(I32, Local.page), word(page)), () => e.set(Local.origin, e.addressAt(-4096 * distance)));
    }
  }

  /** Enters the page of another block, as a fetch does, or leaves where that is not certain to be the page it was. */
  #changePage(to: number): void {
    const distance = this.#pageStart(to) - this.#pageStart(this.#block);
    if (distance === 0) return;
    const e = this.#e;
    e.beginGlue();
    const tag = e.let(e.addressAt(distance));
    const leave = (): void => e.exit(Return.GoOn, e.addressAt(this.#plan.blocks[to]!.at - this.#pageStart(this.#block)));
    const page = pageOf(this.#plan.blocks[to]!.at);
    const expected = word(this.#plan.pages.get(page)!);
    this.#lookNoFurther(leave);
    this.#makeSure(word(this.#numbers.get(page)!), expected, tag, leave);
    e.set(Local.page, expected);
    this.#entered(tag);
  }

  /** Looks, once in a run of the region, whether the page of a number is there where it was when the region was compiled. No translation changes meanwhile. */
  #makeSure(number: Word, expected: Word, tag: Long, leave: () => void): void {
    const e = this.#e;
    const bit = e.shl32(word(1), number);
    e.if(e.eqz32(e.and32(local(I32, Local.found), bit)), () => {
      e.if(e.ne32(e.codePage(tag, leave), expected), leave);
      e.set(Local.found, e.or32(local(I32, Local.found), bit));
    });
  }

  /** Another page is not looked at, and counted, before there is an instruction of it to execute. */
  #lookNoFurther(leave: () => void): void {
    this.#e.if(this.#e.eqz32(this.#e.low(local(I64, Local.count))), leave);
  }

  #entered(tag: Long): void {
    this.#e.set(Local.pageVa, tag);
    this.#countFetch();
  }

  // --- structure

  /** Finds out which units of which loops are jumped to: only those need a block to leave. */
  #findJumps(): void {
    const note = (loop: Loop, unit: number): void => {
      const known = this.#jumpedTo.get(loop);
      if (known) known.add(unit);
      else this.#jumpedTo.set(loop, new Set([unit]));
    };
    this.#plan.blocks.forEach((block, i) => {
      this.#block = i;
      for (const to of targets(block)) {
        if (to < 0) continue;
        const { loop, unit } = this.#way(to);
        if (unit !== undefined) note(loop, unit);
      }
    });
  }

  #loop(loop: Loop): void {
    const { body } = this;
    this.#heads.set(loop, body.open(Op.loop));
    if (loop === this.#tree.outermost) this.#findBlock();
    const labels = new Map<number, Label>();
    const needed = this.#jumpedTo.get(loop);
    for (const unit of loop.units.toReversed()) if (loop.dispatches || needed?.has(unit)) labels.set(unit, body.open(Op.block));
    this.#units.set(loop, labels);
    if (loop.dispatches) this.#dispatch(loop, labels);
    for (const unit of loop.units) {
      if (labels.has(unit)) body.end();
      const inner = this.#tree.startingAt.get(unit);
      if (inner !== undefined && inner !== loop && inner.parent === loop) this.#loop(inner);
      else this.#writeBlock(unit);
    }
    body.end();
  }

  #dispatch(loop: Loop, labels: ReadonlyMap<number, Label>): void {
    const { body } = this;
    const e = this.#e;
    const next = local(I32, Local.block);
    const first = labels.get(loop.first)!;
    const table: Label[] = [];
    loop.units.forEach((unit, i) => {
      const last = (loop.units[i + 1] ?? loop.last + 1) - 1;
      for (let block = unit; block <= last; block++) table.push(labels.get(unit)!);
    });
    if (loop.parent !== undefined) {
      e.eq32(next, word(loop.first)).put(body);
      body.brIf(first);
    }
    (loop.first === 0 ? next : e.sub32(next, word(loop.first))).put(body);
    body.brTable(table, first);
  }

  /** Where the address in `target` decides: sets `next` to its block, or leaves where it has none. */
  #findBlock(): void {
    const e = this.#e;
    if (!this.#plan.blocks.some((block) => block.code.at(-1)!.traits.flow === 'jumpRegister')) return;
    const target = local(I64, Local.target);
    const leave = (): void => e.exitAtTarget(Return.GoOn);
    e.beginGlue();
    e.if(e.eq32(local(I32, Local.block), word(BY_ADDRESS)), () => {
      const tag = e.let(e.and(target, long(-4096n)));
      const changes = e.let(e.ne(tag, local(I64, Local.pageVa)));
      const page = this.body.temp(I32);
      e.set(page, local(I32, Local.page));
      e.if(changes, () => {
        if (this.#hasPages) this.#findPage(page, tag, leave);
        else leave();
      });
      const ip = e.let(e.add32(local(I32, page), e.shl32(e.and32(e.low(target), word(0xfff)), word(DECODED_SHIFT))));
      e.if(e.ne32(load(I32, Op.i32Load16U, ip, Decoded.handler), word(Handler.Region)), leave);
      const entry = e.let(load(I32, Op.i32Load, e.shl32(load(I32, Op.i32Load16U, ip, Decoded.regionEntry), word(2)), REGION_ENTRIES));
      e.if(e.ne32(e.shrU32(entry, word(16)), word(this.#slot)), leave);
      e.set(Local.block, e.and32(entry, word(0xffff)));
      if (!this.#hasPages) return;
      e.if(changes, () => {
        e.set(Local.page, local(I32, page));
        this.#entered(tag);
      });
    });
  }

  /** Sets a local to the decoded page at a virtual address, where that is a page of the region in its place. */
  #findPage(page: number, tag: Long, leave: () => void): void {
    const e = this.#e;
    this.#lookNoFurther(leave);
    const distance = e.let(e.sub(tag, local(I64, Local.origin)));
    const number = this.body.temp(I32);
    // Each goes to the end by itself: what one `if` after the other may have set, V8 moves at the end of each.
    const found = this.body.open(Op.block);
    for (const [n, [at, place]] of [...this.#plan.pages].entries()) {
      e.if(e.eq(distance, long(BigInt(4096 * at))), () => {
        e.set(page, word(place));
        e.set(number, word(n));
        this.body.br(found);
      });
    }
    leave();
    this.body.end();
    this.#makeSure(local(I32, number), local(I32, page), tag, leave);
  }

  #writeBlock(n: number): void {
    const e = this.#e;
    const block = this.#plan.blocks[n]!;
    const start = this.#pageStart(n);
    if (block.code.length > LONGEST_BLOCK) throw new HarnessBug('a block has more instructions than a way out can count', { instructions: block.code.length });
    this.#block = n;
    e.beginBlock(start);
    if (block.asks) this.#ask(block, start);
    const uses = this.#uses[n]!;
    let at = block.at;
    for (let k = 0; k < block.code.length; k++) {
      const instruction = block.code[k]!;
      const straddles = instruction.secondParcel >= 0;
      if (straddles) this.#checkSecondParcel(instruction.secondParcel, at - start);
      // An access may yet leave for the interpreter, which then counts the fetch itself.
      if (straddles && instruction.traits.flow !== 'next') this.#countFetch();
      e.instruction(instruction, at - start, uses[k]);
      if (straddles && instruction.traits.flow === 'next') this.#countFetch();
      at += instruction.length;
    }
    if (block.code.at(-1)!.traits.flow === 'next') e.settle();
    if (block.next === NOWHERE) return;
    if (block.next === n + 1) this.#fallInto(block.next);
    else this.#edge(block.next, block.end);
  }

  /** Goes on to the block that is written next. */
  #fallInto(next: number): void {
    this.#changePage(next);
    const loop = commonLoop(this.#tree, this.#block, next);
    if (isAnnounced(this.#tree, loop, next)) this.#setNext(next);
  }

  /** Leaves for the interpreter where the quantum does not last. */
  #ask(block: Block, start: number): void {
    const e = this.#e;
    e.if(e.ltU32(e.low(local(I64, Local.count)), word(block.need)), () => e.leaveAt(block.at - start));
  }

  /** An instruction over two pages, at the end of its block: done only where the next page holds the same second parcel. */
  #checkSecondParcel(parcel: number, offset: number): void {
    const e = this.#e;
    e.beginGlue();
    const tag = e.let(e.addressAt(4096));
    const host = e.codeHost(tag, () => e.leaveAt(offset));
    e.if(e.ne32(load(I32, Op.i32Load16U, host, 0), word(parcel)), () => e.leaveAt(offset));
  }

  #countFetch(): void {
    this.#e.set(Local.fetches, this.#e.add32(local(I32, Local.fetches), word(1)));
  }
}

/** Writes the function of a region. */
export const writeRegion = (job: Job, imports: Imports, stamps: Stamps): FunctionBody =>
  new RegionFunction(job, imports, stamps).write();
