/**
 * The order in which the blocks of a region are written: a weak topological order (F. Bourdoncle, "Efficient chaotic iteration strategies
 * with widenings", 1993). Blocks that reach each other are contiguous and begin with their head, again and again inside; so every jump
 * backward goes to the head of a loop around its source, and WebAssembly's blocks and loops can say it.
 */
import type { i32 } from './integers.js';

/** Number of a block that has its place. */
const PLACED: i32 = 0x7fff_ffff;

/** Blocks in order, and the loops they make, properly nested, in the order of their first blocks. */
export class Order {
  /** Which block comes when. */
  readonly blocks: i32[] = [];
  /** First and last block of each loop, by place in the order. */
  readonly loops: i32[][] = [];
}

class Ordering {
  private readonly successors: i32[][];
  /** When a block was first seen; 0 before, and again where a loop is looked at from inside. */
  private readonly seen: Int32Array;
  private readonly stack: i32[] = [];
  /** Blocks that have their place, the last one first: every part is found after those it leads to. */
  readonly placed: i32[] = [];
  /** Places of the last and the first block of each loop in `placed`. */
  readonly loops: i32[][] = [];
  private count: i32 = 0;

  constructor(successors: i32[][]) {
    this.successors = successors;
    this.seen = new Int32Array(successors.length);
  }

  /** Places a block and all it leads to. */
  from(block: i32): void {
    if (this.seen[block] === 0) this.visit(block);
  }

  private visit(block: i32): i32 {
    this.stack.push(block);
    const mine = ++this.count;
    this.seen[block] = mine;
    let head = mine;
    let loops = false;
    const successors = this.successors[block]!;
    for (let n = 0; n < successors.length; n++) {
      const to = successors[n]!;
      const reached: i32 = this.seen[to] === 0 ? this.visit(to) : this.seen[to]!;
      if (reached > head) continue;
      head = reached;
      loops = true;
    }
    if (head === mine) this.place(block, loops);
    return head;
  }

  private place(block: i32, loops: boolean): void {
    this.seen[block] = PLACED;
    for (let on = this.stack.pop()!; on !== block; on = this.stack.pop()!) this.seen[on] = 0;
    const last = this.placed.length;
    const successors = this.successors[block]!;
    if (loops) for (let n = 0; n < successors.length; n++) this.from(successors[n]!);
    this.placed.push(block);
    if (loops) this.loops.push([last, this.placed.length - 1]);
  }
}

/** Orders blocks by where each goes; the one named last comes next where it can. */
export function order(successors: i32[][]): Order {
  const ordering = new Ordering(successors);
  for (let block = 0; block < successors.length; block++) ordering.from(block);
  const result = new Order();
  const end = ordering.placed.length - 1;
  for (let n = end; n >= 0; n--) result.blocks.push(ordering.placed[n]!);
  for (let n = 0; n < ordering.loops.length; n++) {
    const loop = ordering.loops[n]!;
    result.loops.push([end - loop[1]!, end - loop[0]!]);
  }
  result.loops.sort((a, b) => a[0]! - b[0]!);
  return result;
}
