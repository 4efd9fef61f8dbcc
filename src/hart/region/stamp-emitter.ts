/**
 * Makes stamps: writes code once, with holes where it depends on an instruction, by the semantics everything else is made from.
 *
 * An access the translation cache does not answer leaves the region before its instruction, which the interpreter then performs. So
 * faults are precise for nothing, and a region calls nothing but arithmetic.
 */
import { HarnessBug } from '../../base/index.js';
import { TC_ENTRY_BYTES, TC_READ, TC_WRITE } from '../../../mmu/index.js';
import { FunctionBody, Op, ValueType } from '../../wasm/index.js';
import type { Access, AccessWidth } from '../access.js';
import { Emitter, type Imports, type Place } from '../emitter.js';
import { instructionOf } from '../handlers.js';
import { REGION_PARAMS, REGION_RESULTS } from '../interpreter.js';
import type { Leave } from '../leave.js';
import { local, type Long, long, type Value, value, word, type Word } from '../value.js';
import { F0, FIRST_TEMP, Local, REGISTER_WINDOWS, TEMP_DOUBLES, TEMP_LONGS, TEMP_SINGLES, TEMP_WORDS, TEMPS_END, X0 } from './compiler/region-locals.js';
import { Hole, Opening, StampKind, StampWord, Variant } from './compiler/stamps.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** What x0 holds. */
const ZERO: Long = long(0n);
const X_HOLES = { rs1: Hole.rs1, rs2: Hole.rs2 } as const;
const F_HOLES = { rs1: Hole.fs1, rs2: Hole.fs2, rs3: Hole.fs3 } as const;
/** Where wide constants of 0 stand until somebody fills the hole, and locals. */
const ANY = 1;

/** Functions a region's module has: those of fused multiply-adds, where an instruction needs them. Regions leave instead of calling others. */
export const FUSING: Imports = { access: -1, float: -1, fma32: 0, fma64: 1 };

/** The translation cache that code asks. */
export interface AskedCache {
  readonly entries: number;
  /** Its place, where all code is one hart's; 0 where each hart brings its own. */
  readonly at: number;
}

/** Writes the code of one stamp. */
export class StampEmitter extends Emitter {
  protected override readonly cacheAt: number;
  readonly #kind: number;
  readonly #variant: number;
  readonly #mask: Word;
  readonly #holes: number[] = [];
  readonly #start: number;
  readonly #depth: number;
  /** Where the region is left for the interpreter. */
  readonly #leave: number;

  constructor(kind: number, variant: number, cache: AskedCache) {
    const body = new FunctionBody(REGION_PARAMS, REGION_RESULTS);
    declareLocals(body);
    super(body, FUSING);
    this.cacheAt = cache.at;
    this.#mask = word((cache.entries - 1) * TC_ENTRY_BYTES);
    this.#kind = kind;
    this.#variant = variant;
    this.#leave = body.open(Op.block, I32);
    this.#start = body.length;
    this.#depth = body.depth;
  }

