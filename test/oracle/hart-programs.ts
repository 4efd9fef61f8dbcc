/**
 * Random programs: valid instructions of every kind with registers that mostly point somewhere, so that loads and stores
 * hit, cross pages and miss, branches loop, and code is rewritten. The encodings are written out here, once more
 * independently of the instruction table.
 */
import * as fc from 'fast-check';
import { BIT_MANIPULATION } from './program-bits.js';
import { B, CI, FREE, FREE_SHORT, I, J, POINTERS, POINTERS_SHORT, R, S, any, pick, wide } from './program-encodings.js';
import type { Encode, Item, Kind } from './program-encodings.js';
import { SHARED_ACCESSES } from './program-shared.js';
import { FLOAT_ARITHMETIC, FLOAT_CONSTANT, FLOAT_CONTROL, FLOAT_MEMORY } from './program-float.js';
export { POINTERS } from './program-encodings.js';
export type { Item } from './program-encodings.js';

/** s10: the page of code that programs rewrite; t6 holds what they write there. */
export const PATCH_POINTER = 26;
const PATCH_VALUE = 31;

const kinds = new Map<string, Kind>();
const kind = (name: string, parcels: number, encode: Encode): void => void kinds.set(name, { name, parcels, encode });
for (const row of [...FLOAT_ARITHMETIC, ...FLOAT_MEMORY, ...FLOAT_CONTROL, ...FLOAT_CONSTANT, ...BIT_MANIPULATION]) kinds.set(row.name, row);

for (const [name, op, f3, f7] of [
  ['add', 0x33, 0, 0], ['sub', 0x33, 0, 32], ['sll', 0x33, 1, 0], ['slt', 0x33, 2, 0], ['sltu', 0x33, 3, 0], ['xor', 0x33, 4, 0], ['srl', 0x33, 5, 0], ['sra', 0x33, 5, 32], ['or', 0x33, 6, 0], ['and', 0x33, 7, 0],
  ['mul', 0x33, 0, 1], ['mulh', 0x33, 1, 1], ['mulhsu', 0x33, 2, 1], ['mulhu', 0x33, 3, 1], ['div', 0x33, 4, 1], ['divu', 0x33, 5, 1], ['rem', 0x33, 6, 1], ['remu', 0x33, 7, 1],
  ['addw', 0x3b, 0, 0], ['subw', 0x3b, 0, 32], ['sllw', 0x3b, 1, 0], ['srlw', 0x3b, 5, 0], ['sraw', 0x3b, 5, 32],
  ['mulw', 0x3b, 0, 1], ['divw', 0x3b, 4, 1], ['divuw', 0x3b, 5, 1], ['remw', 0x3b, 6, 1], ['remuw', 0x3b, 7, 1],
] as const) kind(name, 2, (i) => wide(R(op, f3, f7, pick(FREE, i.rd), any(i.a), any(i.b))));
for (const [name, op, f3] of [['addi', 0x13, 0], ['slti', 0x13, 2], ['sltiu', 0x13, 3], ['xori', 0x13, 4], ['ori', 0x13, 6], ['andi', 0x13, 7], ['addiw', 0x1b, 0]] as const) {
  kind(name, 2, (i) => wide(I(op, f3, pick(FREE, i.rd), any(i.a), i.imm)));
}
for (const [name, op, f3, high, width] of [['slli', 0x13, 1, 0, 64], ['srli', 0x13, 5, 0, 64], ['srai', 0x13, 5, 0x400, 64], ['slliw', 0x1b, 1, 0, 32], ['srliw', 0x1b, 5, 0, 32], ['sraiw', 0x1b, 5, 0x400, 32]] as const) {
  kind(name, 2, (i) => wide(I(op, f3, pick(FREE, i.rd), any(i.a), high | (i.imm & (width - 1)))));
}
kind('lui', 2, (i) => wide((((i.imm * 2654435761) & 0xfffff000) | (pick(FREE, i.rd) << 7) | 0x37) >>> 0));
kind('auipc', 2, (i) => wide((((i.imm * 2654435761) & 0xfffff000) | (pick(FREE, i.rd) << 7) | 0x17) >>> 0));
['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'].forEach((name, f3) => kind(name, 2, (i) => wide(I(0x03, f3, pick(FREE, i.rd), pick(POINTERS, i.a), i.imm))));
['sb', 'sh', 'sw', 'sd'].forEach((name, f3) => kind(name, 2, (i) => wide(S(f3, pick(POINTERS, i.a), any(i.b), i.imm))));
for (const width of [2, 3]) {
  // A pointer with a small, mostly aligned distance in a free register, then the atomic.
  for (const f5 of [0, 1, 2, 3, 4, 8, 12, 16, 20, 24, 28]) {
    kind(`amo${f5}.${width}`, 4, (i) => wide(I(0x13, 0, 5, pick(POINTERS, i.a % 16 === 0 ? i.b : i.a & 3), i.imm & (i.to % 8 === 0 ? 0xfff : -8)), R(0x2f, width, (f5 << 2) | (i.to & 3), pick(FREE, i.rd), 5, f5 === 2 ? 0 : any(i.b))));
  }
  kind(`lrsc.${width}`, 6, (i) => wide(I(0x13, 0, 5, pick(POINTERS, i.a & 3), i.imm & -8), R(0x2f, width, 2 << 2, pick(FREE, i.rd), 5, 0), R(0x2f, width, 3 << 2, pick(FREE, i.imm & 31), 5, any(i.b))));
}
[0, 1, 4, 5, 6, 7].forEach((f3, n) => kind(['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu'][n]!, 2, (i, offset) => wide(B(f3, any(i.a), any(i.b), offset))));
kind('jal', 2, (i, offset) => wide(J(pick(FREE, i.rd), offset)));
kind('auipc+jalr', 4, (i, offset) => wide(((6 << 7) | 0x17) >>> 0, I(0x67, 0, pick(FREE, i.rd), 6, offset | (i.imm & 1))));
kind('jalr', 2, (i) => wide(I(0x67, 0, pick(FREE, i.rd), any(i.a), i.imm)));
kind('fence', 2, (i) => wide(I(0x0f, 0, i.rd % 32, i.a % 32, i.imm)));
kind('fence.i', 2, () => wide(I(0x0f, 1, 0, 0, 0)));
kind('ecall', 2, () => wide(0x73));
kind('ebreak', 2, () => wide(0x00100073));
kind('csr', 2, (i) => wide(I(0x73, [1, 2, 3, 5, 6, 7][i.to % 6]!, pick(FREE, i.rd), any(i.a), pick([0x180, 0x300, 0x100, 0x105, 0xc00, 0xc02, 0x141, 0x342, 0xf14, 0x123], i.imm & 0xff))));
kind('privileged', 2, (i) => wide(pick([0x30200073, 0x10200073, 0x10500073, 0x12000073, 0x16000073, 0x18000073, 0x18100073, 0x00200073], i.imm & 0xff)));
kind('cbo', 2, (i) => wide(I(0x0f, 2, 0, pick(POINTERS, i.a), pick([0, 1, 2, 4, 4, 4, 3, 5], i.imm & 0xff))));
kind('word', 2, (i) => wide(((i.imm * 2654435761) ^ (i.a << 20) ^ (i.b << 7)) >>> 0 | 3).map((p) => p & 0xffff));

