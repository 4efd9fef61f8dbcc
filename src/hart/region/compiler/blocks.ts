/**
 * The basic blocks of a region, and how they are connected. Addresses here are relative to the page of the first seed: its own bytes
 * are 0 to 4095, the page before begins at -4096.
 */
import { isReturn } from './copies.js';
import { Discovery, type Pages, type Piece } from './discovery.js';
import { type CodeSource, Flow, type GuestInstruction, pageOf } from './guest-code.js';
import type { i32 } from './integers.js';
import { order } from './order.js';

/** Block numbers that are none. */
export const OUTSIDE: i32 = -1;
export const NOWHERE: i32 = -2;

/** How many targets a block has. */
export const TARGETS: i32 = 3;

/** Instructions that are always executed one after the other. They lie in one page, but for the end of the last one. */
export class Block {
  /** Relative address of the first instruction. */
  readonly at: i32;
  readonly code: GuestInstruction[] = [];
  /** Relative address behind the last one. */
  end: i32;
  /** Where the last instruction may jump to: a block, OUTSIDE the region, or NOWHERE; and the address. */
  taken: i32 = NOWHERE;
  takenTo: i32 = 0;
  /** Which block follows in memory, or OUTSIDE; NOWHERE where none is reached. */
  next: i32 = NOWHERE;
  /** Of a copy's return: the block behind the call, and its address. */
  returnsTo: i32 = NOWHERE;
  returnAddress: i32 = 0;
  /** Whether it ends with a call of a function that is not copied, and the block behind that. */
  calls: boolean = false;
  behind: i32 = NOWHERE;
  /** Whether it is part of a copy of a function. */
  copied: boolean = false;
  /** Whether the region can be entered here. */
  entry: boolean = false;
  /** Whether the block asks if the quantum lasts for what is executed until another block asks. */
  asks: boolean = false;
  /** That number of instructions; for a block that does not ask, its share of it. */
  need: i32 = 0;

  constructor(at: i32) {
    this.at = at;
    this.end = at;
  }

  get last(): GuestInstruction {
    return this.code[this.code.length - 1]!;
  }

  /** Where the block may go to, 0 to TARGETS - 1: blocks, or numbers that are none. */
  target(n: i32): i32 {
    return n === 0 ? this.taken : n === 1 ? this.returnsTo : this.next;
  }
}

/** What a region is made of. */
export class Plan {
  /** In the order they are written. */
  readonly blocks: Block[] = [];
  /** First and last block of each loop. */
  readonly loops: i32[][];
  readonly pages: Pages;
  readonly instructions: i32;
  /** Places behind calls of copies, which the region can not be entered at. */
  readonly closed: i32[];

  constructor(loops: i32[][], found: Discovery) {
    this.loops = loops;
    this.pages = found.pages;
    this.instructions = found.size;
    this.closed = found.closed;
  }
}

/** A block that does not ask is part of at most this many instructions without a question. */
const UNASKED: i32 = 96;

/** Finds the blocks reachable from `seeds`, and orders them. */
export function discover(seeds: i32[], source: CodeSource, mostInstructions: i32, mostPages: i32): Plan {
  const found = new Discovery(source, mostInstructions, mostPages);
  found.run(seeds);
  const unordered = connected(found.pieces);
  const successors: i32[][] = [];
  for (let n = 0; n < unordered.length; n++) successors.push(successorsOf(unordered[n]!));
  const ordered = order(successors);
  const plan = new Plan(ordered.loops, found);
  for (let n = 0; n < ordered.blocks.length; n++) plan.blocks.push(unordered[ordered.blocks[n]!]!);
  renumber(plan.blocks, ordered.blocks);
  ask(plan.blocks);
  return plan;
}

