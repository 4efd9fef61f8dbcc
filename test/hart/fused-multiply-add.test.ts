/** The function of fused multiply-adds in doubles: rounded once, whichever of its ways takes the operands, or NaN where it does not know. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addFmaFunctions } from '../../src/hart/float-functions.js';
import { FunctionBody, ModuleWriter, ValueType } from '../../src/wasm/index.js';
import { multiplyAdd } from '../oracle/float-arithmetic.js';
import { DOUBLE } from '../oracle/float-format.js';
import { seeded } from '../oracle/runs.js';

const { F64 } = ValueType;

function instantiate(): (a: number, b: number, c: number) => number {
  const module = new ModuleWriter();
  module.importMemory(1);
  const { fma64 } = addFmaFunctions(module);
  const body = new FunctionBody([F64, F64, F64], [F64]);
  for (const n of [0, 1, 2]) body.get(n);
  body.call(fma64);
  module.addFunction(body, 'fma');
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  return new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } }).exports['fma'] as never;
}
const fma = instantiate();

const view = new DataView(new ArrayBuffer(8));
const bitsOf = (x: number): bigint => (view.setFloat64(0, x), view.getBigUint64(0));
const numberOf = (bits: bigint): number => (view.setBigUint64(0, bits), view.getFloat64(0));
const NEAREST = 0;
const expected = (a: number, b: number, c: number): bigint =>
  multiplyAdd(DOUBLE, bitsOf(a), bitsOf(b), bitsOf(c), NEAREST, { product: false, addend: false }).bits;

/** Numbers with few digits or many, and those next to them: their sums are ties or nearly so. */
const digits = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }),
  fc.tuple(fc.nat({ max: 51 }), fc.nat({ max: 51 })).map(([i, j]) => (1n << BigInt(i)) | (1n << BigInt(j))),
  fc.tuple(fc.nat({ max: 52 }), fc.bigInt({ min: -3n, max: 3n })).map(([i, d]) => BigInt.asUintN(52, (1n << BigInt(i)) + d)),
);
const finite = (least: number, most: number): fc.Arbitrary<number> =>
  fc.tuple(fc.boolean(), fc.integer({ min: least, max: most }), digits).map(([sign, e, m]) => numberOf((sign ? 1n << 63n : 0n) | (BigInt(1023 + e) << 52n) | m));
/** An addend by how far its exponent is from the product's, or the opposite of the rounded product and a few last digits. */
const addend = fc.oneof(
  fc.tuple(fc.boolean(), fc.integer({ min: -120, max: 120 }), digits).map(([sign, away, m]) => (p: number) => {
    const e = Number((bitsOf(p) >> 52n) & 0x7ffn) + away;
    return numberOf((sign ? 1n << 63n : 0n) | (BigInt(Math.min(2046, Math.max(0, e))) << 52n) | m);
  }),
  fc.bigInt({ min: -4n, max: 4n }).map((d) => (p: number) => -numberOf(bitsOf(p) + d)),
);

describe('a fused multiply-add', () => {
  it('is rounded once, near ties and where the first digits cancel', () => {
    let known = 0;
    fc.assert(fc.property(finite(-500, 500), finite(-500, 500), addend, (a, b, of) => {
      const c = of(a * b);
      const result = fma(a, b, c);
      if (Number.isNaN(result)) return;
      known++;
      expect(bitsOf(result)).toBe(expected(a, b, c));
    }), seeded(3000));
    expect(known).toBeGreaterThan(1500);
  });

  it('sees digits of the product far behind a tie', () => {
    const near = fc.tuple(fc.constantFrom(-1, 1), fc.integer({ min: 27, max: 52 })).map(([sign, i]) => 1 + sign * 2 ** -i);
    fc.assert(fc.property(near, near, fc.integer({ min: 0, max: 1000 }), fc.constantFrom(1, -1), fc.constantFrom(0.5, 1, 2), (a, b, n, sign, scale) => {
      const c = sign * (2 ** 53 + 2 * n);
      expect(bitsOf(fma(a * scale, b, c))).toBe(expected(a * scale, b, c));
    }), seeded(1000));
  });

  it.each<[string, number, number, number]>([
    ['an exact sum', 3, 5, 7],
    ['nothing left', 3, 5, -15],
    ['only what the product loses', 1 + 2 ** -52, 1 + 2 ** -52, -(1 + 2 ** -51)],
    ['a tie', 1 + 2 ** -52, 1, 2 ** 53],
    ['just above a tie', 1 + 2 ** -52, 1 + 2 ** -52, 2 ** 53],
    ['a tie but for the last digit of the product', 2 ** 27 + 1, 2 ** 27 + 1, 2 ** 107],
    ['a tie but for digits that the sum of the rests loses', 1 + 2 ** -30, 1 - 2 ** -30, 2 ** 53 + 2],
    ['zero times something', 0, -5, -0],
  ])('is right for %s', (_, a, b, c) => {
    expect(bitsOf(fma(a, b, c))).toBe(expected(a, b, c));
  });
});