// --- compressed
const short = (n: number): number => pick(FREE_SHORT, n) - 8;
const pointer = (n: number): number => pick(POINTERS_SHORT, n) - 8;
kind('c.addi', 1, (i) => [CI(0, 1, pick(FREE, i.rd), i.imm)]);
kind('c.addiw', 1, (i) => [CI(1, 1, pick(FREE, i.rd) || 1, i.imm)]);
kind('c.li', 1, (i) => [CI(2, 1, pick(FREE, i.rd), i.imm)]);
kind('c.lui', 1, (i) => [CI(3, 1, pick(FREE, i.rd), i.imm & 63 || 1)]);
kind('c.slli', 1, (i) => [CI(0, 2, pick(FREE, i.rd), i.imm)]);
kind('c.shift', 1, (i) => [CI(4, 1, ((i.to & 3) % 3 << 3) | short(i.rd), i.imm)]);
kind('c.arith', 1, (i) => [(4 << 13) | ((i.to & 1) << 12) | (3 << 10) | (short(i.rd) << 7) | ((i.imm & (i.to & 1 ? 1 : 3)) << 5) | ((i.b & 7) << 2) | 1]);
kind('c.mv', 1, (i) => [(4 << 13) | (pick(FREE, i.rd) << 7) | (any(i.b) << 2) | 2]);
kind('c.add', 1, (i) => [(4 << 13) | (1 << 12) | (pick(FREE, i.rd) << 7) | (any(i.b) << 2) | 2]);
kind('c.addi4spn', 1, (i) => [((i.imm & 0xff || 1) << 5) | (short(i.rd) << 2)]);
for (const [name, f3] of [['c.lw', 2], ['c.ld', 3]] as const) kind(name, 1, (i) => [(f3 << 13) | ((i.imm & 7) << 10) | (pointer(i.a) << 7) | (((i.imm >> 3) & 3) << 5) | (short(i.rd) << 2)]);
for (const [name, f3] of [['c.sw', 6], ['c.sd', 7]] as const) kind(name, 1, (i) => [(f3 << 13) | ((i.imm & 7) << 10) | (pointer(i.a) << 7) | (((i.imm >> 3) & 3) << 5) | ((i.b & 7) << 2)]);
for (const [name, f3] of [['c.lwsp', 2], ['c.ldsp', 3]] as const) kind(name, 1, (i) => [CI(f3, 2, pick(FREE, i.rd) || 1, i.imm)]);
for (const [name, f3] of [['c.swsp', 6], ['c.sdsp', 7]] as const) kind(name, 1, (i) => [(f3 << 13) | ((i.imm & 63) << 7) | (any(i.b) << 2) | 2]);
for (const [name, f3] of [['c.beqz', 6], ['c.bnez', 7]] as const) {
  kind(name, 1, (i, o) => (o < -256 || o > 254 ? [1] : [(f3 << 13) | (((o >> 8) & 1) << 12) | (((o >> 3) & 3) << 10) | ((i.a & 7) << 7) | (((o >> 6) & 3) << 5) | (((o >> 1) & 3) << 3) | (((o >> 5) & 1) << 2) | 1]));
}
kind('c.j', 1, (_, o) => [(5 << 13) | (((o >> 11) & 1) << 12) | (((o >> 4) & 1) << 11) | (((o >> 8) & 3) << 9) | (((o >> 10) & 1) << 8) | (((o >> 6) & 1) << 7) | (((o >> 7) & 1) << 6) | (((o >> 1) & 7) << 3) | (((o >> 5) & 1) << 2) | 1]);
kind('c.jr', 1, (i) => [(4 << 13) | ((i.to & 1) << 12) | (any(i.a) << 7) | 2]);
kind('c.ebreak', 1, () => [0x9002]);
kind('c.word', 1, (i) => [((i.imm * 40503) ^ (i.a << 5) ^ i.b) & 0xfffc | (i.to % 3)]);

