/** Kinds and widths of data accesses, and the WebAssembly opcodes that perform them. */
import { Op } from '../wasm/index.js';

/** What a data access is, as generated code tells the slow path. */
export const Access = { Load: 0, Store: 1, LoadReserved: 2, Amo: 3, Zero: 4, Clean: 5, Invalidate: 6, StoreConditional: 7 } as const;
/** A kind of data access. Zero is cbo.zero, Invalidate cbo.inval, Clean the other cbo instructions. */
export type Access = (typeof Access)[keyof typeof Access];

/** Bytes of an access. */
export type AccessWidth = 1 | 2 | 4 | 8;

/** Bytes of the block a cbo instruction works on. */
export const CACHE_BLOCK = 64;

/** The bits of an address inside a page. */
export const PAGE_OFFSET = 0xfff;

type OpByWidth = { readonly [width in AccessWidth]: number };

export const LOAD_SIGNED: OpByWidth = { 1: Op.i64Load8S, 2: Op.i64Load16S, 4: Op.i64Load32S, 8: Op.i64Load };
export const LOAD_UNSIGNED: OpByWidth = { 1: Op.i64Load8U, 2: Op.i64Load16U, 4: Op.i64Load32U, 8: Op.i64Load };
export const STORE: OpByWidth = { 1: Op.i64Store8, 2: Op.i64Store16, 4: Op.i64Store32, 8: Op.i64Store };
