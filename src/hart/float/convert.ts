/** Conversions between the formats, and to and from integers. */
import { type Environment, Flag, type Format } from './format.js';
import { roundPack, shiftRounding } from './round.js';
import { isNan, isZero, nanOf, unpack, withSign } from './unpack.js';

/** An integer type of conversions. */
export interface IntegerType {
  readonly width: 32 | 64;
  readonly signed: boolean;
}

/** An integer as a floating-point number. The low bits of `register` are the integer. */
export function fromInteger(format: Format, env: Environment, type: IntegerType, register: bigint): bigint {
  const n = type.signed ? BigInt.asIntN(type.width, register) : BigInt.asUintN(type.width, register);
  if (n === 0n) return 0n;
  return n < 0n ? roundPack(format, env, 1, -n, 0) : roundPack(format, env, 0, n, 0);
}

/** A floating-point number as an integer; what does not fit is invalid and gives the nearest one that does, a NaN the largest. Signed, for a register. */
export function toInteger(format: Format, env: Environment, type: IntegerType, bits: bigint): bigint {
  const width = BigInt(type.width);
  const largest = (1n << (type.signed ? width - 1n : width)) - 1n;
  const smallest = type.signed ? -largest - 1n : 0n;
  const result = clamped(format, env, bits, smallest, largest);
  return BigInt.asIntN(type.width, result);
}

function clamped(format: Format, env: Environment, bits: bigint, smallest: bigint, largest: bigint): bigint {
  const refuse = (limit: bigint): bigint => {
    env.flags |= Flag.NV;
    return limit;
  };
  if (isNan(format, bits)) return refuse(largest);
  const { sign, infinite, significand, exponent } = unpack(format, bits);
  if (infinite) return refuse(sign === 1 ? smallest : largest);
  const { rounded, exact } = shiftRounding(significand, -exponent, sign, env.rounding);
  const n = sign === 1 ? -rounded : rounded;
  if (n < smallest) return refuse(smallest);
  if (n > largest) return refuse(largest);
  if (!exact) env.flags |= Flag.NX;
  return n;
}

/** A number of one format in another. */
export function convert(from: Format, to: Format, env: Environment, bits: bigint): bigint {
  if (nanOf(from, env, bits) !== undefined) return to.nan;
  const x = unpack(from, bits);
  if (x.infinite) return withSign(to, x.sign, to.infinity);
  if (isZero(x)) return withSign(to, x.sign, 0n);
  return roundPack(to, env, x.sign, x.significand, x.exponent);
}
