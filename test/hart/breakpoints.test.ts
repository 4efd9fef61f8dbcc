/** Breakpoints and watchpoints: where a hart stops, what it has done until then, and that nothing else changes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../src/base/index.js';
import { Cause, EVERY_SPACE, Exit, type Hart } from '../../src/hart/index.js';
import { CODE, CODE_PA, code, DATA, DATA_PA, type Line, R, RAM, Rig, userProgram, W, X } from './kit.js';

/** Exception code of an ecall from user mode. */
const USER_CALL = 8;
const SPACE = (rig: Rig): number => rig.root / PAGESIZE;
/** t0 = 10; do t1 += t0 while --t0 != 0; ecall. */
const LOOP: readonly Line[] = [
  ['addi', { rd: 5, rs1: 0, imm: 10 }],
  ['add', { rd: 6, rs1: 6, rs2: 5 }],
  ['addi', { rd: 5, rs1: 5, imm: -1 }],
  ['bne', { rs1: 5, rs2: 0, imm: -8 }],
  ['ecall'],
];
const facts = (hart: Hart): unknown => [hart.pc, hart.instret, hart.dataAccesses, hart.fetchLookups, hart.x(5), hart.x(6), hart.mmu.counters];

describe('a breakpoint', () => {
  it('stops before its instruction, every time it is reached, and the instruction then does what it always did', () => {
    const { rig, hart } = userProgram(...LOOP);
    const { breakpoints } = rig.engine;
    breakpoints.add(SPACE(rig), CODE + 4);
    for (let round = 0; round < 10; round++) {
      expect(hart.run(1000, true)).toBe(Exit.Breakpoint);
      expect([hart.pc, hart.instret, hart.x(5)]).toEqual([CODE + 4, 1 + 3 * round, BigInt(10 - round)]);
      expect(hart.run(1000)).toBe(Exit.Breakpoint);
      expect(hart.instret).toBe(1 + 3 * round);
    }
    expect(hart.run(1000, true)).toBe(Exit.Trap);
    expect([hart.cause, hart.instret, hart.x(6)]).toEqual([USER_CALL, 31, 55n]);
  });

  it('may be set and removed at any moment, also on the page being executed', () => {
    const { rig, hart } = userProgram(...LOOP);
    const { breakpoints } = rig.engine;
    expect(hart.run(5)).toBe(Exit.Quantum);
    breakpoints.add(SPACE(rig), CODE + 12);
    expect([hart.run(100), hart.pc, hart.instret]).toEqual([Exit.Breakpoint, CODE + 12, 6]);
    expect(breakpoints.remove(SPACE(rig), CODE + 12)).toBe(true);
    expect(breakpoints.remove(SPACE(rig), CODE + 12)).toBe(false);
    expect([hart.run(100), hart.pc]).toEqual([Exit.Trap, CODE + 16]);
  });

  it('on an instruction that traps in TypeScript or is illegal lets it do so', () => {
    const { rig, hart } = userProgram(['csrrs', { rd: 5, rs1: 0, csr: 0xc02 }], ['ecall']);
    rig.engine.breakpoints.add(SPACE(rig), CODE);
    expect([hart.run(10), hart.run(10, true), hart.x(5), hart.pc]).toEqual([Exit.Breakpoint, Exit.Trap, 0n, CODE + 4]);
    rig.put(CODE_PA + 4, new Uint8Array([0, 0, 0, 0]));
    rig.engine.breakpoints.add(SPACE(rig), CODE + 4);
    expect([hart.run(10), hart.run(10, true), hart.cause]).toEqual([Exit.Breakpoint, Exit.Trap, Cause.IllegalInstruction]);
  });

  it('holds for an instruction over two pages', () => {
    const { rig, hart } = userProgram();
    const addi = code(['addi', { rd: 5, rs1: 0, imm: 7 }]);
    rig.put(CODE_PA + PAGESIZE - 2, addi);
    rig.map(CODE + PAGESIZE, CODE_PA + PAGESIZE, R | X);
    rig.engine.breakpoints.add(SPACE(rig), CODE + PAGESIZE - 2);
    hart.pc = CODE + PAGESIZE - 2;
    expect([hart.run(1), hart.x(5), hart.instret]).toEqual([Exit.Breakpoint, 0n, 0]);
    expect([hart.run(1, true), hart.x(5), hart.instret, hart.pc]).toEqual([Exit.Quantum, 7n, 1, CODE + PAGESIZE + 2]);
  });

  it('stays where code is written anew, and where its page is mapped elsewhere', () => {
    const { rig, hart } = userProgram(...LOOP);
    rig.engine.breakpoints.add(SPACE(rig), CODE);
    expect(hart.run(10)).toBe(Exit.Breakpoint);
    rig.put(CODE_PA, code(['addi', { rd: 5, rs1: 0, imm: 3 }]));
    expect([hart.run(1), hart.run(1, true), hart.x(5)]).toEqual([Exit.Breakpoint, Exit.Quantum, 3n]);
    rig.put(RAM + 0x50_0000, code(['addi', { rd: 5, rs1: 0, imm: 4 }]));
    rig.map(CODE, RAM + 0x50_0000, R | X);
    hart.sfenceVma(undefined, undefined);
    hart.pc = CODE;
    expect([hart.run(1), hart.run(1, true), hart.x(5)]).toEqual([Exit.Breakpoint, Exit.Quantum, 4n]);
  });

  it('stops only its own address space where two share the page, whoever decoded it', () => {
    const { rig, hart } = userProgram(...LOOP);
    const { breakpoints } = rig.engine;
    // The second space is the first's page table under another root.
    const root = rig.root - 0x20_0000;
    rig.bus.write(root as never, rig.bus.u8.slice(rig.bus.ramHost + rig.root - RAM, rig.bus.ramHost + rig.root - RAM + PAGESIZE));
    const second = rig.user({ id: 1 });
    second.setSatp(2, root / PAGESIZE);
    second.pc = CODE;
    breakpoints.add(root / PAGESIZE, CODE + 8);
    expect([hart.run(100), hart.x(6)]).toEqual([Exit.Trap, 55n]);
    expect([second.run(100), second.pc, second.instret]).toEqual([Exit.Breakpoint, CODE + 8, 2]);
    hart.pc = CODE;
    expect([hart.run(100), hart.x(6)]).toEqual([Exit.Trap, 110n]);
    breakpoints.add(EVERY_SPACE, CODE + 16);
    hart.pc = CODE;
    expect([hart.run(100), hart.pc]).toEqual([Exit.Breakpoint, CODE + 16]);
    breakpoints.removeSpace(root / PAGESIZE);
    expect([second.run(100), second.pc]).toEqual([Exit.Breakpoint, CODE + 16]);
  });

  it('changes no count, of instructions, accesses, fetches or the TLB', () => {
    const run = (prepare: (rig: Rig) => void): unknown => {
      const { rig, hart } = userProgram(...LOOP);
      prepare(rig);
      while (hart.run(1000, true) === Exit.Breakpoint);
      return facts(hart);
    };
    const plain = run(() => {});
    expect(run((rig) => rig.engine.breakpoints.add(SPACE(rig), CODE + 8))).toEqual(plain);
    expect(run((rig) => rig.engine.breakpoints.add(SPACE(rig) + 1, CODE + 8))).toEqual(plain);
    expect(run((rig) => rig.engine.breakpoints.add(EVERY_SPACE, CODE))).toEqual(plain);
  });

  it('and a watchpoint stop code that has become hot before they were set', () => {
    const { rig, hart } = userProgram(['addi', { rd: 5, rs1: 5, imm: 1 }], ['sd', { rs1: 10, rs2: 5, imm: 0 }], ['jal', { imm: -8 }]);
    const hot = 3_000_000;
    for (let run = 0; run < 3; run++) expect(hart.run(hot)).toBe(Exit.Quantum);
    rig.engine.breakpoints.add(SPACE(rig), CODE + 4);
    expect([hart.run(hot), hart.pc, hart.instret]).toEqual([Exit.Breakpoint, CODE + 4, 3 * hot + 1]);
    rig.engine.breakpoints.remove(SPACE(rig), CODE + 4);
    expect([hart.run(hot), hart.instret]).toEqual([Exit.Quantum, 4 * hot + 1]);
    rig.engine.breakpoints.watch({ space: SPACE(rig), va: DATA + 7, length: 1, kind: 'write' });
    expect([hart.run(hot), hart.pc, hart.instret, hart.x(5)]).toEqual([Exit.Watchpoint, CODE + 4, 4 * hot + 1, BigInt(4 * hot / 3 + 1)]);
    rig.engine.breakpoints.add(SPACE(rig), CODE + 8);
    expect([hart.run(hot, true), hart.pc, rig.load(DATA_PA, 8)]).toEqual([Exit.Breakpoint, CODE + 8, BigInt(4 * hot / 3 + 1)]);
  });

  it('is refused where no instruction can start', () => {
    const { breakpoints } = new Rig().engine;
    for (const va of [1, 0.5, Number.NaN, Infinity]) expect(() => breakpoints.add(EVERY_SPACE, va)).toThrow(RangeError);
  });
});

