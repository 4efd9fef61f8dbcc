/** Functions of numbers, with the steps that tell what an operation loses by rounding. */
import { FunctionBody, Op, type ValueType } from '../wasm/index.js';
import { double, FloatArithmetic } from './float-value.js';
import { type Double, local, type Long, type Value, type Word } from './value.js';

const BIAS = 1023;
/** Exponents, unbiased and in either direction, up to which factors may be split and multiplied. */
const FACTOR = 450;
/** More than 2^-53, also where a product with one more or less than that is rounded. */
const LITTLE = 2 ** -51;

/** Writes a function over numbers. */
export class FloatWriter extends FloatArithmetic {
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

  /**
   * a + b + c, and whether it is certain to be rounded right. b + c is off by 2^-53 of itself at most, and not at all where one of them is 0;
   * so it is right where a little more and a little less give the same sum. [Ziv, Fast evaluation of elementary mathematical functions, 1991]
   */
  plusSmall(a: Double, b: Double, c: Double): { readonly sum: Double; readonly isCertain: Word } {
    const small = this.let(this.addF64(b, c));
    const [more, less] = [1 + LITTLE, 1 - LITTLE].map((factor) => this.addF64(a, this.mulF64(small, double(factor)))) as [Double, Double];
    const isExact = this.or32(this.eqF64(b, double(0)), this.eqF64(c, double(0)));
    return { sum: this.let(this.addF64(a, small)), isCertain: this.or32(this.eqF64(more, less), isExact) };
  }

  /** The exponent field of a number. */
  exponent(x: Double): Word {
    return this.low(this.and(this.shrU(this.doubleBits(x), this.const(52n)), this.const(0x7ffn)));
  }

  /** Whether nothing overflows or underflows where the number is a factor in `productError`. */
  isFactor(x: Double): Word {
    return this.ltU32(this.sub32(this.exponent(x), this.const32(BIAS - FACTOR)), this.const32(2 * FACTOR + 1));
  }

  /** What a * b loses by rounding, exactly, where `product` is that product and both are `isFactor`. [Dekker 1971] */
  productError(a: Double, b: Double, product: Double): Double {
    const [aHigh, aLow] = this.split(a);
    const [bHigh, bLow] = this.split(b);
    const first = this.subF64(this.mulF64(aHigh, bHigh), product);
    return this.let(this.addF64(this.addF64(this.addF64(first, this.mulF64(aHigh, bLow)), this.mulF64(aLow, bHigh)), this.mulF64(aLow, bLow)));
  }

  setCell(at: number, v: Long): void {
    this.body.i32Const(0);
    v.put(this.body);
    this.body.memory(Op.i64Store, at);
  }
}
