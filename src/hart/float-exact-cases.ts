/**
 * Operations whose result turns out to be exact, which is cheaper to see than to compute in software: then no flag is raised whatever
 * has been raised before, and in every rounding mode the result is that to nearest. Exact zeros and programs that compute with integers
 * in floating-point registers come this way.
 */
import { Op, ValueType } from '../wasm/index.js';
import { operationNumber, operations } from './float/operations.js';
import { double } from './float-value.js';
import type { FloatWriter } from './float-writer.js';
import { State } from './layout.js';
import { cell32, type Double, local, type Long, type Single, type Value, word, type Word } from './value.js';

/** A result as a register holds it, and whether it is exact and no NaN. */
interface Outcome {
  readonly result: Long;
  readonly exact: Word;
}

type Case = (w: FloatWriter, a: Long, b: Long, c: Long) => Outcome;

const ZERO = double(0);
const both = (w: FloatWriter, ...conditions: readonly Word[]): Word => conditions.reduce((x, y) => w.and32(x, y));
const isFinite = (w: FloatWriter, x: Double): Word => w.ltU32(w.exponent(x), word(0x7ff));

// --- doubles

const sumD = (negate: boolean): Case => (w, x, y) => {
  const a = w.let(w.double(x));
  const b = w.let(negate ? w.negF64(w.double(y)) : w.double(y));
  const sum = w.let(w.addF64(a, b));
  return { result: w.doubleBits(sum), exact: both(w, isFinite(w, sum), w.eqF64(w.sumError(a, b, sum), ZERO)) };
};

/** Whether a * b is `product` exactly. Zeros are; other products only where all is far from overflow and underflow. */
function productIs(w: FloatWriter, a: Double, b: Double, product: Double): Word {
  const nearest = w.eqF64(w.mulF64(a, b), product);
  const zero = both(w, w.eqF64(product, ZERO), w.or32(w.eqF64(a, ZERO), w.eqF64(b, ZERO)));
  const lossless = both(w, w.isFactor(a), w.isFactor(b), w.eqF64(w.productError(a, b, product), ZERO));
  return both(w, nearest, w.or32(zero, lossless));
}

const productD: Case = (w, x, y) => {
  const [a, b] = [w.let(w.double(x)), w.let(w.double(y))];
  const product = w.let(w.mulF64(a, b));
  return { result: w.doubleBits(product), exact: productIs(w, a, b, product) };
};

const quotientD: Case = (w, x, y) => {
  const [a, b] = [w.let(w.double(x)), w.let(w.double(y))];
  const quotient = w.let(w.divF64(a, b));
  return { result: w.doubleBits(quotient), exact: both(w, isFinite(w, quotient), isFinite(w, b), productIs(w, quotient, b, a)) };
};

const rootD: Case = (w, x) => {
  const a = w.let(w.double(x));
  const root = w.let(w.sqrtF64(a));
  return { result: w.doubleBits(root), exact: both(w, isFinite(w, root), productIs(w, root, root, a)) };
};

const fusedD = (negateProduct: boolean, negateAddend: boolean): Case => (w, x, y, z) => {
  const a = w.let(negateProduct ? w.negF64(w.double(x)) : w.double(x));
  const [b, c] = [w.let(w.double(y)), w.let(negateAddend ? w.negF64(w.double(z)) : w.double(z))];
  const product = w.let(w.mulF64(a, b));
  const sum = w.let(w.addF64(product, c));
  return { result: w.doubleBits(sum), exact: both(w, productIs(w, a, b, product), isFinite(w, sum), w.eqF64(w.sumError(product, c, sum), ZERO)) };
};

// --- singles: computed in double precision, where sums, products and their checks have room

/** The single a double is exactly, as a register holds it. */
function asSingle(w: FloatWriter, number: Double, exact: Word): Outcome {
  const single = w.let(w.demote(number));
  return { result: w.box(w.singleBits(single)), exact: both(w, exact, w.eqF64(w.promote(single), number)) };
}

const wide = (w: FloatWriter, register: Long): Double => w.let(w.promote(w.single(w.low(register))));

const fusedS = (negateProduct: boolean, negateAddend: boolean): Case => (w, x, y, z) => {
  const [a, b, c] = [wide(w, x), wide(w, y), wide(w, z)];
  const product = w.let(negateProduct ? w.negF64(w.mulF64(a, b)) : w.mulF64(a, b));
  return sumOf(w, product, negateAddend ? w.let(w.negF64(c)) : c);
};

function sumOf(w: FloatWriter, a: Double, b: Double): Outcome {
  const sum = w.let(w.addF64(a, b));
  return asSingle(w, sum, w.eqF64(w.sumError(a, b, sum), ZERO));
}

const sumS = (negate: boolean): Case => (w, x, y) => sumOf(w, wide(w, x), negate ? w.let(w.negF64(wide(w, y))) : wide(w, y));

const productS: Case = (w, x, y) => asSingle(w, w.let(w.mulF64(wide(w, x), wide(w, y))), word(1));

