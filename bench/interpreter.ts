/** Speed of the interpreter on small programs in user mode, Sv39 on, one hart, one machine. */
import { asPaddr } from '../src/base/index.js';
import { Bus } from '../src/bus/index.js';
import { encode, Exit, Hart, HART_RESERVED, HartEngine, instructionNamed } from '../src/hart/index.js';

/** One measurement. */
export interface InterpreterResult {
  readonly name: string;
  /** Instructions per second, in millions: the best of several timed runs. */
  readonly mips: number;
}

type Operands = Parameters<typeof encode>[1];
type Line = readonly [name: string, operands?: Operands];

const RAM = 0x8000_0000;
const CODE = 0x1_0000;
const DATA = 0x10_0000;
const DATA_SIZE = 0x100_0000;
/** Bytes of floating-point numbers at the beginning of the data. */
const FLOATS = 0x1_0000;
const [A0, A1, A2, A3, A4, A5] = [10, 11, 12, 13, 14, 15];
const [F0, F1, F2, F3, F4] = [0, 1, 2, 3, 4];
/** The rounding mode in frm. */
const DYN = 7;

/** Every program loops for ever; the quantum ends it. */
const PROGRAMS: Readonly<Record<string, readonly Line[]>> = {
  'add and branch': [
    ['addi', { rd: A0, rs1: A0, imm: 1 }],
    ['xor', { rd: A1, rs1: A1, rs2: A0 }],
    ['slli', { rd: A2, rs1: A1, shamt: 3 }],
    ['add', { rd: A3, rs1: A3, rs2: A2 }],
    ['bne', { rs1: A0, imm: -16 }],
    ['jal', { imm: -20 }],
  ],
  'multiply and shift (hash)': [
    ['mul', { rd: A0, rs1: A0, rs2: A5 }],
    ['srli', { rd: A1, rs1: A0, shamt: 29 }],
    ['xor', { rd: A0, rs1: A0, rs2: A1 }],
    ['slliw', { rd: A2, rs1: A0, shamt: 7 }],
    ['addw', { rd: A3, rs1: A3, rs2: A2 }],
    ['sltu', { rd: A4, rs1: A3, rs2: A0 }],
    ['add', { rd: A0, rs1: A0, rs2: A4 }],
    ['jal', { imm: -28 }],
  ],
  'call and return': [
    ['jal', { rd: 1, imm: 8 }],
    ['jal', { imm: -4 }],
    ['addi', { rd: 2, rs1: 2, imm: -16 }],
    ['sd', { rs1: 2, rs2: 1, imm: 8 }],
    ['addi', { rd: A0, rs1: A0, imm: 1 }],
    ['ld', { rd: 1, rs1: 2, imm: 8 }],
    ['addi', { rd: 2, rs1: 2, imm: 16 }],
    ['jalr', { rs1: 1 }],
  ],
  'load, add, store over 16 MiB': [
    ['lui', { rd: A0, imm: DATA }],
    ['lui', { rd: A1, imm: DATA + DATA_SIZE }],
    ['ld', { rd: A2, rs1: A0 }],
    ['addi', { rd: A2, rs1: A2, imm: 1 }],
    ['sd', { rs1: A0, rs2: A2 }],
    ['addi', { rd: A0, rs1: A0, imm: 8 }],
    ['bltu', { rs1: A0, rs2: A1, imm: -16 }],
    ['jal', { imm: -28 }],
  ],
  'byte fill': [
    ['lui', { rd: A0, imm: DATA }],
    ['lui', { rd: A1, imm: DATA + 0x1000 }],
    ['sb', { rs1: A0, rs2: A0 }],
    ['addi', { rd: A0, rs1: A0, imm: 1 }],
    ['bne', { rs1: A0, rs2: A1, imm: -8 }],
    ['jal', { imm: -20 }],
  ],
  'random update over 16 MiB': [
    ['lui', { rd: A1, imm: DATA }],
    ['mul', { rd: A0, rs1: A0, rs2: A5 }],
    ['addi', { rd: A0, rs1: A0, imm: 11 }],
    ['srli', { rd: A2, rs1: A0, shamt: 40 }],
    ['andi', { rd: A2, rs1: A2, imm: -8 }],
    ['add', { rd: A2, rs1: A2, rs2: A1 }],
    ['ld', { rd: A3, rs1: A2 }],
    ['xor', { rd: A3, rs1: A3, rs2: A0 }],
    ['sd', { rs1: A2, rs2: A3 }],
    ['jal', { imm: -32 }],
  ],
  'floating point: load, multiply, add, store': [
    ['lui', { rd: A0, imm: DATA }],
    ['lui', { rd: A1, imm: DATA + FLOATS }],
    ['fld', { rd: F0, rs1: A0 }],
    ['fmul.d', { rd: F1, rs1: F0, rs2: F2, rm: DYN }],
    ['fadd.d', { rd: F1, rs1: F1, rs2: F0, rm: DYN }],
    ['fsd', { rs1: A1, rs2: F1 }],
    ['addi', { rd: A0, rs1: A0, imm: 8 }],
    ['bne', { rs1: A0, rs2: A1, imm: -20 }],
    ['jal', { imm: -32 }],
  ],
  'floating point: multiply by zeros': [
    ['fmul.d', { rd: F1, rs1: F2, rs2: F4, rm: DYN }],
    ['fadd.d', { rd: F0, rs1: F1, rs2: F2, rm: DYN }],
    ['jal', { imm: -8 }],
  ],
  'floating point: arithmetic in registers': [
    ['fadd.d', { rd: F1, rs1: F2, rs2: F3, rm: DYN }],
    ['fmul.d', { rd: F4, rs1: F1, rs2: F3, rm: DYN }],
    ['fsub.d', { rd: F0, rs1: F4, rs2: F2, rm: DYN }],
    ['fdiv.d', { rd: F4, rs1: F0, rs2: F3, rm: DYN }],
    ['fsgnjn.d', { rd: F1, rs1: F4, rs2: F4 }],
    ['flt.d', { rd: A0, rs1: F1, rs2: F4 }],
    ['jal', { imm: -24 }],
  ],
  'floating point: fused multiply-add, double': [
    ['fmadd.d', { rd: F1, rs1: F2, rs2: F3, rs3: F0, rm: DYN }],
    ['fmsub.d', { rd: F4, rs1: F3, rs2: F2, rs3: F1, rm: DYN }],
    ['jal', { imm: -8 }],
  ],
  'floating point: fused multiply-add, single': [
    ['fcvt.s.d', { rd: F3, rs1: F2, rm: DYN }],
    ['fmadd.s', { rd: F1, rs1: F3, rs2: F3, rs3: F3, rm: DYN }],
    ['fmadd.s', { rd: F4, rs1: F1, rs2: F3, rs3: F3, rm: DYN }],
    ['jal', { imm: -8 }],
  ],
  'floating point: exact sums, nothing inexact yet': [
    ['fcvt.d.w', { rd: F0, rs1: 0 }],
    ['addi', { rd: A0, rs1: 0, imm: 1 }],
    ['fcvt.d.w', { rd: F1, rs1: A0 }],
    ['fadd.d', { rd: F0, rs1: F0, rs2: F1, rm: DYN }],
    ['fmul.d', { rd: F2, rs1: F1, rs2: F0, rm: DYN }],
    ['jal', { imm: -8 }],
  ],
};

