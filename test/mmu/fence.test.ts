/** The TLB goes stale until it is fenced, and each form of sfence.vma drops exactly what the manual says it must. */
import { describe, expect, it } from 'vitest';
import { READ, SEGDEV_TLB, WRITE, tlbPreset, type TlbConfig } from '../../mmu/index.js';
import { RAM_FRAME, at, poke, pte, tableFrame, world, type World } from './world.js';

const OLD = RAM_FRAME + 20n;
const NEW = RAM_FRAME + 40n;

/** Pages 0 to 7 mapped at OLD + n; page 7 is global. */
function mapped(config: TlbConfig = SEGDEV_TLB): World {
  const w = world(config);
  poke(w.bus, 0, 0, pte(tableFrame(1), 'v'));
  poke(w.bus, 1, 0, pte(tableFrame(2), 'v'));
  map(w, OLD);
  w.mmu.setSatp(8, 1, Number(RAM_FRAME));
  return w;
}

const map = (w: World, to: bigint): void => {
  for (let n = 0; n < 8; n++) poke(w.bus, 2, n, pte(to + BigInt(n), n === 7 ? 'vrwxuadg' : 'vrwxuad'));
};

/** Which of pages 0 and 7 in address spaces 1 and 2 translate to the old frames. */
function stale(w: World): string[] {
  const found: string[] = [];
  for (const asid of [1, 2]) {
    w.mmu.setSatp(8, asid, Number(RAM_FRAME));
    for (const page of [0, 3, 7]) {
      const pa = w.mmu.translate(at(page * 4096), READ);
      if (pa === (Number(OLD) + page) * 4096) found.push(`asid ${asid} page ${page}`);
      else expect(pa).toBe((Number(NEW) + page) * 4096);
    }
  }
  return found;
}

const ALL = ['asid 1 page 0', 'asid 1 page 3', 'asid 1 page 7', 'asid 2 page 0', 'asid 2 page 3', 'asid 2 page 7'];

/** Fills the TLB for both address spaces, then changes every PTE behind its back. */
function changed(config?: TlbConfig): World {
  const w = mapped(config);
  expect(stale(w)).toEqual(ALL);
  map(w, NEW);
  return w;
}

describe('the TLB', () => {
  it('keeps answering from what it holds until it is fenced', () => {
    const w = changed();
    expect(stale(w)).toEqual(ALL);
  });

  it('a write of satp fences nothing', () => {
    const w = changed();
    w.mmu.setSatp(0, 0, 0);
    w.mmu.setSatp(8, 1, Number(RAM_FRAME));
    expect(stale(w)).toEqual(ALL);
  });

  it('never remembers that a page is not mapped', () => {
    const w = mapped();
    expect(w.mmu.translate(at(9 * 4096), READ)).toBe(-1);
    poke(w.bus, 2, 9, pte(NEW, 'vrwxuad'));
    expect(w.mmu.translate(at(9 * 4096), READ)).toBe(Number(NEW) * 4096);
  });

  it('keeps refusing a store to a page that was read only when it was loaded (Svade: also to one that was clean)', () => {
    const w = mapped();
    poke(w.bus, 2, 1, pte(OLD, 'vruad'));
    poke(w.bus, 2, 2, pte(OLD, 'vrwua'));
    for (const page of [1, 2]) w.mmu.translate(at(page * 4096), READ);
    for (const page of [1, 2]) poke(w.bus, 2, page, pte(OLD, 'vrwuad'));
    expect([1, 2].map((page) => [w.mmu.translate(at(page * 4096), WRITE), w.mmu.failureName])).toEqual([[-1, 'not-writable'], [-1, 'not-dirty']]);
    w.mmu.sfenceVma(undefined, undefined);
    expect(w.mmu.translate(at(4096), WRITE)).toBe(Number(OLD) * 4096);
  });
});

