/**
 * Which accesses of a region need not ask the translation cache, because one before them has asked for the same page.
 *
 * While a region runs no translation changes: what the cache has answered stays true until the region returns. So an access asks for
 * all that follow it through the same register, unchanged, and one whose page is known asks for the page. What it was told
 * stays in a local: the window. Asking is without effect, and whoever is refused leaves the region before the access.
 */
import { type Block, TARGETS } from './blocks.js';
import { Constants, Kind } from './constants.js';
import type { GuestInstruction } from './guest-code.js';
import { type f64, i32 } from './integers.js';
import { covers, intersection, type Span, spanOf, union } from './span.js';

/** A page, by its number in the address space, or relative to the page the region's addresses are relative to. */
export class Page {
  readonly page: i32;
  readonly relative: boolean;

  constructor(page: i32, relative: boolean) {
    this.page = page;
    this.relative = relative;
  }
}

/** How an access finds its memory: in a window. */
export class Use {
  /** The number of the window: of a register below {@link FIRST_PAGE}, else of a page. */
  readonly window: i32;
  /** Bytes from the content of rs1, or from the beginning of the page. */
  readonly offset: i32;
  readonly store: boolean;
  /** What has to be asked for first: bytes around the content of rs1, or a page, or neither. */
  readonly span: Span | null;
  readonly page: Page | null;

  constructor(window: i32, offset: i32, store: boolean, span: Span | null, page: Page | null) {
    this.window = window;
    this.offset = offset;
    this.store = store;
    this.span = span;
    this.page = page;
  }
}

/**
 * Windows by their numbers: those of the x registers for loads, and from here on for stores, for which the bytes may lie in another page;
 * then those of pages.
 */
const FIRST_STORE: i32 = 32;
export const FIRST_PAGE: i32 = 64;

const READ: i32 = 1;
const WRITE: i32 = 2;

/** How far away pages may be whose place is written as a constant of 32 bits; relative ones also from the other pages of the region. */
const ABSOLUTE_LIMIT: f64 = 0x8000_0000;
const RELATIVE_LIMIT: f64 = 0x4000_0000;

/** Spans by window of a register: what accesses need, or what has been asked for. */
class Spans {
  private readonly spans: (Span | null)[] = [];

  constructor() {
    for (let n = 0; n < FIRST_PAGE; n++) this.spans.push(null);
  }

  of(window: i32): Span | null {
    const span = this.spans[window];
    return span ? span : null;
  }

  set(window: i32, span: Span): void {
    this.spans[window] = span;
  }

  /** Forgets those of a register. */
  forget(register: i32): void {
    this.spans[register] = null;
    this.spans[FIRST_STORE + register] = null;
  }

  /** Takes all from another place. */
  copyFrom(others: Spans): void {
    for (let n = 0; n < FIRST_PAGE; n++) this.spans[n] = others.of(n);
  }

  /** Adds what others need. */
  add(others: Spans): void {
    for (let n = 0; n < FIRST_PAGE; n++) {
      const theirs = others.of(n);
      if (theirs !== null) this.spans[n] = join(theirs, this.of(n));
    }
  }

  /** Keeps what has been asked for in both. */
  meet(others: Spans): void {
    for (let n = 0; n < FIRST_PAGE; n++) {
      const mine = this.of(n);
      const theirs = others.of(n);
      this.spans[n] = mine === null || theirs === null ? null : intersection(mine, theirs);
    }
  }
}

/** What has been asked for, at one place. */
class State {
  readonly constants: Constants;
  readonly spans: Spans = new Spans();
  /** READ and WRITE by window of a page. */
  readonly pages: i32[];

  constructor(constants: Constants, pages: i32[]) {
    this.constants = constants;
    this.pages = pages;
  }

  copy(): State {
    const copy = new State(this.constants.copy(), this.pages.slice(0));
    copy.spans.copyFrom(this.spans);
    return copy;
  }

  /** Keeps what is so in both. */
  meet(other: State): void {
    this.constants.meet(other.constants);
    this.spans.meet(other.spans);
    while (this.pages.length > other.pages.length) this.pages.pop();
    for (let n = 0; n < this.pages.length; n++) this.pages[n] = this.pages[n]! & other.pages[n]!;
  }
}

class Windows {
  /** By block, and place in it. */
  readonly uses: (Use | null)[][] = [];
  private readonly blocks: Block[];
  /** Blocks that are written before each and go to it, and whether it is entered from elsewhere too: then nothing is known of what was asked for. */
  private readonly before: i32[][] = [];
  private readonly isOpen: boolean[] = [];
  /** What accesses need that go through an unchanged register from an access on, that one included; by block, and place in it. */
  private readonly needs: (Span | null)[][] = [];
  /** Pages that have windows. */
  private readonly pages: Page[] = [];

  constructor(blocks: Block[]) {
    this.blocks = blocks;
    for (let n = 0; n < blocks.length; n++) {
      this.before.push([]);
      this.isOpen.push(blocks[n]!.entry);
      this.needs.push([]);
    }
    for (let n = 0; n < blocks.length; n++) {
      for (let k = 0; k < TARGETS; k++) {
        const to = blocks[n]!.target(k);
        if (to > n) this.before[to]!.push(n);
        else if (to >= 0) this.isOpen[to] = true;
      }
    }
  }

