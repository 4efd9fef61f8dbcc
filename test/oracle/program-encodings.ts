/** What the kinds of random instructions are built from: instruction formats, and which registers programs use for what. */

/** One element of a program: what it is, and numbers that its kind makes registers and immediates of. */
export interface Item {
  readonly kind: string;
  readonly rd: number;
  readonly a: number;
  readonly b: number;
  readonly imm: number;
  /** Which item a branch goes to, modulo their number. */
  readonly to: number;
}

/** Makes the parcels of an item; `offset` is the distance to where it branches. */
export type Encode = (i: Item, offset: number) => number[];

/** A kind of item. */
export interface Kind {
  readonly name: string;
  readonly parcels: number;
  readonly encode: Encode;
}

/** Registers that programs may write: all but the pointers. */
export const FREE: readonly number[] = [0, 1, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 22, 23, 28, 29, 30, 31];
/** sp, s0, s1, a5, s2 to s5: pointers into data, which programs do not write. */
export const POINTERS: readonly number[] = [2, 8, 9, 15, 18, 19, 20, 21];
/** gp: user programs find floating-point constants there, FLOAT_POOL of them. */
export const POOL_POINTER = 3;
export const FLOAT_POOL = 64;
/** Those of the free registers and of the pointers that the short register fields can name. */
export const FREE_SHORT: readonly number[] = [10, 11, 12, 13, 14];
export const POINTERS_SHORT: readonly number[] = [8, 9, 15];

export const pick = (from: readonly number[], n: number): number => from[n % from.length]!;
export const any = (n: number): number => n % 32;
export const R = (op: number, f3: number, f7: number, rd: number, rs1: number, rs2: number): number => ((f7 << 25) | (rs2 << 20) | (rs1 << 15) | (f3 << 12) | (rd << 7) | op) >>> 0;
export const I = (op: number, f3: number, rd: number, rs1: number, imm: number): number => (((imm & 0xfff) << 20) | (rs1 << 15) | (f3 << 12) | (rd << 7) | op) >>> 0;
export const S = (f3: number, rs1: number, rs2: number, imm: number, op = 0x23): number => R(op, f3, (imm >> 5) & 0x7f, imm & 31, rs1, rs2);
export const B = (f3: number, rs1: number, rs2: number, offset: number): number => R(0x63, f3, (((offset >> 12) & 1) << 6) | ((offset >> 5) & 63), (((offset >> 1) & 15) << 1) | ((offset >> 11) & 1), rs1, rs2);
export const J = (rd: number, offset: number): number => ((((offset >> 20) & 1) << 31) | (((offset >> 1) & 1023) << 21) | (((offset >> 11) & 1) << 20) | (((offset >> 12) & 255) << 12) | (rd << 7) | 0x6f) >>> 0;
/** The compressed format CI. */
export const CI = (f3: number, quadrant: number, rd: number, imm: number): number => (f3 << 13) | (((imm >> 5) & 1) << 12) | (rd << 7) | ((imm & 31) << 2) | quadrant;

/** Instructions of 32 bits are pairs of parcels. */
export const wide = (...words: number[]): number[] => words.flatMap((word) => [word & 0xffff, word >>> 16]);
