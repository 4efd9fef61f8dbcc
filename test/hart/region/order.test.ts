/** The order of blocks: whatever the jumps, those backward must go to the head of a loop around their source. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { order } from '../../../src/hart/region/compiler/order.js';

const graphs = fc.array(fc.array(fc.nat(29), { maxLength: 2 }), { minLength: 1, maxLength: 30 })
  .map((graph) => graph.map((to) => to.filter((n) => n < graph.length)));

/** Blocks in order, and the first and the last one of each loop. */
function ordered(graph: number[][]): { blocks: readonly number[]; loops: readonly (readonly [number, number])[] } {
  const { blocks, loops } = order(graph);
  return { blocks, loops: loops.map(([first, last]) => [first!, last!]) };
}

describe('order', () => {
  it('has every block once, and loops that nest', () => {
    fc.assert(fc.property(graphs, (graph) => {
      const { blocks, loops } = ordered(graph);
      expect([...blocks].sort((a, b) => a - b)).toEqual(graph.map((_, n) => n));
      for (const [first, last] of loops) {
        expect(first).toBeLessThanOrEqual(last);
        for (const [other, end] of loops) expect(end < first || other > last || (other <= first && last <= end) || (first <= other && end <= last)).toBe(true);
      }
      expect(new Set(loops.map(([first]) => first)).size).toBe(loops.length);
    }), { seed: 1, numRuns: 2000 });
  });

  it('lets every jump backward go to the head of a loop around it', () => {
    fc.assert(fc.property(graphs, (graph) => {
      const { blocks, loops } = ordered(graph);
      const place = graph.map((_, n) => blocks.indexOf(n));
      graph.forEach((successors, from) => {
        for (const to of successors) {
          if (place[to]! > place[from]!) continue;
          expect(loops.some(([first, last]) => first === place[to] && place[from]! <= last)).toBe(true);
        }
      });
    }), { seed: 2, numRuns: 2000 });
  });

  it('makes loops only of blocks that reach their head again', () => {
    fc.assert(fc.property(graphs, (graph) => {
      const { blocks, loops } = ordered(graph);
      for (const [first, last] of loops) {
        for (let at = first; at <= last; at++) {
          const inside = new Set(blocks.slice(first, last + 1));
          const reached = new Set<number>();
          const follow = (n: number): void => graph[n]!.forEach((to) => {
            if (!inside.has(to) || reached.has(to)) return;
            reached.add(to);
            follow(to);
          });
          follow(blocks[at]!);
          expect(reached.has(blocks[first]!)).toBe(true);
        }
      }
    }), { seed: 3, numRuns: 500 });
  });

  it('puts what is named last next, where nothing else speaks against it', () => {
    expect(ordered([[2, 1], [3], [3], []]).blocks).toEqual([0, 1, 2, 3]);
  });

  it('leaves code that nothing loops through without loops, however far it jumps back', () => {
    expect(ordered([[3, 1], [2], [], [1]]).loops).toEqual([]);
  });
});
