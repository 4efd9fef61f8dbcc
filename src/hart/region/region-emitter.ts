/**
 * The emitter of regions: operands are constants and locals, and an access the translation cache does not answer leaves the region
 * before its instruction, which the interpreter then performs. So faults are precise for nothing, and a region calls nothing
 * but arithmetic.
 */
import { TC_ADDEND, TC_ENTRY_BYTES, TC_GENERATION, TC_READ, TC_WRITE } from '../../../mmu/index.js';
import { Access, type AccessWidth } from '../access.js';
import { Emitter, type Imports, type Leave, type Place, Return } from '../emitter.js';
import { PAGE_MAP, State } from '../layout.js';
import { local, type Long, long, type Value, value, word, type Word } from '../value.js';
import { type FunctionBody, Op, ValueType } from '../../wasm/index.js';
import type { GuestInstruction } from './guest-code.js';
import type { Span } from './span.js';
import { FIRST_PAGE, type Page, type Use } from './windows.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** Parameters of a region's function. */
export const Parameter = { block: 0, page: 1, pageVa: 2, count: 3 } as const;

/** What the emitter of a region asks for control flow. */
export interface Jumps {
  /** Goes to the block the last instruction of the current one may jump to; in `if`, the condition is on the stack. */
  taken(conditional: boolean): void;
  /** Goes to the address in the target local. */
  indirect(): void;
}

/** Register windows begin so many bytes before the register's address: no offset is negative. */
const BEFORE = 2048;

const ZERO: Long = long(0n);
const constants = new Map<number, Long>();
/** A 64-bit constant from a word, sign-extended. */
function signedConstant(n: number): Long {
  let known = constants.get(n);
  if (known === undefined) {
    known = { type: I64, constant: BigInt(n), put: (b) => b.i64ConstWords(n >> 31, n) };
    if (constants.size < 4096) constants.set(n, known);
  }
  return known;
}

/** Writes the instructions of a region. */
export class RegionEmitter extends Emitter {
  jumps: Jumps | undefined;
  readonly #x: (Long | undefined)[] = [];
  readonly #indices: number[] = [];
  /** x registers in locals, and those of them that are written. */
  readonly used: number[] = [];
  readonly written: number[] = [];
  readonly pageVa: Long = local(I64, Parameter.pageVa);
  readonly count: Long = local(I64, Parameter.count);
  readonly target: number;
  readonly reason: number;
  readonly cache: number;
  readonly #generation: number;
  readonly #mask: Word;
  readonly #uses: ReadonlyMap<GuestInstruction, Use>;
  /** Locals of windows: where the memory of a page begins, or {@link BEFORE} bytes before that of a register's address. */
  readonly #windows: number[] = [];
  /** Relative address of the page of code. */
  #codePage = 0;
  /** The block around everything, behind which the region returns. */
  exitLabel = 0;
  #instruction: GuestInstruction | undefined;
  /** Offset of the instruction in its page, and what its block has done before it. */
  #offset = 0;
  #done = 0;
  #accesses = 0;

  /** `cacheEntries` is the size of the translation caches. */
  constructor(body: FunctionBody, imports: Imports, cacheEntries: number, uses: ReadonlyMap<GuestInstruction, Use>) {
    super(body, imports);
    this.#uses = uses;
    this.#mask = word((cacheEntries - 1) * TC_ENTRY_BYTES);
    this.#generation = body.local(I64);
    this.target = body.local(I64);
    this.reason = body.local(I32);
    this.cache = body.local(I32);
  }

  // --- registers

  /** Gives the registers of an instruction their locals. */
  declare(instruction: GuestInstruction): void {
    const { operands } = instruction.row;
    for (const operand of operands) {
      if (operand !== 'rs1' && operand !== 'rs2' && operand !== 'rd') continue;
      const n = instruction[operand];
      if (n === 0) continue;
      if (this.#x[n] === undefined) {
        const index = this.body.local(I64);
        this.#indices[n] = index;
        this.#x[n] = local(I64, index);
        this.used.push(n);
      }
      if (operand === 'rd' && !this.written.includes(n)) this.written.push(n);
    }
  }

