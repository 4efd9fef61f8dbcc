/** Decoding of address generation and bit manipulation. [RISC-V unprivileged ISA, "B" Extension: Zba, Zbb, Zbs] */
import { X, bits, hex } from './decode-fields.js';
import type { Decoded } from './decode-fields.js';

/** Register and register, by funct7 and funct3: OP (64 bits) and OP-32. */
const OP: Readonly<Record<string, string>> = {
  '10.2': 'sh1add', '10.4': 'sh2add', '10.6': 'sh3add', '20.7': 'andn', '20.6': 'orn', '20.4': 'xnor', '5.4': 'min', '5.5': 'minu', '5.6': 'max', '5.7': 'maxu',
  '30.1': 'rol', '30.5': 'ror', '24.1': 'bclr', '24.5': 'bext', '34.1': 'binv', '14.1': 'bset',
};
const OP_32: Readonly<Record<string, string>> = { '4.0': 'add.uw', '10.2': 'sh1add.uw', '10.4': 'sh2add.uw', '10.6': 'sh3add.uw', '30.1': 'rolw', '30.5': 'rorw' };
/** One source, by the twelve bits of the immediate and funct3. */
const UNARY: Readonly<Record<string, string>> = { '600.1': 'clz', '601.1': 'ctz', '602.1': 'cpop', '604.1': 'sext.b', '605.1': 'sext.h', '287.5': 'orc.b', '6b8.5': 'rev8' };
const UNARY_32: Readonly<Record<string, string>> = { '600.1': 'clzw', '601.1': 'ctzw', '602.1': 'cpopw' };
/** A shift amount of six bits, by the six bits above it and funct3. */
const SHIFT: Readonly<Record<string, string>> = { '18.5': 'rori', '12.1': 'bclri', '12.5': 'bexti', '1a.1': 'binvi', 'a.1': 'bseti' };

/** Decodes Zba, Zbb and Zbs; undefined for anything else. */
export function bitManipulation(w: number): Decoded | undefined {
  const [opcode, rd, f3, rs1, rs2] = [bits(w, 6, 0), bits(w, 11, 7), bits(w, 14, 12), bits(w, 19, 15), bits(w, 24, 20)];
  const key = (field: number): string => `${field.toString(16)}.${f3}`;
  const make = (op: string | undefined, imm: bigint, last: string): Decoded | undefined => op && { op, rd, rs1, rs2, imm, length: 4, text: `${op} ${X(rd)},${X(rs1)}${last}` } || undefined;
  const [f7, f6, shamt] = [bits(w, 31, 25), bits(w, 31, 26), bits(w, 25, 20)];
  switch (opcode) {
    case 0x33: return make(OP[key(f7)], 0n, `,${X(rs2)}`);
    case 0x3b: return f7 === 4 && f3 === 4 && rs2 === 0 ? make('zext.h', 0n, '') : make(OP_32[key(f7)], 0n, `,${X(rs2)}`);
    case 0x13: return make(UNARY[key(bits(w, 31, 20))], 0n, '') ?? make(SHIFT[key(f6)], BigInt(shamt), `,${hex(shamt)}`);
    case 0x1b:
      if (f3 === 5 && f7 === 0x30) return make('roriw', BigInt(rs2), `,${hex(rs2)}`);
      return make(UNARY_32[key(bits(w, 31, 20))], 0n, '') ?? make(f6 === 2 && f3 === 1 ? 'slli.uw' : undefined, BigInt(shamt), `,${hex(shamt)}`);
    default: return undefined;
  }
}
