/**
 * The basic blocks of a region: what can be reached from where it is entered by direct jumps through instructions that have been
 * executed. Addresses here are relative to the page of the first seed: its own bytes are 0 to 4095, the page before begins at -4096.
 */
import type { GuestInstruction } from './guest-code.js';
import { type Interval, order } from './order.js';

/** The pages around the first seed. */
export interface CodeSource {
  /** Place of the decoded page at a distance in pages, 0 where there is none. */
  pageAt(distance: number): number;
  /** The instruction at a place of a decoded page; undefined where a region has to end. */
  instructionAt(ip: number): GuestInstruction | undefined;
}

/** Block numbers that are none. */
export const OUTSIDE = -1;
export const NOWHERE = -2;

/** Instructions that are always executed one after the other. They lie in one page, but for the end of the last one. */
export interface Block {
  /** Relative address of the first instruction. */
  readonly at: number;
  /** Relative address behind the last one. */
  end: number;
  readonly code: GuestInstruction[];
  /** Where the last instruction may jump to: a block, OUTSIDE the region, or NOWHERE. */
  taken: number;
  takenTo: number;
  /** Which block follows in memory, or OUTSIDE; NOWHERE where none is reached. */
  next: number;
  /** Whether the region can be entered here. */
  entry: boolean;
  /** Whether the block asks if the quantum lasts for what is executed until another block asks. */
  asks: boolean;
  /** That number of instructions; for a block that does not ask, its share of it. */
  need: number;
}

/** What a region is made of. */
export interface Plan {
  /** In the order they are written. */
  readonly blocks: readonly Block[];
  readonly loops: readonly Interval[];
  /** Decoded pages by distance. */
  readonly pages: ReadonlyMap<number, number>;
  readonly instructions: number;
  /** Whether discovery ended for want of room. */
  readonly full: boolean;
}

/** How large a region may get. */
export interface Bounds {
  readonly instructions: number;
  readonly pages: number;
}

/** A block that does not ask is part of at most this many instructions without a question. */
const UNASKED = 96;

class Discovery {
  readonly seen = new Map<number, GuestInstruction>();
  /** Leaders, and whether the region can be entered there. */
  readonly leaders = new Map<number, boolean>();
  readonly pages = new Map<number, number>();
  full = false;
  readonly #source: CodeSource;
  readonly #bounds: Bounds;
  readonly #work: number[] = [];
  readonly #known = new Set<number>();

  constructor(source: CodeSource, bounds: Bounds) {
    this.#source = source;
    this.#bounds = bounds;
  }

  run(seeds: readonly number[]): void {
    for (const seed of seeds) this.lead(seed, true);
    for (let i = 0; i < this.#work.length; i++) this.#walk(this.#work[i]!);
  }

  lead(at: number, entry: boolean): void {
    const known = this.leaders.get(at);
    if (known === undefined) this.#work.push(at);
    if (known === undefined || (entry && !known)) this.leaders.set(at, entry);
  }

  #walk(from: number): void {
    for (let at = from; !this.seen.has(at);) {
      const instruction = this.#fetch(at);
      if (instruction === undefined) return;
      if (this.seen.size >= this.#bounds.instructions) {
        this.full = true;
        return;
      }
      this.seen.set(at, instruction);
      const next = at + instruction.length;
      const { flow } = instruction.row;
      const linking = instruction.rd !== 0;
      if (flow === 'branch' || flow === 'jump') this.lead(at + instruction.imm, instruction.imm <= 0 || (flow === 'jump' && linking));
      if (flow === 'branch') this.lead(next, false);
      else if (flow !== 'next' && linking) this.lead(next, true);
      if (flow !== 'next') return;
      if (pageOf(next) !== pageOf(at)) return this.lead(next, false);
      at = next;
    }
  }

  #fetch(at: number): GuestInstruction | undefined {
    const distance = pageOf(at);
    let page = this.pages.get(distance);
    if (page === undefined) {
      if (this.pages.size >= this.#bounds.pages) {
        this.full = true;
        return undefined;
      }
      page = this.#source.pageAt(distance);
      // One page seen at two addresses: the second one is outside.
      if (page === 0 || this.#known.has(page)) return undefined;
      this.#known.add(page);
      this.pages.set(distance, page);
    }
    return this.#source.instructionAt(page + ((at & 0xfff) << 3));
  }
}

