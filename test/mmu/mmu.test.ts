/** The MMU as its hart sees it: what leaves the translation cache when, and what the trace says. */
import { describe, expect, it } from 'vitest';
import { Trace, pfnOf, traceText } from '../../src/base/index.js';
import { EXEC, NO_TLB, READ, SEGDEV_TLB, WRITE, firstLevelHits, type Access, type Mmu } from '../../mmu/index.js';
import { RAM_FRAME, at, poke, pte, tableFrame, world, type World } from './world.js';

function mapped(o: { trace?: Trace; ad?: 'svade' | 'svadu' } = {}): World {
  const w = world(SEGDEV_TLB, o);
  poke(w.bus, 0, 0, pte(tableFrame(1), 'v'));
  poke(w.bus, 1, 0, pte(tableFrame(2), 'v'));
  for (let n = 0; n < 4; n++) poke(w.bus, 2, n, pte(RAM_FRAME + 8n + BigInt(n), 'vrwxuad'));
  w.mmu.setSatp(8, 1, Number(RAM_FRAME));
  return w;
}

/** Translates and enters in the cache, as a hart does; whether generated code will then find it. */
function use(w: World, va: number, access: Access): boolean {
  const pa = w.mmu.translate(at(va), access);
  if (pa >= 0) w.mmu.cacheFill(at(va), access, w.bus.hostPage(pfnOf(pa)));
  return w.cache.lookup(va, access) >= 0;
}

describe('the translation cache', () => {
  it('serves the kind of access that was entered, at the bytes of the frame', () => {
    const w = mapped();
    expect(use(w, 0x1008, READ)).toBe(true);
    expect(w.cache.lookup(0x1010, READ)).toBe(w.bus.ramHost + 9 * 4096 + 0x10);
    expect([w.cache.lookup(0x1010, WRITE), w.cache.lookup(0x1010, EXEC)]).toEqual([-1, -1]);
  });

  const changes: readonly (readonly [string, (mmu: Mmu) => void])[] = [
    ['the privilege mode', (mmu) => { mmu.priv = 1; }],
    ['the privilege of data accesses alone', (mmu) => { mmu.dataPriv = 3; }],
    ['MXR', (mmu) => { mmu.mxr = true; }],
    ['the address space', (mmu) => { mmu.setSatp(8, 2, mmu.rootPfn); }],
    ['translation itself', (mmu) => { mmu.setSatp(0, 1, mmu.rootPfn); }],
    ['a fence of everything', (mmu) => { mmu.sfenceVma(undefined, undefined); }],
    ['a fence of the page', (mmu) => { mmu.sfenceVma(at(0), 1); }],
    ['a fence of a range', (mmu) => { mmu.fenceRange(at(0), 4096, 1); }],
  ];
  for (const [what, change] of changes) {
    it(`forgets what ${what} may have changed`, () => {
      const w = mapped();
      expect(use(w, 0, READ)).toBe(true);
      change(w.mmu);
      expect(w.cache.lookup(0, READ)).toBe(-1);
    });
  }

  it('forgets supervisor data when SUM changes, and keeps user data', () => {
    const w = mapped();
    use(w, 0, READ);
    w.mmu.sum = true;
    expect(w.cache.lookup(0, READ)).toBeGreaterThan(0);
    w.mmu.priv = 1;
    expect(use(w, 0, READ)).toBe(true);
    w.mmu.sum = false;
    expect(w.cache.lookup(0, READ)).toBe(-1);
    expect(w.mmu.translate(at(0), READ)).toBe(-1);
  });

  it('keeps everything when nothing that matters changes: same values, another root, a fence of another page or address space', () => {
    const w = mapped();
    use(w, 0, READ);
    w.mmu.priv = 0;
    w.mmu.dataPriv = 0;
    w.mmu.mxr = false;
    w.mmu.setSatp(8, 1, 12345);
    w.mmu.sfenceVma(at(0x2000), undefined);
    w.mmu.sfenceVma(undefined, 2);
    expect(w.cache.lookup(0, READ)).toBeGreaterThan(0);
  });

  it('never takes a page the translation of which failed, nor anything where there is no TLB to answer for it', () => {
    const w = mapped();
    use(w, 0, READ);
    expect(w.mmu.translate(at(0x9000), READ)).toBe(-1);
    w.mmu.cacheFill(at(0x9000), READ, w.bus.ramHost);
    expect(w.cache.lookup(0x9000, READ)).toBe(-1);
    const none = world(NO_TLB);
    poke(none.bus, 0, 0, pte(RAM_FRAME, 'vrwxuad'));
    none.mmu.setSatp(8, 0, Number(RAM_FRAME));
    expect(use(none, 0, READ)).toBe(false);
  });

  it('serves each address space, mode, SUM and MXR again what it knew when they come back', () => {
    const w = mapped();
    poke(w.bus, 2, 2, pte(RAM_FRAME + 10n, 'vrwxad'));
    poke(w.bus, 2, 4, pte(RAM_FRAME + 12n, 'vrwxad'));
    const contexts: readonly ((mmu: Mmu) => void)[] = [
      (mmu) => { mmu.setSatp(8, 1, Number(RAM_FRAME)); mmu.priv = 0; mmu.sum = false; mmu.mxr = false; },
      (mmu) => { mmu.setSatp(8, 2, Number(RAM_FRAME)); },
      (mmu) => { mmu.priv = 1; },
      (mmu) => { mmu.sum = true; },
      (mmu) => { mmu.mxr = true; },
      (mmu) => { mmu.setSatp(0, 0, 0); },
    ];
    const pages = [0x0000, 0x1000, 0x2000, 0x3000, 0x4000, Number(RAM_FRAME) * 4096 + 0x7000];
    const host = contexts.map((enter, n) => {
      enter(w.mmu);
      expect(use(w, pages[n]!, READ)).toBe(true);
      return w.cache.lookup(pages[n]!, READ);
    });
    contexts.forEach((enter, n) => {
      enter(w.mmu);
      pages.forEach((page, m) => { expect(w.cache.lookup(page, READ), `page of context ${m} in context ${n}`).toBe(m === n ? host[n] : -1); });
    });
  });

  it('forgets what an address space knew of a page that a global entry, made in another one, hides from it', () => {
    const w = mapped();
    // Two ways of one set in the 4K array are filled, then the first is emptied for the global entry to take.
    poke(w.bus, 1, 64, pte(tableFrame(3), 'v'));
    poke(w.bus, 3, 1, pte(RAM_FRAME + 20n, 'vrwxuad'));
    const other = 64 * 512 * 4096 + 0x1000;
    use(w, other, READ);
    use(w, 0x1000, READ);
    w.mmu.sfenceVma(at(other), undefined);
    poke(w.bus, 2, 1, pte(RAM_FRAME + 30n, 'vrwxuadg'));
    w.mmu.setSatp(8, 2, Number(RAM_FRAME));
    expect(w.mmu.translate(at(0x1000), READ)).toBe(Number(RAM_FRAME + 30n) * 4096);
    w.mmu.setSatp(8, 1, Number(RAM_FRAME));
    expect(w.mmu.translate(at(0x1000), READ)).toBe(Number(RAM_FRAME + 30n) * 4096);
    expect(w.cache.lookup(0x1000, READ)).toBe(-1);
  });

  it('serves untranslated addresses until translation begins', () => {
    const w = mapped();
    w.mmu.priv = 3;
    const pa = Number(RAM_FRAME) * 4096 + 0x3010;
    expect(use(w, pa, WRITE)).toBe(true);
    expect(w.cache.lookup(pa, WRITE)).toBe(w.bus.ramHost + 0x3010);
    w.mmu.dataPriv = 0;
    expect(w.cache.lookup(pa, WRITE)).toBe(-1);
  });

  it('takes a page for stores only once its D bit is set', () => {
    const w = mapped({ ad: 'svadu' });
    poke(w.bus, 2, 1, pte(RAM_FRAME + 9n, 'vrwu'));
    expect(use(w, 0x1000, READ)).toBe(true);
    expect(w.cache.lookup(0x1000, WRITE)).toBe(-1);
    expect(use(w, 0x1000, WRITE)).toBe(true);
  });
});

