/** The decoder and disassembler made from the instruction table, against one written by hand from the manual. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disassemble } from '../../src/hart/disassemble.js';
import { decode } from '../oracle/hart-decode.js';
import { runs } from '../oracle/runs.js';

const illegal = (word: number): string => ((word & 3) === 3 ? `.word 0x${word.toString(16).padStart(8, '0')}` : `.short 0x${(word & 0xffff).toString(16).padStart(4, '0')}`);
const expected = (word: number, pc: number): string => decode(word, pc)?.text ?? illegal(word);

describe('decoding', () => {
  it('agrees on every compressed encoding', () => {
    const wrong: string[] = [];
    for (let word = 0; word < 0x10000; word++) {
      if ((word & 3) === 3) continue;
      const [ours, oracle] = [disassemble(word, 0x10_0000), expected(word, 0x10_0000)];
      if (ours !== oracle) wrong.push(`${word.toString(16)}: ${ours}, expected ${oracle}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('agrees on every opcode, funct3 and funct7 of full instructions', () => {
    const wrong: string[] = [];
    for (let opcode = 3; opcode < 128; opcode += 4) for (let f3 = 0; f3 < 8; f3++) for (let f7 = 0; f7 < 128; f7++) for (const [rd, rs1, rs2] of [[0, 0, 0], [0, 0, 1], [1, 2, 3], [31, 30, 5], [0, 7, 2]] as const) {
      const word = (opcode | (rd << 7) | (f3 << 12) | (rs1 << 15) | (rs2 << 20) | (f7 << 25)) >>> 0;
      const [ours, oracle] = [disassemble(word, 0x4000), expected(word, 0x4000)];
      if (ours !== oracle) wrong.push(`${word.toString(16)}: ${ours}, expected ${oracle}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('agrees on random words at any pc', () => {
    const opcodes = [0x03, 0x0f, 0x13, 0x17, 0x1b, 0x23, 0x2f, 0x33, 0x37, 0x3b, 0x63, 0x67, 0x6f, 0x73];
    const word = fc.oneof(fc.nat(0xffffffff).map((w) => (w | 3) >>> 0), fc.tuple(fc.nat(0x1ffffff), fc.constantFrom(...opcodes)).map(([high, opcode]) => (high * 128 + opcode) >>> 0));
    const pc = fc.integer({ min: -(2 ** 37), max: 2 ** 37 - 1 }).map((n) => n * 2);
    fc.assert(fc.property(word, pc, (w, at) => {
      expect(disassemble(w, at)).toBe(expected(w, at));
    }), { numRuns: runs(5000) });
  });
});
