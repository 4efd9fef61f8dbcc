/** The TLB as a structure: who is replaced, what a set holds, how levels and page sizes work together. */
import { describe, expect, it } from 'vitest';
import { READ, WRITE, checkTlbConfig, tlbPreset, type Replacement, type TlbArrayConfig, type TlbConfig, type TlbPageSize } from '../../mmu/index.js';
import { replacementPolicy } from '../../mmu/replacement.js';
import { RAM_FRAME, at, poke, pte, tableFrame, world, type World } from './world.js';

const array = (o: Partial<TlbArrayConfig>): TlbArrayConfig => ({ name: 'a', sets: 1, ways: 4, pageSizes: ['4K'], replacement: 'lru', ...o });
const config = (...levels: TlbArrayConfig[][]): TlbConfig => ({ name: 'test', title: '', sources: [], assumed: [], levels, walkCache: [] });

/** 512 pages mapped one to one from frame 8 on, region 1 by a 2M leaf, region 2 of the root by a 1G leaf. */
function mapped(tlb: TlbConfig, ad: 'svade' | 'svadu' = 'svade'): World {
  const w = world(tlb, { ad });
  poke(w.bus, 0, 0, pte(tableFrame(1), 'v'));
  poke(w.bus, 1, 0, pte(tableFrame(2), 'v'));
  for (let n = 0; n < 512; n++) poke(w.bus, 2, n, pte(RAM_FRAME + 8n + BigInt(n), 'vrwxuad'));
  poke(w.bus, 1, 1, pte(RAM_FRAME, 'vrwxuad'));
  poke(w.bus, 0, 2, pte(RAM_FRAME, 'vrwxuad'));
  w.mmu.setSatp(8, 0, Number(RAM_FRAME));
  return w;
}

/** Loads from pages in order; which of them missed the first level. */
function misses(w: World, pages: readonly number[]): number[] {
  return pages.filter((page) => {
    const before = w.mmu.counters.tlb[0]!.misses.load;
    expect(w.mmu.translate(at(page * 4096), READ)).toBeGreaterThan(0);
    return w.mmu.counters.tlb[0]!.misses.load > before;
  });
}

