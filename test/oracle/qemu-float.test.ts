/** The floating-point oracle against qemu-riscv64: every instruction in every rounding mode, results and flags. Opt-in: SEGDEV_QEMU_USER=1. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLOAT_ROWS, encodeFloat } from './float-encodings.js';
import type { FloatRow } from './float-encodings.js';
import { DOUBLE, SINGLE } from './float-format.js';
import { anyFloat } from './float-values.js';
import { box, executeFloat } from './hart-float.js';
import type { FloatSources } from './hart-float.js';
import { linuxElf, runUnderQemu, underQemuUser, writeAndExit } from './linux-program.js';
import { seeded } from './runs.js';
import { registerValue } from './hart-programs.js';

/** One instruction, executed on every set of operands. */
interface Case {
  readonly row: FloatRow;
  readonly mode: number;
}

const cases: readonly Case[] = FLOAT_ROWS.flatMap((row) => (row.rm ? [0, 1, 2, 3, 4] : [0]).map((mode) => ({ row, mode })));
// Sources fa0, fa1, fa2 and a0; targets fa5 and a5.
const FIELDS = { rs2: 11, rs3: 12, rd: 15 };

/** A program that writes result and flags of all cases on all operands. */
function source(operands: readonly FloatSources[]): string {
  const body = cases.map(({ row, mode }) => `
        .word 0x00105073                # csrwi fflags, 0
        .word ${encodeFloat(row, { ...FIELDS, rs1: 10, rm: mode })}
        .word 0x00102873                # csrr a6, fflags
        ${row.rd === 'f' ? '.word 0xe20787d3 # fmv.x.d a5, fa5' : ''}
        sd   a5, 0(s2)
        sd   a6, 8(s2)
        addi s2, s2, 16`).join('');
  return `
        .globl _start
_start: la   s0, operands
        li   s1, ${operands.length}
        la   s2, results
loop:   .word 0x00043507                # fld fa0, 0(s0)
        .word 0x00843587                # fld fa1, 8(s0)
        .word 0x01043607                # fld fa2, 16(s0)
        ld   a0, 24(s0)
        ${body}
        addi s0, s0, 32
        addi s1, s1, -1
        beqz s1, done
        la   t0, loop
        jr   t0
done:
        ${writeAndExit('results', String(operands.length * cases.length * 16))}
        .data
        .balign 8
operands:
        ${operands.map(({ a, b, c, x }) => `.dword ${[a, b, c, BigInt.asUintN(64, x)].join(', ')}`).join('\n')}
        .bss
        .balign 8
results: .space ${operands.length * cases.length * 16}
`;
}

// Mostly boxed singles for the one half of the instructions, doubles for the other; each sees the others' as well.
const operand = fc.oneof(anyFloat(SINGLE).map((bits) => box(SINGLE, bits)), anyFloat(DOUBLE));
const operands = fc.oneof(
  fc.record({ a: anyFloat(SINGLE), b: anyFloat(SINGLE), c: anyFloat(SINGLE), x: registerValue }).map(({ a, b, c, x }) => ({ a: box(SINGLE, a), b: box(SINGLE, b), c: box(SINGLE, c), x })),
  fc.record({ a: anyFloat(DOUBLE), b: anyFloat(DOUBLE), c: anyFloat(DOUBLE), x: registerValue }),
  fc.record({ a: operand, b: operand, c: operand, x: registerValue }),
);
const BATCH = 100;
const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16);

underQemuUser('floating point with qemu-riscv64', () => {
  describe('against qemu-riscv64', () => {
    it('every instruction in every rounding mode has its result and flags', () => {
      const { numRuns, seed } = seeded(1000);
      const wrong: string[] = [];
      const all = fc.sample(operands, { numRuns, seed });
      for (let at = 0; at < all.length; at += BATCH) {
        const batch = all.slice(at, at + BATCH);
        const results = runUnderQemu(linuxElf(source(batch)));
        batch.forEach((s, n) => cases.forEach(({ row, mode }, i) => {
          const place = (n * cases.length + i) * 16;
          const theirs = `${hex(results.readBigUInt64LE(place))} ${results.readBigUInt64LE(place + 8)}`;
          const result = executeFloat(row.op, s, mode);
          const ours = `${hex((result.f ?? result.x)!)} ${result.flags}`;
          if (ours !== theirs && wrong.length < 20) wrong.push(`${row.op} mode ${mode} of ${[s.a, s.b, s.c, s.x].map(hex).join(' ')}: ${ours}, qemu ${theirs}`);
        }));
      }
      expect(wrong, `seed ${seed}`).toEqual([]);
      process.stderr.write(`floating point: ${all.length * cases.length} results compared with qemu-riscv64, seed ${seed}\n`);
    }, 3_600_000);
  });
});
