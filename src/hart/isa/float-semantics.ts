/**
 * What the instructions of F and D do, once for both formats.
 *
 * Each has a short way in WebAssembly, taken where its result is known to be exact in value and flags:
 *
 * - The rounding mode is to nearest and the inexact flag is set already, so inexactness needs no notice. The condition is a bit of `State.fpFast`.
 * - The result is an ordinary number. An infinity or a NaN may raise flags, and a NaN would have to be made canonical. Where an operation can
 *   underflow its result must be larger than the smallest normal number: that one may come from a number that is tiny after rounding.
 *   Sums do not underflow: where one is subnormal it is exact. [Hauser, Handling Floating-Point Exceptions in Numeric Programs, Theorem 3.4.1]
 *
 * In all other cases the operation is handed over (`exact`).
 */
import type { Emitter } from '../emitter.js';
import { double } from '../float-value.js';
import { Rounding } from '../float/format.js';
import type { Double, Long, Single, Word } from '../value.js';

type Semantics = (e: Emitter) => void;
type OnSingle = (e: Emitter, ...operands: Single[]) => Single;
type OnDouble = (e: Emitter, ...operands: Double[]) => Double;

/** Bits of a double or single without sign, times two: infinity, and the smallest normal number. */
const INFINITY_D = 0xffe0_0000_0000_0000n;
const SMALLEST_D = 0x0020_0000_0000_0000n;
const INFINITY_S = 0xff00_0000;
const SMALLEST_S = 0x0100_0000;
const signed64 = (unsigned: bigint): bigint => BigInt.asIntN(64, unsigned);

// --- conditions of the short way

/** Whether a double is neither infinite nor a NaN. */
const finiteD = (e: Emitter, bits: Long): Word => e.ltU(e.shl(bits, e.const(1n)), e.const(signed64(INFINITY_D)));
/** Whether a double is finite and larger than the smallest normal number. */
const ordinaryD = (e: Emitter, bits: Long): Word =>
  e.ltU(e.sub(e.shl(bits, e.const(1n)), e.const(SMALLEST_D + 1n)), e.const(signed64(INFINITY_D - SMALLEST_D - 1n)));
const finiteS = (e: Emitter, bits: Word): Word => e.ltU32(e.shl32(bits, e.const32(1)), e.const32(INFINITY_S));
const ordinaryS = (e: Emitter, bits: Word): Word =>
  e.ltU32(e.sub32(e.shl32(bits, e.const32(1)), e.const32(SMALLEST_S + 1)), e.const32(INFINITY_S - SMALLEST_S - 1));

/** The bits of the operands of an instruction with `count` of them. */
function sources(e: Emitter, count: number): [Long, ...Long[]] {
  const operands: [Long, ...Long[]] = [e.let(e.fs1())];
  if (count > 1) operands.push(e.let(e.fs2()));
  if (count > 2) operands.push(e.let(e.fs3()));
  return operands;
}

/** Whether all of some registers hold singles. */
const allBoxed = (e: Emitter, registers: readonly Long[]): Word => e.isBoxed(registers.reduce((a, b) => e.and(a, b)));

/** fd = result where the condition holds, else what the operation of that name gives. */
const finish = (e: Emitter, name: string, short: Word, result: Long, operands: readonly Long[]): void =>
  e.if(short, () => e.setFd(result), () => e.setFd(e.exact(name, operands)));

/** Whether any of some registers holds a zero, the numbers being at their top. */
const anyZero = (e: Emitter, registers: readonly Long[]): Word =>
  registers.map((register) => e.eqz(e.shl(register, e.const(1n)))).reduce((a, b) => e.or32(a, b));

/** fd = result where the condition holds, or where it is a zero because a factor is one; else what the operation of that name gives. */
const finishProduct = (e: Emitter, name: string, short: Word, result: Long, zero: Word, operands: readonly Long[]): void =>
  e.if(short, () => e.setFd(result), () => e.if(e.and32(e.nearestRounding(), zero), () => e.setFd(result), () => e.setFd(e.exact(name, operands))));

// --- arithmetic

/** fmul.d. */
export const productD: Semantics = (e) => {
  const operands = sources(e, 2);
  const [a, b] = operands as [Long, Long];
  const bits = e.let(e.doubleBits(e.mulF64(e.double(a), e.double(b))));
  finishProduct(e, 'fmul.d', e.and32(e.fastRounding(), ordinaryD(e, bits)), bits, e.and32(anyZero(e, [bits]), anyZero(e, operands)), operands);
};

