/** The registers of a thread that is not running. */

/** What a context switch saves: pc and registers. */
export interface HartContext {
  /** Address of the next instruction, signed 64 bits, canonical or not; bit 0 is ignored. */
  pc: bigint;
  /** x0..x31; x[0] is 0. */
  readonly x: BigInt64Array;
  /** f0..f31, NaN-boxed. */
  readonly f: BigInt64Array;
  /** Floating-point flags and rounding mode. */
  fcsr: number;
}

/** A context of zeros. */
export const newHartContext = (): HartContext => ({ pc: 0n, x: new BigInt64Array(32), f: new BigInt64Array(32), fcsr: 0 });