  /** Takes the registers over from memory. */
  loadRegisters(): void {
    for (const n of this.used) {
      this.body.i32Const(0);
      this.body.memory(Op.i64Load, State.x + 8 * n);
      this.body.set(this.#indices[n]!);
    }
  }

  /** Gives those that are written back. */
  storeRegisters(): void {
    for (const n of this.written) this.setCell(State.x + 8 * n, this.#x[n]!);
  }

  // --- operands

  protected override registerOffset(field: 'rd' | 'rs1' | 'rs2' | 'rs3'): Word {
    return word(8 * this.#current[field]);
  }

  protected override readX(field: 'rs1' | 'rs2'): Long {
    return this.#x[this.#current[field]] ?? ZERO;
  }

  protected override writeX(result: Long): void {
    const { rd } = this.#current;
    if (rd !== 0) this.assign(this.#indices[rd]!, result);
  }

  override imm(): Long {
    return signedConstant(this.#current.imm);
  }

  override pc(): Long {
    return this.addressAt(this.#offset);
  }

  override nextPc(): Long {
    return this.addressAt(this.#offset + this.#current.length);
  }

  protected override cacheBase(): Word {
    return local(I32, this.cache);
  }

  protected override cacheMask(): Word {
    return this.#mask;
  }

  protected override cacheGeneration(): Long {
    return local(I64, this.#generation);
  }

  /** Nothing is called, so nothing changes it. */
  protected override reloadGeneration(): void {}

  /** Takes place and generation of the translation cache over from memory. */
  loadCache(): void {
    this.assign(this.cache, this.cell(I32, word(0), State.cache));
    this.assign(this.#generation, this.cell(I64, this.cacheBase(), TC_GENERATION));
  }

  /** The virtual address at an offset from the page. */
  addressAt(offset: number): Long {
    return this.add(this.pageVa, signedConstant(offset));
  }

  get #current(): GuestInstruction {
    return this.#instruction!;
  }

  // --- windows

  protected override place(access: Access, size: AccessWidth, va: Long, bits?: Long): Place {
    const use = this.#uses.get(this.#current);
    if (use === undefined) return super.place(access, size, va, bits);
    const window = (this.#windows[use.window] ??= this.body.local(I32));
    const { opens } = use;
    if (opens !== undefined) {
      const tag = access === Access.Store ? TC_WRITE : TC_READ;
      if ('page' in opens) this.#openPage(window, opens, tag);
      else this.#openSpan(window, opens, tag);
    }
    this.accesses = true;
    return { base: local(I32, window), offset: use.window < FIRST_PAGE ? use.offset + BEFORE : use.offset };
  }

  #openPage(window: number, { page, relative }: Page, tag: number): void {
    const va = this.let(relative ? this.addressAt(page * 4096 - this.#codePage) : long(BigInt(page * 4096)));
    const entry = this.cacheEntry(va);
    this.assign(window, this.add32(this.low(va), this.cell(I32, entry, TC_ADDEND)));
    this.if(this.ne(this.cell(I64, entry, tag), this.cacheTag(va, 1)), () => this.leaveAt(this.#offset));
  }

  /** The lowest aligned address stands for all bytes: its tag says that it is aligned, and then they may not go beyond the page. */
  #openSpan(window: number, { low, high, size, at }: Span, tag: number): void {
    const first = low - ((low - at) & (size - 1));
    const va = this.let(this.add(this.rs1(), signedConstant(first)));
    const entry = this.cacheEntry(va);
    this.assign(window, this.add32(this.low(va), this.sub32(this.cell(I32, entry, TC_ADDEND), word(first + BEFORE))));
    const missed = this.ne(this.cell(I64, entry, tag), this.cacheTag(va, size as AccessWidth));
    const bytes = high - first;
    const crosses = this.ltU32(word(4096 - bytes), this.and32(this.low(va), word(0xfff)));
    const misaligned = this.and32(this.low(va), word(size - 1));
    this.if(bytes > size ? this.or32(missed, crosses) : missed, () => {
      this.#take(this.#done, this.#accesses);
      this.assign(this.target, this.addressAt(this.#offset));
      this.assign(this.reason, this.add32(word(Return.Interpret), this.ne32(this.or32(crosses, misaligned), word(0))));
      this.body.br(this.exitLabel);
    });
  }

  // --- instructions

  /** Begins a block, whose page has a relative address. */
  beginBlock(page: number): void {
    this.#codePage = page;
    this.#done = 0;
    this.#accesses = 0;
  }

  /** Writes the instruction at an offset of the page. One that does not end its block is counted here. */
  instruction(instruction: GuestInstruction, offset: number): void {
    this.begin();
    this.#instruction = instruction;
    this.#offset = offset;
    instruction.row.semantics(this);
    if (instruction.row.flow !== 'next') return;
    this.#done++;
    if (this.accesses) this.#accesses++;
  }

  /** Takes what the block has done off the countdown, `more` instructions included. */
  settle(more = 0): void {
    this.#take(this.#done + more, this.#accesses);
  }

  #take(instructions: number, accesses: number): void {
    if (instructions === 0) return;
    this.assign(Parameter.count, this.add(this.count, value(I64, (b) => b.i64ConstWords(accesses - 1, -instructions))));
  }

  override branchIf(condition: Word): void {
    this.settle(1);
    condition.put(this.body);
    this.jumps!.taken(true);
  }

  override branch(): void {
    this.settle(1);
    this.jumps!.taken(false);
  }

  override jump(target: Long): void {
    this.settle(1);
    this.assign(this.target, target);
    this.jumps!.indirect();
  }

  /** Leaves before this instruction, whatever the reason: the interpreter will find it. */
  override leave(_: Leave): void {
    this.leaveAt(this.#offset);
  }

  /** Leaves for the interpreter before the instruction at an offset of the page, which is the next one. */
  leaveAt(offset: number): void {
    this.#take(this.#done, this.#accesses);
    this.exit(Return.Interpret, this.addressAt(offset));
  }

  protected override missed(): void {
    this.leaveAt(this.#offset);
  }

  /** What has no short way is the interpreter's. */
  override exact(): Long {
    this.leaveAt(this.#offset);
    return ZERO;
  }

  override cacheBlock(): void {
    this.leaveAt(this.#offset);
  }

  protected override publishCount(): void {}

  protected override takeCount(): void {}

  /** Returns from the region; everything done has been counted. */
  exit(reason: Return, pc: Long): void {
    this.assign(this.target, pc);
    this.exitAtTarget(reason);
  }

  /** The same with the pc in the target local. */
  exitAtTarget(reason: Return): void {
    this.assign(this.reason, word(reason));
    this.body.br(this.exitLabel);
  }

  // --- for those who write what lies between the blocks

  /** Sets a local. */
  set(index: number, v: Value): void {
    this.assign(index, v);
  }

  /** Sets a cell of the state. */
  setState(at: number, v: Long | Word): void {
    this.setCell(at, v);
  }

  /** Forgets scratch locals. */
  beginGlue(): void {
    this.begin();
  }

  /**
   * Linear address of the page of code at `tag`, in a scratch local; `otherwise`, which must leave, is for pages that can not be fetched
   * from without changing something.
   */
  codeHost(tag: Long, otherwise: () => void): Word {
    const entry = this.cacheEntry(tag);
    this.if(this.eqz32(this.fetchable(entry, tag)), otherwise);
    return this.let(this.add32(this.low(tag), this.cell(I32, entry, TC_ADDEND)));
  }

  /** Its decoded page, 0 where it has none. */
  codePage(tag: Long, otherwise: () => void): Word {
    const host = this.codeHost(tag, otherwise);
    return this.let(this.cell(I32, this.shl32(this.shrU32(host, word(12)), word(2)), PAGE_MAP));
  }

  /** What linear memory holds at `base + offset`. */
  cell<T extends ValueType>(type: T, base: Word, offset: number, opcode: number = type === I64 ? Op.i64Load : Op.i32Load): Value<T> {
    return value(type, (b) => {
      base.put(b);
      b.memory(opcode, offset);
    });
  }
}
