import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGESIZE, asPaddr } from '../../src/base/index.js';
import { AnonMap, PagePool } from '../../src/vm/index.js';

const memory = (pages: number) => {
  const zeroed: number[] = [];
  const touched: number[] = [];
  return {
    zeroed, touched, ramBase: asPaddr(0x8000_0000), ramSize: pages * PAGESIZE,
    zeroPage: (pfn: number) => zeroed.push(pfn), touchPage: (pfn: number) => touched.push(pfn),
  };
};

describe('page frames', () => {
  it('belong to one owner at a time and come back when the last reference and the last lock are gone', () => {
    const op = fc.record({ op: fc.constantFrom('create', 'share', 'release', 'lock', 'unlock'), at: fc.nat() });
    fc.assert(fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
      const pool = new PagePool(memory(40));
      const frames = new Map<number, { references: number; locks: number }>();
      for (const step of ops) {
        if (step.op === 'create') {
          const pfn = pool.create();
          expect(pfn === undefined).toBe(frames.size >= pool.total - pool.reserve);
          if (pfn === undefined) continue;
          expect(frames.has(pfn)).toBe(false);
          expect(pool.isRam(pfn)).toBe(true);
          frames.set(pfn, { references: 1, locks: 0 });
          continue;
        }
        const [pfn, frame] = [...frames][step.at % Math.max(frames.size, 1)] ?? [];
        if (pfn === undefined || frame === undefined) continue;
        const change = step.op === 'share' || step.op === 'lock' ? 1 : -1;
        const count = step.op === 'share' || step.op === 'release' ? 'references' : 'locks';
        if (frame[count] + change < 0 || (step.op === 'share' && frame.references === 0)) {
          expect(() => pool[step.op as 'share'](pfn)).toThrow();
          continue;
        }
        pool[step.op as 'share'](pfn);
        frame[count] += change;
        if (frame.references === 0 && frame.locks === 0) frames.delete(pfn);
        else expect([pool.references(pfn), pool.locks(pfn)]).toEqual([frame.references, frame.locks]);
      }
      expect(pool.used).toBe(frames.size);
    }), { seed: 34 });
  });

  it('are zeroed when used again, and only touched the first time', () => {
    const ram = memory(40);
    const pool = new PagePool(ram);
    const pfn = pool.create()!;
    expect([ram.zeroed, ram.touched]).toEqual([[], [pfn]]);
    pool.release(pfn);
    expect(pool.create()).toBe(pfn);
    expect([ram.zeroed, ram.touched]).toEqual([[pfn], [pfn]]);
  });

  it('are kept back for page tables when few are left', () => {
    const pool = new PagePool(memory(32));
    let given = 0;
    while (pool.create() !== undefined) given++;
    expect([pool.reserve, given]).toEqual([2, 30]);
    expect([pool.create(0), pool.create(0), pool.create(0)].map((pfn) => pfn !== undefined)).toEqual([true, true, false]);
  });

  it('that are not RAM are refused by name', () => {
    const pool = new PagePool(memory(40));
    expect(() => pool.release(5)).toThrow(/not a frame of RAM/);
    const pfn = pool.create()!;
    pool.release(pfn);
    expect(() => pool.release(pfn)).toThrow(/released twice/);
    expect(() => pool.share(pfn)).toThrow(/free frame is shared/);
    expect(() => pool.lock(pfn)).toThrow(/free frame is locked/);
  });
});

describe('anonymous memory', () => {
  it('is sparse: a page far away costs one chunk, and clearing an empty range nothing', () => {
    const pool = new PagePool(memory(40));
    const amp = new AnonMap(pool);
    amp.set(2 ** 26, pool.create()!);
    amp.clear(0, 2 ** 26);
    expect(amp.get(2 ** 26)).toBeDefined();
    const copy = amp.clone(0, 2 ** 27);
    const seen: number[] = [];
    copy.each(0, Infinity, (index) => seen.push(index));
    expect(seen).toEqual([2 ** 26]);
    amp.release();
    expect(pool.used).toBe(1);
    copy.release();
    expect(pool.used).toBe(0);
  });
});
