/** Sums, products, quotients, roots and fused multiply-adds of encodings: exact values, rounded once. [IEEE 754-2008, 5.4.1 and 7.2] */
import { Flag, Round, canonicalNan, infinity, round, unpack, zero } from './float-format.js';
import type { Format, Rounded, Value } from './float-format.js';

type Finite = Extract<Value, { kind: 'finite' }>;

const invalid = (f: Format): Rounded => ({ bits: canonicalNan(f), flags: Flag.NV });
const exactly = (bits: bigint): Rounded => ({ bits, flags: 0 });
const isZero = (v: Value): boolean => v.kind === 'finite' && v.n === 0n;

/** The canonical NaN where an operand is one; invalid where one of them signals. */
function nanOf(f: Format, ...operands: readonly Value[]): Rounded | undefined {
  const nans = operands.filter((v) => v.kind === 'nan');
  if (nans.length === 0) return undefined;
  return { bits: canonicalNan(f), flags: nans.some((v) => v.signaling) ? Flag.NV : 0 };
}

const signed = (v: Finite): bigint => (v.negative ? -v.n : v.n);

/** The sum of two finite values. */
function sum(f: Format, a: Finite, b: Finite, mode: number): Rounded {
  const e = Math.min(a.e, b.e);
  const total = (signed(a) << BigInt(a.e - e)) + (signed(b) << BigInt(b.e - e));
  if (total !== 0n) return round(f, total < 0n, total < 0n ? -total : total, e, mode);
  // x + x of zeros keeps the sign; everything else that cancels is +0, or -0 when rounding down.
  const negative = a.n === 0n && b.n === 0n && a.negative === b.negative ? a.negative : mode === Round.RDN;
  return exactly(zero(f, negative));
}

function addValues(f: Format, a: Value, b: Value, mode: number): Rounded {
  const nan = nanOf(f, a, b);
  if (nan !== undefined) return nan;
  if (a.kind === 'infinite' && b.kind === 'infinite' && a.negative !== b.negative) return invalid(f);
  for (const v of [a, b]) if (v.kind === 'infinite') return exactly(infinity(f, v.negative));
  return sum(f, a as Finite, b as Finite, mode);
}

/** The product of two values that are no NaN; undefined for an infinity times zero. */
function product(a: Value, b: Value): Value | undefined {
  const negative = (a as Finite).negative !== (b as Finite).negative;
  if (a.kind === 'finite' && b.kind === 'finite') return { kind: 'finite', negative, n: a.n * b.n, e: a.e + b.e };
  return isZero(a) || isZero(b) ? undefined : { kind: 'infinite', negative };
}

function pack(f: Format, v: Value, mode: number): Rounded {
  if (v.kind === 'nan') return exactly(canonicalNan(f));
  if (v.kind === 'infinite') return exactly(infinity(f, v.negative));
  return v.n === 0n ? exactly(zero(f, v.negative)) : round(f, v.negative, v.n, v.e, mode);
}

const opposite = (v: Value): Value => (v.kind === 'nan' ? v : { ...v, negative: !v.negative });

export const add = (f: Format, a: bigint, b: bigint, mode: number): Rounded => addValues(f, unpack(f, a), unpack(f, b), mode);
export const subtract = (f: Format, a: bigint, b: bigint, mode: number): Rounded => addValues(f, unpack(f, a), opposite(unpack(f, b)), mode);

export function multiply(f: Format, a: bigint, b: bigint, mode: number): Rounded {
  const [x, y] = [unpack(f, a), unpack(f, b)];
  const nan = nanOf(f, x, y);
  if (nan !== undefined) return nan;
  const value = product(x, y);
  return value === undefined ? invalid(f) : pack(f, value, mode);
}

/** Bits of quotients and roots beyond what any rounding looks at. */
const SPARE = 3;

export function divide(f: Format, a: bigint, b: bigint, mode: number): Rounded {
  const [x, y] = [unpack(f, a), unpack(f, b)];
  const nan = nanOf(f, x, y);
  if (nan !== undefined) return nan;
  const negative = (x as Finite).negative !== (y as Finite).negative;
  if (x.kind === 'infinite') return y.kind === 'infinite' ? invalid(f) : exactly(infinity(f, negative));
  if (y.kind === 'infinite') return exactly(zero(f, negative));
  const [dividend, divisor] = [x as Finite, y as Finite];
  if (divisor.n === 0n) return dividend.n === 0n ? invalid(f) : { bits: infinity(f, negative), flags: Flag.DZ };
  if (dividend.n === 0n) return exactly(zero(f, negative));
  // The quotient has at least precision + SPARE bits, even of the smallest dividend by the largest divisor.
  const shift = 2 * f.precision + SPARE;
  const scaled = dividend.n << BigInt(shift);
  const sticky = scaled % divisor.n === 0n ? 0n : 1n;
  return round(f, negative, ((scaled / divisor.n) << 1n) | sticky, dividend.e - divisor.e - shift - 1, mode);
}

/** The largest integer whose square is at most n, by Newton's method from above. */
function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

export function squareRoot(f: Format, a: bigint, mode: number): Rounded {
  const x = unpack(f, a);
  const nan = nanOf(f, x);
  if (nan !== undefined) return nan;
  if (isZero(x)) return exactly(a);
  if ((x as Finite).negative) return invalid(f);
  if (x.kind !== 'finite') return exactly(infinity(f, false));
  // Twice the digits that the root needs, and an even exponent.
  const shift = 2 * (f.precision + SPARE) + (x.e % 2 === 0 ? 0 : 1);
  const scaled = x.n << BigInt(shift);
  const root = integerRoot(scaled);
  const sticky = root * root === scaled ? 0n : 1n;
  return round(f, false, (root << 1n) | sticky, (x.e - shift) / 2 - 1, mode);
}

/** (±)(a * b) (±) c with one rounding. An infinity times zero is invalid whatever c is, a quiet NaN included. */
export function multiplyAdd(f: Format, a: bigint, b: bigint, c: bigint, mode: number, negate: { readonly product: boolean; readonly addend: boolean }): Rounded {
  const [x, y, z] = [unpack(f, a), unpack(f, b), unpack(f, c)];
  const nan = nanOf(f, x, y, z);
  const value = x.kind === 'nan' || y.kind === 'nan' ? undefined : product(x, y);
  if (nan !== undefined) return value === undefined && x.kind !== 'nan' && y.kind !== 'nan' ? invalid(f) : nan;
  if (value === undefined) return invalid(f);
  return addValues(f, negate.product ? opposite(value) : value, negate.addend ? opposite(z) : z, mode);
}
