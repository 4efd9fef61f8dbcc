/** The registers a region works with: it takes them over from the state when it is entered, and gives those it writes back when it returns. */
import { type Code, Op } from './code.js';
import { type GuestInstruction, Uses } from './guest-code.js';
import type { i32 } from './integers.js';
import { F0, X0 } from './region-locals.js';

const FLOAT: i32 = Uses.fs1 | Uses.fs2 | Uses.fs3 | Uses.fd;
/** Where the state has them, 8 bytes each. */
export const X_AT: i32 = 0;
export const F_AT: i32 = 0x108;

/** Sets of registers, x0 to x31 and after them f0 to f31. */
export class UsedRegisters {
  private readonly used: Uint8Array = new Uint8Array(64);
  private readonly written: Uint8Array = new Uint8Array(64);

  /** Adds those of an instruction. */
  add(instruction: GuestInstruction): void {
    const uses = instruction.traits.uses;
    if (uses & Uses.rs1) this.used[instruction.rs1] = 1;
    if (uses & Uses.rs2) this.used[instruction.rs2] = 1;
    if (uses & Uses.rd) this.used[instruction.rd] = this.written[instruction.rd] = 1;
    if ((uses & FLOAT) === 0) return;
    if (uses & Uses.fs1) this.used[32 + instruction.rs1] = 1;
    if (uses & Uses.fs2) this.used[32 + instruction.rs2] = 1;
    if (uses & Uses.fs3) this.used[32 + instruction.rs3] = 1;
    if (uses & Uses.fd) this.used[32 + instruction.rd] = this.written[32 + instruction.rd] = 1;
  }

  /** Takes those that are used over into their locals. Those that are written count as used: not every way through the region writes them. */
  load(code: Code): void {
    for (let n = 1; n < 64; n++) {
      if (this.used[n] === 0) continue;
      code.i32Const(0);
      code.memory(n < 32 ? Op.i64Load : Op.f64Load, placeOf(n));
      code.set(localOf(n));
    }
  }

  /** Gives those that are written back. */
  store(code: Code): void {
    for (let n = 1; n < 64; n++) {
      if (this.written[n] === 0) continue;
      code.i32Const(0);
      code.get(localOf(n));
      code.memory(n < 32 ? Op.i64Store : Op.f64Store, placeOf(n));
    }
  }
}

function localOf(n: i32): i32 {
  return n < 32 ? X0 + n : F0 + n - 32;
}

function placeOf(n: i32): i32 {
  return n < 32 ? X_AT + 8 * n : F_AT + 8 * (n - 32);
}
