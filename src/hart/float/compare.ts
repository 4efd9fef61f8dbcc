/** Comparisons, minimum and maximum, classification. */
import { type Environment, Flag, type Format } from './format.js';
import { isNan, isSignaling, magnitude, nanOf, signOf } from './unpack.js';

/** Bits of a number that is no NaN as an integer of the same order; both zeros are 0. */
function ordered(format: Format, bits: bigint): bigint {
  const without = magnitude(format, bits);
  return signOf(format, bits) === 1 ? -without : without;
}

/** a == b: 1 or 0. Only a signaling NaN is invalid. */
export function equal(format: Format, env: Environment, a: bigint, b: bigint): bigint {
  if (nanOf(format, env, a, b) !== undefined) return 0n;
  return ordered(format, a) === ordered(format, b) ? 1n : 0n;
}

/** a < b: 1 or 0. Any NaN is invalid. */
export const less = (format: Format, env: Environment, a: bigint, b: bigint): bigint =>
  unordered(format, env, a, b) || ordered(format, a) >= ordered(format, b) ? 0n : 1n;

/** a <= b: 1 or 0. Any NaN is invalid. */
export const lessOrEqual = (format: Format, env: Environment, a: bigint, b: bigint): bigint =>
  unordered(format, env, a, b) || ordered(format, a) > ordered(format, b) ? 0n : 1n;

function unordered(format: Format, env: Environment, a: bigint, b: bigint): boolean {
  if (!isNan(format, a) && !isNan(format, b)) return false;
  env.flags |= Flag.NV;
  return true;
}

/** minimumNumber of IEEE 754-2019: a number wins over a NaN, -0 is below +0. */
export const minimum = (format: Format, env: Environment, a: bigint, b: bigint): bigint => chosen(format, env, a, b, false);

/** maximumNumber of IEEE 754-2019. */
export const maximum = (format: Format, env: Environment, a: bigint, b: bigint): bigint => chosen(format, env, a, b, true);

function chosen(format: Format, env: Environment, a: bigint, b: bigint, larger: boolean): bigint {
  if (isSignaling(format, a) || isSignaling(format, b)) env.flags |= Flag.NV;
  if (isNan(format, a)) return isNan(format, b) ? format.nan : b;
  if (isNan(format, b)) return a;
  const difference = ordered(format, a) - ordered(format, b);
  const aIsLarger = difference === 0n ? signOf(format, a) === 0 : difference > 0n;
  return aIsLarger === larger ? a : b;
}
