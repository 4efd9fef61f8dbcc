/**
 * The function of a region: takes the registers over, runs its blocks (see loops.ts for their structure), gives the registers back.
 *
 * A jump that can not be a branch (a call backward, a return, a switch) puts a block's number into `next`, or -1 there and an address
 * into `target`, and goes to the head of the outermost loop, which finds the block of an address in the entry of the decoded
 * instruction and jumps through a table.
 */
import { type Block, NOWHERE, OUTSIDE, type Plan, TARGETS } from './blocks.js';
import { type Code, Op, Type } from './code.js';
import { Flow, pageOf } from './guest-code.js';
import { InstructionWriter, LONGEST_BLOCK } from './instructions.js';
import type { i32 } from './integers.js';
import { findLoops, type Loop, type LoopTree } from './loops.js';
import { PageChanges } from './page-changes.js';
import { Local } from './region-locals.js';
import { StampKind, type Stamps } from './stamps.js';
import { UsedRegisters } from './used-registers.js';
import { findWindows, type Use } from './windows.js';

/** `next` where the address in `target` decides. */
const BY_ADDRESS: i32 = -1;

/** Writes the function of one region. */
export class RegionFunction {
  private readonly code: Code;
  private readonly plan: Plan;
  private readonly slot: i32;
  private readonly tree: LoopTree;
  private readonly uses: (Use | null)[][];
  private readonly e: InstructionWriter;
  private readonly pages: PageChanges;
  private readonly registers: UsedRegisters = new UsedRegisters();
  /** Heads of loops, and ends of the blocks before units, by first block. */
  private readonly heads: Map<Loop, i32> = new Map<Loop, i32>();
  private readonly units: Map<Loop, Map<i32, i32>> = new Map<Loop, Map<i32, i32>>();
  /** Units that something jumps to, by loop. */
  private readonly jumpedTo: Map<Loop, Set<i32>> = new Map<Loop, Set<i32>>();
  private readonly hasPages: boolean;
  private countsFetches: boolean;
  private hasComputedJumps: boolean = false;
  private block: i32 = 0;

  /** @param windows whether windows of registers are worth asking for */
  constructor(code: Code, plan: Plan, slot: i32, windows: boolean, stamps: Stamps) {
    this.code = code;
    this.plan = plan;
    this.slot = slot;
    this.tree = findLoops(plan.blocks, plan.loops);
    this.uses = findWindows(plan.blocks, windows);
    const e = new InstructionWriter(code, stamps);
    this.e = e;
    this.pages = new PageChanges(e, plan.pages);
    this.hasPages = this.countsFetches = plan.pages.places.length > 1;
  }

  /** Windows of pages its locals have room for. */
  get pageWindows(): i32 {
    return this.e.pageWindows;
  }

  /** Writes it all but its locals. False where a block has more instructions than a way out can count. */
  write(): boolean {
    const code = this.code;
    const e = this.e;
    if (!this.lookAround()) return false;
    this.registers.load(code);
    e.glue(StampKind.loadCache);
    if (this.hasPages) this.pages.findOrigin();
    this.pages.exitLabel = code.open(Op.block, Type.void);
    e.leaveLabel = code.open(Op.block, Type.i32);
    this.writeLoop(this.tree.outermost);
    code.op(Op.unreachable);
    code.end();
    e.glue(StampKind.finishLeave);
    code.end();
    this.registers.store(code);
    e.glue(StampKind.storeState);
    if (this.countsFetches) e.glue(StampKind.storeFetches);
    code.get(Local.reason);
    code.op(Op.end);
    return true;
  }

  /** Finds out which units of which loops are jumped to (only those need a block to leave), and what all blocks have. */
  private lookAround(): boolean {
    for (let n = 0; n < this.plan.blocks.length; n++) {
      const block = this.plan.blocks[n]!;
      if (block.code.length > LONGEST_BLOCK) return false;
      this.block = n;
      for (let k = 0; k < TARGETS; k++) if (block.target(k) > n) this.noteJump(block.target(k));
      for (let k = 0; k < block.code.length; k++) this.registers.add(block.code[k]!);
      if (block.last.secondParcel >= 0) this.countsFetches = true;
      if (block.last.traits.flow === Flow.jumpRegister) this.hasComputedJumps = true;
    }
    return true;
  }