describe('replacement', () => {
  // Four ways filled with pages 0 to 3, page 0 used again, then page 4 comes: who is gone?
  const expected: readonly (readonly [Replacement, number])[] = [['fifo', 0], ['lru', 1], ['plru', 2], ['bit-plru', 1]];
  for (const [replacement, gone] of expected) {
    it(`${replacement} gives up page ${gone}`, () => {
      const w = mapped(config([array({ replacement })]));
      expect(misses(w, [0, 1, 2, 3, 0, 4])).toEqual([0, 1, 2, 3, 4]);
      const left = [0, 1, 2, 3].filter((page) => w.mmu.tlb.levels[0]!.arrays[0]!.find(0, page, 0) >= 0);
      expect(left).toEqual([0, 1, 2, 3].filter((page) => page !== gone));
    });
  }

  it('tree-PLRU follows its bits: the textbook sequence of a 4-way set', () => {
    const policy = replacementPolicy('plru', 1, 4);
    const order = Array.from({ length: 6 }, () => {
      const way = policy.victim(0);
      policy.touch(0, way);
      return way;
    });
    expect(order).toEqual([0, 2, 1, 3, 0, 2]);
  });

  it('tree-PLRU reaches every way and no other when ways are no power of two', () => {
    for (const ways of [1, 3, 5, 6, 7, 12, 48]) {
      const policy = replacementPolicy('plru', 2, ways);
      const seen = new Set<number>();
      for (let n = 0; n < 4 * ways; n++) {
        const way = policy.victim(1);
        policy.touch(1, way);
        seen.add(way);
      }
      expect([...seen].sort((a, b) => a - b), `${ways} ways`).toEqual(Array.from({ length: ways }, (_, way) => way));
    }
  });

  it('touching the entry touched last changes nothing, which the translation cache relies on', () => {
    for (const kind of ['lru', 'plru', 'bit-plru'] as const) {
      for (const ways of [2, 3, 4, 7]) {
        const [once, twice] = [replacementPolicy(kind, 1, ways), replacementPolicy(kind, 1, ways)];
        for (let n = 0; n < 50; n++) {
          const way = (n * 5 + (n >> 2)) % ways;
          once.touch(0, way);
          twice.touch(0, way);
          twice.touch(0, way);
          expect(twice.victim(0), `${kind} ${ways} ways, step ${n}`).toBe(once.victim(0));
        }
      }
    }
  });

  it('random is the same sequence for the same seed and another for another', () => {
    const run = (seed: number): number[] => misses(mapped(config([array({ replacement: 'random', seed })])), Array.from({ length: 60 }, (_, n) => (n * 7) % 9));
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it('an entry a fence emptied is filled before anything valid is replaced', () => {
    const w = mapped(config([array({})]));
    misses(w, [0, 1, 2, 3]);
    w.mmu.sfenceVma(at(2 * 4096), 0);
    expect(misses(w, [4, 0, 1, 3])).toEqual([4]);
    expect(w.mmu.counters.tlb[0]!.arrays[0]!.evictions).toBe(0);
  });
});

describe('sets and ways', () => {
  it('a working set of as many pages as entries stays, one more thrashes LRU: the knee is where it is configured', () => {
    for (const entries of [10, 32, 40, 48]) {
      const w = mapped(config([array({ ways: entries })]));
      const pages = Array.from({ length: entries }, (_, n) => n);
      misses(w, pages);
      expect(misses(w, pages)).toEqual([]);
      const more = [...pages, entries];
      misses(w, more);
      expect(misses(w, more)).toEqual(more);
    }
  });

  it('sets need be no power of two; pages go to sets by their number', () => {
    const w = mapped(config([array({ sets: 3, ways: 1 })]));
    expect(misses(w, [0, 1, 2, 0, 1, 2, 3, 0, 1])).toEqual([0, 1, 2, 3, 0]);
  });
});

describe('levels', () => {
  it('what leaves the first level is found in the second, without a walk', () => {
    const w = mapped(config([array({ ways: 2 })], [array({ sets: 2, ways: 4 })]));
    misses(w, [0, 1, 2, 0, 1, 2]);
    const counters = w.mmu.counters;
    expect(counters.walks['4K']).toBe(3);
    expect(counters.tlb[1]).toMatchObject({ misses: { load: 3 }, hits: { load: 3 } });
  });

  it('loads, stores and fetches each ask the arrays that serve them', () => {
    const w = mapped(config([array({ name: 'ld', serves: ['load'] }), array({ name: 'st', serves: ['store'] }), array({ name: 'i', serves: ['fetch'] })]));
    for (const access of [0, 1, 2, 0, 1, 2] as const) w.mmu.translate(at(0), access);
    expect(w.mmu.counters.tlb[0]!.misses).toEqual({ fetch: 1, load: 1, store: 1 });
    expect(w.mmu.counters.tlb[0]!.arrays.map((one) => one.fills)).toEqual([1, 1, 1]);
  });
});

describe('page sizes', () => {
  it('one entry serves a whole 2M or 1G page', () => {
    const w = mapped(config([array({ pageSizes: ['4K', '2M', '1G'] })]));
    expect(misses(w, [512, 600, 1023, 2 * 262144, 2 * 262144 + 5000])).toEqual([512, 2 * 262144]);
    expect(w.mmu.counters.tlb[0]!.arrays[0]!.valid).toEqual({ '4K': 0, '64K': 0, '2M': 1, '1G': 1 });
  });

  it('one entry serves a 64K range where the array holds that size', () => {
    const w = mapped(config([array({ pageSizes: ['4K', '64K'] })]));
    for (let n = 16; n < 32; n++) poke(w.bus, 2, n, pte((RAM_FRAME & ~15n) + 8n, 'vrwxuad', 1n << 63n));
    expect(misses(w, [16, 20, 31])).toEqual([16]);
    expect(w.mmu.translate(at(31 * 4096 + 5), READ)).toBe(Number(RAM_FRAME + 15n) * 4096 + 5);
  });

  it('a leaf larger than any size of the array is held in pieces of the largest', () => {
    const w = mapped(config([array({ pageSizes: ['4K', '2M'], ways: 8 })]));
    expect(misses(w, [2 * 262144, 2 * 262144 + 511, 2 * 262144 + 512, 2 * 262144 + 1023])).toEqual([2 * 262144, 2 * 262144 + 512]);
  });

  it('a leaf smaller than every size of the array is not held', () => {
    const w = mapped(config([array({ pageSizes: ['2M'] })]));
    expect(misses(w, [0, 0, 0])).toEqual([0, 0, 0]);
    w.mmu.cacheFill(at(0), READ, 4096);
    expect(w.cache.lookup(0, READ)).toBe(-1);
  });
});

describe('Svadu and clean entries', () => {
  it('a store that meets a clean entry walks, sets D, and the dirty entry takes its place', () => {
    const w = mapped(config([array({})]), 'svadu');
    poke(w.bus, 2, 5, pte(RAM_FRAME, 'vrwu'));
    w.mmu.translate(at(5 * 4096), READ);
    for (let n = 0; n < 3; n++) w.mmu.translate(at(5 * 4096), WRITE);
    const counters = w.mmu.counters;
    expect(counters.tlb[0]!.misses).toEqual({ fetch: 0, load: 1, store: 1 });
    expect(counters.tlb[0]!.arrays[0]!.valid['4K']).toBe(1);
    expect(counters.tlb[0]!.arrays[0]!.evictions).toBe(0);
  });

  it('a clean stale 2M entry gives way when the store finds 4K pages there; loads must not keep the old page', () => {
    const w = mapped(config([array({ pageSizes: ['4K', '2M'], replacement: 'fifo' })]), 'svadu');
    poke(w.bus, 1, 3, pte(RAM_FRAME, 'vrwu'));
    const va = at(3 * 2 ** 21 + 4096);
    const old = w.mmu.translate(va, READ);
    w.mmu.cacheFill(va, READ, w.bus.ramHost);
    expect(old).toBe(Number(RAM_FRAME + 1n) * 4096);
    poke(w.bus, 1, 3, pte(tableFrame(2), 'v'));
    const fresh = w.mmu.translate(va, WRITE);
    expect(fresh).toBe(Number(RAM_FRAME + 9n) * 4096);
    expect(w.cache.lookup(va, READ)).toBe(-1);
    expect(w.mmu.translate(va, READ)).toBe(fresh);
  });
});

describe('a TLB description that makes no sense', () => {
  const bad: readonly (readonly [string, Partial<TlbArrayConfig>, RegExp])[] = [
    ['no sets', { sets: 0 }, /a: sets 0/],
    ['half a way', { ways: 1.5 }, /ways 1\.5/],
    ['too many entries', { sets: 2 ** 20, ways: 2 }, /more than 1048576 entries/],
    ['no page size', { pageSizes: [] }, /pageSizes is empty/],
    ['an unknown page size', { pageSizes: ['16K' as TlbPageSize] }, /page size 16K/],
    ['a page size twice', { pageSizes: ['4K', '4K'] }, /listed twice/],
    ['an unknown replacement', { replacement: 'mru' as Replacement }, /replacement mru/],
    ['a seed of 0', { replacement: 'random', seed: 0 }, /seed/],
    ['nobody to serve', { serves: [] }, /serves nobody/],
    ['somebody unknown to serve', { serves: ['dma' as 'load'] }, /serves dma/],
  ];
  for (const [what, change, message] of bad) {
    it(`${what} is refused by name`, () => {
      expect(() => { checkTlbConfig(config([array(change)])); }).toThrow(RangeError);
      expect(() => { checkTlbConfig(config([array(change)])); }).toThrow(message);
    });
  }

  it('first-level arrays that serve overlapping kinds are refused, for one could hide the other', () => {
    expect(() => { checkTlbConfig(config([array({ name: 'x', serves: ['load', 'store'] }), array({ name: 'y', serves: ['store'] })])); }).toThrow(/x and y/);
  });

  it('walk caches hold pointers, which cover 2M or 1G', () => {
    expect(() => { checkTlbConfig({ ...config(), walkCache: [array({})] }); }).toThrow(/page size 4K is not one of 2M, 1G/);
  });

  it('an unknown preset is refused with the names there are', () => {
    expect(() => tlbPreset('pentium')).toThrow(/no TLB is named pentium; there are segdev, none, sifive-u54/);
  });
});
