/** The translation process case by case: what fails, why, with which exception, and what happens to the PTE. */
import { describe, expect, it } from 'vitest';
import { asPaddr, type Paddr } from '../../src/base/index.js';
import { EXEC, NO_TLB, READ, WRITE, type Access, type Failure, type Mmu } from '../../mmu/index.js';
import { RAM_BASE, RAM_FRAME, at, peek, poke, pte, tableFrame, world, type World } from './world.js';

/** A machine whose address 0 leads through table 1 to PTE 0 of table 2, in user mode, with `leaf` there. */
function mapped(leaf: bigint, ad: 'svade' | 'svadu' = 'svade'): World {
  const w = world(NO_TLB, { ad });
  poke(w.bus, 0, 0, pte(tableFrame(1), 'v'));
  poke(w.bus, 1, 0, pte(tableFrame(2), 'v'));
  poke(w.bus, 2, 0, leaf);
  w.mmu.setSatp(8, 0, Number(RAM_FRAME));
  return w;
}

const outcome = (mmu: Mmu, va: number, access: Access): string => {
  const pa = mmu.translate(at(va), access);
  return pa < 0 ? `${mmu.failureName} ${mmu.cause}` : `0x${pa.toString(16)}`;
};
const FRAME = RAM_FRAME + 20n;
const GOOD = pte(FRAME, 'vrwxuad');

describe('a leaf that maps', () => {
  it('gives the frame and the offset of the address', () => {
    expect(outcome(mapped(GOOD).mmu, 0xabc, READ)).toBe(`0x${(FRAME * 4096n + 0xabcn).toString(16)}`);
  });

  it('takes low page number bits of a 2M and a 1G page from the address', () => {
    const w = mapped(GOOD);
    poke(w.bus, 1, 1, pte(0x12400n, 'vrwxuad'));
    poke(w.bus, 0, 3, pte(0x4_0000n, 'vrwxuad'));
    expect(outcome(w.mmu, 0x20_0000 + 0x12_3456, READ)).toBe('0x12523456');
    expect(outcome(w.mmu, 3 * 2 ** 30 + 0x2345_6789, WRITE)).toBe('0x63456789');
  });

  it('takes four page number bits of a Svnapot range from the address', () => {
    const w = mapped(0n);
    for (let n = 0; n < 16; n++) poke(w.bus, 2, n, pte(0x5_6788n, 'vrwxuad', 1n << 63n));
    expect(outcome(w.mmu, 0xb123, READ)).toBe('0x5678b123');
    expect(w.mmu.counters.walks).toEqual({ '4K': 0, '64K': 1, '2M': 0, '1G': 0 });
  });

  it('works in the upper half of the address space', () => {
    const w = mapped(GOOD);
    poke(w.bus, 0, 511, pte(tableFrame(1), 'v'));
    poke(w.bus, 1, 511, pte(tableFrame(2), 'v'));
    poke(w.bus, 2, 511, GOOD);
    expect(outcome(w.mmu, -1, READ)).toBe(`0x${(FRAME * 4096n + 0xfffn).toString(16)}`);
  });

  it('may have any memory type and any software bits', () => {
    for (const extra of [1n << 61n, 2n << 61n, 1n << 8n, 1n << 9n]) expect(outcome(mapped(GOOD | extra).mmu, 0, READ)).toMatch(/^0x/);
  });
});

