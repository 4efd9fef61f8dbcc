/** Why generated code is left. */

/** Why generated code returned to TypeScript. */
export const Leave = {
  /** The countdown reached zero. */
  Quantum: 0,
  /** A data access or the second half of an instruction faulted: cause and address are known to TypeScript. */
  Fault: 1,
  /** The page of the pc has to be translated or decoded. */
  Fetch: 2,
  /** The instruction at `State.ip` is performed by a TypeScript helper. */
  System: 3,
  /** The instruction at `State.ip` is illegal. */
  Illegal: 4,
  /** The instruction at `State.ip` has a break. */
  Break: 5,
  /** The instruction at `State.ip` has become hot; only the engine sees this. */
  Hot: 6,
  /** The floating-point instruction at `State.ip` is illegal, or must wait for mstatus.FS to become Dirty. */
  Float: 7,
} as const;
export type Leave = (typeof Leave)[keyof typeof Leave];

/**
 * How a region's function returns: execution goes on at the pc, or the interpreter has to do the instruction there first; the last
 * for want of a window, whose bytes lay over two pages or were misaligned.
 */
export const Return = { GoOn: 0, Interpret: 1, Crossed: 2 } as const;
export type Return = (typeof Return)[keyof typeof Return];