function blockAt(at: i32, piece: Piece): Block {
  const block = new Block(at);
  let last = at;
  while (piece.seen.has(block.end)) {
    const instruction = piece.seen.get(block.end)!;
    block.code.push(instruction);
    last = block.end;
    block.end += instruction.length;
    if (instruction.traits.flow !== Flow.next || piece.entries.has(block.end) || pageOf(block.end) !== pageOf(last)) break;
  }
  const end = block.last;
  const flow = end.traits.flow;
  const jumps = flow === Flow.jump || flow === Flow.jumpRegister;
  if (flow === Flow.branch || flow === Flow.jump) block.taken = OUTSIDE;
  block.takenTo = last + end.imm;
  if (!jumps) block.next = OUTSIDE;
  if (piece.caller !== null && isReturn(end)) block.returnsTo = OUTSIDE;
  block.returnAddress = piece.returnsTo;
  block.calls = jumps && end.rd !== 0 && !piece.callees.has(last);
  block.copied = piece.caller !== null;
  // An instruction over two pages is never entered: its decoded form has no room for an entry.
  block.entry = piece.entries.get(at)! && block.code[0]!.secondParcel < 0;
  return block;
}

/** The blocks of all pieces, with the numbers of those they go to. */
function connected(pieces: Piece[]): Block[] {
  const blocks: Block[] = [];
  for (let n = 0; n < pieces.length; n++) {
    const piece = pieces[n]!;
    piece.leaders.sort((a, b) => a - b);
    for (let k = 0; k < piece.leaders.length; k++) {
      const at = piece.leaders[k]!;
      if (!piece.seen.has(at)) continue;
      piece.numbers.set(at, blocks.length);
      blocks.push(blockAt(at, piece));
    }
  }
  for (let n = 0; n < pieces.length; n++) connect(pieces[n]!, blocks);
  return blocks;
}

function connect(piece: Piece, blocks: Block[]): void {
  for (let k = 0; k < piece.leaders.length; k++) {
    const n = numberOf(piece, piece.leaders[k]!);
    if (n === OUTSIDE) continue;
    const block = blocks[n]!;
    const last = block.end - block.last.length;
    if (block.taken !== NOWHERE) block.taken = numberOf(piece.callees.has(last) ? piece.callees.get(last)! : piece, block.takenTo);
    if (block.next !== NOWHERE) block.next = numberOf(piece, block.end);
    if (block.returnsTo !== NOWHERE) block.returnsTo = numberOf(piece.caller!, block.returnAddress);
    if (block.calls) block.behind = numberOf(piece, block.end);
  }
}

function numberOf(piece: Piece, at: i32): i32 {
  return piece.numbers.has(at) ? piece.numbers.get(at)! : OUTSIDE;
}

/** Where a block goes, what follows it in memory last. A call is taken to come back; so the parts of a function stay together. */
function successorsOf(block: Block): i32[] {
  const successors: i32[] = [];
  if (block.calls) {
    if (block.behind >= 0) successors.push(block.behind);
    return successors;
  }
  for (let n = 0; n < TARGETS; n++) if (block.target(n) >= 0) successors.push(block.target(n));
  return successors;
}

/** Gives blocks the numbers of their places in an order of their former numbers. */
function renumber(blocks: Block[], order: i32[]): void {
  const places = new Int32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place]!] = place;
  for (let n = 0; n < blocks.length; n++) {
    const block = blocks[n]!;
    if (block.taken >= 0) block.taken = places[block.taken]!;
    if (block.next >= 0) block.next = places[block.next]!;
    if (block.returnsTo >= 0) block.returnsTo = places[block.returnsTo]!;
    if (block.behind >= 0) block.behind = places[block.behind]!;
  }
}

/** Decides which blocks ask for the quantum: where the region is entered, where jumps go backward, and often enough in between. */
function ask(blocks: Block[]): void {
  for (let n = 0; n < blocks.length; n++) {
    const block = blocks[n]!;
    if (block.entry) block.asks = true;
    for (let k = 0; k < TARGETS; k++) if (block.target(k) >= 0 && block.target(k) <= n) blocks[block.target(k)]!.asks = true;
  }
  for (let n = blocks.length - 1; n >= 0; n--) {
    const block = blocks[n]!;
    let most: i32 = 0;
    for (let k = 0; k < TARGETS; k++) {
      const its = share(blocks, block.target(k));
      if (its > most) most = its;
    }
    block.need = block.code.length + most;
    if (block.need <= UNASKED) continue;
    for (let k = 0; k < TARGETS; k++) if (block.target(k) > n) blocks[block.target(k)]!.asks = true;
    block.need = block.code.length;
  }
}

function share(blocks: Block[], to: i32): i32 {
  return to < 0 || blocks[to]!.asks ? 0 : blocks[to]!.need;
}