/** fmul.s. */
export const productS: Semantics = (e) => {
  const operands = sources(e, 2);
  const [a, b] = operands as [Long, Long];
  const bits = e.let(e.singleBits(e.mulF32(e.single(e.low(a)), e.single(e.low(b)))));
  const top = (register: Long): Long => e.shl(register, e.const(32n));
  const zero = e.and32(allBoxed(e, operands), e.and32(anyZero(e, [top(e.zext(bits))]), anyZero(e, operands.map(top))));
  finishProduct(e, 'fmul.s', e.and32(e.and32(e.fastRounding(), allBoxed(e, operands)), ordinaryS(e, bits)), e.box(bits), zero, operands);
};

/** A computation of doubles; `underflows` says whether its result can be inexact and subnormal. */
export const computeD = (name: string, count: number, underflows: boolean, compute: OnDouble): Semantics => (e) => {
  const operands = sources(e, count);
  const bits = e.let(e.doubleBits(compute(e, ...operands.map((register) => e.double(register)))));
  finish(e, name, e.and32(e.fastRounding(), underflows ? ordinaryD(e, bits) : finiteD(e, bits)), bits, operands);
};

/** A computation of singles. */
export const computeS = (name: string, count: number, underflows: boolean, compute: OnSingle): Semantics => (e) => {
  const operands = sources(e, count);
  const bits = e.let(e.singleBits(compute(e, ...operands.map((register) => e.single(e.low(register))))));
  const short = e.and32(e.and32(e.fastRounding(), allBoxed(e, operands)), underflows ? ordinaryS(e, bits) : finiteS(e, bits));
  finish(e, name, short, e.box(bits), operands);
};

// --- minimum, maximum, comparison: no rounding, flags for NaNs only

/** fmin.d, fmax.d. */
export const extremeD = (name: string, of: OnDouble): Semantics => (e) => {
  const operands = sources(e, 2);
  const result = e.let(of(e, ...operands.map((register) => e.double(register))));
  finish(e, name, e.and32(e.floatReady(), e.eqF64(result, result)), e.doubleBits(result), operands);
};

/** fmin.s, fmax.s. */
export const extremeS = (name: string, of: OnSingle): Semantics => (e) => {
  const operands = sources(e, 2);
  const result = e.let(of(e, ...operands.map((register) => e.single(e.low(register)))));
  const short = e.and32(e.and32(e.floatReady(), allBoxed(e, operands)), e.eqF32(result, result));
  finish(e, name, short, e.box(e.singleBits(result)), operands);
};

/** feq.d, flt.d, fle.d. */
export const compareD = (name: string, of: (e: Emitter, a: Double, b: Double) => Word): Semantics => (e) => {
  const operands = sources(e, 2);
  const [a, b] = operands.map((register) => e.let(e.double(register))) as [Double, Double];
  compared(e, name, e.and32(e.eqF64(a, a), e.eqF64(b, b)), of(e, a, b), operands);
};

/** feq.s, flt.s, fle.s. */
export const compareS = (name: string, of: (e: Emitter, a: Single, b: Single) => Word): Semantics => (e) => {
  const operands = sources(e, 2);
  const [a, b] = operands.map((register) => e.let(e.single(e.low(register)))) as [Single, Single];
  compared(e, name, e.and32(allBoxed(e, operands), e.and32(e.eqF32(a, a), e.eqF32(b, b))), of(e, a, b), operands);
};

const compared = (e: Emitter, name: string, numbers: Word, result: Word, operands: readonly Long[]): void =>
  e.if(e.and32(e.floatReady(), numbers), () => e.setRd(e.flag(result)), () => e.setRd(e.exact(name, operands)));

// --- conversions

/** fcvt.s.d. */
export const narrow: Semantics = (e) => {
  const operands = sources(e, 1);
  const bits = e.let(e.singleBits(e.demote(e.double(operands[0]))));
  finish(e, 'fcvt.s.d', e.and32(e.fastRounding(), ordinaryS(e, bits)), e.box(bits), operands);
};

/** fcvt.d.s: exact but for NaNs. */
export const widen: Semantics = (e) => {
  const operands = sources(e, 1);
  const result = e.let(e.promote(e.single(e.low(operands[0]))));
  const short = e.and32(e.and32(e.legalRounding(), allBoxed(e, operands)), e.eqF64(result, result));
  finish(e, 'fcvt.d.s', short, e.doubleBits(result), operands);
};

/** From an integer; `exact` where every integer of the type is a number of the format. */
export const fromInteger = (name: string, exact: boolean, result: (e: Emitter, register: Long) => Long): Semantics => (e) => {
  const operands: [Long] = [e.let(e.rs1())];
  finish(e, name, exact ? e.legalRounding() : e.fastRounding(), result(e, operands[0]), operands);
};

/** The numbers, as doubles, that are just outside of an integer type. */
export interface Limits {
  readonly below: number;
  readonly above: number;
}

