/** Statements for functions of generated code that are no instruction semantics, written with values as those are. */
import { type FunctionBody, type Label, Op, ValueType } from '../wasm/index.js';
import { Arithmetic, load, local, type Long, type Value, value, type Word, word } from './value.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;
const F64: typeof ValueType.F64 = ValueType.F64;

/** A local that can be set more than once. */
export interface Variable<T extends ValueType> {
  readonly value: Value<T>;
  readonly set: (v: Value<T>) => void;
}

/** Writes statements into a function's body, in their order. */
export class Script extends Arithmetic {
  readonly body: FunctionBody;

  constructor(body: FunctionBody) {
    super();
    this.body = body;
  }

  /** Parameter `n`, an i32. */
  parameter(n: number): Word {
    return local(I32, n);
  }

  /** Binds a value: it is computed here, once. */
  let<T extends ValueType>(v: Value<T>): Value<T> {
    const index = this.body.local(v.type);
    v.put(this.body);
    this.body.set(index);
    return local(v.type, index);
  }

  variable<T extends ValueType>(type: T): Variable<T> {
    const index = this.body.local(type);
    return { value: local(type, index), set: (v) => { v.put(this.body); this.body.set(index); } };
  }

  if(condition: Word, then: () => void, otherwise?: () => void): void {
    condition.put(this.body);
    this.body.open(Op.if);
    then();
    if (otherwise !== undefined) {
      this.body.else();
      otherwise();
    }
    this.body.end();
  }

  /** A block that can be left by branching to its label. */
  block(write: (end: Label) => void): void {
    const end = this.body.open(Op.block);
    write(end);
    this.body.end();
  }

  /** A loop that goes on while the condition that `write` returns holds. */
  repeat(write: () => Word): void {
    const head = this.body.open(Op.loop);
    write().put(this.body);
    this.body.brIf(head);
    this.body.end();
  }

  br(label: Label): void {
    this.body.br(label);
  }

  /** Branches to `label` where the condition holds. */
  brIf(condition: Word, label: Label): void {
    condition.put(this.body);
    this.body.brIf(label);
  }

  return(v: Word): void {
    v.put(this.body);
    this.body.op(Op.return);
  }

  ltF64(a: Value<typeof F64>, b: Value<typeof F64>): Word {
    return value(I32, (body) => {
      a.put(body);
      b.put(body);
      body.op(Op.f64Lt);
    });
  }

  load32(base: Word, offset: number): Word {
    return load(I32, Op.i32Load, base, offset);
  }

  load64(base: Word, offset: number): Long {
    return load(I64, Op.i64Load, base, offset);
  }

  store32(base: Word, offset: number, v: Word): void {
    this.#store(Op.i32Store, base, offset, v);
  }

  store64(base: Word, offset: number, v: Long): void {
    this.#store(Op.i64Store, base, offset, v);
  }

  store16(base: Word, offset: number, v: Word): void {
    this.#store(Op.i32Store16, base, offset, v);
  }

  store8(base: Word, offset: number, v: Word): void {
    this.#store(Op.i32Store8, base, offset, v);
  }

  /** Adds to an i32 in memory. */
  add32To(base: Word, offset: number, amount: number): void {
    this.store32(base, offset, this.add32(this.load32(base, offset), word(amount)));
  }

  /** Counts one more in an f64 in memory. */
  count(base: Word, offset: number): void {
    this.#store(Op.f64Store, base, offset, value(F64, (b) => {
      base.put(b);
      b.memory(Op.f64Load, offset);
      b.i32Const(1);
      b.op(Op.f64ConvertI32S);
      b.op(Op.f64Add);
    }));
  }

  #store(opcode: number, base: Word, offset: number, v: Value): void {
    base.put(this.body);
    v.put(this.body);
    this.body.memory(opcode, offset);
  }
}
