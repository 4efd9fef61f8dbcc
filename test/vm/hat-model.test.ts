/**
 * The HAT against a model that knows base pages only: after every operation the page table in RAM, read independently, maps exactly
 * the pages the model has, with their frames, permissions, memory types and lock counts, whatever sizes were used; nothing
 * stale is left in the worst TLB; and no page table frame is lost.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEVEL_SIZE, PAGESIZE } from '../../src/base/index.js';
import {
  HAT_LOAD, HAT_LOADCACHING_OK, HAT_LOAD_LOCK, HAT_MERGING_OK, HAT_STRICTORDER, HAT_UNLOAD, HAT_UNLOAD_UNLOCK, hat_alloc, hat_chgprot, hat_devload, hat_free_end,
  hat_free_start, hat_probe, hat_unload, hat_unlock,
} from '../../src/vm/index.js';
import { DEVICE_PFN, walkRam, world } from './world.js';
import type { Leaf } from './world.js';

/** Four 2M regions, the middle two on either side of a 1G boundary. */
const PAGES = 4 * 512;
const BASE = 2 ** 30 - 2 * 2 ** 21;

interface Page {
  pfn: number;
  attr: number;
  locks: number;
}

/** Page ranges that are often whole 2M regions or begin or end at one. */
const range = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.integer({ min: 1, max: 40 })) },
  { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 })).map(([region, count]) => [region * 512, count * 512] as const) },
  { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.integer({ min: 1, max: PAGES })) },
).map(([at, count]) => ({ at, count: Math.min(count, PAGES - at) }));
const protArb = fc.constantFrom(0, 8, 1 | 8, 2 | 8, ...Array.from({ length: 8 }, () => 1 | 2 | 8), 1 | 4, 4 | 8);
const orderArb = fc.constantFrom(HAT_STRICTORDER, HAT_STRICTORDER, HAT_STRICTORDER, HAT_MERGING_OK, HAT_LOADCACHING_OK);
/** Frames: congruent to the address (large pages possible), or off by something. */
const shiftArb = fc.constantFrom(0, 0, 0, 512, 1, 256);
const opArb = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('load' as const), range, prot: protArb, order: orderArb, shift: shiftArb, lock: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('unload' as const), range, unlock: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('chgprot' as const), range, prot: protArb }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('unlock' as const), range }) },
);
type Op = typeof opArb extends fc.Arbitrary<infer T> ? T : never;

/** PTE bits 7:0 of a page with these attributes: V, R (also for write), W, X, U, A, D. */
const flagsOf = (attr: number): number => 0xc1 | (attr & 3 ? 2 : 0) | (attr & 2 ? 4 : 0) | (attr & 4 ? 8 : 0) | (attr & 8 ? 16 : 0);
const PBMT = new Map([[HAT_STRICTORDER, 2], [HAT_MERGING_OK, 1], [HAT_LOADCACHING_OK, 0]]);
const pbmtOf = (attr: number): number => PBMT.get(attr & 0x700)!;

function applyToModel(model: (Page | undefined)[], op: Op): void {
  for (let page = op.range.at; page < op.range.at + op.range.count; page++) {
    const present = model[page];
    switch (op.op) {
      case 'load':
        model[page] = (op.prot & 7) === 0 ? undefined : {
          pfn: DEVICE_PFN + page + op.shift, attr: op.prot | op.order, locks: (present?.locks ?? 0) + (op.lock ? 1 : 0),
        };
        break;
      case 'unload':
        model[page] = undefined;
        break;
      case 'chgprot':
        if ((op.prot & 7) === 0) model[page] = undefined;
        else if (present !== undefined) present.attr = (present.attr & ~15) | op.prot;
        break;
      case 'unlock':
        if (present !== undefined && present.locks > 0) present.locks--;
        break;
    }
  }
}

function expand(leaves: readonly Leaf[]): Map<number, { pfn: number; flags: number; pbmt: number }> {
  const pages = new Map<number, { pfn: number; flags: number; pbmt: number }>();
  for (const { va, level, pfn, flags, pbmt } of leaves) {
    const first = (va - BASE) / PAGESIZE;
    for (let page = 0; page < LEVEL_SIZE[level] / PAGESIZE; page++) pages.set(first + page, { pfn: pfn + page, flags, pbmt });
  }
  return pages;
}

describe('the HAT', () => {
  it.each([true, false])('maps exactly what the model maps, and fences every change (promote: %s)', (promote) => {
    let large = 0;
    fc.assert(fc.property(fc.array(opArb, { minLength: 6, maxLength: 16 }), (ops) => {
      const w = world({ ramPages: 64, vm: { hatPolicy: { promote } } });
      const { vm } = w;
      const before = vm.pages.used;
      const hat = hat_alloc(vm, 'A1');
      const model: (Page | undefined)[] = Array.from({ length: PAGES });
      for (const op of ops) {
        const addr = BASE + op.range.at * PAGESIZE;
        const len = op.range.count * PAGESIZE;
        const fences = w.tlb.fences.length;
        if (op.op === 'load') hat_devload(hat, addr, len, DEVICE_PFN + op.range.at + op.shift, op.prot | op.order, op.lock ? HAT_LOAD_LOCK : HAT_LOAD);
        else if (op.op === 'unload') hat_unload(hat, addr, len, op.unlock ? HAT_UNLOAD_UNLOCK : HAT_UNLOAD);
        else if (op.op === 'chgprot') hat_chgprot(hat, addr, len, op.prot);
        else hat_unlock(hat, addr, len);
        expect(w.tlb.fences.length - fences).toBeLessThanOrEqual(1);
        applyToModel(model, op);

        const leaves = w.look(hat);
        const mapped = expand(leaves);
        for (let page = 0; page < PAGES; page++) {
          const expected = model[page];
          const pte = mapped.get(page);
          if (expected === undefined ? pte === undefined : pte !== undefined && pte.pfn === expected.pfn && pte.flags === flagsOf(expected.attr) && pte.pbmt === pbmtOf(expected.attr)) continue;
          expect(pte, `page ${page}`).toEqual(expected === undefined ? undefined : { pfn: expected.pfn, flags: flagsOf(expected.attr), pbmt: pbmtOf(expected.attr) });
        }
        expect(mapped.size).toBe(model.filter((page) => page !== undefined).length);
        for (let page = 0; page < PAGES; page += 37) {
          const locks = hat_probe(hat, BASE + page * PAGESIZE)?.locks;
          if (locks !== model[page]?.locks) expect(locks, `locks of page ${page}`).toBe(model[page]?.locks);
        }
        expect(hat.resident).toEqual([0, 1, 2].map((level) => leaves.filter((leaf) => leaf.level === level).length));
        expect(vm.pages.used - before).toBe(walkRam(w.bus, hat.rootPfn).tables.length);
        large += leaves.filter((leaf) => leaf.level === 1).length;
      }
      hat_free_start(hat);
      hat_free_end(hat);
      expect(vm.pages.used).toBe(before);
    }), { seed: 31, numRuns: 50 });
    expect(large).toBeGreaterThan(100);
  }, 60_000);
});
