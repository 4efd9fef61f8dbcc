/**
 * Where the operands of a region's instructions come from: locals and constants; and how code for one instruction is used for the
 * next (see stamps.ts).
 */
import { HarnessBug } from '../../base/index.js';
import { TC_ENTRY_BYTES } from '../../../mmu/index.js';
import { Emitter, type Imports } from '../emitter.js';
import { local, type Long, long, value, word, type Word } from '../value.js';
import { type FunctionBody, type Label, Op, setSigned5, setUnsigned2, ValueType } from '../../wasm/index.js';
import type { GuestInstruction } from './guest-code.js';
import { F0, Local, localOfF, localOfWindow, localOfX, TEMPS_END, X0 } from './region-locals.js';
import type { Span } from './span.js';
import { Hole, type Stamp, type Stamps } from './stamps.js';
import { FIRST_PAGE, type Page, type Use } from './windows.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** Register windows begin so many bytes before the register's address: no offset is negative. */
export const BEFORE = 2048;

/** What x0 holds. */
export const ZERO: Long = long(0n);
const X_HOLES = { rs1: Hole.Rs1, rs2: Hole.Rs2 } as const;
const F_HOLES = { rs1: Hole.Fs1, rs2: Hole.Fs2, rs3: Hole.Fs3 } as const;

/** Writes code once, and then copies it with other operands. */
export abstract class StampingEmitter extends Emitter {
  readonly #stamps: Stamps;
  readonly #mask: Word;
  protected override readonly cacheAt: number;
  /** Locals of windows of pages, from {@link FIRST_PAGE} on. */
  readonly #pageWindows: number[] = [];
  /** Where the region is left for the interpreter: see RegionFunction. */
  leaveLabel: Label = 0;
  /** Relative address of the page of code. */
  protected page = 0;
  /** The instruction at hand, how it finds its memory where that is in a window, and its offset in its page. */
  protected instructionNow: GuestInstruction | undefined;
  protected use: Use | undefined;
  protected offset = 0;
  /** Instructions and accesses the block has done before it. */
  protected done = 0;
  protected accessesDone = 0;
  /** Of the stamp being made: its holes, and where it and its blocks begin. */
  #holes: number[] = [];
  #start = 0;
  #depth = 0;

  constructor(body: FunctionBody, imports: Imports, stamps: Stamps) {
    super(body, imports);
    const { at, entries } = stamps.cache;
    this.cacheAt = at;
    this.#mask = word((entries - 1) * TC_ENTRY_BYTES);
    this.#stamps = stamps;
  }

  // --- operands

  protected override readX(field: 'rs1' | 'rs2'): Long {
    const n = this.current[field];
    return n === 0 ? ZERO : value(I64, (b) => {
      this.hole(X_HOLES[field], 1);
      b.get(localOfX(n));
    });
  }

  protected override writeX(result: Long): void {
    const { rd } = this.current;
    if (rd === 0) return;
    result.put(this.body);
    this.hole(Hole.Rd, 1);
    this.body.set(localOfX(rd));
  }

  protected override readF(field: 'rs1' | 'rs2' | 'rs3'): Long {
    return value(I64, (b) => {
      this.hole(F_HOLES[field], 1);
      b.get(localOfF(this.current[field]));
      b.op(Op.i64ReinterpretF64);
    });
  }

  protected override writeF(bits: Long): void {
    bits.put(this.body);
    this.body.op(Op.f64ReinterpretI64);
    this.hole(Hole.Fd, 1);
    this.body.set(localOfF(this.current.rd));
  }

  override imm(): Long {
    return this.constant(Hole.Imm, this.current.imm);
  }

  override rm(): Word {
    return word(this.current.imm);
  }

  override pc(): Long {
    return this.address(Hole.Pc, this.offset);
  }

  override nextPc(): Long {
    return this.address(Hole.NextPc, this.offset + this.current.length);
  }

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

  protected constant(hole: Hole, n: number): Long {
    return value(I64, (b) => {
      this.hole(hole, 1);
      b.i64ConstWide(n);
    });
  }

  protected address(hole: Hole, offset: number): Long {
    return this.add(local(I64, Local.pageVa), this.constant(hole, offset));
  }

  protected get current(): GuestInstruction {
    return this.instructionNow!;
  }

  // --- stamps

