/**
 * Values of generated code: what instruction semantics compute with.
 *
 * A value is a recipe: `put` writes the code that pushes it, at the place where it is used and as often as it is used.
 * A value that is used twice, or that must be taken before something changes, is bound with the emitter's `let`.
 */
import { type FunctionBody, Op, ValueType } from '../wasm/index.js';

/** A value of one WebAssembly type. */
export interface Value<T extends ValueType = ValueType> {
  readonly type: T;
  /** The number, where it is known when code is generated. */
  readonly constant?: bigint;
  put(body: FunctionBody): void;
}

/** A 64-bit integer: a register's content. */
export type Long = Value<typeof ValueType.I64>;
/** A 32-bit integer: the low half of a register, a truth value, a place in linear memory. */
export type Word = Value<typeof ValueType.I32>;
/** A number in single precision. */
export type Single = Value<typeof ValueType.F32>;
/** A number in double precision. */
export type Double = Value<typeof ValueType.F64>;

/** A value from its recipe. */
export const value = <T extends ValueType>(type: T, put: (body: FunctionBody) => void): Value<T> => ({ type, put });

/** A constant of 64 bits. */
export const long = (constant: bigint): Long => ({ type: ValueType.I64, constant, put: (b) => b.i64Const(constant) });

/** A constant of 32 bits. */
export const word = (constant: number): Word => ({ type: ValueType.I32, constant: BigInt(constant), put: (b) => b.i32Const(constant) });

/** The content of a local when it is used. */
export const local = <T extends ValueType>(type: T, index: number): Value<T> => value(type, (b) => b.get(index));

/** What linear memory holds at `base + offset` when it is used. */
export const load = <T extends ValueType>(type: T, opcode: number, base: Word, offset: number): Value<T> =>
  value(type, (b) => {
    base.put(b);
    b.memory(opcode, offset);
  });

const ZERO = word(0);
/** The 64-bit cell at a fixed place of linear memory. */
export const cell64 = (at: number): Long => load(ValueType.I64, Op.i64Load, ZERO, at);
/** The 32-bit cell at a fixed place of linear memory. */
export const cell32 = (at: number): Word => load(ValueType.I32, Op.i32Load, ZERO, at);

/** What one operand is turned into. */
export type Unary<A extends ValueType, R extends ValueType> = (a: Value<A>) => Value<R>;
/** What two operands of one type are turned into. */
export type Binary<A extends ValueType, R extends ValueType> = (a: Value<A>, b: Value<A>) => Value<R>;

/** The instruction `opcode` from one type to another. */
export const unary = <A extends ValueType, R extends ValueType>(_: A, result: R, opcode: number): Unary<A, R> => (a) =>
  value(result, (body) => {
    a.put(body);
    body.op(opcode);
  });

/** The instruction `opcode` from two operands of one type to a result. */
export const binary = <A extends ValueType, R extends ValueType>(_: A, result: R, opcode: number): Binary<A, R> => (a, b) =>
  value(result, (body) => {
    a.put(body);
    b.put(body);
    body.op(opcode);
  });

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;
type LongToLong = Binary<typeof I64, typeof I64>;
type LongTest = Binary<typeof I64, typeof I32>;
type WordToWord = Binary<typeof I32, typeof I32>;

/** Arithmetic on values. Plain names work on 64 bits, names ending in 32 on words; S and U say how operands are read where it matters. */
export class Arithmetic {
  /** A constant of 64 bits. */
  const(constant: bigint): Long {
    return long(constant);
  }

  /** A constant of 32 bits. */
  const32(constant: number): Word {
    return word(constant);
  }

