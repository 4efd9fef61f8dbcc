/**
 * The language the instruction semantics are written in.
 *
 * An emitter turns one instruction into WebAssembly. Its subclasses differ in where operands come from (a decoded
 * instruction in memory, or constants and locals) and in how control leaves the instruction; everything in between is
 * here, once.
 */
import { TC_READ, TC_WRITE } from '../../mmu/index.js';
import { type FunctionBody, Op, ValueType } from '../wasm/index.js';
import { Access, CACHE_BLOCK, type AccessWidth, LOAD_SIGNED, LOAD_UNSIGNED, STORE } from './access.js';
import { CacheAsking } from './cache-asking.js';
import { Flag } from './float/format.js';
import { operationNumber } from './float/operations.js';
import type { FloatFunctions } from './float-functions.js';
import { State } from './layout.js';
import { Leave } from './leave.js';
import { cell32, cell64, type Double, local, type Long, long, type Single, type Value, value, word, type Word } from './value.js';

/** A place in linear memory. */
export interface Place {
  readonly base: Word;
  /** Bytes from there, not negative. */
  readonly offset: number;
}

/** Function indices of what generated code calls. */
export interface Imports extends FloatFunctions {
  /** (va low, va high, size, Access) -> host address, 0 after a fault. */
  readonly access: number;
}

/** Indices of the functions of decoder.ts. */
export interface DecoderFunctions {
  /** (ip, bits) -> handler: writes the instruction with these bits (16, of a compressed one) to a place of a decoded page. */
  readonly decode: number;
  /** (ip, page): decodes the instruction at a place of a decoded page; of one that ends in the next page, only that it does. */
  readonly decodeAt: number;
  /** (ip, page, second parcel) -> handler: decodes the instruction at the end of a decoded page that goes on with this parcel. */
  readonly decodeStraddling: number;
}

/** What the interpreter calls besides the slow path of data accesses. */
export interface InterpreterImports extends Imports, DecoderFunctions {
  /** (page va low, high) -> linear address of the page that follows, in which an instruction ends; 0 after a fault. */
  readonly straddle: number;
  /** Type of a region's function. */
  readonly region: number;
}

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** Builds the code of one instruction after the other into a function body. */
export abstract class Emitter extends CacheAsking {
  protected readonly body: FunctionBody;
  protected readonly imports: Imports;
  /** Whether the instruction being built has written its destination: its sources must not be read any more. */
  #written = false;
  /** Whether the instruction being built makes a data access, which counts. */
  protected accesses = false;

  constructor(body: FunctionBody, imports: Imports) {
    super();
    this.body = body;
    this.imports = imports;
  }

  // --- what the engines define

  /** Reads the x register in a field. */
  protected abstract readX(field: 'rs1' | 'rs2'): Long;
  /** Writes the x register in rd; a write to x0 is dropped. */
  protected abstract writeX(result: Long): void;
  /** Reads the raw 64 bits of the f register in a field. */
  protected abstract readF(field: 'rs1' | 'rs2' | 'rs3'): Long;
  /** Writes the raw 64 bits of the f register in rd. */
  protected abstract writeF(bits: Long): void;
  /** The immediate, or the shift count. */
  abstract imm(): Long;
  /** Address of the instruction. */
  abstract pc(): Long;
  /** Address of the instruction that follows in memory. */
  abstract nextPc(): Long;
  /** Goes to pc + imm where the condition holds, else on. */
  abstract branchIf(condition: Word): void;
  /** Goes to pc + imm. */
  abstract branch(): void;
  /** Goes to a computed address, whose lowest bit is 0. */
  abstract jump(target: Long): void;
  /** Leaves generated code before this instruction. */
  abstract leave(reason: Leave): void;
  /** Makes the countdown visible to TypeScript, so that a device asked for the time knows what has been executed. */
  protected abstract publishCount(): void;
  /** Takes the countdown back, which TypeScript may have cut so that this instruction is the last of the entry. */
  protected abstract takeCount(): void;

  // --- one instruction

  /** Makes ready for the next instruction. */
  protected begin(): void {
    this.#written = false;
    this.accesses = false;
    this.body.releaseTemps();
  }

  // --- operands

  rs1(): Long {
    return this.#source('rs1');
  }

  rs2(): Long {
    return this.#source('rs2');
  }

  setRd(result: Long): void {
    this.writeX(result);
    this.#written = true;
  }

