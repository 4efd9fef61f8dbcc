/** x registers whose content is known when a region is compiled: as a number, or as an address relative to the region's. */
import type { GuestInstruction } from './guest-code.js';

/** What a content is relative to: nothing is known, it is a number, or it moves with the region's code. */
export const Kind = { Unknown: 0, Absolute: 1, Relative: 2 } as const;
/** One of these. */
export type Kind = (typeof Kind)[keyof typeof Kind];

const LIMIT = 2 ** 31;

/** The contents of all registers at one place. */
export class Constants {
  readonly kinds: Uint8Array;
  readonly values: Float64Array;

  private constructor(kinds: Uint8Array, values: Float64Array) {
    this.kinds = kinds;
    this.values = values;
  }

  /** Nothing known but x0. */
  static unknown(): Constants {
    const kinds = new Uint8Array(32);
    kinds[0] = Kind.Absolute;
    return new Constants(kinds, new Float64Array(32));
  }

  /** A copy to go on with. */
  copy(): Constants {
    return new Constants(this.kinds.slice(), this.values.slice());
  }

  /** Forgets what is not so in `other` too. */
  meet({ kinds, values }: Constants): void {
    for (let n = 1; n < 32; n++) if (this.kinds[n] !== kinds[n] || this.values[n] !== values[n]) this.kinds[n] = Kind.Unknown;
  }

  /** Goes past an instruction at a relative address that writes rd. */
  write({ traits, rd, rs1, rs2, imm }: GuestInstruction, at: number): void {
    switch (traits.row.name) {
      case 'lui': return this.#set(rd, Kind.Absolute, imm);
      case 'auipc': return this.#set(rd, Kind.Relative, at + imm);
      case 'addi': return this.#set(rd, this.kinds[rs1] as Kind, this.values[rs1]! + imm);
      case 'addiw': return this.#set(rd, this.kinds[rs1] === Kind.Absolute ? Kind.Absolute : Kind.Unknown, (this.values[rs1]! + imm) | 0);
      case 'add':
        if (rs1 === 0) return this.#set(rd, this.kinds[rs2] as Kind, this.values[rs2]!);
        if (rs2 === 0) return this.#set(rd, this.kinds[rs1] as Kind, this.values[rs1]!);
    }
    this.#set(rd, Kind.Unknown, 0);
  }

  #set(rd: number, kind: Kind, value: number): void {
    this.kinds[rd] = value >= -LIMIT && value < LIMIT ? kind : Kind.Unknown;
    this.values[rd] = value;
  }
}
