/** What is not arithmetic on encodings: comparisons, minimum and maximum, classes, and conversions. [RISC-V unprivileged ISA, "F" Standard Extension] */
import { DOUBLE, Flag, SINGLE, canonicalNan, infinity, round, roundInteger, unpack, zero } from './float-format.js';
import type { Format, Rounded, Value } from './float-format.js';

/** -1, 0 or 1 as a is less than, equal to or greater than b; undefined where one is a NaN. Zeros are equal. */
function order(a: Value, b: Value): number | undefined {
  if (a.kind === 'nan' || b.kind === 'nan') return undefined;
  const rank = (v: typeof a, e: number): bigint => {
    const size = v.kind === 'infinite' ? 1n << 4000n : v.n << BigInt(v.e - e);
    return v.negative ? -size : size;
  };
  const e = Math.min(a.kind === 'finite' ? a.e : 0, b.kind === 'finite' ? b.e : 0);
  const [x, y] = [rank(a, e), rank(b, e)];
  return x < y ? -1 : x > y ? 1 : 0;
}

const signals = (...values: readonly Value[]): boolean => values.some((v) => v.kind === 'nan' && v.signaling);

/** feq, flt, fle: 1 or 0. Only feq takes a quiet NaN quietly. */
export function compare(f: Format, op: 'feq' | 'flt' | 'fle', a: bigint, b: bigint): Rounded {
  const [x, y] = [unpack(f, a), unpack(f, b)];
  const o = order(x, y);
  if (o === undefined) return { bits: 0n, flags: op !== 'feq' || signals(x, y) ? Flag.NV : 0 };
  const holds = op === 'feq' ? o === 0 : op === 'flt' ? o < 0 : o <= 0;
  return { bits: holds ? 1n : 0n, flags: 0 };
}

/** minimumNumber and maximumNumber: a NaN gives way to a number, -0 is less than +0. */
export function extreme(f: Format, op: 'fmin' | 'fmax', a: bigint, b: bigint): Rounded {
  const [x, y] = [unpack(f, a), unpack(f, b)];
  const flags = signals(x, y) ? Flag.NV : 0;
  if (x.kind === 'nan') return { bits: y.kind === 'nan' ? canonicalNan(f) : b, flags };
  if (y.kind === 'nan') return { bits: a, flags };
  const o = order(x, y)!;
  const aIsLess = o < 0 || (o === 0 && x.negative && !y.negative);
  return { bits: aIsLess === (op === 'fmin') ? a : b, flags };
}

/** The ten bits of fclass. */
export function classify(f: Format, a: bigint): bigint {
  const v = unpack(f, a);
  if (v.kind === 'nan') return v.signaling ? 1n << 8n : 1n << 9n;
  const fromZero = v.kind === 'infinite' ? 4 : v.n === 0n ? 1 : v.n < 1n << BigInt(f.precision - 1) ? 2 : 3;
  return 1n << BigInt(v.negative ? 4 - fromZero : 3 + fromZero);
}

/** A float to an integer of `width` bits; the result is sign-extended, as a register holds it. What does not fit is the nearest limit, a NaN the greatest. */
export function toInteger(f: Format, a: bigint, width: 32 | 64, unsigned: boolean, mode: number): Rounded {
  const v = unpack(f, a);
  const least = unsigned ? 0n : -(1n << BigInt(width - 1));
  const most = (1n << BigInt(unsigned ? width : width - 1)) - 1n;
  const outside = (limit: bigint): Rounded => ({ bits: BigInt.asIntN(width, limit), flags: Flag.NV });
  if (v.kind === 'nan') return outside(most);
  if (v.kind === 'infinite') return outside(v.negative ? least : most);
  const { n, exact } = roundInteger(v.n, -v.e, v.negative, mode);
  const value = v.negative ? -n : n;
  if (value < least) return outside(least);
  if (value > most) return outside(most);
  return { bits: BigInt.asIntN(width, value), flags: exact ? 0 : Flag.NX };
}

/** An integer to a float. */
export function fromInteger(f: Format, value: bigint, mode: number): Rounded {
  if (value === 0n) return { bits: zero(f, false), flags: 0 };
  return round(f, value < 0n, value < 0n ? -value : value, 0, mode);
}

/** One format to the other; every NaN becomes the canonical one. */
export function convert(to: Format, a: bigint, mode: number): Rounded {
  const v = unpack(to === SINGLE ? DOUBLE : SINGLE, a);
  if (v.kind === 'nan') return { bits: canonicalNan(to), flags: v.signaling ? Flag.NV : 0 };
  if (v.kind === 'infinite') return { bits: infinity(to, v.negative), flags: 0 };
  return v.n === 0n ? { bits: zero(to, v.negative), flags: 0 } : round(to, v.negative, v.n, v.e, mode);
}
