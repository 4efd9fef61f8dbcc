/** Every floating-point instruction in every rounding mode as assembly, on operands in memory, and what each must give. */
import * as fc from 'fast-check';
import { FLOAT_ROWS, encodeFloat } from './float-encodings.js';
import type { FloatRow } from './float-encodings.js';
import { DOUBLE, SINGLE } from './float-format.js';
import { anyFloat, anyRegister } from './float-values.js';
import { box, executeFloat } from './hart-float.js';
import type { FloatSources } from './hart-float.js';
import { registerValue } from './hart-programs.js';

/** One instruction, executed on every set of operands. */
interface Case {
  readonly row: FloatRow;
  readonly mode: number;
}

/** All cases; those without a rounding mode once. */
export const FLOAT_CASES: readonly Case[] = FLOAT_ROWS.flatMap((row) => (row.rm ? [0, 1, 2, 3, 4] : [0]).map((mode) => ({ row, mode })));

/** Bytes of the results of one set of operands: of each case the register and fflags. */
export const CASES_SIZE: number = FLOAT_CASES.length * 16;

// Sources fa0, fa1, fa2 and a0; targets fa5 and a5.
const FIELDS = { rs2: 11, rs3: 12, rd: 15 };

/** Goes from `operands` through `count` sets of them and writes `results`; falls through to what follows. `flags`: fflags before each case. */
export const floatCases = (count: number, flags: number): string => `
        la   s0, operands
        li   s1, ${count}
        la   s2, results
loop:   .word 0x00043507                # fld fa0, 0(s0)
        .word 0x00843587                # fld fa1, 8(s0)
        .word 0x01043607                # fld fa2, 16(s0)
        ld   a0, 24(s0)
        ${FLOAT_CASES.map(({ row, mode }) => `
        .word ${0x00105073 | (flags << 15)}  # csrwi fflags, ${flags}
        .word ${encodeFloat(row, { ...FIELDS, rs1: 10, rm: mode })}
        .word 0x00102873                # csrr a6, fflags
        ${row.rd === 'f' ? '.word 0xe20787d3 # fmv.x.d a5, fa5' : ''}
        sd   a5, 0(s2)
        sd   a6, 8(s2)
        addi s2, s2, 16`).join('')}
        addi s0, s0, 32
        addi s1, s1, -1
        beqz s1, done
        la   t0, loop
        jr   t0
done:`;

/** The operands as data. */
export const floatOperands = (operands: readonly FloatSources[]): string => `
        .balign 8
operands:
        ${operands.map(({ a, b, c, x }) => `.dword ${[a, b, c, BigInt.asUintN(64, x)].join(', ')}`).join('\n')}`;

const boxed = anyFloat(SINGLE).map((bits) => box(SINGLE, bits));
const double = anyFloat(DOUBLE);
/** Singles for the one half of the instructions, doubles for the other; and anything. */
export const floatSources: fc.Arbitrary<FloatSources> = fc.oneof(
  fc.record({ a: boxed, b: boxed, c: boxed, x: registerValue }), fc.record({ a: double, b: double, c: double, x: registerValue }), fc.record({ a: anyRegister, b: anyRegister, c: anyRegister, x: registerValue }),
);

const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16);

/** Compares the results of all cases on all operands with the oracle's: a line for each that differs, of the first few. */
export function wrongCases(operands: readonly FloatSources[], results: DataView, flags: number): string[] {
  const wrong: string[] = [];
  operands.forEach((s, n) => FLOAT_CASES.forEach(({ row, mode }, i) => {
    const at = n * CASES_SIZE + i * 16;
    const theirs = `${hex(results.getBigUint64(at, true))} flags ${results.getBigUint64(at + 8, true)}`;
    const result = executeFloat(row.op, s, mode);
    const ours = `${hex((result.f ?? result.x)!)} flags ${result.flags | flags}`;
    if (ours !== theirs && wrong.length < 20) wrong.push(`${row.op} mode ${mode} flags ${flags} of ${[s.a, s.b, s.c, s.x].map(hex).join(' ')}: ${theirs}, oracle ${ours}`);
  }));
  return wrong;
}
