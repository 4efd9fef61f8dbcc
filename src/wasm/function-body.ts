/**
 * The body of one function under construction.
 *
 * Branch targets are `Label`s: the absolute depth of the construct they leave or repeat, so that code which opens
 * further blocks in between needs no arithmetic; the writer turns them into the relative depths of the format.
 */
import { ByteWriter } from './byte-writer.js';
import { BLOCK_VOID, Op, type ValueType } from './opcodes.js';

/** The construct a branch goes to: a block's end, a loop's head. Given by `open`, valid until its `end`. */
export type Label = number;

/** Code, locals and open blocks of one function. */
export class FunctionBody {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly #code = new ByteWriter();
  readonly #locals: ValueType[] = [];
  /** Scratch locals by type, and how many of each have been taken. */
  readonly #temps = new Map<ValueType, { readonly locals: number[]; taken: number }>();
  #depth = 0;

  constructor(params: readonly ValueType[], results: readonly ValueType[]) {
    this.params = params;
    this.results = results;
  }

  /** Blocks open at this point. */
  get depth(): number {
    return this.#depth;
  }

  /** Bytes of code so far. */
  get length(): number {
    return this.#code.length;
  }

  /** Declares a local for the whole function and returns its index. */
  local(type: ValueType): number {
    this.#locals.push(type);
    return this.params.length + this.#locals.length - 1;
  }

  /** A scratch local, good until the next `releaseTemps`; after that the same ones are given out again in the same order. */
  temp(type: ValueType): number {
    const temps = this.#temps.get(type) ?? this.#addTemps(type);
    return (temps.locals[temps.taken++] ??= this.local(type));
  }

  /** Declares scratch locals before they are asked for. */
  reserveTemps(type: ValueType, count: number): void {
    const { locals } = this.#addTemps(type);
    for (let n = 0; n < count; n++) locals.push(this.local(type));
  }

  /** Gives all scratch locals back. */
  releaseTemps(): void {
    for (const temps of this.#temps.values()) temps.taken = 0;
  }

  #addTemps(type: ValueType): { readonly locals: number[]; taken: number } {
    const temps = { locals: [], taken: 0 };
    this.#temps.set(type, temps);
    return temps;
  }

  // --- code that will be changed in places

  /** A copy of the code from a place on. */
  since(at: number): Uint8Array {
    return this.#code.view().slice(at);
  }

  /** A constant that takes five bytes after its opcode. */
  i32ConstWide(value: number): void {
    this.#code.byte(Op.i32Const);
    this.#code.signed5(value);
  }

  /** The same, sign-extended to 64 bits. */
  i64ConstWide(value: number): void {
    this.#code.byte(Op.i64Const);
    this.#code.signed5(value);
  }

  /** local.get or local.set whose index takes two bytes. */
  localWide(opcode: typeof Op.localGet | typeof Op.localSet, index: number): void {
    this.#code.byte(opcode);
    this.#code.unsigned2(index);
  }

  /** A load or store whose offset takes two bytes, the third and fourth. */
  memoryWide(opcode: number, offset: number): void {
    this.#code.byte(opcode);
    this.#code.byte(0);
    this.#code.unsigned2(offset);
  }

  /** A branch, or one where the i32 on the stack is not 0, whose depth takes two bytes. */
  brWide(opcode: typeof Op.br | typeof Op.brIf, label: Label): void {
    this.#code.byte(opcode);
    this.#code.unsigned2(this.#relative(label));
  }

  /** An instruction without immediates. */
  op(opcode: number): void {
    this.#code.byte(opcode);
  }

  /** An instruction with one index: local.get, call, ... */
  opIndex(opcode: number, index: number): void {
    this.#code.byte(opcode);
    this.#code.unsigned(index);
  }

  /** A load or store. The alignment hint is 0: every access of a guest may be unaligned. */
  memory(opcode: number, offset: number): void {
    this.#code.byte(opcode);
    this.#code.byte(0);
    this.#code.unsigned(offset);
  }

  /** An i32 constant; of `value` the lowest 32 bits count. */
  i32Const(value: number): void {
    this.#code.byte(Op.i32Const);
    this.#code.signed(value | 0);
  }

  /** An i64 constant, -2^63 to 2^63 - 1. */
  i64Const(value: bigint): void {
    this.#code.byte(Op.i64Const);
    this.#code.signed64(value);
  }

  /** local.get: pushes a parameter or variable. */
  get(local: number): void {
    this.opIndex(Op.localGet, local);
  }

  /** local.set: pops into a parameter or variable. */
  set(local: number): void {
    this.opIndex(Op.localSet, local);
  }

  /** Calls a function by its index, imports first; its arguments are on the stack. */
  call(func: number): void {
    this.opIndex(Op.call, func);
  }

  /** Calls the function in the slot of table 0 that is on the stack, above the arguments. */
  callIndirect(type: number): void {
    this.opIndex(Op.callIndirect, type);
    this.#code.byte(0);
  }

  /** Opens a block, loop or if (whose condition is on the stack) without a result, or with one, that branches leave on the stack. */
  open(opcode: typeof Op.block | typeof Op.loop | typeof Op.if, result: ValueType | typeof BLOCK_VOID = BLOCK_VOID): Label {
    this.#code.byte(opcode);
    this.#code.byte(result);
    return ++this.#depth;
  }

  /** Begins the other half of the innermost if. */
  else(): void {
    this.#code.byte(Op.else);
  }

  /** Closes the innermost open construct. */
  end(): void {
    if (this.#depth === 0) throw new RangeError('end without an open block');
    this.#code.byte(Op.end);
    this.#depth--;
  }

  /** Branches to the end of an open block, or to the beginning of an open loop. */
  br(label: Label): void {
    this.opIndex(Op.br, this.#relative(label));
  }

  /** Does so where the i32 on the stack is not 0. */
  brIf(label: Label): void {
    this.opIndex(Op.brIf, this.#relative(label));
  }

  /** Branches to `labels[index on the stack]`, or to `otherwise` beyond the table. */
  brTable(labels: readonly Label[], otherwise: Label): void {
    this.#code.byte(Op.brTable);
    this.#code.unsigned(labels.length);
    for (const label of labels) this.#code.unsigned(this.#relative(label));
    this.#code.unsigned(this.#relative(otherwise));
  }

  /** Writes the finished body (size, locals, code, end) to a module's code section. */
  finish(out: ByteWriter): void {
    if (this.#depth !== 0) throw new RangeError(`${this.#depth} blocks are still open`);
    const head = new ByteWriter();
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    head.unsigned(runs.length);
    for (const { type, count } of runs) {
      head.unsigned(count);
      head.byte(type);
    }
    out.unsigned(head.length + this.#code.length + 1);
    out.append(head);
    out.append(this.#code);
    out.byte(Op.end);
  }

  #relative(label: Label): number {
    if (label < 1 || label > this.#depth) throw new RangeError(`branch to label ${label}, which is not open`);
    return this.#depth - label;
  }
}
