/**
 * The order in which the blocks of a region are written: a weak topological order (F. Bourdoncle, "Efficient chaotic iteration strategies
 * with widenings", 1993). Blocks that reach each other are contiguous and begin with their head, again and again inside; so every jump
 * backward goes to the head of a loop around its source, and WebAssembly's blocks and loops can say it.
 */

/** First and last block of a loop, by place in the order. */
export type Interval = readonly [first: number, last: number];

/** Blocks in order, and the loops they make, properly nested, in the order of their first blocks. */
export interface Order {
  /** Which block comes when. */
  readonly blocks: readonly number[];
  readonly loops: readonly Interval[];
}

/** Number of a block that has its place. */
const PLACED = 0x7fff_ffff;

class Ordering {
  readonly #successors: readonly (readonly number[])[];
  /** When a block was first seen; 0 before, and again where a loop is looked at from inside. */
  readonly #seen: Int32Array;
  readonly #stack: number[] = [];
  /** Blocks that have their place, the last one first: every part is found after those it leads to. */
  readonly placed: number[] = [];
  /** Places of the loops in `placed`. */
  readonly loops: [last: number, first: number][] = [];
  #count = 0;

  constructor(successors: readonly (readonly number[])[]) {
    this.#successors = successors;
    this.#seen = new Int32Array(successors.length);
  }

  /** Places a block and all it leads to. */
  from(block: number): void {
    if (this.#seen[block] === 0) this.#visit(block);
  }

  #visit(block: number): number {
    this.#stack.push(block);
    const mine = ++this.#count;
    this.#seen[block] = mine;
    let head = mine;
    let loops = false;
    for (const to of this.#successors[block]!) {
      const reached = this.#seen[to] === 0 ? this.#visit(to) : this.#seen[to]!;
      if (reached > head) continue;
      head = reached;
      loops = true;
    }
    if (head === mine) this.#place(block, loops);
    return head;
  }

  #place(block: number, loops: boolean): void {
    this.#seen[block] = PLACED;
    for (let on = this.#stack.pop()!; on !== block; on = this.#stack.pop()!) this.#seen[on] = 0;
    const last = this.placed.length;
    if (loops) for (const to of this.#successors[block]!) this.from(to);
    this.placed.push(block);
    if (loops) this.loops.push([last, this.placed.length - 1]);
  }
}

/** Orders blocks by where each goes; the one named last comes next where it can. */
export function order(successors: readonly (readonly number[])[]): Order {
  const ordering = new Ordering(successors);
  successors.forEach((_, i) => ordering.from(i));
  const end = ordering.placed.length - 1;
  return {
    blocks: ordering.placed.toReversed(),
    loops: ordering.loops.map(([last, first]): Interval => [end - first, end - last]).sort(([a], [b]) => a - b),
  };
}
