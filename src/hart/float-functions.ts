/** Functions for floating point that modules of generated code contain. */
import { type FunctionBody, type ModuleWriter, ValueType } from '../wasm/index.js';
import { writeExactCases } from './float-exact-cases.js';
import { double } from './float-value.js';
import { FloatWriter } from './float-writer.js';
import { State } from './layout.js';
import { type Double, local } from './value.js';

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

function floatBody(perform: number): FunctionBody {
  const w = new FloatWriter([I32, I32, I64, I64, I64], [I32]);
  const { body } = w;
  writeExactCases(w);
  [State.floatA, State.floatB, State.floatC].forEach((at, n) => w.setCell(at, local(I64, 2 + n)));
  body.get(0);
  body.get(1);
  body.call(perform);
  return body;
}

/** Products of singles are exact in double precision; the sum is rounded to odd there, then to single. [Boldo, Melquiond, Emulation of a FMA and Correctly Rounded Sums, 2008] */
function fma32Body(): FunctionBody {
  const w = new FloatWriter([F32, F32, F32], [F32]);
  const [a, b, c] = [0, 1, 2].map((n) => w.promote(local(F32, n))) as [Double, Double, Double];
  const { sum, error } = w.sumToOdd(w.let(w.mulF64(a, b)), w.let(c));
  const result = w.let(w.demote(sum));
  const bits = w.let(w.singleBits(result));
  const [smallest, infinity] = [0x0100_0000, 0xff00_0000];
  w.returnIf(w.ltU32(w.sub32(w.shl32(bits, w.const32(1)), w.const32(smallest + 1)), w.const32(infinity - smallest - 1)), result);
  w.returnIf(w.and32(w.eqF64(error, double(0)), w.eqF64(w.promote(result), sum)), result);
  return w.finish(w.demote(double(Number.NaN)));
}

/** Exponents, unbiased, up to which the addend cannot overflow on the way. */
const ADDEND = 1000;
const BIAS = 1023;

/** A sum that is certain in most cases; else [Boldo, Melquiond, Emulation of a FMA and Correctly Rounded Sums, 2008, algorithm Fma]. */
function fma64Body(): FunctionBody {
  const w = new FloatWriter([F64, F64, F64], [F64]);
  const [a, b, c] = [0, 1, 2].map((n) => local(F64, n)) as [Double, Double, Double];
  w.returnIf(w.or32(w.eqF64(a, double(0)), w.eqF64(b, double(0))), w.addF64(w.mulF64(a, b), c));
  const safe = w.and32(w.and32(w.isFactor(a), w.isFactor(b)), w.ltU32(w.exponent(c), w.const32(BIAS + ADDEND)));
  w.returnIf(w.eqz32(safe), double(Number.NaN));
  const product = w.let(w.mulF64(a, b));
  const rest = w.productError(a, b, product);
  const nearest = w.let(w.addF64(product, c));
  const { sum: result, isCertain } = w.plusSmall(nearest, w.sumError(product, c, nearest), rest);
  w.returnIf(isCertain, result);
  const low = w.let(w.addF64(c, rest));
  const lowError = w.sumError(c, rest, low);
  const high = w.let(w.addF64(product, low));
  const { sum } = w.sumToOdd(lowError, w.sumError(product, low, high));
  return w.finish(w.addF64(high, sum));
}
