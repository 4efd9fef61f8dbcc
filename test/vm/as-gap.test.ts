import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEVEL_SIZE, PAGESIZE, USER_END } from '../../src/base/index.js';
import { ADDR_NOVACALIGN, ADDR_VACALIGN, AH_CONTAIN, AH_HI, AH_LO, MAP_ALIGN, MAP_FIXED, as_alloc, as_gap, as_map, choose_addr, map_addr, seg_alloc } from '../../src/vm/index.js';
import { fakeSegment } from './fake-segment.js';
import { world } from './world.js';

const [K4, M2, G1] = LEVEL_SIZE;

describe('map_addr', () => {
  it('agrees with the offset modulo the largest page the length reaches, inside a free gap with its red zone', () => {
    const length = fc.constantFrom(K4, 5 * K4, M2 - K4, M2, 3 * M2 + K4, G1 - K4, G1, 3 * G1 + M2);
    fc.assert(fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 26 - 1 }), fc.constantFrom(1, 7, 512, 262144))), length, fc.integer({ min: 0, max: 2 ** 34 }), fc.boolean(),
      (taken, len, page, upward) => {
        const { vm } = world({ ramPages: 64, vm: upward ? { addressPolicy: { direction: 'upward', low: 2 ** 32, redzone: 0 } } : {} });
        const as = as_alloc(vm, 'A1');
        for (const [at, pages] of taken) seg_alloc(as, at * K4, pages * K4);
        const off = page * K4;
        const va = map_addr(as, len, off);
        const size = len >= G1 ? G1 : len >= M2 ? M2 : K4;
        const redzone = upward ? 0 : K4;
        const free = (at: number): boolean => !as.segs.some((seg) => seg.base < at + len + redzone && at - redzone < seg.end);
        if (va !== undefined) {
          expect(((va - off) % size + size) % size).toBe(0);
          expect(free(va)).toBe(true);
          expect(va >= vm.addressPolicy.low && va + len <= vm.addressPolicy.high).toBe(true);
        }
        // First fit: the same step nearer to where the search begins, nothing is free.
        const step = upward ? -size : size;
        for (let at = (va ?? (upward ? vm.addressPolicy.high : 0)) + step, steps = 0; steps < 50; at += step, steps++) {
          const inside = at - redzone >= vm.addressPolicy.low && at + len + redzone <= vm.addressPolicy.high;
          if (va !== undefined && inside) expect(free(at)).toBe(false);
        }
      },
    ), { seed: 33, numRuns: 60 });
  });

  it('finds nothing when no gap is large enough, and raises the alignment on request', () => {
    const { vm } = world();
    const as = as_alloc(vm, 'A1');
    expect(map_addr(as, USER_END, 0)).toBeUndefined();
    const va = map_addr(as, K4, 0x5000, 2 ** 16, MAP_ALIGN);
    expect(va! % 2 ** 16).toBe(0x5000);
  });

  it('is what the recorded scenarios show, under their policy', () => {
    const { vm } = world({ vm: { addressPolicy: { direction: 'upward', low: 0x1_0000_0000, redzone: 0 } } });
    const as = as_alloc(vm, 'A1');
    expect(map_addr(as, 0x4020_1000, 0x1_4000_0000)).toBe(0x1_0000_0000);
    seg_alloc(as, 0x1_0000_0000, 0x4020_1000);
    expect(map_addr(as, 0x1000, 0)).toBe(0x1_4020_1000);
  });
});

describe('as_gap', () => {
  it('finds the lowest, the highest or the containing hole of a range', () => {
    const { vm } = world();
    const as = as_alloc(vm, 'A1');
    for (const page of [2, 5, 9]) seg_alloc(as, page * K4, K4);
    const gap = (minpages: number, flags: number, addr = 0) => {
      const found = as_gap(as, minpages * K4, 1 * K4, 11 * K4, flags, addr);
      return found === undefined ? undefined : [found.base / K4, found.len / K4];
    };
    expect(gap(1, AH_LO)).toEqual([1, 1]);
    expect(gap(2, AH_LO)).toEqual([3, 2]);
    expect(gap(1, AH_HI)).toEqual([10, 2]);
    expect(gap(3, AH_HI)).toEqual([6, 3]);
    expect(gap(1, AH_CONTAIN, 7 * K4)).toEqual([6, 3]);
    expect(gap(1, AH_CONTAIN, 5 * K4)).toBeUndefined();
    expect(gap(4, AH_LO)).toBeUndefined();
  });
});

describe('choose_addr', () => {
  it('takes a free hint, passes a taken one over, and clears a fixed range', () => {
    const { vm, run } = world();
    const as = as_alloc(vm, 'A1');
    run(() => as_map(as, 0x10000, K4, fakeSegment({})));
    const choose = (hint: number, flags: number, off = 0, align = ADDR_NOVACALIGN) => run(() => choose_addr(as, hint, M2, off, align, flags));
    expect(choose(0x20000, 0)).toBe(0x20000);
    const elsewhere = choose(0xf000, 0);
    expect(elsewhere).not.toBe(0xf000);
    expect(elsewhere! % M2).toBe(0);
    expect(choose(0x20000, MAP_ALIGN)).not.toBe(0x20000);
    expect(choose(0, 0, 0x3000, ADDR_VACALIGN)! % M2).toBe(0x3000);
    expect(choose(0x10000 - 5 * PAGESIZE, MAP_FIXED)).toBe(0x10000 - 5 * PAGESIZE);
    expect(as.segs).toEqual([]);
  });
});
