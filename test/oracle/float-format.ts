/**
 * Binary floating-point numbers as exact values: an integer times a power of two, and the one routine that rounds such a
 * value to a format and says what was lost. Written from IEEE 754-2008 (4.3 rounding, 7 exceptions) and from "F" Standard
 * Extension of the RISC-V unprivileged manual; nothing here uses the host's floating point.
 */

/** binary32 or binary64. */
export interface Format {
  /** Bits of the whole encoding. */
  readonly width: 32 | 64;
  /** Bits of the significand, the hidden one included. */
  readonly precision: number;
  /** Exponent of the smallest normal number; the largest is 1 - emin. */
  readonly emin: number;
}

export const SINGLE: Format = { width: 32, precision: 24, emin: -126 };
export const DOUBLE: Format = { width: 64, precision: 53, emin: -1022 };

/** Rounding modes as the rm field has them. */
export const Round = { RNE: 0, RTZ: 1, RDN: 2, RUP: 3, RMM: 4 } as const;
/** Exception flags as fflags has them. */
export const Flag = { NX: 1, UF: 2, OF: 4, DZ: 8, NV: 16 } as const;

/** (-1)^negative * n * 2^e with n >= 0, an infinity, or a NaN. */
export type Value =
  | { readonly kind: 'finite'; readonly negative: boolean; readonly n: bigint; readonly e: number }
  | { readonly kind: 'infinite'; readonly negative: boolean }
  | { readonly kind: 'nan'; readonly signaling: boolean };

/** An encoding and the flags its making has raised. */
export interface Rounded {
  readonly bits: bigint;
  readonly flags: number;
}

/** Bits of n without leading zeros. */
function bitLength(n: bigint): number {
  const digits = n.toString(16);
  return digits.length * 4 - (Math.clz32(Number.parseInt(digits[0]!, 16)) - 28);
}
const signBit = (f: Format, negative: boolean): bigint => (negative ? 1n << BigInt(f.width - 1) : 0n);
const fractionBits = (f: Format): bigint => BigInt(f.precision - 1);
const exponentOnes = (f: Format): bigint => (1n << BigInt(f.width - f.precision)) - 1n;

/** The one NaN that operations produce: quiet, positive, empty. */
export const canonicalNan = (f: Format): bigint => (exponentOnes(f) << fractionBits(f)) | (1n << (fractionBits(f) - 1n));
export const infinity = (f: Format, negative: boolean): bigint => signBit(f, negative) | (exponentOnes(f) << fractionBits(f));
export const zero = (f: Format, negative: boolean): bigint => signBit(f, negative);
const largest = (f: Format, negative: boolean): bigint => infinity(f, negative) - 1n;

/** What an encoding means. */
export function unpack(f: Format, bits: bigint): Value {
  const fraction = bits & ((1n << fractionBits(f)) - 1n);
  const exponent = (bits >> fractionBits(f)) & exponentOnes(f);
  const negative = ((bits >> BigInt(f.width - 1)) & 1n) === 1n;
  const unit = f.emin - (f.precision - 1);
  if (exponent === 0n) return { kind: 'finite', negative, n: fraction, e: unit };
  if (exponent < exponentOnes(f)) return { kind: 'finite', negative, n: fraction | (1n << fractionBits(f)), e: unit + Number(exponent) - 1 };
  if (fraction === 0n) return { kind: 'infinite', negative };
  return { kind: 'nan', signaling: fraction >> (fractionBits(f) - 1n) === 0n };
}

/** n / 2^drop as an integer, rounded; a negative `drop` multiplies. */
export function roundInteger(n: bigint, drop: number, negative: boolean, mode: number): { readonly n: bigint; readonly exact: boolean } {
  if (drop <= 0) return { n: n << BigInt(-drop), exact: true };
  const kept = n >> BigInt(drop);
  const rest = n - (kept << BigInt(drop));
  const half = 1n << BigInt(drop - 1);
  const up = {
    [Round.RNE]: rest > half || (rest === half && kept % 2n === 1n),
    [Round.RTZ]: false,
    [Round.RDN]: negative && rest !== 0n,
    [Round.RUP]: !negative && rest !== 0n,
    [Round.RMM]: rest >= half,
  }[mode];
  if (up === undefined) throw new Error(`rounding mode ${mode}`);
  return { n: up ? kept + 1n : kept, exact: rest === 0n };
}

/** Rounds (-1)^negative * n * 2^e, n > 0, to a format. A result is tiny if it is so after rounding with an unbounded exponent. */
export function round(f: Format, negative: boolean, n: bigint, e: number, mode: number): Rounded {
  const p = f.precision;
  const unbounded = e + bitLength(n) - p; // exponent of the last bit that p bits keep
  const bounded = Math.max(unbounded, f.emin - (p - 1));
  const { n: kept, exact } = roundInteger(n, bounded - e, negative, mode);
  // 2^p after rounding up has one bit more: the exponent grows, all bits but the first are zero.
  const carried = bitLength(kept) > p;
  const exponent = bounded + (carried ? 1 : 0);
  const significand = carried ? kept >> 1n : kept;
  if (exponent + (p - 1) > 1 - f.emin) {
    const toInfinity = mode === Round.RNE || mode === Round.RMM || mode === (negative ? Round.RDN : Round.RUP);
    return { bits: toInfinity ? infinity(f, negative) : largest(f, negative), flags: Flag.OF | Flag.NX };
  }
  const alone = roundInteger(n, unbounded - e, negative, mode).n;
  const tiny = unbounded + bitLength(alone) - 1 < f.emin;
  const flags = exact ? 0 : Flag.NX | (tiny ? Flag.UF : 0);
  const hidden = 1n << fractionBits(f);
  if (significand < hidden) return { bits: signBit(f, negative) | significand, flags };
  const biased = BigInt(exponent + (p - 1) - f.emin + 1);
  return { bits: signBit(f, negative) | (biased << fractionBits(f)) | (significand - hidden), flags };
}
