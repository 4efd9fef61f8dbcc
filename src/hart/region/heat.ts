/**
 * What is hot and waits to be compiled.
 *
 * Every taken backward jump and every arrival from another page, a return or a computed jump counts in the decoded instruction it
 * arrives at; at the threshold generated code is left.
 */
import { Handler } from '../handlers.js';
import { Decoded, DECODED_PAGE, DECODED_SHIFT } from '../layout.js';

/** A place that has become hot. */
export interface Seed {
  /** Place of the decoded instruction, and of its decoded page. */
  readonly ip: number;
  readonly page: number;
  /** Virtual address of the page. */
  readonly pageVa: number;
}

/** A page whose regions were given up after little use waits so many times longer, doubled each time up to a limit. */
const PATIENCE = 8;
const DOUBLINGS = 4;

/** The share of the threshold at which a closed place is hot again. */
const REOPENING = 1 / 64;

/** The share of the threshold by which a place is delayed: code that is not executed meanwhile is not compiled with it. */
const PROOF = 1 / 16;

/** The share of the threshold from which on a place is warm. */
const WARM = 1 / 4;
/** Decoded bytes of a parcel. */
const PARCEL = 2 << DECODED_SHIFT;

/** Heat in decoded instructions. */
export class Heat {
  /** Places that have become hot since the last compilation. */
  seeds: Seed[] = [];
  readonly #i32: Int32Array;
  readonly #hotness: number;
  /** Places that have been told to wait. */
  readonly #waiting = new Set<number>();
  /** Decoded pages of regions that had a place closed which became hot. */
  readonly #open = new Set<number>();

  constructor(i32: Int32Array, hotness: number) {
    this.#i32 = i32;
    this.#hotness = hotness;
  }

  /** Takes a hot place, unless its page, whose regions were given up `times` in a row after little use, has to wait first. */
  take(seed: Seed, times: number): boolean {
    const waits = times > 0 && !this.#waiting.delete(seed.ip);
    if (waits) this.#waiting.add(seed.ip);
    else this.seeds.push(seed);
    // Past the threshold a place is not hot again for 2^32 arrivals.
    this.#i32[(seed.ip + Decoded.heat) >> 2] = this.#hotness - (waits ? this.#hotness * PATIENCE * 2 ** Math.min(times, DOUBLINGS) : -1);
    return !waits;
  }

  /** A place has no entry, though it may have been hot: who arrives there is counted anew. */
  cool(ip: number): void {
    if (this.#isPlain(ip)) this.#i32[(ip + Decoded.heat) >> 2] = 0;
  }

  /** A place that was hot has to be so again, by some more arrivals. */
  delay(ip: number): void {
    this.#i32[(ip + Decoded.heat) >> 2] = this.#hotness - Math.ceil(this.#hotness * PROOF);
  }

  /** A region has a place closed: who arrives there nevertheless is interpreted for long, so it is hot soon. */
  close(ip: number): void {
    if (this.#isPlain(ip)) this.#i32[(ip + Decoded.heat) >> 2] = this.#hotness - Math.ceil(this.#hotness * REOPENING);
  }

  /** In a decoded page no place is to be closed again. */
  keepOpen(page: number): void {
    this.#open.add(page);
  }

  /** Whether that has been said of a page. */
  staysOpen(page: number): boolean {
    return this.#open.has(page);
  }

  /** Places of a decoded page that will soon be hot, as the beginnings of regions they go into before they are. */
  warm({ page, pageVa }: Seed): Seed[] {
    const seeds: Seed[] = [];
    const least = Math.max(1, this.#hotness * WARM);
    for (let ip = page; ip < page + DECODED_PAGE; ip += PARCEL) {
      const heat = this.#i32[(ip + Decoded.heat) >> 2]!;
      if (heat >= least && heat <= this.#hotness && this.#isPlain(ip)) seeds.push({ ip, page, pageVa });
    }
    return seeds;
  }

  /** Whether heat is counted at a place: others keep something else there. */
  #isPlain(ip: number): boolean {
    const handler = this.#i32[(ip + Decoded.handler) >> 2]! & 0xffff;
    return handler > Handler.Straddle;
  }

  /** Forgets a decoded page. */
  forget(page: number, bytes: number): void {
    if (this.seeds.length > 0) this.seeds = this.seeds.filter((seed) => seed.page !== page);
    for (const ip of this.#waiting) if (ip >= page && ip < page + bytes) this.#waiting.delete(ip);
    this.#open.delete(page);
  }
}