/** PTE, and the reason it fails for; with hardware A/D, so that any modification would show. */
const malformed: readonly (readonly [string, bigint, Failure])[] = [
  ['V clear', GOOD & ~1n, 'invalid'],
  ['all zero', 0n, 'invalid'],
  ['W without R', pte(FRAME, 'vwu'), 'write-without-read'],
  ['W and X without R', pte(FRAME, 'vwxu'), 'write-without-read'],
  ...[54, 55, 56, 57, 58, 59, 60].map((n) => [`reserved bit ${n}`, pte(FRAME, 'vrwxu', 1n << BigInt(n)), 'reserved-bits'] as const),
  ['PBMT 3', pte(FRAME, 'vrwxu', 3n << 61n), 'reserved-pbmt'],
  ...[0n, 1n, 2n, 4n, 6n, 9n, 10n, 12n, 15n].map((low) => [`Svnapot with PPN[3:0] = ${low}`, pte((FRAME & ~15n) | low, 'vrwxu', 1n << 63n), 'reserved-napot'] as const),
  ['pointer at level 0', pte(FRAME, 'v'), 'no-leaf'],
  ['pointer with A', pte(FRAME, 'va'), 'reserved-pointer'],
  ['pointer with D', pte(FRAME, 'vd'), 'reserved-pointer'],
  ['pointer with U', pte(FRAME, 'vu'), 'reserved-pointer'],
  ['pointer with N', pte(FRAME, 'v', 1n << 63n), 'reserved-pointer'],
  ['pointer with a memory type', pte(FRAME, 'v', 1n << 61n), 'reserved-pointer'],
];

describe('a malformed PTE', () => {
  for (const [what, value, reason] of malformed) {
    it(`${what}: page fault for every access, PTE unmodified`, () => {
      const w = mapped(value, 'svadu');
      expect([READ, WRITE, EXEC].map((access) => outcome(w.mmu, 0, access as Access))).toEqual([`${reason} 13`, `${reason} 15`, `${reason} 12`]);
      expect(peek(w.bus, 2, 0)).toBe(value);
    });
  }

  it('Svnapot above level 0 is reserved', () => {
    const w = mapped(GOOD, 'svadu');
    poke(w.bus, 1, 0, pte(0x8_0008n, 'vrwxu', 1n << 63n));
    expect(outcome(w.mmu, 0, READ)).toBe('reserved-napot 13');
    expect(peek(w.bus, 1, 0)).toBe(pte(0x8_0008n, 'vrwxu', 1n << 63n));
  });

  it('PBMT and N are reserved where Svpbmt and Svnapot are off', () => {
    const w = mapped(pte(FRAME, 'vrwxuad', 1n << 61n));
    w.mmu.options.svpbmt = false;
    expect(outcome(w.mmu, 0, READ)).toBe('reserved-pbmt 13');
    poke(w.bus, 2, 0, pte((FRAME & ~15n) | 8n, 'vrwxuad', 1n << 63n));
    w.mmu.options.svnapot = false;
    expect(outcome(w.mmu, 0, READ)).toBe('reserved-napot 13');
  });

  it('a superpage whose frame is not aligned to it fails, at both levels and for each bit', () => {
    for (let n = 0n; n < 18n; n++) {
      const w = mapped(GOOD, 'svadu');
      const level = n < 9n ? 1 : 0;
      const value = pte(0x8_0000n | (1n << n), 'vrwxu');
      poke(w.bus, level, 0, value);
      expect(outcome(w.mmu, 0, READ), `PPN bit ${n}`).toBe('misaligned-superpage 13');
      expect(peek(w.bus, level, 0)).toBe(value);
    }
  });

  it('an address that is not canonical page-faults without a walk', () => {
    const { mmu } = mapped(GOOD);
    for (const va of [2 ** 38, -(2 ** 38) - 1, 2 ** 52, Number.NaN]) expect(outcome(mmu, va, WRITE)).toBe('non-canonical 15');
    expect(mmu.counters.pteReads).toEqual([0, 0, 0]);
  });
});

