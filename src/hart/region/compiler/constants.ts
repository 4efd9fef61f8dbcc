/** x registers whose content is known when a region is compiled: as a number, or as an address relative to the region's. */
import { type GuestInstruction, Known } from './guest-code.js';
import { type f64, i32 } from './integers.js';

/** What a content is relative to: nothing is known, it is a number, or it moves with the region's code. */
export class Kind {
  static readonly unknown: i32 = 0;
  static readonly absolute: i32 = 1;
  static readonly relative: i32 = 2;
}

const LIMIT: f64 = 0x8000_0000;

/** The contents of all registers at one place. */
export class Constants {
  readonly kinds: Uint8Array = new Uint8Array(32);
  readonly values: Float64Array = new Float64Array(32);

  /** Nothing known but x0. */
  constructor() {
    this.kinds[0] = Kind.absolute;
  }

  /** A copy to go on with. */
  copy(): Constants {
    const copy = new Constants();
    copy.kinds.set(this.kinds);
    copy.values.set(this.values);
    return copy;
  }

  /** Forgets what is not so in `other` too. */
  meet(other: Constants): void {
    for (let n = 1; n < 32; n++) if (this.kinds[n] !== other.kinds[n] || this.values[n] !== other.values[n]) this.kinds[n] = Kind.unknown;
  }

  /** Goes past an instruction at a relative address that writes rd. */
  write(instruction: GuestInstruction, at: i32): void {
    const known = instruction.traits.known;
    const rd = instruction.rd;
    const rs1 = instruction.rs1;
    const rs2 = instruction.rs2;
    const imm = instruction.imm;
    const kind: i32 = this.kinds[rs1]!;
    const value: f64 = this.values[rs1]!;
    // Not a sum of two i32, which AssemblyScript lets wrap.
    const place: f64 = at;
    if (known === Known.lui) this.set(rd, Kind.absolute, imm);
    else if (known === Known.auipc) this.set(rd, Kind.relative, place + imm);
    else if (known === Known.addi) this.set(rd, kind, value + imm);
    else if (known === Known.addiw && kind === Kind.absolute) this.set(rd, kind, i32(value) + imm | 0);
    else if (known === Known.add && rs1 === 0) this.set(rd, this.kinds[rs2]!, this.values[rs2]!);
    else if (known === Known.add && rs2 === 0) this.set(rd, kind, value);
    else this.set(rd, Kind.unknown, 0);
  }

  private set(rd: i32, kind: i32, value: f64): void {
    this.kinds[rd] = value >= -LIMIT && value < LIMIT ? kind : Kind.unknown;
    this.values[rd] = value;
  }
}
