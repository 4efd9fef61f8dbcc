/** The two formats of the F and D extensions, the rounding modes and the exception flags. [RISC-V unprivileged ISA, "F" and "D" Extensions; IEEE 754-2008] */

/** A binary interchange format. */
export interface Format {
  /** Bits of a number, and of its fraction field. */
  readonly width: number;
  readonly fraction: number;
  /** Exponent of the smallest normal number. */
  readonly minimum: number;
  /** Bit patterns of +infinity and of the canonical NaN. */
  readonly infinity: bigint;
  readonly nan: bigint;
}

/** Single precision, binary32. */
export const SINGLE: Format = { width: 32, fraction: 23, minimum: -126, infinity: 0x7f80_0000n, nan: 0x7fc0_0000n };
/** Double precision, binary64. */
export const DOUBLE: Format = { width: 64, fraction: 52, minimum: -1022, infinity: 0x7ff0_0000_0000_0000n, nan: 0x7ff8_0000_0000_0000n };

/** Accrued exception flags, the bits of fflags: inexact, underflow, overflow, divide by zero, invalid operation. */
export const Flag = { NX: 1, UF: 2, OF: 4, DZ: 8, NV: 16 } as const;

/** Rounding modes as frm holds them. 5 and 6 are reserved; 7 in an instruction means the mode in frm. */
export const Rounding = { RNE: 0, RTZ: 1, RDN: 2, RUP: 3, RMM: 4 } as const;
/** A rounding mode that exists. */
export type Rounding = (typeof Rounding)[keyof typeof Rounding];

/** What an operation rounds by, and where it notes what happened. */
export interface Environment {
  rounding: Rounding;
  /** Flags are only ever set here. */
  flags: number;
}
