/** What TypeScript does of the F and D extensions: fcsr and the cells that follow from it, and operations generated code hands over. */
import { State } from '../layout.js';
import type { Environment, Rounding } from './format.js';
import { operations } from './operations.js';

/** A hart's state, as far as floating point is in it. */
export interface FloatCells {
  /** An i32 cell of `State`. */
  cell(at: number): number;
  /** Writes an i32 cell. */
  setCell(at: number, value: number): void;
  /** An i64 cell of `State`, signed. */
  cell64(at: number): bigint;
  /** Writes an i64 cell. */
  setCell64(at: number, value: bigint): void;
}

const FFLAGS = 0x1f;
const FCSR = 0xff;
const FRM_SHIFT = 5;
const NX = 1;
/** The value of the rm field that means the mode in frm. */
const DYNAMIC = 7;
const MODES = 5;
const ALL_MODES = 0x1f;

/** The floating-point side of one hart. */
export class FloatUnit {
  readonly #cells: FloatCells;
  readonly #env: Environment = { rounding: 0, flags: 0 };

  constructor(cells: FloatCells) {
    this.#cells = cells;
  }

  /** fcsr: frm in bits 7:5, fflags in bits 4:0. */
  get fcsr(): number {
    return this.#cells.cell(State.fcsr);
  }
  /** Bits that fcsr does not have are dropped. */
  set fcsr(value: number) {
    this.#cells.setCell(State.fcsr, value & FCSR);
    this.#refresh();
  }

  /** The accrued exceptions, 5 bits: NV, DZ, OF, UF, NX. */
  get fflags(): number {
    return this.fcsr & FFLAGS;
  }
  set fflags(value: number) {
    this.fcsr = (this.fcsr & ~FFLAGS) | (value & FFLAGS);
  }

  /** The rounding mode, 3 bits; 5 to 7 are none and make floating-point instructions illegal that use it. */
  get frm(): number {
    return this.fcsr >> FRM_SHIFT;
  }
  set frm(value: number) {
    this.fcsr = (value << FRM_SHIFT) | this.fflags;
  }

  /** Whether generated code may execute floating-point instructions: mstatus.FS is Dirty. */
  get ready(): boolean {
    return this.#cells.cell(State.fpReady) !== 0;
  }
  set ready(ready: boolean) {
    if (ready === this.ready) return;
    this.#cells.setCell(State.fpReady, ready ? 1 : 0);
    this.#refresh();
  }

  /**
   * Performs an operation on the operands in the state; its result goes there too, its flags into fcsr.
   * @param rm the instruction's rounding mode field
   * @returns 0 where the instruction is illegal or floating point is not ready; nothing has changed then
   */
  perform(operation: number, rm: number): 0 | 1 {
    const cells = this.#cells;
    const rounding = rm === DYNAMIC ? this.frm : rm;
    if (!this.ready || rounding >= MODES) return 0;
    this.#env.rounding = rounding as Rounding;
    this.#env.flags = 0;
    const operands = [State.floatA, State.floatB, State.floatC].map((at) => cells.cell64(at)) as [bigint, bigint, bigint];
    const result = operations()[operation]!(this.#env, ...operands);
    cells.setCell64(State.floatResult, result);
    const { flags } = this.#env;
    if ((flags & ~this.fcsr) !== 0) this.fcsr |= flags;
    return 1;
  }

  /** Sets the masks generated code tests: bit n of each stands for an rm field of n. */
  #refresh(): void {
    const cells = this.#cells;
    const { ready, frm, fcsr } = this;
    const dynamic = 1 << DYNAMIC;
    const nearest = ready ? 1 | (frm === 0 ? dynamic : 0) : 0;
    cells.setCell(State.fpLegal, ready ? ALL_MODES | (frm < MODES ? dynamic : 0) : 0);
    cells.setCell(State.fpNearest, nearest);
    cells.setCell(State.fpFast, (fcsr & NX) === 0 ? 0 : nearest);
  }
}
