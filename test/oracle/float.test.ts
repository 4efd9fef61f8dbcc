/**
 * The floating-point oracle against what it was not written from: results derived by hand from IEEE 754 and the RISC-V
 * manual, the host's own arithmetic, which rounds to nearest, and (opt-in: SEGDEV_QEMU_USER=1) qemu-riscv64.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, divide, multiply, multiplyAdd, squareRoot, subtract } from './float-arithmetic.js';
import { CASES_SIZE, FLOAT_CASES, floatCases, floatOperands, floatSources, wrongCases } from './float-cases.js';
import { DOUBLE, Flag, Round, SINGLE, round, unpack } from './float-format.js';
import type { Format } from './float-format.js';
import { classify, compare, convert, extreme, fromInteger, toInteger } from './float-other.js';
import { anyFloat, specials } from './float-values.js';
import type { FloatSources } from './hart-float.js';
import { linuxElf, runUnderQemu, underQemuUser, writeAndExit } from './linux-program.js';
import { seeded } from './runs.js';

const { RNE, RTZ, RDN, RUP, RMM } = Round;
const { NX, UF, OF, DZ, NV } = Flag;
const view = new DataView(new ArrayBuffer(8));
/** Every NaN is the canonical one: the host keeps payloads and signs. */
const bits64 = (value: number): bigint => (view.setFloat64(0, Number.isNaN(value) ? Number.NaN : value), view.getBigUint64(0));
const bits32 = (value: number): bigint => (view.setFloat32(0, Number.isNaN(value) ? Number.NaN : value), BigInt(view.getUint32(0)));
const from64 = (bits: bigint): number => (view.setBigUint64(0, bits), view.getFloat64(0));
const from32 = (bits: bigint): number => (view.setUint32(0, Number(bits)), view.getFloat32(0));
const HOST = [{ f: SINGLE, toBits: bits32, fromBits: from32, fit: Math.fround }, { f: DOUBLE, toBits: bits64, fromBits: from64, fit: (value: number) => value }] as const;
const noNan = (f: Format, bits: bigint): bigint => (unpack(f, bits).kind === 'nan' ? specials(f)[0]! : bits);

describe('against the host, which rounds to nearest', () => {
  for (const { f, toBits, fromBits, fit } of HOST) {
    it(`+ - * / and roots of ${f.width} bits are the host's`, () => {
      fc.assert(fc.property(anyFloat(f), anyFloat(f), (a, b) => {
        const [x, y] = [fromBits(a), fromBits(b)];
        // A binary32 operation done in binary64 and rounded again is exact: 53 >= 2 * 24 + 2.
        expect([add(f, a, b, RNE), subtract(f, a, b, RNE), multiply(f, a, b, RNE), divide(f, a, b, RNE), squareRoot(f, a, RNE)].map((r) => r.bits))
          .toEqual([x + y, x - y, x * y, x / y, Math.sqrt(x)].map((value) => toBits(fit(value))));
      }), seeded(1500));
    });

    it(`comparisons, minimum and maximum of ${f.width} bits are the host's`, () => {
      fc.assert(fc.property(anyFloat(f), anyFloat(f), (a, b) => {
        const [x, y] = [fromBits(a), fromBits(b)];
        expect((['feq', 'flt', 'fle'] as const).map((op) => compare(f, op, a, b).bits)).toEqual([x === y, x < y, x <= y].map((holds) => (holds ? 1n : 0n)));
        const [c, d] = [noNan(f, a), noNan(f, b)];
        expect([extreme(f, 'fmin', c, d).bits, extreme(f, 'fmax', c, d).bits]).toEqual([toBits(Math.min(fromBits(c), fromBits(d))), toBits(Math.max(fromBits(c), fromBits(d)))]);
      }), seeded(1000));
    });
  }

  it('conversions between the formats and from integers are the host\'s', () => {
    fc.assert(fc.property(anyFloat(DOUBLE), anyFloat(SINGLE), fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }), (a, b, n) => {
      expect(convert(SINGLE, a, RNE).bits).toBe(bits32(from64(a)));
      expect(convert(DOUBLE, b, RNE).bits).toBe(bits64(from32(b)));
      expect(fromInteger(DOUBLE, n, RNE).bits).toBe(bits64(Number(n)));
    }), seeded(1000));
  });

  it('conversions to integers that fit are the host\'s floor, ceiling and truncation', () => {
    fc.assert(fc.property(fc.double({ min: -(2 ** 62), max: 2 ** 62, noNaN: true }), (x) => {
      expect([RTZ, RDN, RUP].map((mode) => toInteger(DOUBLE, bits64(x), 64, false, mode).bits)).toEqual([Math.trunc(x), Math.floor(x), Math.ceil(x)].map(BigInt));
    }), seeded(1000));
  });
});