  /** A hole begins `skip` bytes from here. */
  protected hole(hole: Hole, skip: number): void {
    this.#holes.push(hole, this.body.length - this.#start + skip, this.body.depth - this.#depth);
  }

  /** Copies the code of a kind with the operands of the instruction at hand; undefined where none has been written. */
  protected copy(kind: number, variant: number): Stamp | undefined {
    const known = this.#stamps.get(kind, variant);
    if (known !== undefined) this.#fill(known);
    return known;
  }

  /** Writes code of a kind for the first time, for the instruction at hand. */
  protected stamp(kind: number, variant: number, write: () => void): Stamp {
    const { body } = this;
    this.begin();
    this.#holes = [];
    this.#start = body.length;
    this.#depth = body.depth;
    write();
    for (const type of [I32, I64, ValueType.F32, ValueType.F64]) if (body.temp(type) >= TEMPS_END) throw new HarnessBug('code of a kind needs more scratch locals', { variant });
    const stamp = { code: body.since(this.#start), holes: this.#holes, accesses: this.accesses };
    this.#holes = [];
    this.#stamps.set(kind, variant, stamp);
    return stamp;
  }

  /** Copies a stamp and fills its holes. One function, for it is all that is done for most instructions, by code V8 has hardly seen. */
  #fill({ code, holes }: Stamp): void {
    const { body, offset, use } = this;
    const { rd, rs1, rs2, rs3, imm, length } = this.current;
    const start = body.copy(code);
    const { bytes } = body;
    for (let n = 0; n < holes.length; n += 3) {
      const at = start + holes[n + 1]!;
      switch (holes[n] as Hole) {
        case Hole.Rs1: bytes[at] = X0 + rs1; break;
        case Hole.Rs2: bytes[at] = X0 + rs2; break;
        case Hole.Rd: bytes[at] = X0 + rd; break;
        case Hole.Fs1: bytes[at] = F0 + rs1; break;
        case Hole.Fs2: bytes[at] = F0 + rs2; break;
        case Hole.Fs3: bytes[at] = F0 + rs3; break;
        case Hole.Fd: bytes[at] = F0 + rd; break;
        case Hole.Imm: setSigned5(bytes, at, imm); break;
        case Hole.Pc: setSigned5(bytes, at, offset); break;
        case Hole.NextPc: setSigned5(bytes, at, offset + length); break;
        case Hole.Left: setSigned5(bytes, at, this.left()); break;
        case Hole.Leave: setUnsigned2(bytes, at, body.depth + holes[n + 2]! - this.leaveLabel); break;
        case Hole.Window: setUnsigned2(bytes, at, this.windowOf(use!)); break;
        case Hole.Offset: setUnsigned2(bytes, at, offsetIn(use!)); break;
        case Hole.First: setSigned5(bytes, at, firstOf(use!.opens as Span)); break;
        case Hole.Anchor: setSigned5(bytes, at, firstOf(use!.opens as Span) + BEFORE); break;
        case Hole.LastPlace: setSigned5(bytes, at, lastPlace(use!.opens as Span)); break;
        case Hole.PageAddress: setSigned5(bytes, at, this.pageAddress(use!.opens as Page)); break;
      }
    }
  }

  protected windowOf({ window }: Use): number {
    if (window < FIRST_PAGE) return localOfWindow(window);
    return (this.#pageWindows[window - FIRST_PAGE] ??= this.body.local(I32));
  }

  protected pageAddress({ page, relative }: Page): number {
    return relative ? page * 4096 - this.page : page * 4096;
  }

  /** Where the region is left before the instruction at hand, as the leave label wants it: see {@link Left}. */
  protected left(): number {
    return (this.accessesDone << Left.accesses) | (this.done << Left.instructions) | this.offset;
  }
}

/**
 * What code that leaves for the interpreter says:
 *
 *      31       22 21           12 11                    0
 *     | accesses  | instructions  | offset from the page  |    done by the block, and the place of the next instruction
 */
export const Left = { accesses: 22, instructions: 12 } as const;
/** The most instructions a block may have. */
export const LONGEST_BLOCK = 1023;

/** The lowest address of a span with its alignment. */
export const firstOf = ({ low, at, size }: Span): number => low - ((low - at) & (size - 1));

/** Where in a page a span may begin at most. */
export const lastPlace = (span: Span): number => 4096 - (span.high - firstOf(span));

export const offsetIn = ({ window, offset }: Use): number => (window < FIRST_PAGE ? offset + BEFORE : offset);