/** Limits of the integer types. No double lies between -2^63 and the one named for l. */
export const LIMITS: { readonly w: Limits; readonly wu: Limits; readonly l: Limits; readonly lu: Limits } = {
  w: { below: -(2 ** 31) - 1, above: 2 ** 31 },
  wu: { below: -1, above: 2 ** 32 },
  l: { below: -(2 ** 63) - 2 ** 11, above: 2 ** 63 },
  lu: { below: -1, above: 2 ** 64 },
};

/** A number rounded in the instruction's mode; a NaN in the modes that have no short way. */
function roundToInteger(e: Emitter, from: Double): Double {
  const inMode = (rm: number): Word => e.eq32(e.rm(), e.const32(rm));
  const directed = e.select(inMode(Rounding.RDN), e.floor(from), e.select(inMode(Rounding.RUP), e.ceil(from), double(Number.NaN)));
  return e.select(inMode(Rounding.RTZ), e.trunc(from), e.select(e.nearestRounding(), e.nearest(from), directed));
}

/**
 * To an integer: rounded in the instruction's own mode, which for C's casts is towards zero. `read` gives the operand as a
 * double (a single widens exactly) and whether it is one.
 */
export const toInteger = (
  name: string, { below, above }: Limits, read: (e: Emitter, register: Long) => { number: Double; holds: Word | undefined }, result: (e: Emitter, integral: Double) => Long,
): Semantics => (e) => {
  const operands: [Long] = [e.let(e.fs1())];
  const { number, holds } = read(e, operands[0]);
  const from = e.let(number);
  const integral = e.let(roundToInteger(e, from));
  const quiet = e.or32(e.inexactRaised(), e.eqF64(integral, from));
  const inRange = e.and32(e.ltF64(double(below), integral), e.ltF64(integral, double(above)));
  const short = e.and32(e.and32(e.legalRounding(), quiet), holds ? e.and32(inRange, holds) : inRange);
  e.if(short, () => e.setRd(result(e, integral)), () => e.setRd(e.exact(name, operands)));
};

// --- without rounding

/** fclass: `shift` brings the bits of the number to the top of the register, after its sign; the other numbers are in that position. */
const classOf = (e: Emitter, bits: Long, shift: bigint, smallest: bigint, infinity: bigint, quiet: bigint): Long => {
  const m = e.let(e.shl(bits, e.const(shift)));
  const kind = e.add(e.add(e.flag(e.ne(m, e.const(0n))), e.flag(e.geU(m, e.const(smallest)))), e.flag(e.geU(m, e.const(infinity))));
  const known = e.let(kind);
  const negative = e.ne(e.and(bits, e.const(signed64(1n << (64n - shift)))), e.const(0n));
  const number = e.shl(e.const(1n), e.select(negative, e.sub(e.const(3n), known), e.add(e.const(4n), known)));
  const nan = e.shl(e.const(1n << 8n), e.flag(e.ne(e.and(m, e.const(quiet)), e.const(0n))));
  return e.select(e.gtU(m, e.const(infinity)), nan, number);
};

/** fclass.d: rd gets the one bit of ten that says what fs1 is. */
export const classifyD: Semantics = (e) => {
  e.needFloat();
  e.setRd(classOf(e, e.let(e.fs1()), 1n, SMALLEST_D, signed64(INFINITY_D), 1n << 52n));
};

/** fclass.s; what is not NaN-boxed is the canonical NaN. */
export const classifyS: Semantics = (e) => {
  e.needFloat();
  const bits = e.let(e.zext(e.unbox(e.let(e.fs1()))));
  e.setRd(classOf(e, bits, 33n, BigInt(SMALLEST_S) << 32n, signed64(BigInt(INFINITY_S) << 32n), 1n << 55n));
};

/** The magnitude of fs1 with a sign made of the signs of fs1 and fs2. */
export const signD = (sign: (e: Emitter, a: Long, b: Long) => Long): Semantics => (e) => {
  e.needFloat();
  const a = e.let(e.fs1());
  const mask = e.const(-1n << 63n);
  e.setFd(e.or(e.and(a, e.const((1n << 63n) - 1n)), e.and(sign(e, a, e.fs2()), mask)));
};

/** The same of single numbers; what is not NaN-boxed is the canonical NaN. */
export const signS = (sign: (e: Emitter, a: Long, b: Long) => Long): Semantics => (e) => {
  e.needFloat();
  const a = e.let(e.zext(e.unbox(e.let(e.fs1()))));
  const b = e.zext(e.unbox(e.let(e.fs2())));
  e.setFd(e.box(e.low(e.or(e.and(a, e.const(0x7fff_ffffn)), e.and(sign(e, a, b), e.const(0x8000_0000n))))));
};
