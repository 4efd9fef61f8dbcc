/** Where the functions of all regions keep things: in the same locals, so that code written for one serves in another. */
import { type FunctionBody, ValueType } from '../../wasm/index.js';

const { I32, I64, F32, F64 } = ValueType;

/** Locals of a region's function; the first four are its parameters. */
export const Local = {
  /** Block to begin with, or to go to. */
  block: 0,
  /** Decoded page and virtual address of the page of code, and the countdown, as in the state. */
  page: 1,
  pageVa: 2,
  count: 3,
  /** Address to go on at. */
  target: 4,
  /** Generation of the translation cache, and virtual address of the page at distance 0. */
  generation: 5,
  origin: 6,
  /** What the function returns. */
  reason: 7,
  /** Place of the translation cache, where that is no constant of the code. */
  cache: 8,
  /** Pages entered since the region was, and a bit for each page that has been found to be there. */
  fetches: 9,
  found: 10,
} as const;

const LONGS = 3;
const WORDS = 4;
/** Scratch locals by type; code that is written once must do with these. */
const TEMPS = [[I64, 12], [I32, 14], [F32, 6], [F64, 6]] as const;
const FIRST_TEMP = 11;
/** Registers are in these locals plus their numbers: x1 is the first after the scratch locals; f registers, as doubles, follow x31, windows of x registers f31. */
export const X0: number = FIRST_TEMP + TEMPS.reduce((sum, [, count]) => sum + count, 0) - 1;
export const F0: number = X0 + 32;
const WINDOW0 = F0 + 31;

/** The local of an x register, 1 to 31. */
export const localOfX = (n: number): number => X0 + n;

/** The local of an f register, which is a double. */
export const localOfF = (n: number): number => F0 + n;

/** The local of a window of an x register, 1 to 63: for loads, and after x31's for stores. */
export const localOfWindow = (n: number): number => WINDOW0 + n;

/** The first local that a scratch value must not be in. */
export const TEMPS_END: number = X0 + 1;

/** Declares them all, in a body that has declared none. */
export function declareLocals(body: FunctionBody): void {
  for (let n = 0; n < LONGS; n++) body.local(I64);
  for (let n = 0; n < WORDS; n++) body.local(I32);
  for (const [type, count] of TEMPS) body.reserveTemps(type, count);
  for (let n = 1; n < 32; n++) body.local(I64);
  for (let n = 0; n < 32; n++) body.local(F64);
  for (let n = 1; n < 64; n++) body.local(I32);
}