/** A single that is exact where, widened, `check` holds. */
function single(w: FloatWriter, result: Single, check: (wide: Double) => Word): Outcome {
  const known = w.let(result);
  return { result: w.box(w.singleBits(known)), exact: check(w.let(w.promote(known))) };
}

const quotientS: Case = (w, x, y) => {
  const [a, b] = [wide(w, x), wide(w, y)];
  return single(w, w.demote(w.divF64(a, b)), (quotient) => both(w, isFinite(w, quotient), isFinite(w, b), w.eqF64(w.mulF64(quotient, b), a)));
};

const rootS: Case = (w, x) => {
  const a = wide(w, x);
  return single(w, w.demote(w.sqrtF64(a)), (root) => both(w, isFinite(w, root), w.eqF64(w.mulF64(root, root), a)));
};

// --- conversions

const narrow: Case = (w, x) => asSingle(w, w.let(w.double(x)), word(1));

/** From an integer: exact where the number converts back to it. The limits keep numbers beyond the type out. */
const fromInteger = (toSingle: boolean, unsigned: boolean, integer: (w: FloatWriter, x: Long) => Long): Case => (w, x) => {
  const n = w.let(integer(w, x));
  const number = w.let(toSingle ? w.promote(unsigned ? w.singleFromU(n) : w.singleFromS(n)) : unsigned ? w.doubleFromU(n) : w.doubleFromS(n));
  const small = both(w, w.ltF64(number, double(2 ** 63)), unsigned ? word(1) : w.leF64(double(-(2 ** 63)), number));
  const back = w.integerS(w.select(small, number, ZERO));
  return { result: toSingle ? w.box(w.singleBits(w.demote(number))) : w.doubleBits(number), exact: both(w, small, w.eq(back, n)) };
};

const CASES: Readonly<Record<string, Case>> = {
  'fadd.d': sumD(false), 'fsub.d': sumD(true), 'fmul.d': productD, 'fdiv.d': quotientD, 'fsqrt.d': rootD,
  'fmadd.d': fusedD(false, false), 'fmsub.d': fusedD(false, true), 'fnmsub.d': fusedD(true, false), 'fnmadd.d': fusedD(true, true),
  'fadd.s': sumS(false), 'fsub.s': sumS(true), 'fmul.s': productS, 'fdiv.s': quotientS, 'fsqrt.s': rootS,
  'fmadd.s': fusedS(false, false), 'fmsub.s': fusedS(false, true), 'fnmsub.s': fusedS(true, false), 'fnmadd.s': fusedS(true, true),
  'fcvt.s.d': narrow,
  'fcvt.d.l': fromInteger(false, false, (_, x) => x), 'fcvt.d.lu': fromInteger(false, true, (_, x) => x),
  'fcvt.s.l': fromInteger(true, false, (_, x) => x), 'fcvt.s.lu': fromInteger(true, true, (_, x) => x),
  'fcvt.s.w': fromInteger(true, false, (w, x) => w.sext(w.low(x))), 'fcvt.s.wu': fromInteger(true, true, (w, x) => w.zext(w.low(x))),
};

const [OPERATION, RM, A, B, C] = [0, 1, 2, 3, 4];

/**
 * Writes the exact cases into the function (operation, rm, a, b, c): it returns 1 with the result in `State.floatResult`, or goes on.
 * Exact sums are zero with another sign when rounding down, so only the mode to nearest is taken.
 */
export function writeExactCases(w: FloatWriter): void {
  const { body } = w;
  const nearest = w.and32(w.shrU32(cell32(State.fpNearest), local(ValueType.I32, RM)), word(1));
  const otherwise = body.open(Op.block);
  w.eqz32(nearest).put(body);
  body.brIf(otherwise);
  const cases = Object.entries(CASES);
  const labels = cases.map(() => body.open(Op.block)).reverse();
  const places = operations().map(() => otherwise);
  cases.forEach(([name], n) => { places[operationNumber(name)] = labels[n]!; });
  body.get(OPERATION);
  body.brTable(places, otherwise);
  for (const [name, write] of cases) {
    body.end();
    writeCase(w, name, write);
    body.br(otherwise);
  }
  body.end();
}

function writeCase(w: FloatWriter, name: string, write: Case): void {
  const operands = [A, B, C].map((index) => local(ValueType.I64, index)) as [Long, Long, Long];
  const { result, exact } = write(w, ...operands);
  const count = name.startsWith('fcvt') ? 0 : name.startsWith('fsqrt') ? 1 : /^fn?m(add|sub)/.test(name) ? 3 : 2;
  const singles: Value<typeof ValueType.I32> = name.endsWith('.s') && count > 0 ? w.isBoxed(operands.slice(0, count).reduce((x, y) => w.and(x, y))) : word(1);
  w.and32(exact, singles).put(w.body);
  w.body.open(Op.if);
  w.setCell(State.floatResult, result);
  w.return(word(1));
  w.body.end();
}