describe('counts', () => {
  it('first-level hits follow from the accesses completed, the lookups that faulted and the misses', () => {
    const w = mapped();
    poke(w.bus, 2, 1, pte(RAM_FRAME + 9n, 'vruad'));
    // Three loads that complete (one miss), a store refused after a hit, a load of nothing: four lookups hit or miss, two faulted.
    for (const [va, access] of [[0x1000, READ], [0x1008, READ], [0x1010, READ], [0x1000, WRITE], [0x9000, READ]] as const) w.mmu.translate(at(va), access);
    const counters = w.mmu.counters;
    expect(counters.faultedLookups).toEqual({ fetch: 0, load: 1, store: 1 });
    expect(counters.tlb[0]!.misses).toEqual({ fetch: 0, load: 2, store: 0 });
    expect(firstLevelHits(counters, ['load', 'store'], 3)).toBe(3);
  });

  it('are plain data, the same for the same history', () => {
    const run = (): unknown => {
      const w = mapped();
      for (let n = 0; n < 20; n++) w.mmu.translate(at((n * 0x1000) % 0x7000), (n % 3) as Access);
      w.mmu.sfenceVma(undefined, 1);
      return w.mmu.counters;
    };
    expect(JSON.parse(JSON.stringify(run()))).toEqual(run());
  });
});

describe('the trace', () => {
  it('shows every fill with the page it covers, and every fence', () => {
    const trace = new Trace();
    const lines: string[] = [];
    trace.listen((event) => { lines.push(traceText(event)); });
    const { mmu, bus } = mapped({ trace });
    poke(bus, 1, 3, pte(RAM_FRAME, 'vrwxuad'));
    mmu.translate(at(0x1abc), READ);
    mmu.translate(at(0x1abc), READ);
    mmu.translate(at(3 * 2 ** 21 + 0x4567), WRITE);
    mmu.translate(at(0x9000), READ);
    mmu.sfenceVma(at(0x1000), 1);
    mmu.sfenceVma(undefined, undefined);
    mmu.fenceRange(at(0x1000), 0x3000, 7);
    expect(lines).toEqual([
      'mmu.fill hart=0 va=0x1000 level=0 pa=0x80009000 access=load',
      'mmu.fill hart=0 va=0x600000 level=1 pa=0x80000000 access=store',
      'mmu.fence hart=0 va=0x1000 asid=1',
      'mmu.fence hart=0 va=all asid=all',
      'mmu.fence hart=0 va=0x1000+0x3000 asid=7',
    ]);
  });
});
