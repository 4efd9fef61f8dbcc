/** Kinds of floating-point instructions: all of F and D, their loads and stores, constants, and traffic with fcsr. */
import { FLOAT_ROWS, encodeFloat } from './float-encodings.js';
import { CI, FLOAT_POOL, FREE, I, POINTERS, POINTERS_SHORT, POOL_POINTER, S, any, pick, wide } from './program-encodings.js';
import type { Kind } from './program-encodings.js';

const [LOAD_FP, STORE_FP, SYSTEM] = [0x07, 0x27, 0x73];
/** Mostly the mode of frm, seldom a reserved one. */
const mode = (n: number): number => (n % 64 === 0 ? 5 + (n >> 6) % 2 : pick([7, 7, 7, 0, 1, 2, 3, 4], n));
const pointer = (n: number): number => pick(POINTERS_SHORT, n) - 8;

/** Those that only compute. */
export const FLOAT_ARITHMETIC: readonly Kind[] = FLOAT_ROWS.map((row) => ({
  name: row.op, parcels: 2,
  encode: (i) => wide(encodeFloat(row, { rd: row.rd === 'x' ? pick(FREE, i.rd) : any(i.rd), rs1: any(i.a), rs2: any(i.b), rs3: i.imm & 31, rm: mode(i.to) })),
}));

/** Those that use memory. */
export const FLOAT_MEMORY: readonly Kind[] = [
  ...[2, 3].flatMap((f3): Kind[] => [
    { name: f3 === 2 ? 'flw' : 'fld', parcels: 2, encode: (i) => wide(I(LOAD_FP, f3, any(i.rd), pick(POINTERS, i.a), i.imm)) },
    { name: f3 === 2 ? 'fsw' : 'fsd', parcels: 2, encode: (i) => wide(S(f3, pick(POINTERS, i.a), any(i.b), i.imm, STORE_FP)) },
  ]),
  { name: 'c.fld', parcels: 1, encode: (i) => [(1 << 13) | ((i.imm & 7) << 10) | (pointer(i.a) << 7) | (((i.imm >> 3) & 3) << 5) | ((i.rd & 7) << 2)] },
  { name: 'c.fsd', parcels: 1, encode: (i) => [(5 << 13) | ((i.imm & 7) << 10) | (pointer(i.a) << 7) | (((i.imm >> 3) & 3) << 5) | ((i.b & 7) << 2)] },
  { name: 'c.fldsp', parcels: 1, encode: (i) => [CI(1, 2, any(i.rd), i.imm)] },
  { name: 'c.fsdsp', parcels: 1, encode: (i) => [(5 << 13) | ((i.imm & 63) << 7) | (any(i.b) << 2) | 2] },
];

/** A constant of the pool. */
export const FLOAT_CONSTANT: readonly Kind[] = [{ name: 'fconst', parcels: 2, encode: (i) => wide(I(LOAD_FP, 3, any(i.rd), POOL_POINTER, (i.imm & (FLOAT_POOL - 1)) * 8)) }];

/** fflags, frm and fcsr: read, written, and set to legal modes by immediates. */
export const FLOAT_CONTROL: readonly Kind[] = [
  { name: 'fcsr', parcels: 2, encode: (i) => wide(I(SYSTEM, [1, 2, 3, 5, 6, 7][i.to % 6]!, pick(FREE, i.rd), any(i.a), 1 + (i.imm & 0xff) % 3)) },
  { name: 'fcsr read', parcels: 2, encode: (i) => wide(I(SYSTEM, 2, pick(FREE, i.rd), 0, 1 + (i.imm & 0xff) % 3)) },
  { name: 'fcsr clear', parcels: 2, encode: (i) => wide(I(SYSTEM, 5, pick(FREE, i.rd), any(i.a), 3)) },
  { name: 'frm', parcels: 2, encode: (i) => wide(I(SYSTEM, 5, pick(FREE, i.rd), i.a % 5, 2)) },
  { name: 'fflags', parcels: 2, encode: (i) => wide(I(SYSTEM, [5, 5, 6, 7][i.to & 3]!, pick(FREE, i.rd), any(i.a), 1)) },
];
