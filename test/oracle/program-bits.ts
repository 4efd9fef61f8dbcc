/** Kinds of address generation and bit manipulation. */
import { FREE, I, R, any, pick, wide } from './program-encodings.js';
import type { Kind } from './program-encodings.js';

const [OP, OP_32, OP_IMM, OP_IMM_32] = [0x33, 0x3b, 0x13, 0x1b];

const REGISTERS: readonly (readonly [name: string, op: number, f3: number, f7: number])[] = [
  ['sh1add', OP, 2, 0x10], ['sh2add', OP, 4, 0x10], ['sh3add', OP, 6, 0x10], ['andn', OP, 7, 0x20], ['orn', OP, 6, 0x20], ['xnor', OP, 4, 0x20],
  ['min', OP, 4, 5], ['minu', OP, 5, 5], ['max', OP, 6, 5], ['maxu', OP, 7, 5], ['rol', OP, 1, 0x30], ['ror', OP, 5, 0x30],
  ['bclr', OP, 1, 0x24], ['bext', OP, 5, 0x24], ['binv', OP, 1, 0x34], ['bset', OP, 1, 0x14],
  ['add.uw', OP_32, 0, 4], ['sh1add.uw', OP_32, 2, 0x10], ['sh2add.uw', OP_32, 4, 0x10], ['sh3add.uw', OP_32, 6, 0x10], ['rolw', OP_32, 1, 0x30], ['rorw', OP_32, 5, 0x30],
];
const UNARY: readonly (readonly [name: string, op: number, f3: number, high: number])[] = [
  ['clz', OP_IMM, 1, 0x600], ['ctz', OP_IMM, 1, 0x601], ['cpop', OP_IMM, 1, 0x602], ['sext.b', OP_IMM, 1, 0x604], ['sext.h', OP_IMM, 1, 0x605], ['orc.b', OP_IMM, 5, 0x287], ['rev8', OP_IMM, 5, 0x6b8],
  ['clzw', OP_IMM_32, 1, 0x600], ['ctzw', OP_IMM_32, 1, 0x601], ['cpopw', OP_IMM_32, 1, 0x602], ['zext.h', OP_32, 4, 0x080],
];
const SHIFTS: readonly (readonly [name: string, op: number, f3: number, high: number, width: 32 | 64])[] = [
  ['rori', OP_IMM, 5, 0x600, 64], ['bclri', OP_IMM, 1, 0x480, 64], ['bexti', OP_IMM, 5, 0x480, 64], ['binvi', OP_IMM, 1, 0x680, 64], ['bseti', OP_IMM, 1, 0x280, 64],
  ['slli.uw', OP_IMM_32, 1, 0x080, 64], ['roriw', OP_IMM_32, 5, 0x600, 32],
];

/** Zba, Zbb and Zbs. */
export const BIT_MANIPULATION: readonly Kind[] = [
  ...REGISTERS.map(([name, op, f3, f7]): Kind => ({ name, parcels: 2, encode: (i) => wide(R(op, f3, f7, pick(FREE, i.rd), any(i.a), any(i.b))) })),
  ...UNARY.map(([name, op, f3, high]): Kind => ({ name, parcels: 2, encode: (i) => wide(I(op, f3, pick(FREE, i.rd), any(i.a), high)) })),
  ...SHIFTS.map(([name, op, f3, high, width]): Kind => ({ name, parcels: 2, encode: (i) => wide(I(op, f3, pick(FREE, i.rd), any(i.a), high | (i.imm & (width - 1)))) })),
];
