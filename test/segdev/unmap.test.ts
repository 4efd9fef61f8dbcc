import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hat_probe, PROT_READ, PROT_USER } from '../../src/vm/index.js';
import { chunked, Ledger, RWU, World } from './world.js';

const PAGE = 4096;
const DEVICE = 0x2_0000_0000;

/** Two handles of 4 and 3 pages; the second shows the device from 1 MiB on. */
function twoHandles(quirks = {}, ledger = new Ledger()): { world: World; as: ReturnType<World['space']>; va: number; ledger: Ledger } {
  const world = new World({ quirks });
  const dev = world.device({
    devmap: chunked([{ off: 0, len: 4 * PAGE, ops: ledger.ops }, { off: 4 * PAGE, len: 3 * PAGE, roff: 0x10_0000, ops: ledger.ops }]),
  });
  const as = world.space();
  const va = world.mmap(as, dev, { len: 7 * PAGE });
  return { world, as, va, ledger };
}

/** The frame each page of the mapping must show; undefined where a page is unmapped. */
const frame = (page: number): number => (page < 4 ? DEVICE / PAGE + page : (DEVICE + 0x10_0000) / PAGE + page - 4);

describe('munmap of a mapping with two handles', () => {
  test.each([
    ['the whole', 0, 7], ['head inside the first handle', 0, 2], ['head up to the border', 0, 4], ['head into the second handle', 0, 5],
    ['tail inside the second handle', 5, 2], ['tail from the border', 4, 3], ['tail from inside the first handle', 2, 5],
    ['hole inside the first handle', 1, 2], ['hole inside the second handle', 5, 1], ['hole across the border', 2, 3],
    ['hole that ends at the border', 1, 3], ['hole that begins at the border', 4, 2],
  ])('%s: what is left shows the same frames, and the driver was told of every byte', (_name, from, pages) => {
    const { world, as, va, ledger } = twoHandles();
    world.touchAll(as, va, 7 * PAGE);
    expect(world.munmap(as, va + from * PAGE, pages * PAGE)).toBe(0);
    for (let page = 0; page < 7; page++) {
      const gone = page >= from && page < from + pages;
      expect(hat_probe(as.hat, va + page * PAGE)?.pfn).toBe(gone ? undefined : frame(page));
      expect(world.fault(as, va + page * PAGE)).toBe(gone ? 5 : 0);
      if (!gone) expect(hat_probe(as.hat, va + page * PAGE)?.pfn).toBe(frame(page));
    }
    expect(ledger.errors).toEqual([]);
    expect(ledger.bytes).toBe((7 - pages) * PAGE);
    world.exit(as);
    expect(ledger.live.size).toBe(0);
    expect(world.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
  });

  test('the callback names head, tail and hole by which new handles it gets', () => {
    const { world, as, va } = twoHandles();
    const unmaps = (from: number, pages: number): string[] =>
      world.traced(['drv.unmap'], () => world.munmap(as, va + from * PAGE, pages * PAGE)).map((line) => line.replace(/ pvt\d?=\S+/g, ''));
    expect(unmaps(1, 1)).toEqual(['drv.unmap handle=h1 off=0x1000 len=0x1000 new1=h1 new2=h3']);
    expect(unmaps(0, 1)).toEqual(['drv.unmap handle=h1 off=0x0 len=0x1000 new1=- new2=-']);
    expect(unmaps(2, 1)).toEqual(['drv.unmap handle=h3 off=0x2000 len=0x1000 new1=- new2=h3']);
    expect(unmaps(6, 1)).toEqual(['drv.unmap handle=h2 off=0x6000 len=0x1000 new1=h2 new2=-']);
  });

  test('a request that is not whole pages is refused, and panics as the C text does only with its quirk', () => {
    const { world, as, va } = twoHandles();
    const seg = as.segs[0]!;
    expect(world.run(() => seg.ops!.unmap(seg, seg.base, 100))).toBe(22);
    expect(world.run(() => seg.ops!.unmap(seg, seg.base, 8 * PAGE))).toBe(22);
    const c = twoHandles({ unmapPanics: true });
    const cseg = c.as.segs[0]!;
    expect(() => c.world.run(() => cseg.ops!.unmap(cseg, cseg.base, 100))).toThrow(/segdev_unmap/);
    expect(va).toBeGreaterThan(0);
  });

  test('tail from the second handle on: the C text leaves it alive and tells the driver of nothing', () => {
    const { world, as, va } = twoHandles({ tailUnmapFromHead: true });
    const lines = world.traced(['drv.unmap'], () => world.munmap(as, va + 4 * PAGE, 3 * PAGE));
    expect(lines[0]).toMatch(/handle=h2 .*off=0x4000 len=0xf+000 /);
    expect(world.segdev.live.handle).toBe(2);
  });

  test('tail from inside the first of two handles: the C text follows a null pointer', () => {
    const { world, as, va } = twoHandles({ tailUnmapFromHead: true });
    expect(() => world.munmap(as, va + 2 * PAGE, 5 * PAGE)).toThrow(/null pointer/);
  });

  test('the head of a large page goes without its rest', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 2 ** 21 }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 ** 21 });
    expect(world.fault(as, va)).toBe(0);
    expect(world.ptes(as)).toEqual([0, 1, 0]);
    world.munmap(as, va, PAGE);
    expect(hat_probe(as.hat, va)).toBeUndefined();
    expect(hat_probe(as.hat, va + PAGE)?.pfn).toBe(DEVICE / PAGE + 1);
  });

  test('close(9E) waits for the last mapping, and comes after its devmap_unmap', () => {
    const ledger = new Ledger();
    const world = new World();
    const dev = world.device({ open: () => 0, close: () => 0, devmap: chunked([{ off: 0, len: 2 * PAGE, ops: ledger.ops }]) });
    const as = world.space();
    world.open(dev);
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    expect(world.traced(['drv.close'], () => world.close(dev))).toEqual([]);
    expect(world.traced(['drv.close'], () => world.munmap(as, va, PAGE))).toEqual([]);
    const last = world.traced(['drv.close', 'drv.unmap'], () => world.munmap(as, va + PAGE, PAGE));
    expect(last.map((line) => line.split(' ')[0])).toEqual(['drv.unmap', 'drv.close']);
  });
});

