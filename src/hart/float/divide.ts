/** Division and square root, to two bits more than the result has and a last one for all that follow. */
import { type Environment, Flag, type Format } from './format.js';
import { bitLength, roundPack } from './round.js';
import { invalid, isZero, nanOf, unpack, withSign } from './unpack.js';

/** a / b. */
export function divide(format: Format, env: Environment, a: bigint, b: bigint): bigint {
  const nan = nanOf(format, env, a, b);
  if (nan !== undefined) return nan;
  const x = unpack(format, a);
  const y = unpack(format, b);
  const sign = x.sign === y.sign ? 0 : 1;
  if (x.infinite ? y.infinite : isZero(x) && isZero(y)) return invalid(format, env);
  if (x.infinite) return withSign(format, sign, format.infinity);
  if (y.infinite || isZero(x)) return withSign(format, sign, 0n);
  if (isZero(y)) {
    env.flags |= Flag.DZ;
    return withSign(format, sign, format.infinity);
  }
  const shift = format.fraction + 3 + Math.max(0, bitLength(y.significand) - bitLength(x.significand));
  const dividend = x.significand << BigInt(shift);
  const quotient = dividend / y.significand;
  const more = quotient * y.significand === dividend ? 0n : 1n;
  return roundPack(format, env, sign, (quotient << 1n) | more, x.exponent - y.exponent - shift - 1);
}

/** The square root of a. */
export function squareRoot(format: Format, env: Environment, a: bigint): bigint {
  const nan = nanOf(format, env, a);
  if (nan !== undefined) return nan;
  const x = unpack(format, a);
  if (isZero(x)) return a;
  if (x.sign === 1) return invalid(format, env);
  if (x.infinite) return a;
  // The root has half the bits of the radicand, whose exponent must be even.
  let shift = 2 * (format.fraction + 4) - bitLength(x.significand);
  if ((x.exponent - shift) % 2 !== 0) shift++;
  const radicand = x.significand << BigInt(shift);
  const root = integerRoot(radicand);
  const more = root * root === radicand ? 0n : 1n;
  return roundPack(format, env, 0, (root << 1n) | more, (x.exponent - shift) / 2 - 1);
}

/** The largest integer whose square is at most n, by Newton's method from above. */
function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(bitLength(n) / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
