/**
 * The emitter of the interpreter: operands come from the decoded instruction at `ip`, and an instruction ends by going
 * back to the dispatch loop.
 */
import { TC_GENERATION, TC_MASK } from '../../mmu/index.js';
import { type FunctionBody, type Label, Op, ValueType } from '../wasm/index.js';
import { Emitter, type InterpreterImports } from './emitter.js';
import { Handler } from './handlers.js';
import { Leave, Return } from './leave.js';
import { Decoded, DECODED_PAGE, DECODED_SHIFT, EngineCell, PAGE_MAP, RegionCount, REGION_COUNTS_SHIFT, REGION_ENTRIES, State } from './layout.js';
import { load, local, type Long, long, type Value, word, type Word } from './value.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** Subtracted from the countdown by each instruction; one that accesses data also adds 1 to the high half. */
const ONE_INSTRUCTION = 1n;
const ONE_ACCESS = 1n << 32n;

/** Places the dispatch loop lets handlers go to. They are set while the loop is being built, before any handler is. */
export interface Labels {
  /** Translates the pc in its local, then goes on there. */
  goto: Label;
  /** Executes the instruction at ip. */
  next: Label;
  /** The code of each handler, reachable from where the table is and from the handlers before it. */
  handlers: readonly Label[];
  /** Returns the reason in its local; the pc is that of ip. */
  leaveAtIp: Label;
  /** Returns the reason in its local; the pc is in its local. */
  leaveAtPc: Label;
}

/** Writes handlers into the one function of the interpreter. */
export class InterpreterEmitter extends Emitter {
  readonly labels: Labels = { goto: 0, next: 0, handlers: [], leaveAtIp: 0, leaveAtPc: 0 };
  readonly #imports: InterpreterImports;
  /** Whether the handler being built is for rd = x0 only: setRd writes nothing. */
  #dropRd = false;

  // What the loop keeps in locals: the decoded instruction, the decoded page and its address, the countdown, the pc of a
  // jump on its way, the reason to leave, and of the translation cache what its header says.
  readonly #ip: number;
  readonly #page: number;
  readonly #pageVa: number;
  readonly #count: number;
  readonly #pc: number;
  readonly #reason: number;
  readonly #cache: number;
  readonly #cacheMask: number;
  readonly #generation: number;
  readonly #hotness: number;
  /** What an arrival adds to the heat: 0 for the pc that TypeScript has set, else 1. */
  readonly #warmth: number;
  readonly ip: Word;
  readonly count: Long;

