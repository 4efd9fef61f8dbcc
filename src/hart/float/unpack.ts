/** From bits to what they stand for. */
import { Flag, type Environment, type Format } from './format.js';

/** A number that is not a NaN: (-1)^sign times infinity, or (-1)^sign * significand * 2^exponent. */
export interface Unpacked {
  readonly sign: 0 | 1;
  readonly infinite: boolean;
  readonly significand: bigint;
  readonly exponent: number;
}

/** Whether bits are a NaN; upper bits beyond the format are not there. */
export const isNan = (format: Format, bits: bigint): boolean => magnitude(format, bits) > format.infinity;

/** Whether bits are a signaling NaN: the highest bit of the fraction is 0. */
export const isSignaling = (format: Format, bits: bigint): boolean => isNan(format, bits) && ((bits >> BigInt(format.fraction - 1)) & 1n) === 0n;

/** Bits without their sign. */
export const magnitude = (format: Format, bits: bigint): bigint => BigInt.asUintN(format.width - 1, bits);

/** The sign bit. */
export const signOf = (format: Format, bits: bigint): 0 | 1 => (((bits >> BigInt(format.width - 1)) & 1n) === 0n ? 0 : 1);

/** The bits of (-1)^sign times the number `bits` without a sign. */
export const withSign = (format: Format, sign: 0 | 1, bits: bigint): bigint => (sign === 0 ? bits : bits | (1n << BigInt(format.width - 1)));

/** What bits that are no NaN stand for. */
export function unpack(format: Format, bits: bigint): Unpacked {
  const sign = signOf(format, bits);
  const without = magnitude(format, bits);
  const fraction = BigInt.asUintN(format.fraction, without);
  const field = Number(without >> BigInt(format.fraction));
  const least = format.minimum - format.fraction;
  if (field === 0) return { sign, infinite: false, significand: fraction, exponent: least };
  return { sign, infinite: without === format.infinity, significand: fraction | (1n << BigInt(format.fraction)), exponent: least + field - 1 };
}

/** Whether a number is zero of either sign. */
export const isZero = (x: Unpacked): boolean => x.significand === 0n;

/** The result where an operand is a NaN: the canonical one, invalid where any of them signals. undefined where none is. */
export function nanOf(format: Format, env: Environment, ...operands: readonly bigint[]): bigint | undefined {
  if (!operands.some((bits) => isNan(format, bits))) return undefined;
  if (operands.some((bits) => isSignaling(format, bits))) env.flags |= Flag.NV;
  return format.nan;
}

/** The result of an operation that is not defined. */
export function invalid(format: Format, env: Environment): bigint {
  env.flags |= Flag.NV;
  return format.nan;
}
