/**
 * The structure of a region. WebAssembly has no jumps, only blocks left forward and loops repeated: so blocks are written in the order of
 * order.ts, a forward jump leaves nested blocks, and a backward one goes to the head of a loop. A loop that is entered elsewhere than
 * at its head begins with a table of its units: it dispatches.
 */
import { type Block, TARGETS } from './blocks.js';
import type { i32 } from './integers.js';

/** A loop over the blocks `first` to `last`, or (the outermost) the whole region. */
export class Loop {
  readonly first: i32;
  readonly last: i32;
  readonly parent: Loop | null;
  /** First block of each unit, a block or an inner loop, in order. */
  readonly units: i32[] = [];
  /** Whether blocks other than the first are entered from outside: then its head asks where to go. */
  dispatches: boolean;

  constructor(first: i32, last: i32, parent: Loop | null) {
    this.first = first;
    this.last = last;
    this.parent = parent;
    this.dispatches = parent === null;
  }

  contains(block: i32): boolean {
    return this.first <= block && block <= this.last;
  }
}

/** The loops of a region. */
export class LoopTree {
  readonly outermost: Loop;
  /** The innermost loop around each block. */
  readonly around: Loop[] = [];
  readonly startingAt: (Loop | null)[] = [];

  constructor(outermost: Loop) {
    this.outermost = outermost;
  }

  /** The loop that begins at a block, but for the outermost. */
  loopAt(block: i32): Loop | null {
    const loop = this.startingAt[block];
    return loop ? loop : null;
  }

  /** The innermost loop around two blocks. */
  common(a: i32, b: i32): Loop {
    let loop = this.around[a]!;
    while (!loop.contains(b)) loop = loop.parent!;
    return loop;
  }

  /** The first block of the unit of `loop` that holds a block. */
  unitOf(loop: Loop, block: i32): i32 {
    let unit = block;
    for (let inner = this.around[block]!; inner !== loop && inner.parent !== null; inner = inner.parent!) unit = inner.first;
    return unit;
  }

  /** Whether a jump from inside `loop` to a block of it passes the head of a loop that dispatches. */
  isAnnounced(loop: Loop, block: i32): boolean {
    for (let inner = this.around[block]!; inner !== loop && inner.parent !== null; inner = inner.parent!) if (inner.dispatches) return true;
    return false;
  }

  /** A block is entered from another one, or (-1) from anywhere. */
  enter(block: i32, from: i32): void {
    for (let loop = this.around[block]!; loop.parent !== null; loop = loop.parent!) {
      if (from >= 0 && loop.contains(from)) return;
      if (loop.first !== block) loop.dispatches = true;
    }
  }
}

/** Makes a tree of the loops of a plan, given by their first and last blocks. */
export function findLoops(blocks: Block[], loops: i32[][]): LoopTree {
  const tree = nest(loops, blocks.length);
  for (let n = 0; n < blocks.length; n++) {
    const block = blocks[n]!;
    if (block.entry) tree.enter(n, -1);
    // A call is no edge of the order: a function may begin before its call, in the middle of a loop around both.
    if (block.calls && block.taken >= 0) tree.enter(block.taken, -1);
    for (let k = 0; k < TARGETS; k++) if (block.target(k) >= 0) tree.enter(block.target(k), n);
  }
  return tree;
}

function nest(loops: i32[][], count: i32): LoopTree {
  const tree = new LoopTree(new Loop(0, count - 1, null));
  let loop = tree.outermost;
  let next = 0;
  for (let block = 0; block < count; block++) {
    while (block > loop.last) loop = loop.parent!;
    loop.units.push(block);
    const starts = next < loops.length && loops[next]![0] === block;
    if (starts) {
      loop = new Loop(block, loops[next]![1]!, loop);
      loop.units.push(block);
      next++;
    }
    tree.startingAt.push(starts ? loop : null);
    tree.around.push(loop);
  }
  return tree;
}
