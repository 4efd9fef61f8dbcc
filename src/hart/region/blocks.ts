/**
 * The basic blocks of a region, and how they are connected. Addresses here are relative to the page of the first seed: its own bytes
 * are 0 to 4095, the page before begins at -4096.
 */
import { isReturn } from './copies.js';
import { type Bounds, Discovery, type Piece } from './discovery.js';
import { type CodeSource, type GuestInstruction, pageOf, placeIn } from './guest-code.js';
import { type Interval, order } from './order.js';

/** Block numbers that are none. */
export const OUTSIDE = -1;
export const NOWHERE = -2;

/** Instructions that are always executed one after the other. They lie in one page, but for the end of the last one. */
export interface Block {
  /** Relative address of the first instruction. */
  readonly at: number;
  /** Relative address behind the last one. */
  readonly end: number;
  readonly code: GuestInstruction[];
  /** Where the last instruction may jump to: a block, OUTSIDE the region, or NOWHERE. */
  taken: number;
  readonly takenTo: number;
  /** Which block follows in memory, or OUTSIDE; NOWHERE where none is reached. */
  next: number;
  /** Of a copy's return: the block behind the call, and its address. */
  returnsTo: number;
  readonly returnAddress: number;
  /** Whether it ends with a call of a function that is not copied, and the block behind that. */
  readonly calls: boolean;
  behind: number;
  /** Whether it is part of a copy of a function. */
  readonly copied: boolean;
  /** Whether the region can be entered here. */
  readonly entry: boolean;
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
  /** Places behind calls of copies, which the region can not be entered at. */
  readonly closed: readonly number[];
}

/** Place of the decoded instruction at a relative address of a plan. */
export const placeOf = ({ pages }: Plan, at: number): number => placeIn(pages.get(pageOf(at))!, at);

/** A block that does not ask is part of at most this many instructions without a question. */
const UNASKED = 96;

/** Where a block may go to: blocks, or numbers that are none. */
export const targets = ({ next, returnsTo, taken }: Block): readonly number[] => [taken, returnsTo, next];

/** Finds the blocks reachable from `seeds`, and orders them. */
export function discover(seeds: readonly number[], source: CodeSource, bounds: Bounds): Plan {
  const found = new Discovery(source, bounds);
  found.run(seeds);
  const unordered = connected(found.pieces);
  const ordered = order(unordered.map(successors));
  const blocks = ordered.blocks.map((n) => unordered[n]!);
  renumber(blocks, ordered.blocks);
  ask(blocks);
  return { blocks, loops: ordered.loops, pages: found.pages, instructions: found.size, closed: found.closed };
}

function blockAt(at: number, { callees, caller, leaders, returnsTo, seen }: Piece): Block {
  const code: GuestInstruction[] = [];
  let end = at;
  let last = at;
  for (let i = seen.get(at); i !== undefined; i = seen.get(end)) {
    code.push(i);
    last = end;
    end += i.length;
    if (i.traits.flow !== 'next' || leaders.has(end) || pageOf(end) !== pageOf(last)) break;
  }
  const { imm, rd, traits: { flow } } = code.at(-1)!;
  const jumps = flow === 'jump' || flow === 'jumpRegister';
  return {
    at, end, code, asks: false, need: 0,
    taken: flow === 'branch' || flow === 'jump' ? OUTSIDE : NOWHERE,
    takenTo: last + imm,
    next: jumps ? NOWHERE : OUTSIDE,
    returnsTo: caller && isReturn(code.at(-1)!) ? OUTSIDE : NOWHERE,
    returnAddress: returnsTo,
    calls: jumps && rd !== 0 && !callees.has(last),
    behind: NOWHERE,
    copied: caller !== undefined,
    // An instruction over two pages is never entered: its decoded form has no room for an entry.
    entry: leaders.get(at) === true && code[0]!.secondParcel < 0,
  };
}

/** The blocks of all pieces, with the numbers of those they go to. */
function connected(pieces: readonly Piece[]): Block[] {
  const blocks: Block[] = [];
  const numbers = new Map<Piece, Map<number, number>>();
  for (const piece of pieces) {
    const mine = new Map<number, number>();
    numbers.set(piece, mine);
    for (const at of [...piece.leaders.keys()].sort((a, b) => a - b)) {
      if (piece.seen.has(at)) mine.set(at, blocks.push(blockAt(at, piece)) - 1);
    }
  }
  const numberOf = (piece: Piece, at: number): number => numbers.get(piece)!.get(at) ?? OUTSIDE;
  for (const piece of pieces) {
    for (const n of numbers.get(piece)!.values()) {
      const block = blocks[n]!;
      if (block.taken !== NOWHERE) block.taken = numberOf(piece.callees.get(block.end - block.code.at(-1)!.length) ?? piece, block.takenTo);
      if (block.next !== NOWHERE) block.next = numberOf(piece, block.end);
      if (block.returnsTo !== NOWHERE) block.returnsTo = numberOf(piece.caller!, block.returnAddress);
      if (block.calls) block.behind = numberOf(piece, block.end);
    }
  }
  return blocks;
}

/** Where each block goes, what follows it in memory last. A call is taken to come back; so the parts of a function stay together. */
function successors(block: Block): number[] {
  return (block.calls ? [block.behind] : targets(block)).filter((n) => n >= 0);
}

/** Gives blocks the numbers of their places in an order of their former numbers. */
function renumber(blocks: readonly Block[], order: readonly number[]): void {
  const places = new Int32Array(order.length);
  order.forEach((n, place) => (places[n] = place));
  const place = (n: number): number => (n < 0 ? n : places[n]!);
  for (const block of blocks) {
    block.taken = place(block.taken);
    block.next = place(block.next);
    block.returnsTo = place(block.returnsTo);
    block.behind = place(block.behind);
  }
}

/** Decides which blocks ask for the quantum: where the region is entered, where jumps go backward, and often enough in between. */
function ask(blocks: readonly Block[]): void {
  blocks.forEach((block, i) => {
    if (block.entry) block.asks = true;
    for (const to of targets(block)) if (to >= 0 && to <= i) blocks[to]!.asks = true;
  });
  for (let i = blocks.length - 1; i >= 0; i--) {
    const block = blocks[i]!;
    block.need = block.code.length + Math.max(...targets(block).map((to) => share(blocks, to)));
    if (block.need <= UNASKED) continue;
    for (const to of targets(block)) if (to > i) blocks[to]!.asks = true;
    block.need = block.code.length;
  }
}

const share = (blocks: readonly Block[], to: number): number => (to < 0 || blocks[to]!.asks ? 0 : blocks[to]!.need);