  private noteJump(to: i32): void {
    const loop = this.loopFor(to);
    if (!this.jumpedTo.has(loop)) this.jumpedTo.set(loop, new Set<i32>());
    this.jumpedTo.get(loop)!.add(this.tree.unitOf(loop, to));
  }

  // --- jumps

  /** Goes to the block the last instruction of the current one may jump to. */
  private taken(): void {
    const block = this.plan.blocks[this.block]!;
    this.edge(block.taken, block.takenTo);
  }

  /** The same if a condition holds, which is on the stack. */
  private takenIf(): void {
    const to = this.plan.blocks[this.block]!.taken;
    if (to >= 0 && this.pageStart(this.block) === this.pageStart(to) && !this.needsNext(to)) {
      this.code.brIf(this.label(to));
      return;
    }
    this.code.open(Op.if, Type.void);
    this.taken();
    this.code.end();
  }

  /** Goes to the address in the target local. */
  private indirect(): void {
    const block = this.plan.blocks[this.block]!;
    if (block.returnsTo >= 0) {
      this.code.get(Local.target);
      this.e.address(block.returnAddress - this.pageStart(this.block));
      this.code.op(Op.i64Eq);
      this.code.open(Op.if, Type.void);
      this.edge(block.returnsTo, block.returnAddress);
      this.code.end();
    }
    this.code.assign(Local.block, BY_ADDRESS);
    this.code.br(this.heads.get(this.tree.outermost)!);
  }

  /** Goes from the current block to another one, or out of the region to a relative address. */
  private edge(to: i32, address: i32): void {
    if (to === OUTSIDE) {
      this.pages.exit(address - this.pageStart(this.block));
      return;
    }
    this.changePage(to);
    if (this.needsNext(to)) this.code.assign(Local.block, to);
    this.code.br(this.label(to));
  }

  /** The loop a jump from the current block to another one goes to: forward to one of its units, backward to its head, which may dispatch. */
  private loopFor(to: i32): Loop {
    let loop = this.tree.common(this.block, to);
    if (to > this.block || loop.first === to) return loop;
    while (!loop.dispatches) loop = loop.parent!;
    return loop;
  }

  private needsNext(to: i32): boolean {
    const loop = this.loopFor(to);
    return (to <= this.block && loop.dispatches) || this.tree.isAnnounced(loop, to);
  }

  private label(to: i32): i32 {
    const loop = this.loopFor(to);
    return to <= this.block ? this.heads.get(loop)! : this.units.get(loop)!.get(this.tree.unitOf(loop, to))!;
  }

  private pageStart(block: i32): i32 {
    return pageOf(this.plan.blocks[block]!.at) << 12;
  }

  private changePage(to: i32): void {
    const pageStart = this.pageStart(this.block);
    if (this.pageStart(to) !== pageStart) this.pages.enter(this.plan.blocks[to]!.at, pageStart);
  }

  // --- structure

  private writeLoop(loop: Loop): void {
    const code = this.code;
    this.heads.set(loop, code.open(Op.loop, Type.void));
    if (loop.parent === null) this.findBlock();
    const labels = this.openUnits(loop);
    if (loop.dispatches) this.dispatch(loop, labels);
    for (let n = 0; n < loop.units.length; n++) {
      const unit = loop.units[n]!;
      if (labels.has(unit)) code.end();
      const inner = this.tree.loopAt(unit);
      if (inner !== null && inner !== loop && inner.parent === loop) this.writeLoop(inner);
      else this.writeBlock(unit);
    }
    code.end();
  }

  /** Opens the blocks that end before units; returns their labels. */
  private openUnits(loop: Loop): Map<i32, i32> {
    const labels = new Map<i32, i32>();
    const needsAll = loop.dispatches;
    const needed = this.jumpedTo.has(loop) ? this.jumpedTo.get(loop)! : new Set<i32>();
    for (let n = loop.units.length - 1; n >= 0; n--) {
      const unit = loop.units[n]!;
      if (needsAll || needed.has(unit)) labels.set(unit, this.code.open(Op.block, Type.void));
    }
    this.units.set(loop, labels);
    return labels;
  }

