/** Exact counts and exact quanta; several harts on one engine; contexts. */
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../src/base/index.js';
import { firstLevelHits } from '../../mmu/index.js';
import { Exit, HART_RESERVED, HartEngine, MAX_HARTS } from '../../src/hart/index.js';
import { Bus } from '../../src/bus/index.js';
import { CODE, code, CODE_PA, DATA, DATA_PA, R, Rig, userProgram, W, X } from './kit.js';

const LOOP = [['addi', { rd: 5, rs1: 5, imm: 1 }], ['ld', { rd: 6, rs1: 10 }], ['sd', { rs1: 10, rs2: 5 }], ['jal', { imm: -12 }]] as const;

describe('a quantum', () => {
  it('ends after exactly as many instructions, wherever that is', () => {
    const { hart } = userProgram(...LOOP);
    let total = 0;
    for (const quantum of [0, 1, 1, 2, 3, 5, 1, 4, 1000, 65_536, 200_001]) {
      expect(hart.run(quantum)).toBe(Exit.Quantum);
      total += quantum;
      expect([hart.instret, hart.pc]).toEqual([total, CODE + (total % 4) * 4]);
    }
    expect(hart.x(5)).toBe(BigInt(Math.ceil(total / 4)));
  });

  it('ends in the middle of straight code, and before an instruction that would fault', () => {
    const { hart } = userProgram(['addi', { rd: 5, rs1: 0, imm: 1 }], ['addi', { rd: 5, rs1: 0, imm: 2 }], ['ld', { rd: 5, rs1: 0 }]);
    hart.run(1);
    expect(hart.x(5)).toBe(1n);
    expect(hart.run(1)).toBe(Exit.Quantum);
    expect(hart.run(1)).toBe(Exit.Trap);
  });

  it('that is no number of instructions is refused', () => {
    const { hart } = userProgram();
    for (const quantum of [-1, 0.5, NaN, Infinity]) expect(() => hart.run(quantum)).toThrow(RangeError);
  });
});

describe('counts', () => {
  it('do not depend on the quantum', () => {
    const run = (quantum: number): number[] => {
      const { hart } = userProgram(...LOOP);
      while (hart.instret < 1000) hart.run(Math.min(quantum, 1000 - hart.instret));
      return [hart.instret, hart.dataAccesses, hart.fetchLookups, hart.extraDataLookups];
    };
    const whole = run(1000);
    expect(whole.slice(0, 2)).toEqual([1000, 500]);
    for (const quantum of [1, 2, 3, 7, 999]) expect(run(quantum)).toEqual(whole);
  });

  it('ecall does not retire', () => {
    const { hart } = userProgram(['addi'], ['ecall']);
    expect(hart.run(10)).toBe(Exit.Trap);
    expect([hart.cause, hart.tval, hart.pc, hart.instret]).toEqual([8, 0n, CODE + 4, 1]);
  });

  it('data lookups follow from them: each access one, each crossing one more; hits are what did not miss', () => {
    const { rig, hart } = userProgram(
      ['ld', { rd: 6, rs1: 10 }], ['sd', { rs1: 10, rs2: 5, imm: 8 }], ['ld', { rd: 6, rs1: 11, imm: -4 }], ['lw', { rd: 6, rs1: 11, imm: 4 }], ['jal', { imm: -16 }],
    );
    hart.setX(11, BigInt(DATA + PAGESIZE));
    expect(hart.run(500)).toBe(Exit.Quantum);
    expect([hart.dataAccesses, hart.extraDataLookups]).toEqual([400, 100]);
    const counters = hart.mmu.counters;
    const { misses } = counters.tlb[0]!;
    expect(misses.load + misses.store).toBeGreaterThan(0);
    expect(firstLevelHits(counters, ['load', 'store'], hart.dataAccesses + hart.extraDataLookups)).toBe(500 - misses.load - misses.store);
    expect(rig.load(DATA_PA + 8, 8)).toBe(0n);
  });

  it('a fetch looks the TLB up once for each page it enters', () => {
    const rig = new Rig();
    rig.map(CODE, CODE_PA, R | X);
    rig.map(CODE + PAGESIZE, CODE_PA + PAGESIZE, R | X);
    rig.put(CODE_PA, code(['addi'], ['jal', { imm: PAGESIZE - 4 }]));
    rig.put(CODE_PA + PAGESIZE, code(['addi'], ['jal', { imm: -PAGESIZE - 4 }]));
    const hart = rig.user();
    hart.pc = CODE;
    hart.run(400);
    // 100 rounds, each entering two pages; the last jump back lies at the end of the quantum: its page is entered when there is something to execute.
    expect(hart.fetchLookups).toBe(200);
    expect(hart.mmu.counters.tlb[0]!.misses.fetch).toBe(2);
    expect(firstLevelHits(hart.mmu.counters, ['fetch'], hart.fetchLookups)).toBe(198);
  });

  it('a fetch that faults is no completed lookup', () => {
    const { hart } = userProgram(['jalr', { rs1: 0, imm: 0 }]);
    hart.run(5);
    expect(hart.run(5)).toBe(Exit.Trap);
    const { misses } = hart.mmu.counters.tlb[0]!;
    expect(hart.fetchLookups).toBe(1);
    expect(firstLevelHits(hart.mmu.counters, ['fetch'], hart.fetchLookups)).toBe(hart.fetchLookups + hart.mmu.counters.faultedLookups.fetch - misses.fetch);
    expect(misses.fetch).toBe(1 + hart.mmu.counters.faultedLookups.fetch);
  });
});