/** Distance in pages of a relative address. */
export const pageOf = (at: number): number => at >> 12;

/** Finds the blocks reachable from `seeds`, and orders them. */
export function discover(seeds: readonly number[], source: CodeSource, bounds: Bounds): Plan {
  const found = new Discovery(source, bounds);
  found.run(seeds);
  const byAddress: Block[] = [];
  for (const at of [...found.leaders.keys()].sort((a, b) => a - b)) {
    if (found.seen.has(at)) byAddress.push(blockAt(at, found));
  }
  connect(byAddress);
  const ordered = order(successors(byAddress));
  const blocks = ordered.blocks.map((n) => byAddress[n]!);
  renumber(blocks, ordered.blocks);
  ask(blocks);
  return { blocks, loops: ordered.loops, pages: found.pages, instructions: found.seen.size, full: found.full };
}

function blockAt(at: number, { seen, leaders }: Discovery): Block {
  const block: Block = {
    at, end: at, code: [], taken: NOWHERE, takenTo: 0, next: OUTSIDE, entry: leaders.get(at) === true, asks: false, need: 0,
  };
  for (let i = seen.get(at); i !== undefined; i = seen.get(block.end)) {
    const from = block.end;
    block.code.push(i);
    block.end += i.length;
    const { flow } = i.row;
    if (flow === 'branch' || flow === 'jump') {
      block.taken = OUTSIDE;
      block.takenTo = from + i.imm;
    }
    if (flow === 'jump' || flow === 'jumpRegister') block.next = NOWHERE;
    if (flow !== 'next' || leaders.has(block.end) || pageOf(block.end) !== pageOf(from)) break;
  }
  // An instruction over two pages is never entered: its decoded form has no room for an entry.
  if (block.code[0]!.secondParcel >= 0) block.entry = false;
  return block;
}

/** Whether a block ends with a call. */
export function calls({ code }: Block): boolean {
  const { rd, row } = code.at(-1)!;
  return rd !== 0 && (row.flow === 'jump' || row.flow === 'jumpRegister');
}

/** Where each block goes, what follows it in memory last. A call is taken to come back; so the parts of a function stay together. */
function successors(blocks: readonly Block[]): number[][] {
  const index = new Map(blocks.map(({ at }, i) => [at, i]));
  return blocks.map((block) => {
    const to = calls(block) ? [index.get(block.end) ?? OUTSIDE] : [block.taken, block.next];
    return to.filter((n) => n >= 0);
  });
}

/** Fills in the numbers of blocks, by their places in the list. */
function connect(blocks: readonly Block[]): void {
  const index = new Map(blocks.map((block, i) => [block.at, i]));
  for (const block of blocks) {
    if (block.taken !== NOWHERE) block.taken = index.get(block.takenTo) ?? OUTSIDE;
    if (block.next !== NOWHERE) block.next = index.get(block.end) ?? OUTSIDE;
  }
}

/** Gives blocks the numbers of their places in an order of their former numbers. */
function renumber(blocks: readonly Block[], order: readonly number[]): void {
  const places = new Int32Array(order.length);
  order.forEach((n, place) => (places[n] = place));
  for (const block of blocks) {
    if (block.taken >= 0) block.taken = places[block.taken]!;
    if (block.next >= 0) block.next = places[block.next]!;
  }
}

/** Decides which blocks ask for the quantum: where the region is entered, where jumps go backward, and often enough in between. */
function ask(blocks: readonly Block[]): void {
  blocks.forEach((block, i) => {
    if (block.entry) block.asks = true;
    for (const to of [block.taken, block.next]) if (to >= 0 && to <= i) blocks[to]!.asks = true;
  });
  for (let i = blocks.length - 1; i >= 0; i--) {
    const block = blocks[i]!;
    block.need = block.code.length + Math.max(share(blocks, block.taken), share(blocks, block.next));
    if (block.need <= UNASKED) continue;
    for (const to of [block.taken, block.next]) if (to > i) blocks[to]!.asks = true;
    block.need = block.code.length;
  }
}

const share = (blocks: readonly Block[], to: number): number => (to < 0 || blocks[to]!.asks ? 0 : blocks[to]!.need);