describe('a watchpoint', () => {
  const STORES: readonly Line[] = [
    ['sd', { rs1: 10, rs2: 11, imm: 0 }],
    ['ld', { rd: 12, rs1: 10, imm: 0 }],
    ['sb', { rs1: 10, rs2: 11, imm: 8 }],
    ['amoadd.w', { rd: 13, rs1: 10, rs2: 11 }],
    ['ecall'],
  ];
  const watching = (kind: 'read' | 'write' | 'access', va: number, length: number, lines = STORES): { rig: Rig; hart: Hart } => {
    const made = userProgram(...lines);
    made.hart.setX(11, 5n);
    made.rig.engine.breakpoints.watch({ space: SPACE(made.rig), va, length, kind });
    return made;
  };
  const stops = (hart: Hart): number[] => {
    const at: number[] = [];
    for (let exit = hart.run(100); exit === Exit.Watchpoint; exit = hart.run(100, true)) at.push(hart.pc - CODE);
    return at;
  };

  it('stops before exactly the accesses of its kind that touch its bytes', () => {
    expect(stops(watching('write', DATA, 8).hart)).toEqual([0, 12]);
    expect(stops(watching('read', DATA, 8).hart)).toEqual([4, 12]);
    expect(stops(watching('access', DATA, 8).hart)).toEqual([0, 4, 12]);
    expect(stops(watching('write', DATA + 8, 1).hart)).toEqual([8]);
    expect(stops(watching('write', DATA + 7, 1).hart)).toEqual([0]);
    expect(stops(watching('write', DATA + 9, 8).hart)).toEqual([]);
    expect(stops(watching('access', DATA - 1, 1).hart)).toEqual([]);
  });

  it('says which access it would be, which has not happened', () => {
    const { rig, hart } = watching('write', DATA + 4, 4);
    expect(hart.run(100)).toBe(Exit.Watchpoint);
    expect(hart.touched).toMatchObject({ va: DATA, size: 8, point: { va: DATA + 4, kind: 'write' } });
    expect([rig.load(DATA_PA, 8), hart.pc, hart.instret, hart.dataAccesses]).toEqual([0n, CODE, 0, 0]);
    expect([hart.run(1), hart.run(1, true), rig.load(DATA_PA, 8), hart.instret, hart.dataAccesses]).toEqual([Exit.Watchpoint, Exit.Quantum, 5n, 1, 1]);
  });

  it('sees an access over two pages and one that came before through the translation cache', () => {
    const { rig, hart } = userProgram(['sd', { rs1: 10, rs2: 11, imm: -4 }], ['jal', { rd: 0, imm: -4 }]);
    hart.setX(10, BigInt(DATA + PAGESIZE));
    expect(hart.run(8)).toBe(Exit.Quantum);
    rig.engine.breakpoints.watch({ space: SPACE(rig), va: DATA + PAGESIZE + 3, length: 1, kind: 'write' });
    expect([hart.run(8), hart.instret]).toEqual([Exit.Watchpoint, 8]);
    const inPage = userProgram(['sd', { rs1: 10, rs2: 11, imm: 0 }], ['jal', { rd: 0, imm: -4 }]);
    expect(inPage.hart.run(8)).toBe(Exit.Quantum);
    inPage.rig.engine.breakpoints.watch({ space: SPACE(inPage.rig), va: DATA, length: 1, kind: 'write' });
    expect([inPage.hart.run(8), inPage.hart.instret]).toEqual([Exit.Watchpoint, 8]);
  });

  it('lets the access fault where it is passed over, and stops in no other address space, nor when it is gone', () => {
    const { rig, hart } = watching('write', DATA, 8);
    rig.map(DATA, DATA_PA, R);
    expect([hart.run(100), hart.run(100, true), hart.cause, hart.pc, hart.instret]).toEqual([Exit.Watchpoint, Exit.Trap, Cause.StorePageFault, CODE, 0]);
    rig.map(DATA, DATA_PA, R | W);
    expect(hart.run(100)).toBe(Exit.Watchpoint);
    expect(rig.engine.breakpoints.unwatch({ space: SPACE(rig), va: DATA, length: 8, kind: 'write' })).toBe(true);
    expect(rig.engine.breakpoints.unwatch({ space: SPACE(rig), va: DATA, length: 8, kind: 'write' })).toBe(false);
    expect(stops(hart)).toEqual([]);
    const elsewhere = userProgram(...STORES);
    elsewhere.rig.engine.breakpoints.watch({ space: SPACE(elsewhere.rig) + 1, va: DATA, length: 8, kind: 'access' });
    expect(stops(elsewhere.hart)).toEqual([]);
  });

  it('together with a breakpoint on the instruction: first the one, then the other', () => {
    const { rig, hart } = watching('write', DATA, 8);
    rig.engine.breakpoints.add(SPACE(rig), CODE);
    expect([hart.run(9), hart.instret]).toEqual([Exit.Breakpoint, 0]);
    rig.engine.breakpoints.remove(SPACE(rig), CODE);
    expect([hart.run(9), hart.pc, hart.instret]).toEqual([Exit.Watchpoint, CODE, 0]);
    rig.engine.breakpoints.add(SPACE(rig), CODE);
    expect([hart.run(1, true), hart.pc, hart.instret]).toEqual([Exit.Quantum, CODE + 4, 1]);
  });

  it('changes no count', () => {
    const run = (watch: boolean): unknown => {
      const { rig, hart } = userProgram(...STORES);
      if (watch) rig.engine.breakpoints.watch({ space: SPACE(rig), va: DATA, length: 4, kind: 'access' });
      while (hart.run(100, true) === Exit.Watchpoint);
      const { mmu, ...rest } = { mmu: hart.mmu.counters, instret: hart.instret, data: hart.dataAccesses + hart.extraDataLookups, fetch: hart.fetchLookups };
      return { walks: mmu.walks, ...rest };
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe('random breakpoints and watchpoints', () => {
  it('change nothing about what a program does (seed 20)', () => {
    fc.assert(fc.property(fc.array(fc.nat(40), { maxLength: 6 }), fc.array(fc.nat(32), { maxLength: 3 }), fc.integer({ min: 1, max: 9 }), (breaks, watches, quantum) => {
      const lines: Line[] = [...LOOP.slice(0, 3), ['sd', { rs1: 10, rs2: 6, imm: 0 }], ['lw', { rd: 7, rs1: 10, imm: 4 }], ['bne', { rs1: 5, rs2: 0, imm: -16 }], ['ecall']];
      const plain = userProgram(...lines).hart;
      expect(plain.run(1000)).toBe(Exit.Trap);
      const { rig, hart } = userProgram(...lines);
      for (const at of breaks) rig.engine.breakpoints.add(SPACE(rig), CODE + 2 * at);
      for (const at of watches) rig.engine.breakpoints.watch({ space: SPACE(rig), va: DATA + at, length: 3, kind: 'access' });
      let exit: number = Exit.Quantum;
      for (let n = 0; n < 1000 && exit !== Exit.Trap; n++) exit = hart.run(quantum, true);
      expect([exit, hart.x(5), hart.x(6), hart.x(7), hart.instret, hart.dataAccesses, hart.fetchLookups])
        .toEqual([Exit.Trap, plain.x(5), plain.x(6), plain.x(7), plain.instret, plain.dataAccesses, plain.fetchLookups]);
    }), { seed: 20, numRuns: 20 });
  });
});