describe('several harts', () => {
  it('keep their registers, counts and translations apart, in turns of any length', () => {
    const rig = new Rig();
    rig.map(CODE, CODE_PA, R | X);
    rig.put(CODE_PA, code(...LOOP));
    const harts = [0, 1, 2, 3].map((id) => rig.user({ id }));
    harts.forEach((hart, n) => {
      hart.pc = CODE;
      hart.setX(10, BigInt(DATA + n * PAGESIZE));
      rig.map(DATA + n * PAGESIZE, DATA_PA + n * PAGESIZE, R | W);
    });
    for (let turn = 0; turn < 40; turn++) harts[turn % 4]!.run(1 + turn);
    harts.forEach((hart, n) => {
      let executed = 0;
      for (let turn = n; turn < 40; turn += 4) executed += 1 + turn;
      expect([hart.instret, hart.pc]).toEqual([executed, CODE + (executed % 4) * 4]);
      expect(hart.x(5)).toBe(BigInt(Math.ceil(executed / 4)));
      expect(rig.load(DATA_PA + n * PAGESIZE, 8)).toBe(BigInt(Math.floor((executed + 1) / 4)));
    });
  });

  it('registers of a hart that is not running can be read and written', () => {
    const rig = new Rig();
    const [a, b] = [rig.user(), rig.user({ id: 1 })];
    a.setX(5, 11n);
    b.setX(5, 22n);
    a.run(1);
    expect([a.x(5), b.x(5)]).toEqual([11n, 22n]);
    b.run(1);
    a.setX(5, 33n);
    a.pc = 0x1234;
    a.run(1);
    expect([a.x(5), b.x(5), a.pc]).toEqual([33n, 22n, 0x1234]);
  });

  it('code one hart stores is seen by the other after fence.i', () => {
    const { rig, hart } = userProgram(['addi', { rd: 5, rs1: 0, imm: 1 }]);
    const other = rig.user({ id: 1 });
    hart.run(1);
    rig.map(0x70_0000, CODE_PA, R | W);
    rig.put(CODE_PA + 0x100, code(['sw', { rs1: 10, rs2: 11 }], ['fence.i']));
    other.pc = CODE + 0x100;
    other.setX(10, 0x70_0000n);
    other.setX(11, BigInt(new DataView(code(['addi', { rd: 5, rs1: 0, imm: 2 }]).buffer).getInt32(0, true)));
    other.run(2);
    hart.pc = CODE;
    hart.run(1);
    expect(hart.x(5)).toBe(2n);
  });

  it('are limited in number', () => {
    const rig = new Rig({ harts: MAX_HARTS + 1 });
    for (let id = 0; id < MAX_HARTS; id++) rig.user({ id });
    expect(() => rig.user({ id: 99 })).toThrow('at most 16 harts');
  });

  it('are as many as the bus has room for: the next would have its translation cache in RAM', () => {
    const rig = new Rig({ harts: 2, translationCache: 2 ** 16 });
    for (const id of [0, 1]) rig.user({ id });
    expect(() => rig.user({ id: 2 })).toThrow(/bus reserves \d+ bytes for the harts, not the \d+ of 3/);
  });
});

describe('registers and contexts', () => {
  it('x0 cannot be set; values are cut to 64 bits and signed', () => {
    const { hart } = userProgram();
    hart.setX(0, 5n);
    hart.setX(5, 2n ** 64n - 1n);
    expect([hart.x(0), hart.x(5), hart.xNumber(5)]).toEqual([0n, -1n, -1]);
    hart.setX(5, -(2n ** 38n));
    expect(hart.xNumber(5)).toBe(-(2 ** 38));
  });

  it('a context comes back as it was, and a dirty x[0] in it is ignored', () => {
    const { hart } = userProgram();
    for (let n = 1; n < 32; n++) hart.setX(n, BigInt(n) << 40n);
    hart.pc = -4096;
    const context = hart.newContext();
    hart.saveContext(context);
    context.x[0] = 5n;
    const other = userProgram().hart;
    other.loadContext(context);
    expect(other.pc).toBe(-4096);
    expect(Array.from({ length: 32 }, (_, n) => other.x(n))).toEqual(Array.from({ length: 32 }, (_, n) => BigInt(n) << 40n));
  });

  it('a context holds any pc, canonical or not', () => {
    const { hart } = userProgram();
    const context = hart.newContext();
    for (const pc of [0x4141_4141_4141_4140n, -(2n ** 63n) + 4n]) {
      hart.pc64 = pc;
      hart.saveContext(context);
      hart.pc64 = 0n;
      hart.loadContext(context);
      expect([context.pc, hart.pc64]).toEqual([pc, pc]);
    }
  });

  it('a pc is even, and an integer', () => {
    const { hart } = userProgram();
    hart.pc = 0x1_0003;
    expect(hart.pc).toBe(0x1_0002);
    expect(() => { hart.pc = NaN; }).toThrow(RangeError);
  });
});

describe('an engine', () => {
  it('refuses a bus that left it no room', () => {
    expect(() => new HartEngine(new Bus({ ramSize: 4096, reserved: HART_RESERVED / 2 }))).toThrow(RangeError);
  });
});