  /** Raw 64 bits of an f register. */
  fs1(): Long {
    return this.readF('rs1');
  }

  fs2(): Long {
    return this.readF('rs2');
  }

  fs3(): Long {
    return this.readF('rs3');
  }

  /** Writes the raw 64 bits of the f register in rd. */
  setFd(bits: Long): void {
    this.writeF(bits);
  }

  /** The rounding mode field. */
  rm(): Word {
    const { constant } = this.imm();
    return constant === undefined ? this.low(this.imm()) : word(Number(constant));
  }

  #source(field: 'rs1' | 'rs2'): Long {
    const register = this.readX(field);
    return value(I64, (b) => {
      if (this.#written) throw new Error(`${field} is read after rd was written`);
      register.put(b);
    });
  }

  // --- statements

  /** Binds a value: it is computed here, once. */
  let<T extends ValueType>(v: Value<T>): Value<T> {
    if (v.constant !== undefined) return v;
    const index = this.body.temp(v.type);
    this.assign(index, v);
    return local(v.type, index);
  }

  if(condition: Word, then: () => void, otherwise?: () => void): void {
    condition.put(this.body);
    this.body.open(Op.if);
    const before = this.#written;
    then();
    if (otherwise) {
      const after = this.#written;
      this.#written = before;
      this.body.else();
      otherwise();
      this.#written ||= after;
    }
    this.body.end();
  }

  /** Leaves generated code; a TypeScript helper performs this instruction. */
  system(): void {
    this.leave(Leave.System);
  }

  protected assign(localIndex: number, v: Value): void {
    v.put(this.body);
    this.body.set(localIndex);
  }

  protected setCell(at: number, v: Long | Word): void {
    this.body.i32Const(0);
    v.put(this.body);
    this.body.memory(v.type === I64 ? Op.i64Store : Op.i32Store, at);
  }

  // --- floating point

  /** Whether the short way may be taken in the instruction's rounding mode: see FloatUnit for this and the three that follow. */
  fastRounding(): Word {
    return this.#modeIn(State.fpFast);
  }

  nearestRounding(): Word {
    return this.#modeIn(State.fpNearest);
  }

  legalRounding(): Word {
    return this.#modeIn(State.fpLegal);
  }

  floatReady(): Word {
    return cell32(State.fpReady);
  }

  /** Whether the inexact flag is set. */
  inexactRaised(): Word {
    return this.and32(cell32(State.fcsr), word(Flag.NX));
  }

  /** Leaves generated code where floating point is not ready. */
  needFloat(): void {
    this.if(this.eqz32(this.floatReady()), () => this.leave(Leave.Float));
  }

  /** What the operation with a mnemonic makes of register contents, exactly; leaves generated code where the instruction is illegal. */
  exact(name: string, operands: readonly Long[]): Long {
    const { body } = this;
    body.i32Const(operationNumber(name));
    this.rm().put(body);
    for (let n = 0; n < 3; n++) (operands[n] ?? long(0n)).put(body);
    body.call(this.imports.float);
    body.op(Op.i32Eqz);
    body.open(Op.if);
    this.leave(Leave.Float);
    body.end();
    return cell64(State.floatResult);
  }

  /** a * b + c rounded once to nearest even; a NaN where that is not known to be exact in value and flags. */
  fmaF32(a: Single, b: Single, c: Single): Single {
    return this.#call(ValueType.F32, this.imports.fma32, a, b, c);
  }

  fmaF64(a: Double, b: Double, c: Double): Double {
    return this.#call(ValueType.F64, this.imports.fma64, a, b, c);
  }

