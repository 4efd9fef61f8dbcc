/**
 * What running a program needs of Node, taken in the cheapest way: an import of 'node:fs' or the global `performance` makes Node
 * load its streams and performance hooks, a tenth of the time a trivial guest takes from start to exit.
 */
import type * as NodeFs from 'node:fs';

/** The file system. */
export const fs: typeof NodeFs = process.getBuiltinModule('node:fs');

/** Milliseconds since some moment. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;
