/** Rounding exact results, with overflow and underflow. Tininess is detected after rounding, as RISC-V says. */
import { type Environment, Flag, type Format, Rounding } from './format.js';
import { withSign } from './unpack.js';

/** Bits of a positive integer, up to and including the highest one. */
export function bitLength(n: bigint): number {
  const digits = n.toString(16);
  return 4 * digits.length - Math.clz32(parseInt(digits[0] ?? '0', 16)) + 28;
}

/** `m` shifted right by `by` (left where negative), the nearest integer in the given direction for a number of that sign. */
export function shiftRounding(m: bigint, by: number, sign: 0 | 1, rounding: Rounding): { readonly rounded: bigint; readonly exact: boolean } {
  if (by <= 0) return { rounded: m << BigInt(-by), exact: true };
  const shift = BigInt(by);
  const floor = m >> shift;
  const rest = m - (floor << shift);
  if (rest === 0n) return { rounded: floor, exact: true };
  return { rounded: floor + (roundsUp(floor, rest, 1n << (shift - 1n), sign, rounding) ? 1n : 0n), exact: false };
}

function roundsUp(floor: bigint, rest: bigint, half: bigint, sign: 0 | 1, rounding: Rounding): boolean {
  switch (rounding) {
    case Rounding.RNE: return rest > half || (rest === half && (floor & 1n) === 1n);
    case Rounding.RTZ: return false;
    case Rounding.RDN: return sign === 1;
    case Rounding.RUP: return sign === 0;
    case Rounding.RMM: return rest >= half;
  }
}

/**
 * The bits of (-1)^sign * m * 2^exponent, rounded. `m` is positive; where it stands for more digits than can be written
 * (a quotient, a root) it has at least two bits more than the format and its lowest bit is 1 where anything was cut off.
 */
export function roundPack(format: Format, env: Environment, sign: 0 | 1, m: bigint, exponent: number): bigint {
  const top = bitLength(m) - 1 + exponent;
  const least = format.minimum - format.fraction;
  const unit = Math.max(top - format.fraction, least);
  const { rounded, exact } = shiftRounding(m, unit - exponent, sign, env.rounding);
  // A carry out of the fraction is one more in the exponent by itself.
  const bits = rounded + (BigInt(unit - least) << BigInt(format.fraction));
  if (bits >= format.infinity) return overflow(format, env, sign);
  if (!exact) {
    env.flags |= Flag.NX;
    if (top < format.minimum && isTiny(format, env, sign, m, exponent, top)) env.flags |= Flag.UF;
  }
  return withSign(format, sign, bits);
}

/** Whether the number rounded as if exponents had no limit is below the smallest normal one. */
function isTiny(format: Format, env: Environment, sign: 0 | 1, m: bigint, exponent: number, top: number): boolean {
  if (top < format.minimum - 1) return true;
  const { rounded } = shiftRounding(m, top - format.fraction - exponent, sign, env.rounding);
  return rounded < 1n << BigInt(format.fraction + 1);
}

function overflow(format: Format, env: Environment, sign: 0 | 1): bigint {
  env.flags |= Flag.OF | Flag.NX;
  const { rounding } = env;
  const toInfinity = rounding === Rounding.RNE || rounding === Rounding.RMM || rounding === (sign === 0 ? Rounding.RUP : Rounding.RDN);
  return withSign(format, sign, toInfinity ? format.infinity : format.infinity - 1n);
}
