/**
 * What is hot and waits to be compiled, and when it is worth while.
 *
 * Every taken backward jump and every arrival from another page, a return or a computed jump counts in the decoded instruction it
 * arrives at; at the threshold generated code is left once. Code that reaches regions which exist already could only be compiled
 * together with them, which costs in proportion to their size: it has to arrive that much more often before.
 */
import { Decoded } from '../layout.js';

/** A place that has become hot. */
export interface Seed {
  /** Place of the decoded instruction, and of its decoded page. */
  readonly ip: number;
  readonly page: number;
  /** Virtual address of the page. */
  readonly pageVa: number;
}

/** Arrivals per guest instruction that would be compiled again. */
const PRICE = 16;
/** A page whose regions were given up after little use waits so many times longer, doubled each time. */
const PATIENCE = 8;
const MOST_PATIENCE = 4;

/** Heat in decoded instructions. */
export class Heat {
  /** Places that have become hot since the last compilation. */
  seeds: Seed[] = [];
  readonly #i32: Int32Array;
  readonly #hotness: number;
  /** Places that have waited already. */
  readonly #waited = new Set<number>();

  constructor(i32: Int32Array, hotness: number) {
    this.#i32 = i32;
    this.#hotness = hotness;
  }

  /**
   * Whether code at `seeds` of `own` instructions, which reaches `size` instructions in regions, may be compiled together with them; if
   * not yet, it is asked again later.
   */
  affords(seeds: readonly Seed[], size: number, own: number): boolean {
    if (this.#hotness === 1 || size <= 2 * own + 32) return true;
    let affords = false;
    for (const { ip } of seeds) affords = this.#waited.delete(ip) || affords;
    if (affords) return true;
    for (const { ip } of seeds) this.#wait(ip, PRICE * size);
    return false;
  }

  /** Whether a hot place of a page whose regions were given up `times` in a row after little use has to wait once more. */
  cools(ip: number, times: number): boolean {
    if (times === 0 || this.#waited.delete(ip)) return false;
    this.#wait(ip, this.#hotness * PATIENCE * 2 ** Math.min(times, MOST_PATIENCE));
    return true;
  }

  /** Never compiles what is at a place, until its page is decoded anew. */
  refuse(ip: number): void {
    this.#i32[(ip + Decoded.heat) >> 2] = this.#hotness + 1;
  }

  /** Forgets a decoded page. */
  forget(page: number, bytes: number): void {
    if (this.seeds.length > 0) this.seeds = this.seeds.filter((seed) => seed.page !== page);
    for (const ip of this.#waited) if (ip >= page && ip < page + bytes) this.#waited.delete(ip);
  }

  #wait(ip: number, arrivals: number): void {
    this.#waited.add(ip);
    this.#i32[(ip + Decoded.heat) >> 2] = this.#hotness - arrivals;
  }
}