describe('permission', () => {
  it('user code needs U', () => {
    expect(outcome(mapped(pte(FRAME, 'vrwxad')).mmu, 0, READ)).toBe('supervisor-page 13');
  });

  it('supervisor code uses user pages under SUM only, and never fetches from them', () => {
    const { mmu } = mapped(GOOD);
    mmu.priv = 1;
    expect([READ, WRITE, EXEC].map((access) => outcome(mmu, 0, access as Access))).toEqual(['user-page 13', 'user-page 15', 'user-page 12']);
    mmu.sum = true;
    expect([READ, WRITE, EXEC].map((access) => outcome(mmu, 0, access as Access))).toEqual(['0x80014000', '0x80014000', 'user-page 12']);
  });

  it('R, W and X each allow their own kind of access', () => {
    expect(outcome(mapped(pte(FRAME, 'vxuad')).mmu, 0, READ)).toBe('not-readable 13');
    expect(outcome(mapped(pte(FRAME, 'vruad')).mmu, 0, WRITE)).toBe('not-writable 15');
    expect(outcome(mapped(pte(FRAME, 'vrwuad')).mmu, 0, EXEC)).toBe('not-executable 12');
  });

  it('MXR makes executable pages readable and nothing else', () => {
    const { mmu } = mapped(pte(FRAME, 'vxuad'));
    mmu.mxr = true;
    expect(outcome(mmu, 0, READ)).toBe('0x80014000');
    expect(outcome(mmu, 0, WRITE)).toBe('not-writable 15');
  });

  it('loads and stores can have a privilege of their own (MPRV)', () => {
    const { mmu } = mapped(GOOD);
    mmu.priv = 3;
    mmu.dataPriv = 0;
    expect(outcome(mmu, 0x10, READ)).toBe('0x80014010');
    expect(outcome(mmu, 0x10, EXEC)).toBe('0x10');
  });
});

describe('A and D', () => {
  it('Svade: a clear A faults every access, a clear D faults stores, nothing is written', () => {
    const w = mapped(pte(FRAME, 'vrwxu'));
    expect(outcome(w.mmu, 0, READ)).toBe('not-accessed 13');
    expect(outcome(w.mmu, 0, EXEC)).toBe('not-accessed 12');
    expect(peek(w.bus, 2, 0)).toBe(pte(FRAME, 'vrwxu'));
    const clean = mapped(pte(FRAME, 'vrwxua'));
    expect(outcome(clean.mmu, 0, WRITE)).toBe('not-dirty 15');
    expect(outcome(clean.mmu, 0, READ)).toBe('0x80014000');
  });

  it('Svadu: loads and fetches set A, stores set A and D, and only then', () => {
    const w = mapped(pte(FRAME, 'vrwxu', 1n << 61n), 'svadu');
    outcome(w.mmu, 0, READ);
    expect(peek(w.bus, 2, 0)).toBe(pte(FRAME, 'vrwxua', 1n << 61n));
    outcome(w.mmu, 0, EXEC);
    expect(w.mmu.counters.adUpdates).toBe(1);
    outcome(w.mmu, 0, WRITE);
    expect(peek(w.bus, 2, 0)).toBe(pte(FRAME, 'vrwxuad', 1n << 61n));
    outcome(w.mmu, 0, WRITE);
    expect(w.mmu.counters.adUpdates).toBe(2);
  });

  it('Svadu: an access that is refused changes nothing', () => {
    const w = mapped(pte(FRAME, 'vrx'), 'svadu');
    outcome(w.mmu, 0, READ);
    outcome(w.mmu, 0, WRITE);
    expect(peek(w.bus, 2, 0)).toBe(pte(FRAME, 'vrx'));
  });

  it('pointers to tables are never modified', () => {
    const w = mapped(pte(FRAME, 'vrwxu'), 'svadu');
    outcome(w.mmu, 0, WRITE);
    expect(peek(w.bus, 0, 0)).toBe(pte(tableFrame(1), 'v'));
  });
});

