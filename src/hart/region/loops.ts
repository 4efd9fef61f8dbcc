/**
 * The structure of a region. WebAssembly has no jumps, only blocks left forward and loops repeated: so blocks are written in the order of
 * order.ts, a forward jump leaves nested blocks, and a backward one goes to the head of a loop. A loop that is entered elsewhere than
 * at its head begins with a table of its units: it dispatches.
 */
import { type Plan, targets } from './blocks.js';
import type { Interval } from './order.js';

/** A loop over the blocks `first` to `last`, or (the outermost) the whole region. */
export interface Loop {
  readonly first: number;
  readonly last: number;
  readonly parent: Loop | undefined;
  /** First block of each unit, a block or an inner loop, in order. */
  readonly units: number[];
  /** Whether blocks other than the first are entered from outside: then its head asks where to go. */
  dispatches: boolean;
}

/** The loops of a region. */
export interface LoopTree {
  readonly outermost: Loop;
  /** The innermost loop around each block. */
  readonly around: readonly Loop[];
  /** The loop that begins at a block, but for the outermost. */
  readonly startingAt: ReadonlyMap<number, Loop>;
}

const contains = (loop: Loop, block: number): boolean => loop.first <= block && block <= loop.last;

/** The innermost loop around two blocks. */
export function commonLoop(tree: LoopTree, a: number, b: number): Loop {
  let loop = tree.around[a]!;
  while (!contains(loop, b)) loop = loop.parent!;
  return loop;
}

/** The first block of the unit of `loop` that holds a block. */
export function unitOf(tree: LoopTree, loop: Loop, block: number): number {
  let unit = block;
  for (let inner: Loop | undefined = tree.around[block]; inner !== undefined && inner !== loop; inner = inner.parent) unit = inner.first;
  return unit;
}

/** Whether a jump from inside `loop` to a block of it passes the head of a loop that dispatches. */
export function isAnnounced(tree: LoopTree, loop: Loop, block: number): boolean {
  for (let inner: Loop | undefined = tree.around[block]; inner !== undefined && inner !== loop; inner = inner.parent) if (inner.dispatches) return true;
  return false;
}

/** Makes a tree of the loops of a plan. */
export function findLoops({ blocks, loops }: Pick<Plan, 'blocks' | 'loops'>): LoopTree {
  const tree = nest(loops, blocks.length);
  const enter = (block: number, from: number | undefined): void => {
    for (let loop: Loop | undefined = tree.around[block]; loop?.parent !== undefined; loop = loop.parent) {
      if (from !== undefined && contains(loop, from)) return;
      if (loop.first !== block) loop.dispatches = true;
    }
  };
  blocks.forEach((block, i) => {
    if (block.entry) enter(i, undefined);
    // A call is no edge of the order: a function may begin before its call, in the middle of a loop around both.
    if (block.calls && block.taken >= 0) enter(block.taken, undefined);
    for (const to of targets(block)) if (to >= 0) enter(to, i);
  });
  return tree;
}

function nest(list: readonly Interval[], count: number): LoopTree {
  const outermost: Loop = { first: 0, last: count - 1, parent: undefined, units: [], dispatches: true };
  const around: Loop[] = [];
  const startingAt = new Map<number, Loop>();
  let loop = outermost;
  let next = 0;
  for (let block = 0; block < count; block++) {
    while (block > loop.last) loop = loop.parent!;
    loop.units.push(block);
    if (next < list.length && list[next]![0] === block) {
      loop = { first: block, last: list[next]![1], parent: loop, units: [block], dispatches: false };
      startingAt.set(block, loop);
      next++;
    }
    around.push(loop);
  }
  return { outermost, around, startingAt };
}