describe('rounding', () => {
  const one = 0x3f800000n;
  const tie = 0x33800000n; // 2^-24: half a unit in the last place of 1
  it('of a tie goes to even, to zero, down, up, and away from zero', () => {
    expect([RNE, RTZ, RDN, RUP, RMM].map((mode) => add(SINGLE, one, tie, mode))).toEqual([one, one, one, one + 1n, one + 1n].map((bits) => ({ bits, flags: NX })));
    const minus = 1n << 31n;
    expect([RNE, RTZ, RDN, RUP, RMM].map((mode) => add(SINGLE, one | minus, tie | minus, mode).bits)).toEqual([one, one, one + 1n, one, one + 1n].map((bits) => bits | minus));
    expect(add(SINGLE, one + 1n, tie, RNE).bits).toBe(one + 2n);
  });

  it('of what overflows gives infinity or the largest number, by mode and sign', () => {
    const [max, infinite] = [0x7f7fffffn, 0x7f800000n];
    expect([RNE, RTZ, RDN, RUP, RMM].map((mode) => multiply(SINGLE, max, max, mode))).toEqual([infinite, max, max, infinite, infinite].map((bits) => ({ bits, flags: OF | NX })));
    expect([RNE, RTZ, RDN, RUP, RMM].map((mode) => multiply(SINGLE, max | (1n << 31n), max, mode).bits & 0x7fffffffn)).toEqual([infinite, max, infinite, max, infinite]);
    // Half a unit above the largest number is the first that overflows to nearest.
    expect(add(SINGLE, max, 0x73000000n, RNE)).toEqual({ bits: infinite, flags: OF | NX });
    expect(add(SINGLE, max, 0x72ffffffn, RNE)).toEqual({ bits: max, flags: NX });
  });

  it('finds a result tiny after rounding: one that reaches the smallest normal number by it is not', () => {
    // 2^-126 - 2^-151 is nearest to 2^-126 and, with 24 bits and any exponent, too: no underflow.
    expect(round(SINGLE, false, (1n << 25n) - 1n, -151, RNE)).toEqual({ bits: 0x00800000n, flags: NX });
    // 2^-126 - 2^-150 is a tie of subnormals, rounds to the same number, but has 24 bits: it is tiny.
    expect(round(SINGLE, false, (1n << 24n) - 1n, -150, RNE)).toEqual({ bits: 0x00800000n, flags: NX | UF });
    expect(round(SINGLE, false, 1n, -149, RNE)).toEqual({ bits: 1n, flags: 0 });
    expect(round(SINGLE, false, 1n, -150, RNE)).toEqual({ bits: 0n, flags: NX | UF });
    expect(round(SINGLE, false, 1n, -150, RUP)).toEqual({ bits: 1n, flags: NX | UF });
  });
});

