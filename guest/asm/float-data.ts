/** The numbers of .float and .double. */
import { Mistake } from './error.js';
import type { Expression } from './expression.js';

const NAMED: ReadonlyMap<string, number> = new Map([['inf', Infinity], ['infinity', Infinity], ['nan', NaN]]);

/**
 * The bytes of a number in single (4) or double precision (8), rounded to nearest.
 * @param integer evaluates an expression that must be an integer by now
 * @throws Mistake
 */
export function floatBytes(e: Expression, size: 4 | 8, integer: (e: Expression) => bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  const negative = e.kind === 'unary' && e.operator === '-';
  const magnitude = negative ? e.operand : e;
  const text = magnitude.kind === 'real' ? magnitude.text : undefined;
  const named = magnitude.kind === 'symbol' ? NAMED.get(magnitude.name.toLowerCase()) : undefined;
  const value = named ?? Number(text ?? integer(magnitude));
  const rounded = size === 8 || text === undefined ? value : nearestSingle(text, value);
  if (!Number.isFinite(rounded) && named === undefined) throw new Mistake(`${text ?? value} is too large`, e);
  if (size === 4) view.setFloat32(0, negative ? -rounded : rounded, true);
  else view.setFloat64(0, negative ? -rounded : rounded, true);
  return new Uint8Array(view.buffer);
}

/** The single nearest to a decimal numeral. The double nearest to it says which, unless that lies half way between two singles while the numeral does not. */
function nearestSingle(text: string, value: number): number {
  const single = Math.fround(value);
  const other = value + (value - single);
  if (single === value || Math.fround(other) !== other) return single;
  const exact = compare(text, value);
  if (exact === 0) return single;
  return exact > 0 === single < other ? other : single;
}

/** Sign of the difference between a decimal numeral and a positive double, computed exactly. */
function compare(text: string, value: number): number {
  const [digits = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  const tens = Number(power) - fraction.length;
  const twos = 1100n;
  const scaled = BigInt(whole + fraction) << twos;
  const double = doubleTimes(value, twos);
  const difference = tens >= 0 ? scaled * 10n ** BigInt(tens) - double : scaled - double * 10n ** BigInt(-tens);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/** A positive double times a power of two that makes it an integer. */
function doubleTimes(value: number, twos: bigint): bigint {
  let scaled = value;
  let exponent = 0n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent++;
  }
  return BigInt(scaled) << (twos - exponent);
}
