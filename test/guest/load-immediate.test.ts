/** Constants of 64 bits, which `li` builds from pieces: executed by the oracle hart, they are what was asked for. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../guest/index.js';
import { disassemble } from '../../src/hart/index.js';
import { OracleHart } from '../oracle/hart.js';
import { OraclePhysical } from '../oracle/hart-memory.js';
import { runs } from '../oracle/runs.js';

/** Runs straight-line code and returns a0. */
function resultOf(source: string, rvc = false): bigint {
  const { sections } = assemble(source, { rvc });
  const memory = new OraclePhysical(0x10000n, 4096);
  const code = sections[0]!.bytes;
  memory.bytes.set(code);
  const hart = new OracleHart(memory, true);
  hart.pc = 0x10000n;
  while (hart.pc < 0x10000n + BigInt(code.length)) expect(hart.step()).toBeUndefined();
  return hart.x[10]!;
}

describe('li', () => {
  it.each([
    0n, 1n, -1n, 2047n, 2048n, -2048n, -2049n, 0x7ffff7ffn, 0x7ffff800n, 0x7fffffffn, 0x80000000n, -0x80000000n, -0x80000001n, 0xffffffffn, 0x100000000n, 0x123456789abcdef0n,
    0x7fffffffffffffffn, -0x8000000000000000n, 0xfffff80000000000n, 0xdeadbeefcafebaben, 0x8000000080000000n, 0x7ff00000000007ffn,
  ])('loads %d', (value) => {
    expect(resultOf(`li a0, ${value}`)).toBe(BigInt.asIntN(64, value));
    expect(resultOf(`li a0, ${value}`, true)).toBe(BigInt.asIntN(64, value));
  });

  it('loads any 64-bit constant in at most 8 instructions', () => {
    const value = fc.oneof(fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }), fc.tuple(fc.bigInt({ min: -4096n, max: 4096n }), fc.nat(63)).map(([v, n]) => BigInt.asIntN(64, v << BigInt(n))));
    fc.assert(fc.property(value, (v) => {
      expect(assemble(`li a0, ${v}`).sections[0]!.size).toBeLessThanOrEqual(32);
      expect(resultOf(`li a0, ${v}`)).toBe(BigInt.asIntN(64, v));
    }), { numRuns: runs(500) });
  });
});

describe('what the disassembler prints', () => {
  it('the assembler reads back as the same instruction', () => {
    const opcodes = [0x03, 0x13, 0x17, 0x1b, 0x23, 0x2f, 0x33, 0x37, 0x3b, 0x63, 0x67, 0x6f, 0x73, 0x07, 0x27, 0x43, 0x47, 0x4b, 0x4f, 0x53];
    const word = fc.oneof(fc.nat(0xffff).filter((w) => (w & 3) !== 3), fc.tuple(fc.nat(0x1ffffff), fc.constantFrom(...opcodes)).map(([high, opcode]) => (high * 128 + opcode) >>> 0));
    fc.assert(fc.property(word, (w) => {
      const text = disassemble(w, 0x40000000);
      // The mode of conversions that are always exact is not written; to nearest is then understood.
      fc.pre(!(/^fcvt\.d\.(s|wu?) /.test(text) && (w >>> 12) % 8 === 7));
      const { bytes } = assemble(`${text}\n nop`, { base: 0x40000000 }).sections[0]!;
      const view = new DataView(bytes.buffer);
      expect((w & 3) === 3 ? view.getUint32(0, true) : view.getUint16(0, true), text).toBe(w);
    }), { numRuns: runs(2000) });
  });
});
