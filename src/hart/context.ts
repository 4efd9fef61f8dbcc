/** The registers of a thread that is not running. */

/** What a context switch saves: pc and registers. */
export interface HartContext {
  /** A canonical address; else the nearest number, which is not canonical either. */
  pc: number;
  /** x0..x31; x[0] is 0. */
  readonly x: BigInt64Array;
  /** f0..f31, NaN-boxed. */
  readonly f: BigInt64Array;
  /** Floating-point flags and rounding mode. */
  fcsr: number;
}

/** A context of zeros. */
export const newHartContext = (): HartContext => ({ pc: 0, x: new BigInt64Array(32), f: new BigInt64Array(32), fcsr: 0 });