// --- code that changes: an addi of a random register and value is stored into the patch page, and the page is called.
kind('patch', 12, (i) => {
  const value = I(0x13, [0, 4, 6, 7][i.to & 3]!, pick(FREE_SHORT, i.rd), pick(FREE, i.a), i.imm);
  const low = (value << 20) >> 20;
  return wide(
    ((((value - low) & 0xfffff000) | (PATCH_VALUE << 7) | 0x37) >>> 0), I(0x13, 0, PATCH_VALUE, PATCH_VALUE, low),
    S(2, PATCH_POINTER, PATCH_VALUE, (i.b % 8) * 4), I(0x0f, 1, 0, 0, 0), I(0x67, 0, 1, PATCH_POINTER, 0), I(0x13, 0, 0, 0, 0),
  );
});
kind('call patch', 2, () => wide(I(0x67, 0, 1, PATCH_POINTER, 0)));

/** Names of all kinds that make sense in user mode. */
export const KINDS: readonly string[] = [...kinds.keys()];
for (const row of SHARED_ACCESSES) kinds.set(row.name, row);

// --- for machine and supervisor mode
/** gp, tp, s9, s10, s11: values for CSRs, which programs do not write. */
export const CSR_VALUES: readonly number[] = [3, 4, 25, 26, 27];
/** s8: a value for pmpcfg0 and pmpcfg2 that locks nothing. */
export const PMP_VALUE = 24;
/** CSRs that programs for machine mode read and write. */
export const PROGRAM_CSRS: readonly number[] = [
  1, 2, 3, 0x3b0, 0x3b1, 0x3b2, 0x3b7, 0x3b8, 0x3bf, 0xb03, 0xc1f, 0x33f, 0x7a0, 0x7a4, 0xf12, 0x10a,
  0x300, 0x302, 0x303, 0x304, 0x305, 0x306, 0x340, 0x341, 0x342, 0x343, 0x344, 0xb00, 0xb02, 0x301, 0x320, 0x30a,
  0x100, 0x104, 0x105, 0x106, 0x140, 0x141, 0x142, 0x143, 0x144, 0x180, 0xc00, 0xc02, 0xf11, 0xf14,
];
/** Those that decide what the next instructions may do. */
const STEERING = [0x300, 0x100, 0x302, 0x303, 0x304, 0x344, 0x144, 0x180, 0x341, 0x141];
kind('any csr', 2, (i) => wide(I(0x73, [1, 2, 3, 5, 6, 7][i.to % 6]!, pick(FREE, i.rd), any(i.a), pick(PROGRAM_CSRS, i.imm & 0xfff))));
kind('steer', 2, (i) => wide(I(0x73, [1, 2, 2, 3][i.to & 3]!, pick(FREE, i.rd), pick(CSR_VALUES, i.a), pick(STEERING, i.imm & 0xfff))));
kind('pmp', 2, (i) => wide(I(0x73, [1, 2, 3][i.to % 3]!, pick(FREE, i.rd), PMP_VALUE, i.imm & 1 ? 0x3a0 : 0x3a2)));
kind('pmp range', 2, (i) => wide(I(0x73, [1, 1, 2, 3][i.to & 3]!, pick(FREE, i.rd), any(i.a), 0x3b0 + (i.imm & 15))));
kind('mret to', 6, (i) => wide(I(0x73, 1, 0, 26 + (i.a & 1), 0x341), I(0x73, i.to & 1 ? 2 : 3, 0, 3, 0x300), 0x30200073));
kind('sret to', 6, (i) => wide(I(0x73, 1, 0, 26 + (i.a & 1), 0x141), I(0x73, i.to & 1 ? 2 : 3, 0, 3, 0x100), 0x10200073));
kind('system', 2, (i) => wide(pick([0x73, 0x73, 0x30200073, 0x10200073, 0x10500073, R(0x73, 0, 9, 0, i.b % 3, i.a % 3), R(0x73, 0, 0x0b, 0, i.b % 3, i.a % 3), 0x18000073, 0x18100073], i.imm & 0xfff)));
/** Kinds that need more than user mode to mean anything. */
export const PRIVILEGED_KINDS: readonly string[] = ['any csr', 'any csr', 'steer', 'steer', 'steer', 'mret to', 'sret to', 'system', 'pmp', 'pmp range'];
const rare = new Set(['jalr', 'c.jr', 'ecall', 'ebreak', 'c.ebreak', 'privileged', 'word', 'c.word', 'csr']);

