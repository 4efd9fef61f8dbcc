/**
 * The encodings of the F and D extensions as rows: what the decoder of the oracle looks up, and what random programs are
 * made from. [RISC-V unprivileged ISA, RV32/64G Instruction Set Listings, RV32F to RV64D]
 */

/** One instruction of OP-FP or of the four multiply-adds. */
export interface FloatRow {
  readonly op: string;
  /** The bits that are always the same, register fields zero. */
  readonly match: number;
  readonly mask: number;
  /** Which file each operand is in; absent where the field is part of the opcode. */
  readonly rd: 'x' | 'f';
  readonly rs1: 'x' | 'f';
  readonly rs2: boolean;
  readonly rs3: boolean;
  /** Whether funct3 is a rounding mode. */
  readonly rm: boolean;
}

const rows: FloatRow[] = [];
const word = (f7: number, rs2: number, f3: number, opcode: number): number => ((f7 << 25) | (rs2 << 20) | (f3 << 12) | opcode) >>> 0;
const [F7, RS2, F3, OPCODE] = [word(127, 0, 0, 0), word(0, 31, 0, 0), word(0, 0, 7, 0), 0x7f];

/** Two sources, or one where `rs2` is a part of the opcode. */
function add(op: string, f7: number, o: { rs2?: number; f3?: number; rd?: 'x' | 'f'; rs1?: 'x' | 'f' }): void {
  rows.push({
    op, match: word(f7, o.rs2 ?? 0, o.f3 ?? 0, 0x53), mask: (F7 | OPCODE | (o.rs2 === undefined ? 0 : RS2) | (o.f3 === undefined ? 0 : F3)) >>> 0,
    rd: o.rd ?? 'f', rs1: o.rs1 ?? 'f', rs2: o.rs2 === undefined, rs3: false, rm: o.f3 === undefined,
  });
}

for (const [fmt, letter] of [[0, 's'], [1, 'd']] as const) {
  ['fadd', 'fsub', 'fmul', 'fdiv'].forEach((name, n) => add(`${name}.${letter}`, (n << 2) | fmt, {}));
  add(`fsqrt.${letter}`, 0x2c | fmt, { rs2: 0 });
  ['fsgnj', 'fsgnjn', 'fsgnjx'].forEach((name, f3) => add(`${name}.${letter}`, 0x10 | fmt, { f3 }));
  ['fmin', 'fmax'].forEach((name, f3) => add(`${name}.${letter}`, 0x14 | fmt, { f3 }));
  ['fle', 'flt', 'feq'].forEach((name, f3) => add(`${name}.${letter}`, 0x50 | fmt, { f3, rd: 'x' }));
  ['w', 'wu', 'l', 'lu'].forEach((integer, rs2) => {
    add(`fcvt.${integer}.${letter}`, 0x60 | fmt, { rs2, rd: 'x' });
    add(`fcvt.${letter}.${integer}`, 0x68 | fmt, { rs2, rs1: 'x' });
  });
  add(`fclass.${letter}`, 0x70 | fmt, { rs2: 0, f3: 1, rd: 'x' });
  add(fmt === 0 ? 'fmv.x.w' : 'fmv.x.d', 0x70 | fmt, { rs2: 0, f3: 0, rd: 'x' });
  add(fmt === 0 ? 'fmv.w.x' : 'fmv.d.x', 0x78 | fmt, { rs2: 0, f3: 0, rs1: 'x' });
  add(fmt === 0 ? 'fcvt.s.d' : 'fcvt.d.s', 0x20 | fmt, { rs2: 1 - fmt });
  ['fmadd', 'fmsub', 'fnmsub', 'fnmadd'].forEach((name, n) => {
    rows.push({ op: `${name}.${letter}`, match: (fmt << 25) | 0x43 | (n << 2), mask: (3 << 25) | OPCODE, rd: 'f', rs1: 'f', rs2: true, rs3: true, rm: true });
  });
}

/** All rows. */
export const FLOAT_ROWS: readonly FloatRow[] = rows;

const byOpcode = new Map<number, FloatRow[]>();
for (const row of rows) byOpcode.set(row.match & OPCODE, [...(byOpcode.get(row.match & OPCODE) ?? []), row]);

/** The row of an instruction word, whatever its rounding mode. */
export const floatRow = (bits: number): FloatRow | undefined => byOpcode.get(bits & OPCODE)?.find((row) => ((bits & row.mask) ^ row.match) === 0);

/** The word of a row and its fields; those it does not have are ignored. */
export function encodeFloat(row: FloatRow, o: { readonly rd: number; readonly rs1: number; readonly rs2: number; readonly rs3: number; readonly rm: number }): number {
  return (row.match | (o.rd << 7) | (o.rs1 << 15) | (row.rs2 ? o.rs2 << 20 : 0) | (row.rs3 ? o.rs3 << 27 : 0) | (row.rm ? o.rm << 12 : 0)) >>> 0;
}
