/** The registers a region works with: it takes them over from the state when it is entered, and gives those it writes back when it returns. */
import { State } from '../layout.js';
import { type FunctionBody, Op } from '../../wasm/index.js';
import type { GuestInstruction } from './guest-code.js';
import { localOfF, localOfX } from './region-locals.js';
import { Uses } from './traits.js';

const FLOAT = Uses.fs1 | Uses.fs2 | Uses.fs3 | Uses.fd;

/** Sets of registers, x0 to x31 and after them f0 to f31. */
export class UsedRegisters {
  readonly #used = new Uint8Array(64);
  readonly #written = new Uint8Array(64);

  /** Adds those of an instruction. */
  add({ rd, rs1, rs2, rs3, traits: { uses } }: GuestInstruction): void {
    const used = this.#used;
    if (uses & Uses.rs1) used[rs1] = 1;
    if (uses & Uses.rs2) used[rs2] = 1;
    if (uses & Uses.rd) used[rd] = this.#written[rd] = 1;
    if (uses & FLOAT) {
      if (uses & Uses.fs1) used[32 + rs1] = 1;
      if (uses & Uses.fs2) used[32 + rs2] = 1;
      if (uses & Uses.fs3) used[32 + rs3] = 1;
      if (uses & Uses.fd) used[32 + rd] = this.#written[32 + rd] = 1;
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