const forms: readonly (readonly [string, number | undefined, number | undefined, readonly string[], number])[] = [
  ['all pages, all address spaces: everything, global entries too', undefined, undefined, [], 5],
  ['all pages of address space 1: all but global entries', undefined, 1, ['asid 1 page 7', 'asid 2 page 0', 'asid 2 page 3', 'asid 2 page 7'], 2],
  ['page 0, all address spaces', 0x123, undefined, ['asid 1 page 3', 'asid 1 page 7', 'asid 2 page 3', 'asid 2 page 7'], 2],
  ['page 7, all address spaces: the global entry', 0x7000, undefined, ['asid 1 page 0', 'asid 1 page 3', 'asid 2 page 0', 'asid 2 page 3'], 1],
  ['page 0 of address space 2', 0, 2, ['asid 1 page 0', 'asid 1 page 3', 'asid 1 page 7', 'asid 2 page 3', 'asid 2 page 7'], 1],
  ['page 7 of address space 1: global entries survive', 0x7fff, 1, ALL, 0],
  ['an address space that holds nothing', undefined, 9, ALL, 0],
  ['an address that is not canonical: no effect', Number.NaN, undefined, ALL, 0],
  ['an address above the lower half as a number: no effect', 2 ** 38, 1, ALL, 0],
];

describe('sfence.vma', () => {
  for (const [what, va, asid, left, dropped] of forms) {
    it(what, () => {
      const w = changed();
      const before = w.mmu.counters.tlb[0]!.arrays.reduce((sum, array) => sum + array.invalidated, 0);
      w.mmu.sfenceVma(va === undefined ? undefined : at(va), asid);
      const after = w.mmu.counters.tlb[0]!.arrays.reduce((sum, array) => sum + array.invalidated, 0);
      expect(after - before).toBe(dropped);
      expect(stale(w)).toEqual(left);
    });
  }

  it('counts its forms and what they dropped', () => {
    const w = changed();
    w.mmu.sfenceVma(at(0), 1);
    w.mmu.sfenceVma(at(0x3000), undefined);
    w.mmu.sfenceVma(undefined, 2);
    w.mmu.sfenceVma(undefined, undefined);
    expect(w.mmu.counters.fences).toEqual({
      all: { count: 1, dropped: 1 }, asid: { count: 1, dropped: 1 }, va: { count: 1, dropped: 2 }, 'va+asid': { count: 1, dropped: 1 }, range: { count: 0, dropped: 0 },
    });
  });

  it('of a range reaches its pages and no others', () => {
    const w = changed();
    w.mmu.fenceRange(at(0x1000), 0x3000, 1);
    expect(stale(w)).toEqual(ALL.filter((page) => page !== 'asid 1 page 3'));
  });

  it('of a long range, done in one pass, drops what page by page would: pieces, large pages, other address spaces and global entries left alone', () => {
    for (const name of ['segdev', 'champsim', 'intel-skylake']) {
      const left = [10, 2000].map((pages) => {
        const w = changed(tlbPreset(name));
        poke(w.bus, 1, 1, pte(RAM_FRAME, 'vrwxuad'));
        poke(w.bus, 0, 1, pte(RAM_FRAME, 'vrwxuad'));
        w.mmu.setSatp(8, 1, Number(RAM_FRAME));
        for (const va of [2 ** 21, 2 ** 21 + 4096, 2 ** 30]) w.mmu.translate(at(va), READ);
        for (let n = 0; n < 2000; n += pages) w.mmu.fenceRange(at(n * 4096), pages * 4096, 1);
        return [stale(w), w.mmu.counters.fences.range.dropped];
      });
      expect(left[0], name).toEqual(left[1]);
      expect(left[0]![0]).toEqual(['asid 1 page 7', 'asid 2 page 0', 'asid 2 page 3', 'asid 2 page 7']);
    }
  });

  it('of a range in the upper half reaches negative page numbers', () => {
    const w = mapped();
    poke(w.bus, 0, 511, pte(tableFrame(1), 'v'));
    const va = at(-(2 ** 30));
    w.mmu.translate(va, READ);
    w.mmu.fenceRange(at(-(2 ** 30) - 2 ** 20), 2 ** 20, 1);
    expect(w.mmu.counters.fences.range.dropped).toBe(0);
    w.mmu.fenceRange(va, 2 ** 20, 1);
    expect(w.mmu.counters.fences.range.dropped).toBe(1);
  });

  it('reaches every level: what the first lost must not come back from the second', () => {
    for (const name of ['intel-skylake', 'thead-c906', 'champsim', 'arm-cortex-a76']) {
      const w = changed(tlbPreset(name));
      w.mmu.sfenceVma(at(0), 1);
      expect(stale(w), name).toEqual(ALL.filter((page) => page !== 'asid 1 page 0'));
    }
  });

  it('of any address in a 2M or 1G page drops the one entry that covers it', () => {
    const w = mapped();
    poke(w.bus, 1, 5, pte(RAM_FRAME, 'vrwxuad'));
    poke(w.bus, 0, 2, pte(RAM_FRAME, 'vrwxuad'));
    for (const va of [5 * 2 ** 21 + 0x3000, 2 * 2 ** 30 + 0x3000]) {
      w.mmu.translate(at(va), READ);
      w.mmu.sfenceVma(at(va + 0x10_0000), 1);
    }
    expect(w.mmu.counters.fences['va+asid'].dropped).toBe(2);
  });

  it('drops all 4K pieces of a 2M page held in pieces, for they are copies of the same PTE', () => {
    const w = mapped(tlbPreset('champsim'));
    poke(w.bus, 1, 1, pte(RAM_FRAME, 'vrwxuad'));
    for (const page of [0, 1, 17]) w.mmu.translate(at(2 ** 21 + page * 4096), READ);
    poke(w.bus, 1, 1, 0n);
    expect(w.mmu.translate(at(2 ** 21 + 17 * 4096), READ)).toBeGreaterThan(0);
    w.mmu.sfenceVma(at(2 ** 21), 1);
    for (const page of [0, 1, 17]) expect(w.mmu.translate(at(2 ** 21 + page * 4096), READ)).toBe(-1);
  });

  it('of one page of a 64K range drops that page where the range is held as 4K entries: each page has a PTE of its own', () => {
    const w = mapped(tlbPreset('sifive-u54'));
    for (let n = 16; n < 32; n++) poke(w.bus, 2, n, pte((RAM_FRAME & ~15n) + 8n, 'vrwxuad', 1n << 63n));
    for (const page of [16, 17]) w.mmu.translate(at(page * 4096), READ);
    for (let n = 16; n < 32; n++) poke(w.bus, 2, n, 0n);
    w.mmu.sfenceVma(at(16 * 4096), 1);
    expect([16, 17].map((page) => w.mmu.translate(at(page * 4096), READ) >= 0)).toEqual([false, true]);
  });
});