  private dispatch(loop: Loop, labels: Map<i32, i32>): void {
    const code = this.code;
    const first = labels.get(loop.first)!;
    const table: i32[] = [];
    for (let n = 0; n < loop.units.length; n++) {
      const behind = n + 1 < loop.units.length ? loop.units[n + 1]! : loop.last + 1;
      const label = labels.get(loop.units[n]!)!;
      for (let block = loop.units[n]!; block < behind; block++) table.push(label);
    }
    if (loop.parent !== null) {
      code.get(Local.block);
      code.i32Const(loop.first);
      code.op(Op.i32Eq);
      code.brIf(first);
    }
    code.get(Local.block);
    if (loop.first !== 0) {
      code.i32Const(loop.first);
      code.op(Op.i32Sub);
    }
    code.brTable(table, first);
  }

  /** Where the address in `target` decides: sets `next` to its block, or leaves where it has none. */
  private findBlock(): void {
    if (!this.hasComputedJumps) return;
    const code = this.code;
    code.get(Local.block);
    code.i32Const(BY_ADDRESS);
    code.op(Op.i32Eq);
    code.open(Op.if, Type.void);
    this.pages.find();
    this.e.number = this.slot;
    this.pages.exitToTargetIf(StampKind.isOfOther);
    this.e.glue(StampKind.blockOfEntry);
    this.pages.enterFound();
    code.end();
  }

  private writeBlock(n: i32): void {
    const e = this.e;
    const block = this.plan.blocks[n]!;
    const start = this.pageStart(n);
    this.block = n;
    e.beginBlock(start);
    if (block.asks) this.ask(block, start);
    const uses = this.uses[n]!;
    const last = block.code.length - 1;
    let at = block.at;
    for (let k = 0; k < last; k++) {
      e.plain(block.code[k]!, at - start, useOf(uses, k));
      at += block.code[k]!.length;
    }
    this.writeLast(block, at - start, useOf(uses, last));
    if (block.next === NOWHERE) return;
    if (block.next === n + 1) this.fallInto(block.next);
    else this.edge(block.next, block.end);
  }

  /** Writes the last instruction of a block, which may jump, and may lie over two pages. */
  private writeLast(block: Block, offset: i32, use: Use | null): void {
    const e = this.e;
    const instruction = block.last;
    const flow = instruction.traits.flow;
    const straddles = instruction.secondParcel >= 0;
    if (straddles) this.checkSecondParcel(instruction.secondParcel, offset);
    // An access may yet leave for the interpreter, which then counts the fetch itself.
    if (straddles && flow !== Flow.next) e.glue(StampKind.fetched);
    if (flow === Flow.next) {
      e.plain(instruction, offset, use);
      if (straddles) e.glue(StampKind.fetched);
      e.settle(0);
    } else if (flow === Flow.branch) {
      e.branch(instruction, offset);
      this.takenIf();
    } else if (flow === Flow.jump) {
      e.jump(instruction, offset);
      this.taken();
    } else {
      e.jumpRegister(instruction, offset);
      this.indirect();
    }
  }

  /** Goes on to the block that is written next. */
  private fallInto(next: i32): void {
    this.changePage(next);
    if (this.tree.isAnnounced(this.tree.common(this.block, next), next)) this.code.assign(Local.block, next);
  }

  /** Leaves for the interpreter where the quantum does not last. */
  private ask(block: Block, start: i32): void {
    this.e.number = block.need;
    this.e.glueAt(StampKind.ask, block.at - start);
  }

  /** An instruction over two pages, at the end of its block: done only where the next page holds the same second parcel. */
  private checkSecondParcel(parcel: i32, offset: i32): void {
    this.e.distance = 4096;
    this.e.glue(StampKind.pageTag);
    this.leaveIf(StampKind.isNotFetchable, offset);
    this.e.number = parcel;
    this.leaveIf(StampKind.otherParcel, offset);
  }

  private leaveIf(kind: i32, offset: i32): void {
    this.e.glue(kind);
    this.code.open(Op.if, Type.void);
    this.e.leaveAt(offset);
    this.code.end();
  }
}

function useOf(uses: (Use | null)[], k: i32): Use | null {
  const use = uses[k];
  return use ? use : null;
}