  constructor(body: FunctionBody, imports: InterpreterImports) {
    super(body, imports);
    this.#imports = imports;
    this.#ip = body.local(I32);
    this.#page = body.local(I32);
    this.#reason = body.local(I32);
    this.#cache = body.local(I32);
    this.#cacheMask = body.local(I32);
    this.#hotness = body.local(I32);
    this.#warmth = body.local(I32);
    this.#pageVa = body.local(I64);
    this.#count = body.local(I64);
    this.#pc = body.local(I64);
    this.#generation = body.local(I64);
    this.ip = local(I32, this.#ip);
    this.count = local(I64, this.#count);
  }

  // --- operands

  /** Byte offset of a register operand within its register file. */
  #registerOffset(field: 'rd' | 'rs1' | 'rs2' | 'rs3'): Word {
    return this.#decoded(field === 'rd' ? Op.i32Load16U : Op.i32Load8U, Decoded[field]);
  }

  protected override readX(field: 'rs1' | 'rs2'): Long {
    return load(I64, Op.i64Load, this.#registerOffset(field), State.x);
  }

  protected override writeX(result: Long): void {
    if (!this.#dropRd) this.#write(result, State.x);
  }

  protected override readF(field: 'rs1' | 'rs2' | 'rs3'): Long {
    return load(I64, Op.i64Load, this.#registerOffset(field), State.f);
  }

  protected override writeF(bits: Long): void {
    this.#write(bits, State.f);
  }

  #write(bits: Long, file: number): void {
    this.#registerOffset('rd').put(this.body);
    bits.put(this.body);
    this.body.memory(Op.i64Store, file);
  }

  override imm(): Long {
    return load(I64, Op.i64Load32S, this.ip, Decoded.imm);
  }

  override pc(): Long {
    return this.#addressOf(this.ip);
  }

  override nextPc(): Long {
    return this.#addressOf(this.#nextIp());
  }

  protected override cacheBase(): Word {
    return local(I32, this.#cache);
  }

  protected override cacheMask(): Word {
    return local(I32, this.#cacheMask);
  }

  protected override cacheGeneration(): Long {
    return local(I64, this.#generation);
  }

  protected override reloadGeneration(): void {
    this.assign(this.#generation, load(I64, Op.i64Load, this.cacheBase(), TC_GENERATION));
  }

  #decoded(opcode: number, offset: number): Word {
    return load(I32, opcode, this.ip, offset);
  }

  #nextIp(): Word {
    return this.add32(this.ip, this.#decoded(Op.i32Load8U, Decoded.length));
  }

  /** Virtual address of a decoded instruction; places up to 2 GiB before or behind the page are meant as such. */
  #addressOf(ip: Word): Long {
    return this.add(local(I64, this.#pageVa), this.sext(this.shrS32(this.sub32(ip, local(I32, this.#page)), word(DECODED_SHIFT))));
  }

  // --- control

  /** Builds the handler of an instruction; `dropRd` for the variant whose rd is x0. */
  instruction(semantics: (e: Emitter) => void, endsItself: boolean, dropRd: boolean): void {
    this.begin();
    this.#dropRd = dropRd;
    semantics(this);
    this.#dropRd = false;
    if (endsItself) return;
    this.#retire();
    this.assign(this.#ip, this.#nextIp());
    this.body.br(this.labels.next);
  }

  override branchIf(condition: Word): void {
    this.#retire();
    this.if(condition, () => this.#branchFrom(this.ip));
    this.assign(this.#ip, this.#nextIp());
    this.body.br(this.labels.next);
  }

  override branch(): void {
    this.#retire();
    this.#branchFrom(this.ip);
  }

  override jump(target: Long): void {
    this.#retire();
    this.goto(target);
  }

  override leave(reason: Leave): void {
    this.assign(this.#reason, word(reason));
    this.body.br(this.labels.leaveAtIp);
  }

  protected override publishCount(): void {
    this.setCell(State.count, this.count);
  }

  protected override takeCount(): void {
    this.assign(this.#count, this.#cell(I64, State.count));
  }

  /** Counts the instruction, which can not fail any more. */
  #retire(): void {
    this.assign(this.#count, this.add(this.count, long((this.accesses ? ONE_ACCESS : 0n) - ONE_INSTRUCTION)));
  }

  #branchFrom(ip: Word): void {
    const to = this.let(this.add32(ip, this.shl32(this.#decoded(Op.i32Load, Decoded.imm), word(DECODED_SHIFT))));
    this.if(this.ltU32(this.sub32(to, local(I32, this.#page)), word(DECODED_PAGE)), () => {
      const backward = this.let(this.eqz32(this.ltU32(this.ip, to)));
      this.assign(this.#ip, to);
      this.if(backward, () => this.arrive());
      this.body.br(this.labels.next);
    });
    this.goto(this.#addressOf(to));
  }

  /** Goes to an address anywhere. */
  goto(target: Long): void {
    this.assign(this.#pc, target);
    this.body.br(this.labels.goto);
  }

  // --- the parts of the loop that are no instruction

  /** Takes the state over from memory. TypeScript has made sure that page and page va belong together. */
  enter(): void {
    this.assign(this.#cache, this.#cell(I32, State.cache));
    this.assign(this.#cacheMask, load(I32, Op.i32Load, this.cacheBase(), TC_MASK));
    this.reloadGeneration();
    this.assign(this.#hotness, this.#cell(I32, EngineCell.hotness));
    this.assign(this.#page, this.#cell(I32, State.page));
    this.assign(this.#pageVa, this.#cell(I64, State.pageVa));
    this.assign(this.#count, this.#cell(I64, State.count));
    this.assign(this.#pc, this.#cell(I64, State.pc));
  }

  /** Sets the pc from ip, for those who leave there. */
  pcFromIp(): void {
    this.assign(this.#pc, this.pc());
  }

  /** Gives the state back to memory and pushes the reason. */
  exit(): void {
    this.setCell(State.pc, local(I64, this.#pc));
    this.setCell(State.count, this.count);
    this.setCell(State.page, local(I32, this.#page));
    this.setCell(State.pageVa, local(I64, this.#pageVa));
    this.setCell(State.ip, this.ip);
    this.body.get(this.#reason);
  }

  /** Sets ip for the pc in its local: within the page being executed, or through the exec side of the translation cache. */
  locate(): void {
    this.begin();
    const pc = local(I64, this.#pc);
    const inPage = this.let(this.sub(pc, local(I64, this.#pageVa)));
    this.if(this.geU(inPage, long(4096n)), () => {
      // Another page is not looked at, and counted, before there is an instruction of it to execute.
      this.if(this.eqz32(this.low(this.count)), () => this.#leaveAtPc(Leave.Quantum));
      this.#countFetch();
      const tag = this.let(this.and(pc, long(-4096n)));
      const entry = this.cacheEntry(tag);
      this.if(this.eqz32(this.fetchable(entry, tag)), () => this.#leaveAtPc(Leave.Fetch));
      const host = this.add32(this.low(pc), this.addendOf(entry));
      const page = this.let(load(I32, Op.i32Load, this.shl32(this.shrU32(host, word(12)), word(2)), PAGE_MAP));
      this.if(this.eqz32(page), () => this.#leaveAtPc(Leave.Fetch));
      this.assign(this.#page, page);
      this.assign(this.#pageVa, tag);
    });
    this.#ipFromPc();
    this.arrive();
    this.assign(this.#warmth, word(1));
  }

  /** Sets ip for a pc within the page. */
  #ipFromPc(): void {
    const offset = this.and32(this.low(local(I64, this.#pc)), word(0xfff));
    this.assign(this.#ip, this.add32(local(I32, this.#page), this.shl32(offset, word(DECODED_SHIFT))));
  }

  /** A jump has arrived at ip: counts its heat, and leaves when it becomes hot. */
  arrive(): void {
    this.if(this.ltU32(word(Handler.Straddle), this.#decoded(Op.i32Load16U, Decoded.handler)), () => {
      const heat = this.let(this.add32(this.#decoded(Op.i32Load, Decoded.heat), local(I32, this.#warmth)));
      this.ip.put(this.body);
      heat.put(this.body);
      this.body.memory(Op.i32Store, Decoded.heat);
      this.if(this.eq32(heat, local(I32, this.#hotness)), () => this.leave(Leave.Hot));
    });
  }

  #countFetch(): void {
    this.setCell(State.fetches, this.add32(this.#cell(I32, State.fetches), word(1)));
  }

  /** Leaves at a pc that ip does not stand at. */
  #leaveAtPc(reason: Leave): void {
    this.assign(this.#reason, word(reason));
    this.body.br(this.labels.leaveAtPc);
  }

  /** Leaves where nothing is left of the quantum. */
  checkQuantum(): void {
    this.if(this.eqz32(this.low(this.count)), () => this.leave(Leave.Quantum));
  }

  /** Executes the instruction at ip. */
  dispatchNext(): void {
    this.dispatch(this.#decoded(Op.i32Load16U, Decoded.handler));
  }

  /** Executes a handler on the instruction at ip: any, or in a handler's code only one with a higher number. */
  dispatch(handler: Word, first = 0): void {
    const { handlers } = this.labels;
    this.sub32(handler, word(first)).put(this.body);
    this.body.brTable(handlers.slice(first), handlers.at(-1) ?? 0);
  }

  /** Handler: decodes the instruction first, or makes an idle one itself again. */
  undecoded(): void {
    this.begin();
    this.ip.put(this.body);
    this.body.get(this.#page);
    this.body.call(this.#imports.decodeAt);
    this.body.br(this.labels.next);
  }

  /** Handler: the end of a page. */
  pageEnd(): void {
    this.begin();
    this.goto(this.pc());
  }

  /**
   * Handler: a region can be entered here. It works on the state in memory. Where it asks for it, the interpreter
   * does one instruction, and if another entry stands in its place looks below that.
   */
  region(): void {
    this.begin();
    const entry = this.let(load(I32, Op.i32Load, this.shl32(this.#decoded(Op.i32Load16U, Decoded.regionEntry), word(2)), REGION_ENTRIES));
    const counts = this.let(this.shl32(this.shrU32(entry, word(16)), word(REGION_COUNTS_SHIFT)));
    this.#countOne(counts, RegionCount.calls);
    const before = this.let(this.count);
    for (const argument of [this.and32(entry, word(0xffff)), local(I32, this.#page), local(I64, this.#pageVa), before, this.shrU32(entry, word(16))]) {
      argument.put(this.body);
    }
    this.body.callIndirect(this.#imports.region);
    this.body.set(this.#reason);
    this.assign(this.#count, this.#cell(I64, State.count));
    this.assign(this.#page, this.#cell(I32, State.page));
    this.assign(this.#pageVa, this.#cell(I64, State.pageVa));
    this.assign(this.#pc, this.#cell(I64, State.pc));
    const done = this.zext(this.sub32(this.low(before), this.low(this.count)));
    counts.put(this.body);
    this.add(load(I64, Op.i64Load, counts, RegionCount.executed), done).put(this.body);
    this.body.memory(Op.i64Store, RegionCount.executed);
    this.if(this.eqz32(local(I32, this.#reason)), () => this.body.br(this.labels.goto));
    this.if(this.eq32(local(I32, this.#reason), word(Return.Crossed)), () => this.#countOne(counts, RegionCount.crossings));
    this.#ipFromPc();
    this.checkQuantum();
    const handler = this.let(this.#decoded(Op.i32Load16U, Decoded.handler));
    this.if(this.eq32(handler, word(Handler.Region)), () => this.dispatch(this.#decoded(Op.i32Load16U, Decoded.coveredHandler), Handler.Region + 1));
    this.dispatch(handler, Handler.Region + 1);
  }

  /** Adds 1 to a 32-bit cell. */
  #countOne(place: Word, offset: number): void {
    place.put(this.body);
    this.add32(load(I32, Op.i32Load, place, offset), word(1)).put(this.body);
    this.body.memory(Op.i32Store, offset);
  }

  /**
   * Handler: an instruction whose second half lies in the next page, which may have been remapped or rewritten since it
   * was decoded. It is taken as decoded only where the next page can be fetched from and holds the same second parcel.
   */
  straddle(): void {
    this.begin();
    const tag = this.let(this.add(local(I64, this.#pageVa), long(4096n)));
    const entry = this.cacheEntry(tag);
    const inner = this.body.temp(I32);
    this.assign(inner, word(0));
    this.if(this.fetchable(entry, tag), () => {
      const host = this.add32(this.low(tag), this.addendOf(entry));
      this.if(this.eq32(load(I32, Op.i32Load16U, host, 0), this.#decoded(Op.i32Load16U, Decoded.secondParcel)), () => {
        this.assign(inner, this.#decoded(Op.i32Load16U, Decoded.innerHandler));
      });
    });
    const handler = local(I32, inner);
    this.if(handler, () => this.#countFetch(), () => {
      this.low(local(I64, this.#pageVa)).put(this.body);
      this.low(this.shrU(local(I64, this.#pageVa), long(32n))).put(this.body);
      this.body.call(this.#imports.straddle);
      const next = this.body.temp(I32);
      this.body.set(next);
      this.reloadGeneration();
      this.if(this.eqz32(local(I32, next)), () => this.leave(Leave.Fault));
      for (const argument of [this.ip, local(I32, this.#page), load(I32, Op.i32Load16U, local(I32, next), 0)]) argument.put(this.body);
      this.body.call(this.#imports.decodeStraddling);
      this.body.set(inner);
    });
    this.dispatch(handler, Handler.Straddle + 1);
  }

  #cell<T extends ValueType>(type: T, at: number): Value<T> {
    return load(type, type === I64 ? Op.i64Load : Op.i32Load, word(0), at);
  }
}