  readonly add: LongToLong = binary(I64, I64, Op.i64Add);
  readonly sub: LongToLong = binary(I64, I64, Op.i64Sub);
  readonly mul: LongToLong = binary(I64, I64, Op.i64Mul);
  /** Traps on division by zero and on overflow: exclude both first. The other three trap on zero only. */
  readonly divS: LongToLong = binary(I64, I64, Op.i64DivS);
  readonly divU: LongToLong = binary(I64, I64, Op.i64DivU);
  readonly remS: LongToLong = binary(I64, I64, Op.i64RemS);
  readonly remU: LongToLong = binary(I64, I64, Op.i64RemU);
  readonly and: LongToLong = binary(I64, I64, Op.i64And);
  readonly or: LongToLong = binary(I64, I64, Op.i64Or);
  readonly xor: LongToLong = binary(I64, I64, Op.i64Xor);
  /** Shift counts are taken modulo 64. */
  readonly shl: LongToLong = binary(I64, I64, Op.i64Shl);
  readonly shrS: LongToLong = binary(I64, I64, Op.i64ShrS);
  readonly shrU: LongToLong = binary(I64, I64, Op.i64ShrU);
  readonly rotl: LongToLong = binary(I64, I64, Op.i64Rotl);
  readonly rotr: LongToLong = binary(I64, I64, Op.i64Rotr);
  /** Zero bits above the highest one, below the lowest one (64 where all are zero), and one bits. */
  readonly clz: Unary<typeof I64, typeof I64> = unary(I64, I64, Op.i64Clz);
  readonly ctz: Unary<typeof I64, typeof I64> = unary(I64, I64, Op.i64Ctz);
  readonly popcnt: Unary<typeof I64, typeof I64> = unary(I64, I64, Op.i64Popcnt);
  readonly extend8: Unary<typeof I64, typeof I64> = unary(I64, I64, Op.i64Extend8S);
  readonly extend16: Unary<typeof I64, typeof I64> = unary(I64, I64, Op.i64Extend16S);

  readonly eqz: Unary<typeof I64, typeof I32> = unary(I64, I32, Op.i64Eqz);
  readonly eq: LongTest = binary(I64, I32, Op.i64Eq);
  readonly ne: LongTest = binary(I64, I32, Op.i64Ne);
  readonly ltS: LongTest = binary(I64, I32, Op.i64LtS);
  readonly ltU: LongTest = binary(I64, I32, Op.i64LtU);
  readonly gtS: LongTest = binary(I64, I32, Op.i64GtS);
  readonly gtU: LongTest = binary(I64, I32, Op.i64GtU);
  readonly geS: LongTest = binary(I64, I32, Op.i64GeS);
  readonly geU: LongTest = binary(I64, I32, Op.i64GeU);

  /** The low 32 bits; `sext` and `zext` bring a word back to 64 bits. */
  readonly low: Unary<typeof I64, typeof I32> = unary(I64, I32, Op.i32WrapI64);
  readonly sext: Unary<typeof I32, typeof I64> = unary(I32, I64, Op.i64ExtendI32S);
  readonly zext: Unary<typeof I32, typeof I64> = unary(I32, I64, Op.i64ExtendI32U);
  /** A truth value as a register holds it: 0 or 1. */
  readonly flag: Unary<typeof I32, typeof I64> = this.zext;

  readonly add32: WordToWord = binary(I32, I32, Op.i32Add);
  readonly sub32: WordToWord = binary(I32, I32, Op.i32Sub);
  readonly mul32: WordToWord = binary(I32, I32, Op.i32Mul);
  readonly and32: WordToWord = binary(I32, I32, Op.i32And);
  readonly or32: WordToWord = binary(I32, I32, Op.i32Or);
  /** Shift counts are taken modulo 32. */
  readonly shl32: WordToWord = binary(I32, I32, Op.i32Shl);
  readonly shrS32: WordToWord = binary(I32, I32, Op.i32ShrS);
  readonly shrU32: WordToWord = binary(I32, I32, Op.i32ShrU);
  readonly rotl32: WordToWord = binary(I32, I32, Op.i32Rotl);
  readonly rotr32: WordToWord = binary(I32, I32, Op.i32Rotr);
  readonly clz32: Unary<typeof I32, typeof I32> = unary(I32, I32, Op.i32Clz);
  readonly ctz32: Unary<typeof I32, typeof I32> = unary(I32, I32, Op.i32Ctz);
  readonly popcnt32: Unary<typeof I32, typeof I32> = unary(I32, I32, Op.i32Popcnt);
  readonly eqz32: Unary<typeof I32, typeof I32> = unary(I32, I32, Op.i32Eqz);
  readonly eq32: WordToWord = binary(I32, I32, Op.i32Eq);
  readonly ne32: WordToWord = binary(I32, I32, Op.i32Ne);
  readonly ltU32: WordToWord = binary(I32, I32, Op.i32LtU);

  /** `a` where the condition is not 0, else `b`; both are computed. */
  select<T extends ValueType>(condition: Word, a: Value<T>, b: Value<T>): Value<T> {
    return value(a.type, (body) => {
      a.put(body);
      b.put(body);
      condition.put(body);
      body.op(Op.select);
    });
  }
}