describe('physical addresses', () => {
  it('a table outside memory is an access fault of the original kind', () => {
    const w = mapped(GOOD);
    for (const frame of [0x1234n, 1n << 33n, (1n << 44n) - 1n]) {
      poke(w.bus, 1, 0, pte(frame, 'v'));
      expect([READ, WRITE, EXEC].map((access) => outcome(w.mmu, 0, access as Access))).toEqual(['table-not-memory 5', 'table-not-memory 7', 'table-not-memory 1']);
    }
  });

  it('a frame above the physical address width is an access fault, never masked', () => {
    const w = mapped(pte(1n << 34n, 'vrwxuad'));
    expect([READ, WRITE, EXEC].map((access) => outcome(w.mmu, 0, access as Access))).toEqual(['beyond-physical 5', 'beyond-physical 7', 'beyond-physical 1']);
    poke(w.bus, 2, 0, pte((1n << 34n) - 1n, 'vrwxuad'));
    expect(outcome(w.mmu, 0, READ)).toBe('0x3ffffffff000');
  });

  it('page tables may lie in device memory, not in registers', () => {
    const w = mapped(GOOD);
    w.bus.attachRegisters({ name: 'regs', base: asPaddr(0x1000_0000), size: 4096, sizes: [4, 8], window: { read: () => GOOD, write: () => undefined } });
    poke(w.bus, 1, 0, pte(0x1_0000n, 'v'));
    expect(outcome(w.mmu, 0, READ)).toBe('table-not-memory 5');
    w.bus.attachMemory({ name: 'vram', base: asPaddr(0x2000_0000), size: 4096 });
    w.bus.store(asPaddr(0x2000_0000), 8, GOOD);
    poke(w.bus, 1, 0, pte(0x2_0000n, 'v'));
    expect(outcome(w.mmu, 0, READ)).toBe('0x80014000');
  });

  it('without translation addresses pass, up to the physical width', () => {
    const { mmu } = world(NO_TLB);
    expect(outcome(mmu, Number(RAM_BASE), READ)).toBe('0x80000000');
    expect(outcome(mmu, 2 ** 46, EXEC)).toBe('beyond-physical 1');
    expect(outcome(mmu, -4096, WRITE)).toBe('beyond-physical 7');
    expect(outcome(mmu, Number.NaN, READ)).toBe('beyond-physical 5');
  });

  it('machine mode is not translated whatever satp says', () => {
    const { mmu } = mapped(GOOD);
    mmu.priv = 3;
    expect(outcome(mmu, 0x123, READ)).toBe('0x123');
  });

  it('physical memory protection refuses PTE reads and A/D writes as access faults', () => {
    const w = mapped(pte(FRAME, 'vrwxu'), 'svadu');
    const asked: [Paddr | number, boolean][] = [];
    w.mmu.walker.protection = { allows: (pa, store) => { asked.push([pa, store]); return !store; } };
    expect(outcome(w.mmu, 0, WRITE)).toBe('table-protected 7');
    expect(asked.at(-1)).toEqual([Number(tableFrame(2)) * 4096, true]);
    expect(peek(w.bus, 2, 0)).toBe(pte(FRAME, 'vrwxu'));
    w.mmu.walker.protection = { allows: (pa) => pa !== Number(tableFrame(1)) * 4096 };
    expect(outcome(w.mmu, 0, READ)).toBe('table-protected 5');
  });
});

describe('counts', () => {
  it('PTE reads by level, walks by leaf size, faults by access and reason', () => {
    const w = mapped(GOOD);
    poke(w.bus, 0, 3, pte(0x4_0000n, 'vrwxuad'));
    outcome(w.mmu, 0, READ);
    outcome(w.mmu, 3 * 2 ** 30, READ);
    outcome(w.mmu, 0x1000, WRITE);
    outcome(w.mmu, 0x1000, WRITE);
    const counters = w.mmu.counters;
    expect(counters.pteReads).toEqual([3, 3, 4]);
    expect(counters.walks).toEqual({ '4K': 1, '64K': 0, '2M': 0, '1G': 1 });
    expect(counters.failedWalks).toBe(2);
    expect(counters.faults).toEqual({ fetch: {}, load: {}, store: { invalid: 2 } });
    expect(counters.faultedLookups).toEqual({ fetch: 0, load: 0, store: 2 });
  });
});
