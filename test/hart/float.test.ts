/** F and D on the hart, instruction by instruction, against the oracle's exact arithmetic: results, flags, rounding modes, the short ways included. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cause, Exit, type Hart } from '../../src/hart/index.js';
import { encodeFloat, FLOAT_ROWS, type FloatRow } from '../oracle/float-encodings.js';
import { DOUBLE, type Format, SINGLE } from '../oracle/float-format.js';
import { anyFloat, anyRegister, specials } from '../oracle/float-values.js';
import { box, executeFloat, type FloatSources } from '../oracle/hart-float.js';
import { registerValue } from '../oracle/hart-programs.js';
import { seeded } from '../oracle/runs.js';
import { CODE, CODE_PA, type Rig, userProgram } from './kit.js';

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const DYNAMIC = 7;
const MODES = [0, 1, 2, 3, 4];

/** One hart that executes single instructions: sources fa0, fa1, fa2 and a0; targets fa5 and a5. */
class Bench {
  readonly hart: Hart;
  readonly #rig: Rig;
  #word = 0;

  constructor() {
    const { rig, hart } = userProgram();
    this.#rig = rig;
    this.hart = hart;
  }

  /** Places the instruction that the runs after this execute. */
  place(row: FloatRow, rm: number): void {
    const word = encodeFloat(row, { rd: 15, rs1: 10, rs2: 11, rs3: 12, rm });
    if (word === this.#word) return;
    this.#word = word;
    this.#rig.put(CODE_PA, Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
    this.hart.fenceI();
  }

  run(sources: FloatSources, fcsr: number): { exit: Exit; f: bigint; x: bigint; fcsr: number } {
    const { hart } = this;
    hart.pc = CODE;
    const f = hart.state.floatRegisters();
    [f[10], f[11], f[12], f[15]] = [sources.a, sources.b, sources.c, 0n];
    hart.setX(10, sources.x);
    hart.setX(15, 0n);
    hart.float.fcsr = fcsr;
    const exit = hart.run(1);
    return { exit, f: u64(hart.state.floatRegisters()[15]!), x: u64(hart.x(15)), fcsr: hart.float.fcsr };
  }
}

const bench = new Bench();

/** Executes an instruction with every flag but those given raised, and with none raised; both must do what the oracle says. */
function check(row: FloatRow, sources: FloatSources, rm: number, frm: number): void {
  bench.place(row, rm);
  const mode = rm === DYNAMIC ? frm : rm;
  const { f, x, flags } = executeFloat(row.op, sources, mode);
  for (const raised of [0, 1]) {
    const expected = { exit: Exit.Quantum, f: f ?? 0n, x: u64(x ?? 0n), fcsr: (frm << 5) | raised | flags };
    const actual = bench.run(sources, (frm << 5) | raised);
    if (actual.f === expected.f && actual.x === expected.x && actual.fcsr === expected.fcsr && actual.exit === expected.exit) continue;
    const operands = [sources.a, sources.b, sources.c, sources.x].map((v) => u64(v).toString(16)).join(' ');
    expect(actual, `${row.op} mode ${mode}, flags ${raised}: ${operands}`).toEqual(expected);
  }
}

const formatOf = (row: FloatRow): Format => (row.op.endsWith('.s') ? SINGLE : DOUBLE);
const registers = (f: Format, step: number): bigint[] => specials(f).filter((_, n) => n % step === 0).map((bits) => box(f, bits));

describe('corner operands', () => {
  it.each(FLOAT_ROWS.filter((row) => !row.rs2).map((row) => [row.op, row] as const))('%s, in every mode', (_, row) => {
    for (const rm of row.rm ? MODES : [0]) {
      for (const a of registers(formatOf(row), 1)) check(row, { a, b: 0n, c: 0n, x: BigInt.asIntN(64, a) }, rm, 0);
    }
  });

  it.each(FLOAT_ROWS.filter((row) => row.rs2 && !row.rs3).map((row) => [row.op, row] as const))('%s, every pair', (_, row) => {
    const [as, bs] = [registers(formatOf(row), 1), registers(formatOf(row), 2)];
    as.forEach((a, n) => bs.forEach((b, m) => check(row, { a, b, c: 0n, x: 0n }, row.rm ? (n + m) % 5 : 0, 0)));
    as.forEach((a, n) => bs.forEach((b, m) => { if (row.rm && (n + m) % 5 !== 0) check(row, { a: b, b: a, c: 0n, x: 0n }, 0, 0); }));
  });

  it.each(FLOAT_ROWS.filter((row) => row.rs3).map((row) => [row.op, row] as const))('%s, triples', (_, row) => {
    const [as, bs, cs] = [5, 7, 3].map((step) => registers(formatOf(row), step)) as [bigint[], bigint[], bigint[]];
    for (const a of as) for (const b of bs) for (const c of cs) check(row, { a, b, c, x: 0n }, 0, 0);
  });
});

const sources = fc.record({ a: anyRegister, b: anyRegister, c: anyRegister, x: registerValue });

describe('random operands', () => {
  it('of every instruction, in every mode, static and dynamic', () => {
    fc.assert(fc.property(fc.constantFrom(...FLOAT_ROWS), sources, fc.constantFrom(0, 0, 0, 1, 2, 3, 4), fc.boolean(), (row, operands, mode, dynamic) => {
      check(row, operands, row.rm ? (dynamic ? DYNAMIC : mode) : 0, mode);
    }), seeded(6000));
  });

  it.each([['single', SINGLE], ['double', DOUBLE]] as const)('of multiply-adds whose product and addend nearly cancel, %s', (_, format) => {
    const rows = FLOAT_ROWS.filter((row) => row.rs3 && formatOf(row) === format);
    const near = fc.record({ row: fc.constantFrom(...rows), a: anyFloat(format), b: anyFloat(format), off: fc.bigInt({ min: -3n, max: 3n }), apart: fc.integer({ min: -60, max: 60 }), negate: fc.boolean() });
    fc.assert(fc.property(near, ({ row, a, b, off, apart, negate }) => {
      const product = executeFloat(`fmul.${format === SINGLE ? 's' : 'd'}`, { a: box(format, a), b: box(format, b), c: 0n, x: 0n }, 0).f!;
      const exponent = BigInt(apart) << BigInt(format.precision - 1);
      const c = BigInt.asUintN(format.width, BigInt.asUintN(format.width, product) + off + exponent + (negate ? 1n << BigInt(format.width - 1) : 0n));
      check(row, { a: box(format, a), b: box(format, b), c: box(format, c), x: 0n }, 0, 0);
    }), seeded(1500));
  });

  it('of products and quotients of integers, which are often exact', () => {
    const names = ['fadd', 'fsub', 'fmul', 'fdiv', 'fsqrt', 'fmadd', 'fmsub', 'fnmsub', 'fnmadd'].flatMap((name) => [`${name}.s`, `${name}.d`]);
    const rows = FLOAT_ROWS.filter((row) => names.includes(row.op));
    const integer = fc.tuple(fc.integer({ min: -4096, max: 4096 }), fc.integer({ min: -30, max: 30 })).map(([n, scale]) => n * 2 ** scale);
    fc.assert(fc.property(fc.constantFrom(...rows), integer, integer, integer, fc.constantFrom(0, 0, 2), (row, a, b, c, rm) => {
      const register = (value: number): bigint => bitsOf(formatOf(row), value);
      check(row, { a: register(a), b: register(b), c: register(c), x: 0n }, rm, 0);
    }), seeded(2500));
  });
});

function bitsOf(format: Format, value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (format === DOUBLE) view.setFloat64(0, value);
  else view.setFloat32(4, value);
  return box(format, view.getBigUint64(0));
}

describe('rounding modes that do not exist', () => {
  const row = FLOAT_ROWS.find(({ op }) => op === 'fadd.d')!;
  const one = { a: bitsOf(DOUBLE, 1), b: bitsOf(DOUBLE, 2), c: 0n, x: 0n };

  it.each([5, 6])('%d in the instruction is illegal', (rm) => {
    bench.place(row, rm);
    expect(bench.run(one, 0)).toMatchObject({ exit: Exit.Trap, f: 0n });
    expect(bench.hart.cause).toBe(Cause.IllegalInstruction);
  });

  it.each([5, 6, 7])('%d in frm is illegal for an instruction that asks for it, also for one that does not round', (frm) => {
    for (const op of ['fadd.d', 'fcvt.d.w', 'fcvt.w.d', 'fcvt.d.s', 'fmadd.s']) {
      bench.place(FLOAT_ROWS.find((other) => other.op === op)!, DYNAMIC);
      expect(bench.run(one, frm << 5), op).toMatchObject({ exit: Exit.Trap, f: 0n, fcsr: frm << 5 });
    }
    bench.place(row, 0);
    expect(bench.run(one, frm << 5)).toMatchObject({ exit: Exit.Quantum, f: bitsOf(DOUBLE, 3) });
  });
});

describe('loads and stores', () => {
  it('box what they load, store what is not boxed as it is, and never touch fcsr', () => {
    const { hart } = userProgram(['fsd', { rs1: 10, rs2: 1 }], ['flw', { rd: 2, rs1: 10 }], ['fsw', { rs1: 10, rs2: 1, imm: 8 }], ['fld', { rd: 3, rs1: 10, imm: 8 }], ['fld', { rd: 0, rs1: 10 }]);
    hart.state.floatRegisters()[1] = 0x123_4567_89ab_cdefn;
    expect(hart.run(5)).toBe(Exit.Quantum);
    const f = hart.state.floatRegisters();
    expect([f[2], f[3], f[0]].map((bits) => u64(bits!).toString(16))).toEqual(['ffffffff89abcdef', '89abcdef', '123456789abcdef']);
    expect(hart.float.fcsr).toBe(0);
  });

  it('that fault change nothing', () => {
    const { hart } = userProgram(['fld', { rd: 1, rs1: 0 }]);
    hart.state.floatRegisters()[1] = 5n;
    expect([hart.run(1), hart.cause, hart.state.floatRegisters()[1]]).toEqual([Exit.Trap, Cause.LoadPageFault, 5n]);
  });
});

describe('contexts', () => {
  it('carry f registers and fcsr, and with them the rounding mode of the next instruction', () => {
    const { hart } = userProgram(['fdiv.d', { rd: 3, rs1: 1, rs2: 2, rm: DYNAMIC }]);
    const other = hart.newContext();
    other.pc = BigInt(CODE);
    other.f.set([0n, bitsOf(DOUBLE, 1), bitsOf(DOUBLE, 3)]);
    other.fcsr = (3 << 5) | 1;
    hart.float.fcsr = 0;
    hart.loadContext(other);
    expect(hart.run(1)).toBe(Exit.Quantum);
    hart.saveContext(other);
    const up = executeFloat('fdiv.d', { a: bitsOf(DOUBLE, 1), b: bitsOf(DOUBLE, 3), c: 0n, x: 0n }, 3).f;
    expect([u64(other.f[3]!), other.fcsr]).toEqual([up, (3 << 5) | 1]);
  });
});
