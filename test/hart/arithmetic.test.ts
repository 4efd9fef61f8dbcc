/** Results of integer instructions, above all where WebAssembly and RISC-V differ. Expected values are computed here, on bigint, from the manual's text. */
import { describe, expect, it } from 'vitest';
import { type Line, userProgram } from './kit.js';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const VALUES: readonly bigint[] = [0n, 1n, -1n, 2n, 31n, 63n, 64n, -2n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 32n, 0x1234_5678_9abc_def0n, MIN, MIN + 1n, MAX];

const s = (v: bigint): bigint => BigInt.asIntN(64, v);
const u = (v: bigint): bigint => BigInt.asUintN(64, v);
const w = (v: bigint): bigint => BigInt.asIntN(32, v);
const uw = (v: bigint): bigint => BigInt.asUintN(32, v);
const flag = (v: boolean): bigint => (v ? 1n : 0n);

/** "M" Extension, Division Operations: the table of division by zero and overflow. */
const div = (a: bigint, b: bigint): bigint => (b === 0n ? -1n : a / b);
const rem = (a: bigint, b: bigint): bigint => (b === 0n ? a : a % b);

const OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  sll: (a, b) => a << (b & 63n),
  srl: (a, b) => u(a) >> (b & 63n),
  sra: (a, b) => a >> (b & 63n),
  slt: (a, b) => flag(a < b),
  sltu: (a, b) => flag(u(a) < u(b)),
  xor: (a, b) => a ^ b,
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  addw: (a, b) => w(a + b),
  subw: (a, b) => w(a - b),
  sllw: (a, b) => w(a << (b & 31n)),
  srlw: (a, b) => w(uw(a) >> (b & 31n)),
  sraw: (a, b) => w(a) >> (b & 31n),
  mul: (a, b) => a * b,
  mulh: (a, b) => (a * b) >> 64n,
  mulhsu: (a, b) => (a * u(b)) >> 64n,
  mulhu: (a, b) => (u(a) * u(b)) >> 64n,
  mulw: (a, b) => w(a * b),
  div,
  divu: (a, b) => div(u(a), u(b)),
  rem,
  remu: (a, b) => rem(u(a), u(b)),
  divw: (a, b) => w(div(w(a), w(b))),
  divuw: (a, b) => w(div(uw(a), uw(b))),
  remw: (a, b) => w(rem(w(a), w(b))),
  remuw: (a, b) => w(rem(uw(a), uw(b))),
};

describe('register-register instructions on edge values', () => {
  it.each(Object.keys(OPERATIONS))('%s', (name) => {
    const { hart } = userProgram([name, { rd: 12, rs1: 10, rs2: 11 }], [name, { rd: 10, rs1: 10, rs2: 10 }]);
    for (const a of VALUES) {
      for (const b of VALUES) {
        hart.setX(10, a);
        hart.setX(11, b);
        hart.pc = 0x1_0000;
        hart.run(2);
        expect(hart.x(12), `${name} ${a}, ${b}`).toBe(s(OPERATIONS[name]!(a, b)));
        expect(hart.x(10), `${name} with equal registers, ${a}`).toBe(s(OPERATIONS[name]!(a, a)));
      }
    }
  });
});

describe('x0', () => {
  it('stays zero whatever is written to it, and the instruction still does everything else', () => {
    const lines: Line[] = [
      ['addi', { rd: 0, rs1: 0, imm: 5 }], ['lui', { rd: 0, imm: 0x1000 }], ['ld', { rd: 0, rs1: 10 }], ['amoadd.d', { rd: 0, rs1: 10, rs2: 11 }],
      ['jalr', { rd: 0, rs1: 12, imm: 0 }],
    ];
    const { rig, hart } = userProgram(...lines);
    hart.setX(11, 7n);
    hart.setX(12, 0x1_0100n);
    hart.run(5);
    expect(hart.x(0)).toBe(0n);
    expect(hart.pc).toBe(0x1_0100);
    expect(hart.dataAccesses).toBe(2);
    expect(rig.load(0x8002_0000, 8)).toBe(7n);
  });
});

describe('immediates', () => {
  it('auipc, lui and addi sign-extend', () => {
    const { hart } = userProgram(['lui', { rd: 5, imm: -0x8000_0000 }], ['auipc', { rd: 6, imm: -0x1000 }], ['addi', { rd: 7, rs1: 0, imm: -2048 }], ['sltiu', { rd: 28, rs1: 7, imm: -1 }]);
    hart.run(4);
    expect([hart.x(5), hart.x(6), hart.x(7), hart.x(28)]).toEqual([-0x8000_0000n, 0x1_0004n - 0x1000n, -2048n, 1n]);
  });
});

describe('jumps', () => {
  it('jalr with rd = rs1 jumps to the old value, and drops its lowest bit', () => {
    const { hart } = userProgram(['jalr', { rd: 1, rs1: 1, imm: 3 }]);
    hart.setX(1, 0x1_0200n);
    hart.run(1);
    expect([hart.pc, hart.x(1)]).toEqual([0x1_0202, 0x1_0004n]);
  });

  it('a compressed call links to the parcel behind it', () => {
    const { hart } = userProgram(['c.jalr', { rs1: 5 }]);
    hart.setX(5, 0x1_0400n);
    hart.run(1);
    expect([hart.pc, hart.x(1)]).toEqual([0x1_0400, 0x1_0002n]);
  });
});
