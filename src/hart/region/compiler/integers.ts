/**
 * The numbers of this folder: what AssemblyScript calls them, with which the build translates the folder into WebAssembly. Run as
 * TypeScript, as tests and users of the library do, they are plain numbers.
 *
 * So the folder uses what both languages have and mean alike: classes, arrays, maps, typed arrays; no closures, no destructuring, no
 * iteration over maps, null for what is not there, a division only where it has no remainder, sums of i32 only where they do not wrap. `!`
 * says that something is there, which AssemblyScript checks: it must not be said of what may be null.
 */

/** A signed integer of 32 bits. */
export type i32 = number;
/** A double. */
export type f64 = number;

/** The integer of a number that is one. */
export const i32 = (n: number): i32 => n | 0;