/** Runs every program for `instructions` after a warm-up, `repeats` times. */
export function benchInterpreter(instructions = 30_000_000, repeats = 3): InterpreterResult[] {
  return Object.entries(PROGRAMS).map(([name, lines]) => {
    const hart = userHart(lines);
    hart.run(instructions);
    let best = Infinity;
    for (let n = 0; n < repeats; n++) {
      const start = performance.now();
      const exit = hart.run(instructions);
      best = Math.min(best, performance.now() - start);
      if (exit !== Exit.Quantum) throw new Error(`${name}: exit ${exit}, cause ${hart.cause}, tval ${hart.tval}`);
    }
    return { name, mips: instructions / best / 1000 };
  });
}

/** A hart about to run `lines` at CODE, with DATA mapped by 4K pages and a5 a large odd constant. */
function userHart(lines: readonly Line[]): Hart {
  const bus = new Bus({ ramSize: 64 * 2 ** 20, reserved: HART_RESERVED });
  const hart = new Hart(new HartEngine(bus, { engine: 'interpreter' }), { id: 0, kernel: true });
  const ram = bus.ramHost;
  const table = (index: number): number => ram + 0x1000 + index * 0x1000;
  const pte = (at: number, pa: number, flags: number): void => bus.view.setBigUint64(at, (BigInt(pa >>> 12) << 10n) | BigInt(flags), true);
  const physical = (host: number): number => RAM + host - ram;
  const level0 = (n: number): number => table(2 + n);
  pte(table(0), physical(table(1)), 0x01);
  for (let n = 0; n < 16; n++) pte(table(1) + n * 8, physical(level0(n)), 0x01);
  const map = (va: number, pa: number, flags: number): void => pte(level0(va >>> 21) + ((va >>> 12) & 511) * 8, pa, flags);
  map(CODE, RAM + 0x10_0000, 0xdb);
  for (let at = -0x1000; at <= DATA_SIZE; at += 0x1000) map(DATA + at, RAM + 0x20_0000 + at, 0xd7);
  const code = new Uint32Array(lines.map(([mnemonic, operands]) => encode(instructionNamed(mnemonic)!, operands ?? {})));
  bus.write(asPaddr(RAM + 0x10_0000), new Uint8Array(code.buffer));
  for (let at = 0; at < FLOATS; at += 8) bus.view.setFloat64(ram + 0x20_0000 + at, 1 + at / 7, true);
  hart.state.floatRegisters().set(new BigInt64Array(Float64Array.of(1.1, 0.7, 1.3, 0.9).buffer));
  hart.setSatp(1, physical(table(0)) / 4096);
  hart.pc = CODE;
  hart.setX(2, BigInt(DATA));
  hart.setX(A5, 0x9e37_79b9_7f4a_7c15n);
  return hart;
}