/** The kind of an item. */
export const kindOf = (name: string): Kind => kinds.get(name)!;

/** A program as its instructions' parcels, with the offset in bytes of every item. */
export interface Program {
  readonly parcels: readonly number[];
  readonly starts: readonly number[];
}

/** Lays out items and encodes them. */
export function encodeProgram(items: readonly Item[]): Program {
  const starts: number[] = [];
  let at = 0;
  for (const item of items) {
    starts.push(at);
    at += 2 * kinds.get(item.kind)!.parcels;
  }
  const parcels = items.flatMap((item, n) => {
    const encoded = kinds.get(item.kind)!.encode(item, starts[item.to % starts.length]! - starts[n]!);
    if (encoded.length !== kinds.get(item.kind)!.parcels) throw new Error(`${item.kind} has ${encoded.length} parcels`);
    return encoded;
  });
  // Behind the last item the program begins again.
  return { parcels: [...parcels, ...wide(J(0, -at))], starts };
}

const number = fc.nat(0xffff);
const item = (from: readonly string[]): fc.Arbitrary<Item> => fc.record({
  kind: fc.constantFrom(...from), rd: number, a: number, b: number, to: number,
  imm: fc.oneof(fc.integer({ min: -2048, max: 2047 }), fc.integer({ min: -16, max: 16 })),
});

/** Items of a program of exactly these kinds. */
export const itemsOf = (from: readonly string[], size: number): fc.Arbitrary<Item[]> => fc.array(item(from), { minLength: 1, maxLength: size });

/** Items of a program; `without` leaves kinds out. */
export const programItems = (size: number, without: readonly string[] = []): fc.Arbitrary<Item[]> => {
  const kept = KINDS.filter((name) => !without.includes(name));
  const [often, seldom] = [kept.filter((name) => !rare.has(name)), kept.filter((name) => rare.has(name))];
  return fc.array(fc.oneof({ weight: 20, arbitrary: item(often) }, ...(seldom.length > 0 ? [{ weight: 1, arbitrary: item(seldom) }] : [])), { minLength: 1, maxLength: size });
};

/** Register contents: the edges of the widths, and anything. */
export const registerValue: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n, 63n, 64n, 0x7fffffffn, 0x80000000n, -0x80000000n, 0xffffffffn, 0x100000000n, (1n << 63n) - 1n, -(1n << 63n)),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
);
