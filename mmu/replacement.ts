/**
 * Replacement policies: which way of a full set goes.
 *
 * The translation cache relies on one property of those that keep recency: touching the entry that was touched last in
 * its set changes nothing. It holds for LRU, tree-PLRU and bit-PLRU; FIFO and random do not look at touches at all.
 */
import type { Replacement } from './tlb-config.js';

/** State of one array's policy over `sets` * `ways` entries. */
export interface ReplacementPolicy {
  /** Whether hits change the state. */
  readonly recency: boolean;
  /** An entry of the set was used. Called for hits only where `recency` is true, and for every insertion. */
  touch(set: number, way: number): void;
  /** The way to replace in a set whose ways are all valid. */
  victim(set: number): number;
}

/** Where FIFO and LRU keep their state: a stamp for every entry, two numbers apart, and the clock. */
export interface StampCells {
  readonly f64: Float64Array;
  /** Index in f64 of the first entry's stamp. */
  readonly first: number;
  /** Index in f64 of the clock. */
  readonly clock: number;
}

/** FIFO and LRU: the smallest stamp goes; they differ in when it is renewed. */
class Stamped implements ReplacementPolicy {
  readonly recency: boolean;
  readonly #ways: number;
  readonly #f64: Float64Array;
  readonly #first: number;
  readonly #clock: number;

  constructor(ways: number, recency: boolean, cells: StampCells) {
    this.recency = recency;
    this.#ways = ways;
    this.#f64 = cells.f64;
    this.#first = cells.first;
    this.#clock = cells.clock;
  }

  touch(set: number, way: number): void {
    this.#f64[this.#first + (set * this.#ways + way) * 2] = ++this.#f64[this.#clock]!;
  }

  victim(set: number): number {
    const f64 = this.#f64;
    const first = this.#first + set * this.#ways * 2;
    let oldest = 0;
    let stamp = f64[first]!;
    for (let way = 1; way < this.#ways; way++) {
      const other = f64[first + way * 2]!;
      if (other >= stamp) continue;
      oldest = way;
      stamp = other;
    }
    return oldest;
  }
}

/** Tree-PLRU: one bit a node of a binary tree points to the half to replace next. Ways that are no power of two leave the tree's right end unused. */
class TreePlru implements ReplacementPolicy {
  readonly recency = true;
  readonly #ways: number;
  readonly #leaves: number;
  readonly #right: Uint8Array;

  constructor(sets: number, ways: number) {
    this.#ways = ways;
    this.#leaves = 2 ** Math.ceil(Math.log2(ways));
    this.#right = new Uint8Array(sets * this.#leaves);
  }

  touch(set: number, way: number): void {
    const base = set * this.#leaves;
    for (let node = way + this.#leaves; node > 1; node >>= 1) this.#right[base + (node >> 1)] = node & 1 ? 0 : 1;
  }

  victim(set: number): number {
    const base = set * this.#leaves;
    let low = 0;
    let node = 1;
    for (let half = this.#leaves >> 1; half > 0; half >>= 1) {
      const right = this.#right[base + node] === 1 && low + half < this.#ways;
      node = node * 2 + (right ? 1 : 0);
      if (right) low += half;
    }
    return low;
  }
}

/** Bit-PLRU: one bit a way says "used"; the last bit to be set clears the others. */
class BitPlru implements ReplacementPolicy {
  readonly recency = true;
  readonly #ways: number;
  readonly #used: Uint8Array;

  constructor(sets: number, ways: number) {
    this.#ways = ways;
    this.#used = new Uint8Array(sets * ways);
  }

  touch(set: number, way: number): void {
    const first = set * this.#ways;
    const end = first + this.#ways;
    this.#used[first + way] = 1;
    for (let at = first; at < end; at++) if (this.#used[at] === 0) return;
    this.#used.fill(0, first, end);
    this.#used[first + way] = 1;
  }

  victim(set: number): number {
    const first = set * this.#ways;
    for (let way = 0; way < this.#ways; way++) if (this.#used[first + way] === 0) return way;
    return 0;
  }
}

/** Pseudo-random: xorshift32, one step a replacement. */
class RandomWay implements ReplacementPolicy {
  readonly recency = false;
  readonly #ways: number;
  #state: number;

  constructor(ways: number, seed: number) {
    this.#ways = ways;
    this.#state = seed | 0;
  }

  touch(): void {}

  victim(): number {
    let s = this.#state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.#state = s;
    return (s >>> 0) % this.#ways;
  }
}

const ownStamps = (entries: number): StampCells => ({ f64: new Float64Array(1 + entries * 2), first: 1, clock: 0 });

/** The policy of one array; `seed` matters to `random` only and must not be 0. */
export function replacementPolicy(kind: Replacement, sets: number, ways: number, seed = 0x2545_f491, stamps: StampCells = ownStamps(sets * ways)): ReplacementPolicy {
  switch (kind) {
    case 'fifo': return new Stamped(ways, false, stamps);
    case 'lru': return new Stamped(ways, true, stamps);
    case 'plru': return new TreePlru(sets, ways);
    case 'bit-plru': return new BitPlru(sets, ways);
    case 'random': return new RandomWay(ways, seed);
  }
}
