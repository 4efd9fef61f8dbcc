/** Random encodings of floating-point numbers, most of them where rounding, overflow, underflow or a NaN is near. */
import * as fc from 'fast-check';
import { DOUBLE, SINGLE } from './float-format.js';
import type { Format } from './float-format.js';
import { box } from './hart-float.js';

/** Encodings that every operation should have met: zeros, subnormals, limits, powers of two, infinities, NaNs. */
export function specials(f: Format): bigint[] {
  const fraction = BigInt(f.precision - 1);
  const ones = (1n << BigInt(f.width - f.precision)) - 1n;
  const of = (exponent: bigint, low: bigint): bigint => (exponent << fraction) | low;
  const all = (1n << fraction) - 1n;
  const bias = ones >> 1n;
  const positive = [
    of(0n, 0n), of(0n, 1n), of(0n, all), of(0n, 1n << (fraction - 1n)), of(1n, 0n), of(1n, 1n), of(1n, all), of(ones - 1n, all), of(ones - 1n, 0n), of(ones, 0n),
    of(ones, 1n), of(ones, 1n << (fraction - 1n)), of(ones, (1n << (fraction - 1n)) | 5n), of(ones, all),
    of(bias, 0n), of(bias, 1n), of(bias, all), of(bias - 1n, 0n), of(bias - 1n, all), of(bias + 1n, 0n), of(bias + 1n, 1n << (fraction - 1n)), of(bias + 31n, 0n), of(bias + 30n, all), of(bias + 32n, 0n),
    of(bias + 62n, all), of(bias + 63n, 0n), of(bias + 64n, 0n), of(bias + fraction, 1n), of(bias + fraction - 1n, 1n), of(bias - fraction, 0n), of(bias - fraction - 1n, 0n),
  ];
  return [...positive, ...positive.map((bits) => bits | (1n << BigInt(f.width - 1)))];
}

/** Any encoding: special ones, fractions of few bits at any exponent or near the last operand's likely one, integers, and plain noise. */
export function anyFloat(f: Format): fc.Arbitrary<bigint> {
  const fraction = BigInt(f.precision - 1);
  const ones = (1 << (f.width - f.precision)) - 1;
  const all = (1n << fraction) - 1n;
  const sparse = fc.tuple(fc.nat(f.precision - 2), fc.nat(f.precision - 2), fc.boolean(), fc.nat(7)).map(([i, j, invert, low]) => {
    const bits = (1n << BigInt(i)) | (1n << BigInt(j)) | BigInt(low);
    return invert ? all & ~bits : bits & all;
  });
  const noise = fc.bigInt({ min: 0n, max: all });
  const middle = ones >> 1;
  const exponent = fc.oneof(
    fc.integer({ min: middle - 4, max: middle + 4 }), fc.integer({ min: middle - f.precision - 2, max: middle + f.precision + 12 }), fc.nat(ones), fc.nat(3),
    fc.integer({ min: ones - 3, max: ones }), fc.integer({ min: (middle >> 1) - 2, max: (middle >> 1) + 2 }), fc.integer({ min: middle + (middle >> 1) - 1, max: middle + (middle >> 1) + 3 }),
  );
  const built = fc.tuple(fc.boolean(), exponent, fc.oneof(sparse, noise)).map(([negative, e, low]) => ((((negative ? 1n : 0n) << BigInt(f.width - f.precision)) | BigInt(e)) << fraction) | low);
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...specials(f)) }, { weight: 5, arbitrary: built });
}

/** What an f register may hold: doubles, boxed singles, and singles that are not boxed right. */
export const anyRegister: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 4, arbitrary: anyFloat(DOUBLE) },
  { weight: 4, arbitrary: anyFloat(SINGLE).map((bits) => box(SINGLE, bits)) },
  { weight: 1, arbitrary: fc.tuple(anyFloat(SINGLE), fc.constantFrom(0n, 0x7fffffffn, 0xfffffffen)).map(([bits, high]) => (high << 32n) | bits) },
);
