/** Floating-point values of generated code. WebAssembly computes as IEEE 754 does in round to nearest; it has no flags, and any NaN may come out as any NaN. */
import { Op, ValueType } from '../wasm/index.js';
import { Arithmetic, type Binary, binary, type Double, type Long, type Unary, unary, value, type Word } from './value.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;
const F32: typeof ValueType.F32 = ValueType.F32;
const F64: typeof ValueType.F64 = ValueType.F64;
type SingleToSingle = Binary<typeof F32, typeof F32>;
type DoubleToDouble = Binary<typeof F64, typeof F64>;
type Rounding = Unary<typeof F64, typeof F64>;

const bits = new DataView(new ArrayBuffer(8));

/** A number in double precision that is known when code is generated. */
export const double = (constant: number): Double =>
  value(F64, (b) => {
    bits.setFloat64(0, constant);
    b.i64Const(bits.getBigInt64(0));
    b.op(Op.f64ReinterpretI64);
  });

/** Arithmetic on numbers of both precisions. Names ending in F32 and F64 are single and double precision. */
export class FloatArithmetic extends Arithmetic {
  readonly addF32: SingleToSingle = binary(F32, F32, Op.f32Add);
  readonly subF32: SingleToSingle = binary(F32, F32, Op.f32Sub);
  readonly mulF32: SingleToSingle = binary(F32, F32, Op.f32Mul);
  readonly divF32: SingleToSingle = binary(F32, F32, Op.f32Div);
  readonly sqrtF32: Unary<typeof F32, typeof F32> = unary(F32, F32, Op.f32Sqrt);
  /** The smaller and the larger number, -0 below +0; a NaN where either operand is one. */
  readonly minF32: SingleToSingle = binary(F32, F32, Op.f32Min);
  readonly maxF32: SingleToSingle = binary(F32, F32, Op.f32Max);
  readonly negF32: Unary<typeof F32, typeof F32> = unary(F32, F32, Op.f32Neg);
  readonly eqF32: Binary<typeof F32, typeof I32> = binary(F32, I32, Op.f32Eq);
  readonly ltF32: Binary<typeof F32, typeof I32> = binary(F32, I32, Op.f32Lt);
  readonly leF32: Binary<typeof F32, typeof I32> = binary(F32, I32, Op.f32Le);

  readonly addF64: DoubleToDouble = binary(F64, F64, Op.f64Add);
  readonly subF64: DoubleToDouble = binary(F64, F64, Op.f64Sub);
  readonly mulF64: DoubleToDouble = binary(F64, F64, Op.f64Mul);
  readonly divF64: DoubleToDouble = binary(F64, F64, Op.f64Div);
  readonly sqrtF64: Rounding = unary(F64, F64, Op.f64Sqrt);
  readonly minF64: DoubleToDouble = binary(F64, F64, Op.f64Min);
  readonly maxF64: DoubleToDouble = binary(F64, F64, Op.f64Max);
  readonly negF64: Rounding = unary(F64, F64, Op.f64Neg);
  readonly eqF64: Binary<typeof F64, typeof I32> = binary(F64, I32, Op.f64Eq);
  readonly ltF64: Binary<typeof F64, typeof I32> = binary(F64, I32, Op.f64Lt);
  readonly leF64: Binary<typeof F64, typeof I32> = binary(F64, I32, Op.f64Le);

  /** To an integer: to nearest even, towards zero, down, up. */
  readonly nearest: Rounding = unary(F64, F64, Op.f64Nearest);
  readonly trunc: Rounding = unary(F64, F64, Op.f64Trunc);
  readonly floor: Rounding = unary(F64, F64, Op.f64Floor);
  readonly ceil: Rounding = unary(F64, F64, Op.f64Ceil);
  /** An integral number as an integer. Traps outside of its range: exclude that first. */
  readonly integerS: Unary<typeof F64, typeof I64> = unary(F64, I64, Op.i64TruncF64S);
  readonly integerU: Unary<typeof F64, typeof I64> = unary(F64, I64, Op.i64TruncF64U);

  readonly singleFromS: Unary<typeof I64, typeof F32> = unary(I64, F32, Op.f32ConvertI64S);
  readonly singleFromU: Unary<typeof I64, typeof F32> = unary(I64, F32, Op.f32ConvertI64U);
  readonly doubleFromS: Unary<typeof I64, typeof F64> = unary(I64, F64, Op.f64ConvertI64S);
  readonly doubleFromU: Unary<typeof I64, typeof F64> = unary(I64, F64, Op.f64ConvertI64U);
  readonly demote: Unary<typeof F64, typeof F32> = unary(F64, F32, Op.f32DemoteF64);
  readonly promote: Unary<typeof F32, typeof F64> = unary(F32, F64, Op.f64PromoteF32);

  readonly single: Unary<typeof I32, typeof F32> = unary(I32, F32, Op.f32ReinterpretI32);
  readonly singleBits: Unary<typeof F32, typeof I32> = unary(F32, I32, Op.i32ReinterpretF32);
  readonly double: Unary<typeof I64, typeof F64> = unary(I64, F64, Op.f64ReinterpretI64);
  readonly doubleBits: Unary<typeof F64, typeof I64> = unary(F64, I64, Op.i64ReinterpretF64);

  /** What a register holds of a single: its upper half all ones. */
  box(single: Word): Long {
    return this.or(this.zext(single), this.const(-1n << 32n));
  }

  /** Whether a register holds a single, or two registers ANDed both do. */
  isBoxed(register: Long): Word {
    return this.geU(register, this.const(-1n << 32n));
  }

  /** The bits of a single, which are those of the canonical NaN where the register does not hold one. */
  unbox(register: Long): Word {
    return this.select(this.isBoxed(register), this.low(register), this.low(this.const(0x7fc0_0000n)));
  }
}
