/** The registers a region works with: it takes them over from the state when it is entered, and gives those it writes back when it returns. */
import { State } from '../layout.js';
import { type FunctionBody, Op } from '../../wasm/index.js';
import type { GuestInstruction } from './guest-code.js';
import { localOfF, localOfX } from './region-locals.js';

/** Sets of registers, x0 to x31 and after them f0 to f31. */
export class UsedRegisters {
  readonly #used = new Uint8Array(64);
  readonly #written = new Uint8Array(64);

  /** Adds those of an instruction. */
  add(instruction: GuestInstruction): void {
    for (const operand of instruction.row.operands) {
      switch (operand) {
        case 'rs1': case 'rs2': this.#used[instruction[operand]] = 1; break;
        case 'rd': this.#used[instruction.rd] = this.#written[instruction.rd] = 1; break;
        case 'fs1': this.#used[32 + instruction.rs1] = 1; break;
        case 'fs2': this.#used[32 + instruction.rs2] = 1; break;
        case 'fs3': this.#used[32 + instruction.rs3] = 1; break;
        case 'fd': this.#used[32 + instruction.rd] = this.#written[32 + instruction.rd] = 1;
      }
    }
  }

  /** Takes those that are used over into their locals. Those that are written count as used: not every way through the region writes them. */
  load(body: FunctionBody): void {
    for (let n = 1; n < 64; n++) {
      if (this.#used[n] === 0) continue;
      body.i32Const(0);
      body.memory(n < 32 ? Op.i64Load : Op.f64Load, placeOf(n));
      body.set(n < 32 ? localOfX(n) : localOfF(n - 32));
    }
  }

  /** Gives those that are written back. */
  store(body: FunctionBody): void {
    for (let n = 1; n < 64; n++) {
      if (this.#written[n] === 0) continue;
      body.i32Const(0);
      body.get(n < 32 ? localOfX(n) : localOfF(n - 32));
      body.memory(n < 32 ? Op.i64Store : Op.f64Store, placeOf(n));
    }
  }
}

const placeOf = (n: number): number => (n < 32 ? State.x + 8 * n : State.f + 8 * (n - 32));