  #call<T extends ValueType>(type: T, func: number, ...operands: readonly Value[]): Value<T> {
    return value(type, (b) => {
      for (const operand of operands) operand.put(b);
      b.call(func);
    });
  }

  #modeIn(mask: number): Word {
    return this.and32(this.shrU32(cell32(mask), this.rm()), word(1));
  }

  // --- memory

  /** A load, sign-extended to 64 bits. */
  loadS(size: AccessWidth, va: Long): Long {
    return this.#get(LOAD_SIGNED[size], this.place(Access.Load, size, va));
  }

  /** A load, zero-extended to 64 bits. */
  loadU(size: AccessWidth, va: Long): Long {
    return this.#get(LOAD_UNSIGNED[size], this.place(Access.Load, size, va));
  }

  /** A store of the low bytes of `bits`. */
  store(size: AccessWidth, va: Long, bits: Long): void {
    this.#put(size, this.place(Access.Store, size, va, bits), bits);
  }

  /** rd = memory; memory = combine(memory). Words are sign-extended. */
  amo(size: 4 | 8, va: Long, combine: (old: Long) => Long): void {
    const place = this.#ask(Access.Amo, size, va);
    const old = this.#get(LOAD_SIGNED[size], place);
    this.#put(size, place, combine(old));
    this.setRd(old);
  }

  /** rd = memory, and its host address becomes the hart's reservation. */
  loadReserved(size: 4 | 8, va: Long): void {
    const place = this.#ask(Access.LoadReserved, size, va);
    this.setCell(State.reservation, place.base);
    this.setRd(this.#get(LOAD_SIGNED[size], place));
  }

  /** Stores where the reservation still holds this very address; rd = 0 for done, 1 for not done. The reservation ends either way. */
  storeConditional(size: 4 | 8, va: Long, bits: Long): void {
    const place = this.#ask(Access.StoreConditional, size, va);
    const failed = this.let(this.ne32(place.base, cell32(State.reservation)));
    this.if(this.eqz32(failed), () => this.#put(size, place, bits));
    this.setCell(State.reservation, word(0));
    this.setRd(this.zext(failed));
  }

  /** Zeroes or manages the cache block of an address, in TypeScript. */
  cacheBlock(access: typeof Access.Zero | typeof Access.Clean | typeof Access.Invalidate, va: Long): void {
    this.publishCount();
    const host = this.body.temp(I32);
    this.#slowAccess(this.let(va), CACHE_BLOCK, access);
    this.body.set(host);
    this.reloadGeneration();
    this.takeCount();
    this.if(this.eqz32(local(I32, host)), () => this.leave(Leave.Fault));
    this.accesses = access === Access.Zero;
  }

  #get(opcode: number, { base, offset }: Place): Long {
    return this.let(value(I64, (b) => {
      base.put(b);
      this.memoryOp(opcode, offset);
    }));
  }

  #put(size: AccessWidth, { base, offset }: Place, bits: Long): void {
    base.put(this.body);
    bits.put(this.body);
    this.memoryOp(STORE[size], offset);
  }

  /** The load or store of an access, at a place's offset. */
  protected memoryOp(opcode: number, offset: number): void {
    this.body.memory(opcode, offset);
  }

  /** Where the memory of an access is, or the way out of generated code when it faults. `bits` are what a store stores. */
  protected place(access: Access, size: AccessWidth, va: Long, bits?: Long): Place {
    return this.#ask(access, size, va, bits);
  }

  /**
   * Asks the translation cache. One compare with its tag catches a miss, a tag of another context, a page crossing and (for atomics, whose
   * addresses must be aligned, and for loads and stores, which then take the slow way) misalignment.
   */
  #ask(access: Access, size: AccessWidth, address: Long, bits?: Long): Place {
    const va = this.let(address);
    const host = this.body.temp(I32);
    const isLoad = access === Access.Load || access === Access.LoadReserved;
    const entry = this.cacheEntry(va);
    const tag = this.tagOf(entry, isLoad ? TC_READ : TC_WRITE);
    this.assign(host, this.add32(this.low(va), this.addendOf(entry)));
    this.ifMissed(this.ne(tag, this.cacheTag(va, size)), access, size, va, host, bits);
    this.accesses = true;
    return { base: local(I32, host), offset: 0 };
  }

  /**
   * The slow way of an access the translation cache does not answer: sets the local `host`, or goes out of generated code when the
   * access faults. The bits of a store wait in the scratch cell: where memory does not take them in one piece TypeScript does, and the
   * host address returned is the scratch cell.
   */
  protected ifMissed(missed: Word, access: Access, size: AccessWidth, va: Long, host: number, bits: Long | undefined): void {
    this.if(missed, () => {
      if (bits) this.setCell(State.scratch, bits);
      this.publishCount();
      this.#slowAccess(va, size, access);
      this.body.set(host);
      this.reloadGeneration();
      this.takeCount();
      this.if(this.eqz32(local(I32, host)), () => this.leave(Leave.Fault));
    });
  }

  /** Pushes what the slow path answers. */
  #slowAccess(va: Long, size: number, access: Access): void {
    this.low(va).put(this.body);
    this.low(this.shrU(va, long(32n))).put(this.body);
    this.body.i32Const(size);
    this.body.i32Const(access);
    this.body.call(this.imports.access);
  }
}
