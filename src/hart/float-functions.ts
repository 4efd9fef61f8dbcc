/** Functions for floating point that modules of generated code contain. */
import { FunctionBody, type ModuleWriter, Op, ValueType } from '../wasm/index.js';
import { double, FloatArithmetic } from './float-value.js';
import { State } from './layout.js';
import { type Double, local, type Value, type Word } from './value.js';

const { I32, I64, F32, F64 } = ValueType;

/** Indices of the functions. */
export interface FloatFunctions {
  /** (operation, rm, a, b, c) -> 1: performs an operation of float/operations.ts on register contents, to `State.floatResult`; 0 where it is illegal or must wait. */
  readonly float: number;
  /** (a, b, c) -> a * b + c in single precision; see `fmaF32` of the emitter. */
  readonly fma32: number;
  /** (a, b, c) -> a * b + c in double precision. */
  readonly fma64: number;
}

/** Adds the functions of fused multiply-adds. */
export const addFmaFunctions = (module: ModuleWriter): Pick<FloatFunctions, 'fma32' | 'fma64'> => ({
  fma32: module.addFunction(fma32Body()),
  fma64: module.addFunction(fma64Body()),
});

/** Adds all functions. `perform` is the index of the import that does an operation in TypeScript: (operation, rm) -> 1 or 0. */
export const addFloatFunctions = (module: ModuleWriter, perform: number): FloatFunctions => ({
  float: module.addFunction(floatBody(perform)), ...addFmaFunctions(module),
});

/** A function of values. */
class FunctionWriter extends FloatArithmetic {
  readonly body: FunctionBody;

  constructor(params: readonly ValueType[], results: readonly ValueType[]) {
    super();
    this.body = new FunctionBody(params, results);
  }

  /** Computes a value here, once. */
  let<T extends ValueType>(v: Value<T>): Value<T> {
    const index = this.body.local(v.type);
    v.put(this.body);
    this.body.set(index);
    return local(v.type, index);
  }

  return(result: Value): void {
    result.put(this.body);
    this.body.op(Op.return);
  }

  returnIf(condition: Word, result: Value): void {
    condition.put(this.body);
    this.body.open(Op.if);
    this.return(result);
    this.body.end();
  }

  /** The last result. */
  finish(result: Value): FunctionBody {
    result.put(this.body);
    return this.body;
  }

  /** What a + b loses by rounding, exactly, where `sum` is that sum. [Knuth, TAOCP 2, 4.2.2, Theorem B] */
  sumError(a: Double, b: Double, sum: Double): Double {
    const second = this.let(this.subF64(sum, a));
    return this.let(this.addF64(this.subF64(a, this.subF64(sum, second)), this.subF64(b, second)));
  }

  /** Upper and lower half of a number's digits. [Dekker, A Floating-Point Technique for Extending the Available Precision, 1971] */
  split(a: Double): readonly [Double, Double] {
    const large = this.let(this.mulF64(a, double(2 ** 27 + 1)));
    const high = this.let(this.subF64(large, this.subF64(large, a)));
    return [high, this.let(this.subF64(a, high))];
  }

  /** a + b rounded to odd: where it is not exact, to the neighbour whose last bit is 1. A second rounding, to two bits less or fewer, is then as good as the only one. */
  sumToOdd(a: Double, b: Double): { readonly sum: Double; readonly error: Double } {
    const nearest = this.let(this.addF64(a, b));
    const error = this.sumError(a, b, nearest);
    const bits = this.let(this.doubleBits(nearest));
    const step = this.or(this.shrS(this.xor(bits, this.doubleBits(error)), this.const(63n)), this.const(1n));
    const wrong = this.and(this.zext(this.eqz32(this.eqF64(error, double(0)))), this.xor(bits, this.const(-1n)));
    const odd = this.add(bits, this.and(step, this.sub(this.const(0n), this.and(wrong, this.const(1n)))));
    return { sum: this.let(this.double(odd)), error };
  }
}

function floatBody(perform: number): FunctionBody {
  const w = new FunctionWriter([I32, I32, I64, I64, I64], [I32]);
  const { body } = w;
  [State.floatA, State.floatB, State.floatC].forEach((at, n) => {
    body.i32Const(0);
    body.get(2 + n);
    body.memory(Op.i64Store, at);
  });
  body.get(0);
  body.get(1);
  body.call(perform);
  return body;
}

/** Products of singles are exact in double precision; the sum is rounded to odd there, then to single. [Boldo, Melquiond, Emulation of a FMA and Correctly Rounded Sums, 2008] */
function fma32Body(): FunctionBody {
  const w = new FunctionWriter([F32, F32, F32], [F32]);
  const [a, b, c] = [0, 1, 2].map((n) => w.promote(local(F32, n))) as [Double, Double, Double];
  const { sum, error } = w.sumToOdd(w.let(w.mulF64(a, b)), w.let(c));
  const result = w.let(w.demote(sum));
  const bits = w.let(w.singleBits(result));
  const [smallest, infinity] = [0x0100_0000, 0xff00_0000];
  w.returnIf(w.ltU32(w.sub32(w.shl32(bits, w.const32(1)), w.const32(smallest + 1)), w.const32(infinity - smallest - 1)), result);
  w.returnIf(w.and32(w.eqF64(error, double(0)), w.eqF64(w.promote(result), sum)), result);
  return w.finish(w.demote(double(Number.NaN)));
}

/** Exponents, unbiased, up to which factors (in either direction) and the addend cannot overflow or underflow on the way. */
const FACTOR = 450;
const ADDEND = 1000;
const BIAS = 1023;

/** [Boldo, Melquiond, Emulation of a FMA and Correctly Rounded Sums, 2008, algorithm Fma] */
function fma64Body(): FunctionBody {
  const w = new FunctionWriter([F64, F64, F64], [F64]);
  const [a, b, c] = [0, 1, 2].map((n) => local(F64, n)) as [Double, Double, Double];
  const exponent = (x: Double): Word => w.low(w.and(w.shrU(w.doubleBits(x), w.const(52n)), w.const(0x7ffn)));
  const outside = (x: Double): Word => w.eqz32(w.ltU32(w.sub32(exponent(x), w.const32(BIAS - FACTOR)), w.const32(2 * FACTOR + 1)));
  w.returnIf(w.or32(w.eqF64(a, double(0)), w.eqF64(b, double(0))), w.addF64(w.mulF64(a, b), c));
  w.returnIf(w.or32(w.or32(outside(a), outside(b)), w.ltU32(w.const32(BIAS + ADDEND), exponent(c))), double(Number.NaN));
  const product = w.let(w.mulF64(a, b));
  const [aHigh, aLow] = w.split(a);
  const [bHigh, bLow] = w.split(b);
  const first = w.subF64(w.mulF64(aHigh, bHigh), product);
  const rest = w.let(w.addF64(w.addF64(w.addF64(first, w.mulF64(aHigh, bLow)), w.mulF64(aLow, bHigh)), w.mulF64(aLow, bLow)));
  const low = w.let(w.addF64(c, rest));
  const lowError = w.sumError(c, rest, low);
  const high = w.let(w.addF64(product, low));
  const { sum } = w.sumToOdd(lowError, w.sumError(product, low, high));
  return w.finish(w.addF64(high, sum));
}