  /** The stamp as words: see Stamps. */
  make(): number[] {
    const { body } = this;
    this.begin();
    this.write(this.#kind, this.#variant);
    for (const type of [I32, I64, ValueType.F32, ValueType.F64]) {
      if (body.temp(type) >= TEMPS_END) throw new HarnessBug('code of a kind needs more scratch locals', { kind: this.#kind, variant: this.#variant });
    }
    const code = body.since(this.#start);
    const words = [...Array<number>(StampWord.head).fill(0), ...this.#holes];
    words[StampWord.kind] = this.#kind;
    words[StampWord.variant] = this.#variant;
    words[StampWord.accesses] = this.accesses ? 1 : 0;
    words[StampWord.holes] = this.#holes.length;
    words[StampWord.bytes] = code.length;
    for (let n = 0; n < code.length; n += 4) words.push(code[n]! | (code[n + 1]! << 8) | (code[n + 2]! << 16) | (code[n + 3]! << 24));
    return words;
  }

  /** Writes the code of a kind. */
  protected write(kind: number, variant: number): void {
    if (kind === StampKind.openPage) this.#openPage(variant);
    else if (kind === StampKind.openSpan) this.#openSpan(variant);
    else instructionOf(kind)!.semantics(this);
  }

  // --- holes

  /** A hole begins `skip` bytes from here. */
  protected hole(hole: number, skip: number): void {
    this.#holes.push(hole, this.body.length - this.#start + skip, this.body.depth - this.#depth);
  }

  protected number(hole: number): Word {
    return value(I32, (b) => {
      this.hole(hole, 1);
      b.i32ConstWide(0);
    });
  }

  protected constant(hole: number): Long {
    return value(I64, (b) => {
      this.hole(hole, 1);
      b.i64ConstWide(0);
    });
  }

  protected fromPage(hole: number): Long {
    return this.add(local(I64, Local.pageVa), this.constant(hole));
  }

  // --- operands

  protected override readX(field: 'rs1' | 'rs2'): Long {
    if (this.#variant & (field === 'rs1' ? Variant.noRs1 : Variant.noRs2)) return ZERO;
    return value(I64, (b) => {
      this.hole(X_HOLES[field], 1);
      b.get(X0 + ANY);
    });
  }

  protected override writeX(result: Long): void {
    if (this.#variant & Variant.noRd) return;
    result.put(this.body);
    this.hole(Hole.rd, 1);
    this.body.set(X0 + ANY);
  }

  protected override readF(field: 'rs1' | 'rs2' | 'rs3'): Long {
    return value(I64, (b) => {
      this.hole(F_HOLES[field], 1);
      b.get(F0 + ANY);
      b.op(Op.i64ReinterpretF64);
    });
  }

  protected override writeF(bits: Long): void {
    bits.put(this.body);
    this.body.op(Op.f64ReinterpretI64);
    this.hole(Hole.fd, 1);
    this.body.set(F0 + ANY);
  }

  override imm(): Long {
    return this.constant(Hole.imm);
  }

  override rm(): Word {
    return word(this.#variant >> Variant.rounding);
  }

  override pc(): Long {
    return this.fromPage(Hole.pc);
  }

  override nextPc(): Long {
    return this.fromPage(Hole.nextPc);
  }

  // --- control flow

  /** The condition is left on the stack. */
  override branchIf(condition: Word): void {
    condition.put(this.body);
  }

  override branch(): void {
    throw new HarnessBug('jumps have no stamps', { kind: this.#kind });
  }

  override jump(_: Long): void {
    this.branch();
  }

  /** Leaves before this instruction, whatever the reason: the interpreter will find it. */
  override leave(_: Leave): void {
    this.#putLeft();
    this.hole(Hole.leave, 1);
    this.body.brWide(Op.br, this.#leave);
  }

  /** The same where a condition holds. */
  protected override ifMissed(missed: Word): void {
    this.#putLeft();
    missed.put(this.body);
    this.hole(Hole.leave, 1);
    this.body.brWide(Op.brIf, this.#leave);
    this.body.op(Op.drop);
  }

  #putLeft(): void {
    this.number(Hole.left).put(this.body);
  }

  /** What has no short way is the interpreter's. */
  override exact(): Long {
    this.leave(0);
    return ZERO;
  }

  override cacheBlock(): void {
    this.leave(0);
  }

  protected override publishCount(): void {}

  protected override takeCount(): void {}

  // --- memory

  protected override cacheBase(): Word {
    return this.cacheAt === 0 ? local(I32, Local.cache) : word(this.cacheAt);
  }

  protected override cacheMask(): Word {
    return this.#mask;
  }

  protected override cacheGeneration(): Long {
    return local(I64, Local.generation);
  }

  /** Nothing is called, so nothing changes it. */
  protected override reloadGeneration(): void {}

  get #isInWindow(): boolean {
    return (this.#variant & Variant.window) !== 0;
  }

  protected override place(access: Access, size: AccessWidth, va: Long, bits?: Long): Place {
    if (!this.#isInWindow) return super.place(access, size, va, bits);
    this.accesses = true;
    const base = value(I32, (b) => {
      this.hole(Hole.window, 1);
      b.localWide(Op.localGet, ANY);
    });
    return { base, offset: 0 };
  }

  protected override memoryOp(opcode: number, offset: number): void {
    if (!this.#isInWindow) return super.memoryOp(opcode, offset);
    this.hole(Hole.offset, 2);
    this.body.memoryWide(opcode, offset);
  }

  #openPage(variant: number): void {
    const tag = variant & Opening.store ? TC_WRITE : TC_READ;
    const address = this.constant(Hole.pageAddress);
    const va = this.let(variant & Opening.relative ? this.add(local(I64, Local.pageVa), address) : address);
    const entry = this.cacheEntry(va);
    this.#setWindow(this.add32(this.low(va), this.addendOf(entry)));
    this.ifMissed(this.ne(this.tagOf(entry, tag), this.cacheTag(va, 1)));
  }

  /** The lowest aligned address stands for all bytes: its tag says that it is aligned, and then they may not go beyond the page. */
  #openSpan(variant: number): void {
    const tag = variant & Opening.store ? TC_WRITE : TC_READ;
    const size = (variant >> Opening.size) as AccessWidth;
    const rs1 = value(I64, (b) => {
      this.hole(Hole.rs1, 1);
      b.get(X0 + ANY);
    });
    const va = this.let(this.add(rs1, this.constant(Hole.first)));
    const entry = this.cacheEntry(va);
    this.#setWindow(this.add32(this.low(va), this.sub32(this.addendOf(entry), this.number(Hole.anchor))));
    const missed = this.ne(this.tagOf(entry, tag), this.cacheTag(va, size));
    const crosses = this.ltU32(this.number(Hole.lastPlace), this.and32(this.low(va), word(0xfff)));
    const misaligned = this.and32(this.low(va), word(size - 1));
    this.if(variant & Opening.wide ? this.or32(missed, crosses) : missed, () => {
      this.assign(Local.reason, this.ne32(this.or32(crosses, misaligned), word(0)));
      this.leave(0);
    });
  }

  #setWindow(place: Word): void {
    place.put(this.body);
    this.hole(Hole.window, 1);
    this.body.localWide(Op.localSet, ANY);
  }

  /** Sets a local. */
  protected set(index: number, v: Value): void {
    this.assign(index, v);
  }
}

/** Declares the locals of a region's function up to those of windows of pages. */
function declareLocals(body: FunctionBody): void {
  const declare = (type: ValueType, count: number): void => {
    for (let n = 0; n < count; n++) body.local(type);
  };
  declare(I64, 3);
  declare(I32, FIRST_TEMP - REGION_PARAMS.length - 3);
  body.reserveTemps(I64, TEMP_LONGS);
  body.reserveTemps(I32, TEMP_WORDS);
  body.reserveTemps(ValueType.F32, TEMP_SINGLES);
  body.reserveTemps(ValueType.F64, TEMP_DOUBLES);
  declare(I64, 31);
  declare(ValueType.F64, 32);
  declare(I32, REGISTER_WINDOWS);
}