describe('any sequence of munmap and mprotect', () => {
  test('keeps frames, protections, callbacks and counts as a page-by-page model has them', () => {
    const step = fc.record({ from: fc.nat(15), pages: fc.integer({ min: 1, max: 16 }), what: fc.constantFrom('unmap', 'protect', 'touch') });
    fc.assert(fc.property(fc.array(step, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), (steps, sizes) => {
      const world = new World();
      world.trace.on = false;
      const ledger = new Ledger();
      const chunks = sizes.map((pages, i) => ({ off: sizes.slice(0, i).reduce((a, b) => a + b, 0) * PAGE, len: pages * PAGE, ops: ledger.ops }));
      const total = sizes.reduce((a, b) => a + b, 0);
      const dev = world.device({ devmap: chunked(chunks) });
      const as = world.space();
      const va = world.mmap(as, dev, { len: total * PAGE });
      const model: ('rw' | 'r' | undefined)[] = Array.from({ length: total }, () => 'rw');
      for (const { from, pages, what } of steps) {
        const end = Math.min(total, from + pages);
        if (from >= end) continue;
        const range = model.slice(from, end);
        if (what === 'unmap') {
          expect(world.munmap(as, va + from * PAGE, (end - from) * PAGE)).toBe(0);
          model.fill(undefined, from, end);
        } else if (what === 'protect') {
          if (range.includes(undefined)) continue;
          expect(world.mprotect(as, va + from * PAGE, (end - from) * PAGE, PROT_READ | PROT_USER)).toBe(0);
          model.fill('r', from, end);
        } else {
          for (let page = from; page < end; page++) world.fault(as, va + page * PAGE);
        }
        for (let page = 0; page < total; page++) {
          const loaded = hat_probe(as.hat, va + page * PAGE);
          if (loaded !== undefined) {
            expect(loaded.pfn).toBe(DEVICE / PAGE + page);
            expect(loaded.prot & 2).toBe(model[page] === 'rw' ? 2 : 0);
          }
          if (model[page] === undefined) expect(loaded).toBeUndefined();
        }
        expect(ledger.errors).toEqual([]);
        expect(ledger.bytes).toBe(model.filter((page) => page !== undefined).length * PAGE);
        expect(dev.snode.mapcnt * PAGE).toBe(ledger.bytes);
      }
      world.exit(as);
      expect(ledger.live.size).toBe(0);
      expect(world.segdev.live.handle).toBe(0);
      expect(dev.snode.mapcnt).toBe(0);
    }), { numRuns: 120 });
    expect(RWU).toBe(11);
  });
});
