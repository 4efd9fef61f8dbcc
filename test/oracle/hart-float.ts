/**
 * Floating-point instructions on register contents: NaN boxing, the choice of format and rounding mode, and which
 * operation of the exact arithmetic a mnemonic is. [RISC-V unprivileged ISA, "F" and "D" Standard Extensions]
 */
import { add, divide, multiply, multiplyAdd, squareRoot, subtract } from './float-arithmetic.js';
import { DOUBLE, SINGLE, canonicalNan } from './float-format.js';
import type { Format, Rounded } from './float-format.js';
import { classify, compare, convert, extreme, fromInteger, toInteger } from './float-other.js';

const u32 = (v: bigint): bigint => BigInt.asUintN(32, v);
const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const UPPER = 0xffff_ffff_0000_0000n;

/** A single as a register holds it. */
export const box = (f: Format, bits: bigint): bigint => (f === SINGLE ? UPPER | u32(bits) : bits);
/** The operand of format `f` in a register: what is not a boxed single counts as the canonical NaN. */
export const unbox = (f: Format, register: bigint): bigint => (f === DOUBLE ? register : register >= UPPER ? u32(register) : canonicalNan(SINGLE));

/** What an instruction has computed: contents of the f register (unsigned) or of the x register (any sign), and flags. */
export interface FloatResult {
  readonly f?: bigint;
  readonly x?: bigint;
  readonly flags: number;
}

/** The registers that an instruction names. `x` is that of its integer source. */
export interface FloatSources {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
  readonly x: bigint;
}

const FORMATS: Readonly<Record<string, Format>> = { s: SINGLE, d: DOUBLE };
const INTEGERS: Readonly<Record<string, { readonly width: 32 | 64; readonly unsigned: boolean }>> = {
  w: { width: 32, unsigned: false }, wu: { width: 32, unsigned: true }, l: { width: 64, unsigned: false }, lu: { width: 64, unsigned: true },
};

function conversion(to: string, from: string, s: FloatSources, mode: number): FloatResult {
  const [target, source] = [FORMATS[to], FORMATS[from]];
  if (target === undefined) {
    const { width, unsigned } = INTEGERS[to]!;
    const { bits, flags } = toInteger(source!, unbox(source!, s.a), width, unsigned, mode);
    return { x: bits, flags };
  }
  const { bits, flags } = source === undefined ? fromInteger(target, integerOperand(from, s.x), mode) : convert(target, unbox(source, s.a), mode);
  return { f: box(target, bits), flags };
}

function integerOperand(kind: string, x: bigint): bigint {
  const { width, unsigned } = INTEGERS[kind]!;
  return unsigned ? BigInt.asUintN(width, x) : BigInt.asIntN(width, x);
}

function signInjection(f: Format, op: string, a: bigint, b: bigint): bigint {
  const sign = 1n << BigInt(f.width - 1);
  const from = op === 'fsgnj' ? b : op === 'fsgnjn' ? ~b : a ^ b;
  return (a & ~sign) | (from & sign);
}

/** The operations of one format on encodings. `mode` is 0 to 4. */
function arithmetic(f: Format, op: string, a: bigint, b: bigint, c: bigint, mode: number): Rounded {
  switch (op) {
    case 'fadd': return add(f, a, b, mode);
    case 'fsub': return subtract(f, a, b, mode);
    case 'fmul': return multiply(f, a, b, mode);
    case 'fdiv': return divide(f, a, b, mode);
    case 'fsqrt': return squareRoot(f, a, mode);
    case 'fmin': case 'fmax': return extreme(f, op, a, b);
    case 'fsgnj': case 'fsgnjn': case 'fsgnjx': return { bits: signInjection(f, op, a, b), flags: 0 };
    case 'fmadd': return multiplyAdd(f, a, b, c, mode, { product: false, addend: false });
    case 'fmsub': return multiplyAdd(f, a, b, c, mode, { product: false, addend: true });
    case 'fnmsub': return multiplyAdd(f, a, b, c, mode, { product: true, addend: false });
    case 'fnmadd': return multiplyAdd(f, a, b, c, mode, { product: true, addend: true });
    default: throw new Error(`the oracle does not know ${op}`);
  }
}

/** Executes one instruction of the floating-point rows. */
export function executeFloat(name: string, s: FloatSources, mode: number): FloatResult {
  const [op, to, from] = name.split('.') as [string, string, string | undefined];
  if (op === 'fcvt') return conversion(to, from!, s, mode);
  switch (name) {
    case 'fmv.x.w': return { x: BigInt.asIntN(32, s.a), flags: 0 };
    case 'fmv.x.d': return { x: s.a, flags: 0 };
    case 'fmv.w.x': return { f: box(SINGLE, s.x), flags: 0 };
    case 'fmv.d.x': return { f: u64(s.x), flags: 0 };
    default:
  }
  const f = FORMATS[to]!;
  const [a, b, c] = [unbox(f, s.a), unbox(f, s.b), unbox(f, s.c)];
  if (op === 'fclass') return { x: classify(f, a), flags: 0 };
  if (op === 'feq' || op === 'flt' || op === 'fle') {
    const { bits, flags } = compare(f, op, a, b);
    return { x: bits, flags };
  }
  const { bits, flags } = arithmetic(f, op, a, b, c, mode);
  return { f: box(f, bits), flags };
}
