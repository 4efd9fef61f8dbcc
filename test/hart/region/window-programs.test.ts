/** Accesses that share one question to the translation cache, at the edges of pages: the same values, faults and counts as in the interpreter. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../../src/base/index.js';
import { Exit, type Hart } from '../../../src/hart/index.js';
import { seeded } from '../../oracle/runs.js';
import { code, type Line, R, RAM, Rig, W, X } from '../kit.js';

const CODE = 0x1_0000;
const DATA = 0x2_0000;
const DATA_PA = RAM + 0x2_0000;
const [BASE, COUNT] = [10, 11];

const access = fc.record({
  name: fc.constantFrom('lb', 'lbu', 'lh', 'lhu', 'lw', 'lwu', 'ld', 'sb', 'sh', 'sw', 'sd', 'fld', 'fsd'),
  imm: fc.oneof(fc.integer({ min: -24, max: 24 }), fc.integer({ min: -40, max: 180 })),
  /** Mostly multiples of 8, sometimes not: misaligned accesses end a window's use. */
  aligned: fc.integer({ min: 0, max: 29 }).map((n) => n > 0),
  register: fc.integer({ min: 12, max: 17 }),
});
/** A loop over accesses, a branch in the middle, and a step of the base. */
const program = fc.record({
  before: fc.array(access, { minLength: 1, maxLength: 6 }),
  after: fc.array(access, { minLength: 1, maxLength: 6 }),
  step: fc.constantFrom(0, 0, 8, 16, 1),
  base: fc.oneof(fc.integer({ min: -24, max: 24 }), fc.integer({ min: -260, max: 60 })),
  absolute: fc.boolean(),
  second: fc.constantFrom(R | W, R | W, R | W, R | W, R, 0),
});
type Program = typeof program extends fc.Arbitrary<infer T> ? T : never;
type Access = Program['before'][number];

function lineOf({ name, imm, aligned, register }: Access): Line {
  const at = aligned ? imm & -8 : imm;
  return name.startsWith('s') || name === 'fsd' ? [name, { rs1: BASE, rs2: register, imm: at }] : [name, { rd: register, rs1: BASE, imm: at }];
}

function linesOf({ before, after, step, base, absolute }: Program): Line[] {
  const place = DATA + PAGESIZE + (base & -8);
  const body: Line[] = [
    ...(absolute ? [['lui', { rd: BASE, imm: DATA + PAGESIZE }]] as Line[] : []),
    ...before.map(lineOf),
    ['beq', { rs1: 12, rs2: 13, imm: 4 * (after.length + 1) }],
    ...after.map(lineOf),
    ['addi', { rd: BASE, rs1: BASE, imm: step }],
    ['addi', { rd: COUNT, rs1: COUNT, imm: -1 }],
  ];
  return [
    ['lui', { rd: BASE, imm: (place + 0x800) & ~0xfff }], ['addi', { rd: BASE, rs1: BASE, imm: ((place + 0x800) & 0xfff) - 0x800 }],
    ...body, ['bne', { rs1: COUNT, rs2: 0, imm: -4 * body.length }], ['ecall'],
  ];
}

function rigFor(p: Program, engine: 'interpreter' | 'regions'): { rig: Rig; hart: Hart } {
  const rig = new Rig({ engine, hotness: 2, harts: 1, ramSize: 0x20_0000 });
  rig.map(CODE, RAM + CODE, R | X);
  rig.put(RAM + CODE, code(...linesOf(p)));
  rig.map(DATA, DATA_PA, R | W);
  rig.map(DATA + PAGESIZE, DATA_PA + 3 * PAGESIZE, p.second);
  for (let n = 0; n < 512; n++) for (const page of [0, 3]) rig.store(DATA_PA + page * PAGESIZE + 8 * n, 8, BigInt(n * 0x0123_4567 + page) * 0x9e37_79b9n);
  return { rig, hart: rig.user() };
}

function outcome({ rig, hart }: { rig: Rig; hart: Hart }, quantum: number): unknown {
  hart.pc = CODE;
  hart.setX(COUNT, 60n);
  let exit: Exit = Exit.Quantum;
  for (let n = 0; n < 3000 && exit === Exit.Quantum; n++) exit = hart.run(quantum);
  const memory = [0, 3].map((page) => Array.from({ length: 512 }, (_, n) => rig.load(DATA_PA + page * PAGESIZE + 8 * n, 8)));
  return { exit, cause: hart.cause, tval: hart.tval, pc: hart.pc, x: [...hart.state.registers()], f: [...hart.state.floatRegisters()], memory, counts: { ...hart.mmu.counters } };
}

describe('accesses through one register', () => {
  it('do what the interpreter does, at the edges of pages and with any of the second page missing', () => {
    let inRegions = 0;
    fc.assert(fc.property(program, fc.integer({ min: 20, max: 2000 }), (p, quantum) => {
      const compiled = rigFor(p, 'regions');
      expect(outcome(compiled, quantum)).toEqual(outcome(rigFor(p, 'interpreter'), quantum));
      inRegions += compiled.rig.engine.regions.statistics.instructionsInRegions;
    }), seeded(150));
    expect(inRegions).toBeGreaterThan(5000);
  });
});

describe('loads before the end of a page and stores behind it', () => {
  it('go through one register to their own pages', () => {
    const step: Program['before'][number] = { name: 'lb', imm: 0, aligned: false, register: 12 };
    const p: Program = {
      before: [step, { ...step, name: 'sb', imm: 8 }, { ...step, name: 'sb', imm: 9 }, { ...step, register: 14 }],
      after: [{ ...step, imm: 1 }], step: 0, base: -8, absolute: false, second: R | W,
    };
    const compiled = rigFor(p, 'regions');
    expect(outcome(compiled, 21)).toEqual(outcome(rigFor(p, 'interpreter'), 21));
    expect(compiled.rig.engine.regions.statistics.instructionsInRegions).toBeGreaterThan(100);
  });
});

describe('a region whose windows lie over two pages all the time', () => {
  it('is compiled without them', () => {
    const rig = new Rig({ engine: 'regions', hotness: 2, harts: 1, ramSize: 0x20_0000 });
    rig.map(CODE, RAM + CODE, R | X);
    rig.map(DATA, DATA_PA, R | W);
    rig.map(DATA + PAGESIZE, DATA_PA + PAGESIZE, R | W);
    rig.store(DATA_PA + PAGESIZE - 8, 8, 40n);
    rig.store(DATA_PA + PAGESIZE, 8, 2n);
    rig.put(RAM + CODE, code(
      ['ld', { rd: 12, rs1: BASE, imm: -8 }], ['ld', { rd: 13, rs1: BASE, imm: 0 }], ['add', { rd: 14, rs1: 12, rs2: 13 }],
      ['addi', { rd: COUNT, rs1: COUNT, imm: -1 }], ['bne', { rs1: COUNT, rs2: 0, imm: -16 }], ['ecall'],
    ));
    const hart = rig.user();
    const once = (): number => {
      hart.pc = CODE;
      hart.setX(BASE, BigInt(DATA + PAGESIZE));
      hart.setX(COUNT, 100n);
      const before = rig.engine.regions.statistics.instructionsInRegions;
      expect(hart.run(1000)).toBe(Exit.Trap);
      expect(hart.x(14)).toBe(42n);
      return rig.engine.regions.statistics.instructionsInRegions - before;
    };
    once();
    expect(once()).toBeLessThan(50);
    for (let n = 0; n < 40; n++) once();
    expect(once()).toBeGreaterThan(400);
  });
});
