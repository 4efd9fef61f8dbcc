/** Addition, multiplication and the fused multiply-add: computed exactly, rounded once. */
import { type Environment, type Format, Rounding } from './format.js';
import { roundPack } from './round.js';
import { invalid, isNan, isSignaling, isZero, nanOf, type Unpacked, unpack, withSign } from './unpack.js';

/** The bits with the opposite sign. A NaN stays one, quiet or signaling. */
export const negated = (format: Format, bits: bigint): bigint => bits ^ (1n << BigInt(format.width - 1));

/** a + b. */
export const add = (format: Format, env: Environment, a: bigint, b: bigint): bigint =>
  nanOf(format, env, a, b) ?? sum(format, env, unpack(format, a), unpack(format, b));

/** a - b. */
export const subtract = (format: Format, env: Environment, a: bigint, b: bigint): bigint => add(format, env, a, negated(format, b));

/** a * b. */
export function multiply(format: Format, env: Environment, a: bigint, b: bigint): bigint {
  const nan = nanOf(format, env, a, b);
  if (nan !== undefined) return nan;
  const product = productOf(unpack(format, a), unpack(format, b));
  if (product === undefined) return invalid(format, env);
  const { sign, infinite, significand, exponent } = product;
  if (infinite) return withSign(format, sign, format.infinity);
  if (isZero(product)) return withSign(format, sign, 0n);
  return roundPack(format, env, sign, significand, exponent);
}

/** a * b + c, rounded once. Infinity times zero is invalid even where c is a quiet NaN. */
export function multiplyAdd(format: Format, env: Environment, a: bigint, b: bigint, c: bigint): bigint {
  const nan = nanOf(format, env, a, b);
  if (nan !== undefined) {
    if (isSignaling(format, c)) invalid(format, env);
    return nan;
  }
  const product = productOf(unpack(format, a), unpack(format, b));
  if (product === undefined) return invalid(format, env);
  if (isNan(format, c)) return nanOf(format, env, c) ?? format.nan;
  return sum(format, env, product, unpack(format, c));
}

/** The exact product; undefined for infinity times zero. */
function productOf(a: Unpacked, b: Unpacked): Unpacked | undefined {
  const infinite = a.infinite || b.infinite;
  if (infinite && (isZero(a) || isZero(b))) return undefined;
  return { sign: a.sign === b.sign ? 0 : 1, infinite, significand: a.significand * b.significand, exponent: a.exponent + b.exponent };
}

function sum(format: Format, env: Environment, a: Unpacked, b: Unpacked): bigint {
  if (a.infinite || b.infinite) {
    if (a.infinite && b.infinite && a.sign !== b.sign) return invalid(format, env);
    return withSign(format, a.infinite ? a.sign : b.sign, format.infinity);
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const total = aligned(a, exponent) + aligned(b, exponent);
  if (total !== 0n) return roundPack(format, env, total < 0n ? 1 : 0, total < 0n ? -total : total, exponent);
  const sign = isZero(a) && isZero(b) && a.sign === b.sign ? a.sign : env.rounding === Rounding.RDN ? 1 : 0;
  return withSign(format, sign, 0n);
}

function aligned(x: Unpacked, exponent: number): bigint {
  const m = x.significand << BigInt(x.exponent - exponent);
  return x.sign === 1 ? -m : m;
}
