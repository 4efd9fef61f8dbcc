/**
 * Where the functions of all regions keep things: in the same locals, so that code written for one serves in another.
 *
 *     0 .. 10     see Local
 *     11 .. 48    scratch: 12 i64, 14 i32, 6 f32, 6 f64
 *     49 .. 79    x1 .. x31
 *     80 .. 111   f0 .. f31, as doubles
 *     112 .. 174  windows of registers: x1 .. x31 for loads, x0 .. x31 for stores
 *     175 ..      windows of pages
 */
import type { i32 } from './integers.js';

/** Locals of a region's function; the first four are its parameters. */
export class Local {
  /** Block to begin with, or to go to. */
  static readonly block: i32 = 0;
  /** Decoded page and virtual address of the page of code, and the countdown, as in the state. */
  static readonly page: i32 = 1;
  static readonly pageVa: i32 = 2;
  static readonly count: i32 = 3;
  /** Address to go on at. */
  static readonly target: i32 = 4;
  /** Generation of the translation cache, and virtual address of the page at distance 0. */
  static readonly generation: i32 = 5;
  static readonly origin: i32 = 6;
  /** What the function returns. */
  static readonly reason: i32 = 7;
  /** Place of the translation cache, where that is no constant of the code. */
  static readonly cache: i32 = 8;
  /** Pages entered since the region was, and a bit for each page that has been found to be there. */
  static readonly fetches: i32 = 9;
  static readonly found: i32 = 10;
}

/** Scratch locals by type, i64 first, as they lie. */
export const TEMP_LONGS: i32 = 12;
export const TEMP_WORDS: i32 = 14;
export const TEMP_SINGLES: i32 = 6;
export const TEMP_DOUBLES: i32 = 6;
export const FIRST_TEMP: i32 = 11;

/** Scratch locals of the code between instructions, the first ones of their types: about a page of code that is to be entered. */
export class Scratch {
  /** Its virtual address, and that from the page at distance 0. */
  static readonly tag: i32 = 11;
  static readonly distance: i32 = 12;
  /** Its decoded page, its number among the pages of the region, and whether it is another one than before. */
  static readonly page: i32 = 23;
  static readonly number: i32 = 24;
  static readonly changes: i32 = 25;
  /** Its linear address. */
  static readonly host: i32 = 26;
  /** The decoded instruction in it to go to, and its entry. */
  static readonly ip: i32 = 27;
  static readonly entry: i32 = 28;
}

/** Registers and windows are in these locals plus their numbers. */
export const X0: i32 = 48;
export const F0: i32 = 80;
export const WINDOW0: i32 = 111;
/** The first local that a scratch value must not be in. */
export const TEMPS_END: i32 = 49;
/** Windows that every function declares. */
export const REGISTER_WINDOWS: i32 = 63;

/** Register windows begin so many bytes before the register's address: no offset is negative. */
export const BEFORE: i32 = 2048;
