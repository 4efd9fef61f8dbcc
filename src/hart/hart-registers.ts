/** The pc, the x registers and floating point of a hart, as TypeScript reaches them. */
import { type HartContext, newHartContext } from './context.js';
import { FloatUnit } from './float/float-unit.js';
import type { HartState } from './hart-state.js';
import { State } from './layout.js';

/** What can be read and set of a hart between instructions. */
export abstract class HartRegisters {
  readonly state: HartState;
  readonly float: FloatUnit;

  constructor(state: HartState) {
    this.state = state;
    this.float = new FloatUnit(state);
  }

  /** A context of zeros, for a thread that has not run yet. */
  newContext: () => HartContext = newHartContext;

  /** Copies pc and registers out of the hart. */
  saveContext(to: HartContext): void {
    to.pc = this.pc64;
    to.x.set(this.state.registers());
    to.f.set(this.state.floatRegisters());
    to.fcsr = this.float.fcsr;
  }

  /** Copies pc and registers into the hart; x[0] is ignored. */
  loadContext(from: HartContext): void {
    this.pc64 = from.pc;
    const x = this.state.registers();
    x.set(from.x);
    x[0] = 0n;
    this.state.floatRegisters().set(from.f);
    this.float.fcsr = from.fcsr;
  }

  /** Address of the next instruction: exact where canonical, else the nearest number. */
  get pc(): number {
    return this.state.address(State.pc);
  }
  set pc(pc: number) {
    if (!Number.isInteger(pc)) throw new RangeError(`pc: ${pc} is not an address`);
    this.state.setCell64(State.pc, BigInt(pc) & ~1n);
  }

  /** The pc as a signed 64-bit integer, whatever it is. */
  get pc64(): bigint {
    return this.state.cell64(State.pc);
  }
  set pc64(pc: bigint) {
    this.state.setCell64(State.pc, pc & ~1n);
  }

  /** Register `n`, 0 to 31, signed. */
  x(n: number): bigint {
    return this.state.x(n);
  }

  /** Sets register `n` to the low 64 bits of `value`; x0 stays 0. */
  setX(n: number, value: bigint): void {
    this.state.setX(n, value);
  }

  /** Register `n` as a signed number, the nearest one where it has more than 53 significant bits. */
  xNumber(n: number): number {
    return this.state.xNumber(n);
  }
}