describe('special cases', () => {
  const [qnan, snan, infinite, minus] = [0x7fc00000n, 0x7f800001n, 0x7f800000n, 1n << 31n];
  const plus = { product: false, addend: false };
  it('are invalid where the manual says so', () => {
    const invalid = { bits: qnan, flags: NV };
    expect([add(SINGLE, infinite, infinite | minus, RNE), subtract(SINGLE, infinite, infinite, RNE), multiply(SINGLE, infinite, 0n, RNE), divide(SINGLE, 0n, minus, RNE), divide(SINGLE, infinite, infinite, RNE),
      squareRoot(SINGLE, 0xbf800000n, RNE), add(SINGLE, snan, 0n, RNE), multiplyAdd(SINGLE, infinite, 0n, qnan, RNE, plus), multiplyAdd(SINGLE, infinite, 0x3f800000n, infinite, RNE, { product: false, addend: true })])
      .toEqual(Array.from({ length: 9 }, () => invalid));
    expect(multiplyAdd(SINGLE, infinite, 0x3f800000n, qnan, RNE, plus)).toEqual({ bits: qnan, flags: 0 });
    expect(divide(SINGLE, 0x3f800000n, minus, RNE)).toEqual({ bits: infinite | minus, flags: DZ });
    expect(squareRoot(SINGLE, minus, RNE)).toEqual({ bits: minus, flags: 0 });
  });

  it('make zeros of the right sign', () => {
    expect([add(SINGLE, 0n, minus, RNE), add(SINGLE, 0n, minus, RDN), add(SINGLE, minus, minus, RUP), subtract(SINGLE, 0x3f800000n, 0x3f800000n, RDN)].map((r) => r.bits)).toEqual([0n, minus, minus, minus]);
    expect(multiplyAdd(SINGLE, 0x3f800000n, 0x3f800000n, 0x3f800000n, RNE, { product: true, addend: false }).bits).toBe(0n);
    expect(multiplyAdd(SINGLE, minus, 0x3f800000n, 0n, RNE, { product: false, addend: true }).bits).toBe(minus);
  });

  it('fused multiply-adds round once', () => {
    // (1 + 2^-12)^2 - (1 + 2^-11) = 2^-24, which a rounded product loses.
    expect(multiplyAdd(SINGLE, 0x3f800800n, 0x3f800800n, 0x3f801000n, RNE, { product: false, addend: true })).toEqual({ bits: 0x33800000n, flags: 0 });
    // 1 - 2^-149 * 2^-149 is just under 1.
    expect(multiplyAdd(SINGLE, 1n, 1n, 0x3f800000n, RDN, { product: true, addend: false })).toEqual({ bits: 0x3f7fffffn, flags: NX });
  });

  it('fmin and fmax prefer numbers, and signaling NaNs raise invalid', () => {
    expect(extreme(SINGLE, 'fmin', qnan, 0x3f800000n)).toEqual({ bits: 0x3f800000n, flags: 0 });
    expect(extreme(SINGLE, 'fmax', 0x3f800000n, snan)).toEqual({ bits: 0x3f800000n, flags: NV });
    expect(extreme(SINGLE, 'fmax', qnan | minus, 0x7fffffffn)).toEqual({ bits: qnan, flags: 0 });
    expect([extreme(SINGLE, 'fmin', 0n, minus).bits, extreme(SINGLE, 'fmax', minus, 0n).bits]).toEqual([minus, 0n]);
  });

  it('classes are the ten of the manual', () => {
    const examples = [infinite | minus, 0xbf800000n, 0x80000001n, minus, 0n, 0x007fffffn, 0x00800000n, infinite, snan, qnan];
    expect(examples.map((bits) => classify(SINGLE, bits))).toEqual(examples.map((_, n) => 1n << BigInt(n)));
  });

  it('conversions to integers saturate as the table of the manual says', () => {
    const d = (x: number): bigint => bits64(x);
    const nan = d(Number.NaN);
    const rows: readonly (readonly [bigint, 32 | 64, boolean, bigint, number])[] = [
      [d(2147483647), 32, false, 0x7fffffffn, 0], [d(2147483648), 32, false, 0x7fffffffn, NV], [d(-2147483648.9), 32, false, -0x80000000n, NX], [d(-2147483649), 32, false, -0x80000000n, NV],
      [nan, 32, false, 0x7fffffffn, NV], [nan, 32, true, -1n, NV], [nan, 64, false, (1n << 63n) - 1n, NV], [nan, 64, true, -1n, NV],
      [d(-0.9), 32, true, 0n, NX], [d(-1), 32, true, 0n, NV], [d(4294967295), 32, true, -1n, 0], [d(4294967296), 32, true, -1n, NV], [d(3000000000), 32, true, 3000000000n - (1n << 32n), 0],
      [d(2 ** 63), 64, false, (1n << 63n) - 1n, NV], [d(-(2 ** 63)), 64, false, -(1n << 63n), 0], [d(2 ** 63), 64, true, -(1n << 63n), 0], [d(Number.POSITIVE_INFINITY), 64, true, -1n, NV], [d(Number.NEGATIVE_INFINITY), 64, true, 0n, NV],
    ];
    expect(rows.map(([bits, width, unsigned]) => toInteger(DOUBLE, bits, width, unsigned, RTZ))).toEqual(rows.map(([, , , bits, flags]) => ({ bits, flags })));
    expect([0.5, 1.5, 2.5, -0.5, -2.5].map((x) => [RNE, RMM].map((mode) => toInteger(DOUBLE, d(x), 32, false, mode).bits))).toEqual([[0n, 1n], [2n, 2n], [2n, 3n], [0n, -1n], [-2n, -3n]]);
    expect(toInteger(DOUBLE, d(-0.5), 32, true, RDN)).toEqual({ bits: 0n, flags: NV });
  });
});

/** Every case on every set of operands, as a program. */
const source = (operands: readonly FloatSources[]): string => `
        .globl _start
_start: ${floatCases(operands.length, 0)}
        ${writeAndExit('results', String(operands.length * CASES_SIZE))}
        .data
        ${floatOperands(operands)}
        .bss
        .balign 8
results: .space ${operands.length * CASES_SIZE}
`;
const BATCH = 100;

underQemuUser('floating point with qemu-riscv64', () => {
  describe('against qemu-riscv64', () => {
    it('every instruction in every rounding mode has its result and flags', () => {
      const { numRuns, seed } = seeded(1000);
      const all = fc.sample(floatSources, { numRuns, seed });
      for (let at = 0; at < all.length; at += BATCH) {
        const batch = all.slice(at, at + BATCH);
        const results = runUnderQemu(linuxElf(source(batch)));
        expect(wrongCases(batch, new DataView(results.buffer, results.byteOffset), 0), `seed ${seed}`).toEqual([]);
      }
      process.stderr.write(`floating point: ${all.length * FLOAT_CASES.length} results compared with qemu-riscv64, seed ${seed}\n`);
    }, 3_600_000);
  });
});