describe('the page-walk cache', () => {
  const withCache: TlbConfig = { ...tlbPreset('none'), name: 'walks only', walkCache: [{ name: 'pwc', sets: 1, ways: 8, pageSizes: ['2M', '1G'], replacement: 'lru' }] };

  it('starts a second walk at the table of level 0, and counts so', () => {
    const w = mapped(withCache);
    w.mmu.translate(at(0), READ);
    w.mmu.translate(at(0x3000), READ);
    expect(w.mmu.counters.pteReads).toEqual([2, 1, 1]);
    expect(w.mmu.counters.walkCache).toEqual({ level0: 1, level1: 0, misses: 1 });
  });

  it('survives fences that name an address, which reach leaf PTEs only, and falls to the others', () => {
    const w = mapped(withCache);
    w.mmu.translate(at(0), READ);
    poke(w.bus, 1, 0, 0n);
    w.mmu.sfenceVma(at(0), undefined);
    expect(w.mmu.translate(at(0), READ)).toBeGreaterThan(0);
    w.mmu.sfenceVma(undefined, 2);
    expect(w.mmu.translate(at(0), READ)).toBeGreaterThan(0);
    w.mmu.sfenceVma(undefined, 1);
    expect(w.mmu.translate(at(0), READ)).toBe(-1);
  });

  it('loses its pointers to a fence of a range, after which page tables may be gone', () => {
    const w = mapped(withCache);
    w.mmu.translate(at(0), READ);
    poke(w.bus, 1, 0, 0n);
    w.mmu.fenceRange(at(0), 4096, 1);
    expect(w.mmu.translate(at(0), READ)).toBe(-1);
  });

  it('a global pointer makes every page below it global, also when the walk begins below it', () => {
    const w = mapped({ ...SEGDEV_TLB, walkCache: withCache.walkCache });
    poke(w.bus, 0, 0, pte(tableFrame(1), 'vg'));
    for (const page of [0, 3]) w.mmu.translate(at(page * 4096), READ);
    w.mmu.sfenceVma(undefined, 1);
    w.mmu.setSatp(8, 2, Number(RAM_FRAME));
    map(w, NEW);
    for (const page of [0, 3]) expect(w.mmu.translate(at(page * 4096), READ)).toBe((Number(OLD) + page) * 4096);
  });
});