  /** Goes backward and collects needs. */
  look(): void {
    const needs: (Spans | null)[] = [];
    for (let n = 0; n < this.blocks.length; n++) needs.push(null);
    for (let n = this.blocks.length - 1; n >= 0; n--) {
      const block = this.blocks[n]!;
      const here = new Spans();
      for (let k = 0; k < TARGETS; k++) {
        const to = block.target(k);
        if (to > n && !this.isOpen[to]!) here.add(needs[to]!);
      }
      const spans = this.needs[n]!;
      for (let k = 0; k < block.code.length; k++) spans.push(null);
      for (let k = block.code.length - 1; k >= 0; k--) spans[k] = lookAt(block.code[k]!, here);
      needs[n] = here;
    }
  }

  /** Goes forward and decides. */
  decide(): void {
    const after: State[] = [];
    for (let n = 0; n < this.blocks.length; n++) {
      const before = this.before[n]!;
      let state: State;
      if (this.isOpen[n]! || before.length === 0) state = new State(new Constants(), []);
      else {
        state = after[before[0]!]!.copy();
        for (let k = 1; k < before.length; k++) state.meet(after[before[k]!]!);
      }
      this.decideOn(this.blocks[n]!, state, this.needs[n]!);
      after.push(state);
    }
  }

  /** The uses of a block's accesses; goes past them in `state`. */
  private decideOn(block: Block, state: State, needs: (Span | null)[]): void {
    const uses: (Use | null)[] = [];
    let at = block.at;
    for (let k = 0; k < block.code.length; k++) {
      const instruction = block.code[k]!;
      if (instruction.traits.size === 0) uses.push(null);
      else if (state.constants.kinds[instruction.rs1] !== Kind.unknown) uses.push(this.throughPage(instruction, state));
      else uses.push(throughRegister(instruction, state.spans, needOf(needs, k)));
      if (instruction.writes) {
        state.constants.write(instruction, at);
        state.spans.forget(instruction.rd);
      }
      at += instruction.length;
    }
    this.uses.push(uses);
  }

  private throughPage(instruction: GuestInstruction, state: State): Use | null {
    const size = instruction.traits.size;
    const store = instruction.traits.store;
    const relative = state.constants.kinds[instruction.rs1] === Kind.relative;
    const address: f64 = state.constants.values[instruction.rs1]! + instruction.imm;
    if (Math.abs(address + 0.5) > (relative ? RELATIVE_LIMIT : ABSOLUTE_LIMIT)) return null;
    const place = i32(address);
    if ((place & (size - 1)) !== 0) return null;
    const n = this.windowOf(new Page(place >> 12, relative));
    while (state.pages.length <= n) state.pages.push(0);
    const asked = state.pages[n]!;
    const needed = store ? WRITE : READ;
    state.pages[n] = asked | needed;
    return new Use(FIRST_PAGE + n, place & 0xfff, store, null, (asked & needed) === 0 ? this.pages[n]! : null);
  }

  /** The number among pages of one's window. */
  private windowOf(page: Page): i32 {
    for (let n = 0; n < this.pages.length; n++) if (this.pages[n]!.page === page.page && this.pages[n]!.relative === page.relative) return n;
    return this.pages.push(page) - 1;
  }
}

/** The need of an access, where needs have been looked for. */
function needOf(needs: (Span | null)[], k: i32): Span | null {
  if (k >= needs.length) return null;
  const need = needs[k];
  return need ? need : null;
}

/** Adds what an instruction needs to what those after it do; returns the need of an access with theirs. */
function lookAt(instruction: GuestInstruction, needs: Spans): Span | null {
  if (instruction.writes) needs.forget(instruction.rd);
  const size = instruction.traits.size;
  if (size === 0) return null;
  const window = instruction.traits.store ? FIRST_STORE + instruction.rs1 : instruction.rs1;
  const span = join(spanOf(instruction.imm, size), needs.of(window));
  needs.set(window, span);
  return span;
}

function throughRegister(instruction: GuestInstruction, shown: Spans, need: Span | null): Use | null {
  const size = instruction.traits.size;
  const store = instruction.traits.store;
  const imm = instruction.imm;
  const window = store ? FIRST_STORE + instruction.rs1 : instruction.rs1;
  const known = shown.of(window);
  if (known !== null && covers(known, imm, size)) return new Use(window, imm, store, null, null);
  // An access that asks for itself alone does it in the plain way.
  if (need === null || need.high - need.low === size) return null;
  shown.set(window, need);
  return new Use(window, imm, store, need, null);
}

/** What an access needs and what those after it do, where that can be asked for at once. */
function join(mine: Span, others: Span | null): Span {
  if (others === null) return mine;
  const both = union(mine, others);
  return both === null ? mine : both;
}

/**
 * Finds the windows of a plan, by block and place in the block; without `registers`, where too many of them lay over two pages, only those
 * of pages.
 */
export function findWindows(blocks: Block[], registers: boolean): (Use | null)[][] {
  const windows = new Windows(blocks);
  if (registers) windows.look();
  windows.decide();
  return windows.uses;
}
