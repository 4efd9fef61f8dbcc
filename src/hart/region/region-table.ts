/**
 * The regions that exist: their functions in the table, and their entries in decoded instructions, where the handler Region stands
 * in the place of the instruction's own.
 *
 * A region lives as long as the decoded pages it was compiled from: these are what its code was read from, and what the interpreter
 * would execute as well.
 */
import { HarnessBug } from '../../base/index.js';
import { Handler } from '../handlers.js';
import { Decoded, DECODED_PAGE, REGION_COUNTS_SHIFT, REGION_ENTRIES, REGION_ENTRY_COUNT, REGION_SLOTS, RegionCount } from '../layout.js';
import { CLOSED, LEADS } from './compiler/code-copies.js';
import { BlockFlag } from './compiler/compiler.js';
import type { Job } from './job.js';

/** The memory decoded pages lie in. */
export interface CodeMemory {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
}

/** A compiled region. */
export interface Region extends Job {
  /** Numbers of its entries, and the decoded instructions they are in. */
  readonly entries: readonly number[];
  readonly entryPlaces: readonly number[];
  /** Decoded instructions its blocks begin with, but for those of copies. */
  readonly leaders: readonly number[];
}

/** What the table is of the interpreter's module. */
export interface FunctionTable {
  set(slot: number, func: unknown): void;
}

/** Free numbers, given out from 1 upward, the last one given back first. */
class Numbers {
  readonly #free: number[] = [];
  readonly #limit: number;
  #next = 1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get left(): number {
    return this.#free.length + this.#limit - this.#next;
  }

  take(): number {
    const number = this.#free.pop() ?? this.#next++;
    if (number >= this.#limit) throw new HarnessBug('no region number left', { limit: this.#limit });
    return number;
  }

  give(number: number): void {
    this.#free.push(number);
  }
}

/** Index among 32-bit words of a count of a slot. */
const countAt = (slot: number, count: number): number => (count + (slot << REGION_COUNTS_SHIFT)) >> 2;

/** The regions of one machine. */
export class RegionTable {
  /** By slot, the oldest first. */
  readonly regions: Map<number, Region> = new Map();
  /** Guest instructions in them. */
  instructions = 0;
  readonly #memory: CodeMemory;
  readonly #functions: FunctionTable;
  readonly #slots = new Numbers(REGION_SLOTS);
  readonly #entries = new Numbers(REGION_ENTRY_COUNT);
  /** Regions by each of their decoded pages. */
  readonly #ofPage = new Map<number, Set<Region>>();
  /** Instructions executed in regions that are gone. */
  #executedBefore = 0;
  /** The region whose block begins at a decoded instruction. */
  readonly #leaders = new Map<number, Region>();

  constructor(memory: CodeMemory, functions: FunctionTable) {
    this.#memory = memory;
    this.#functions = functions;
  }

  /** Slots nobody has. */
  get slotsLeft(): number {
    return this.#slots.left;
  }

  /** Entries nobody has. */
  get entriesLeft(): number {
    return this.#entries.left;
  }

  /** A slot for a region that is about to be compiled. */
  takeSlot(): number {
    return this.#slots.take();
  }

  /** Takes a slot back that no region was put into. */
  giveSlot(slot: number): void {
    this.#slots.give(slot);
  }

  /** The region one of whose blocks begins at a decoded instruction. */
  regionAt(ip: number): Region | undefined {
    return this.#leaders.get(ip);
  }

  /** Whether a region is still one. */
  has(region: Region): boolean {
    return this.regions.get(region.slot) === region;
  }

  /** How often the interpreter has entered a region. */
  calls({ slot }: Region): number {
    return this.#memory.i32[countAt(slot, RegionCount.calls)]!;
  }

  /** Guest instructions a region has executed. */
  executed({ slot }: Region): number {
    const { i32 } = this.#memory;
    const at = countAt(slot, RegionCount.executed);
    return i32[at + 1]! * 2 ** 32 + (i32[at]! >>> 0);
  }

  /** Guest instructions executed in regions, those that are gone included. */
  get executedInAll(): number {
    let sum = this.#executedBefore;
    for (const region of this.regions.values()) sum += this.executed(region);
    return sum;
  }

  /** How often a region has returned because a window lay over two pages, since this was last asked. */
  takeCrossings({ slot }: Region): number {
    const { i32 } = this.#memory;
    const at = countAt(slot, RegionCount.crossings);
    const crossings = i32[at]!;
    i32[at] = 0;
    return crossings;
  }

  /** Makes the past count half. */
  age(): void {
    for (const { slot } of this.regions.values()) this.#memory.i32[countAt(slot, RegionCount.calls)]! >>>= 1;
  }

  /** Puts a region into its slot and opens its entries. */
  install(job: Job, func: unknown): Region {
    const { u16, i32 } = this.#memory;
    const entries: number[] = [];
    const entryPlaces: number[] = [];
    const { slot, plan } = job;
    const region: Region = { ...job, entries, entryPlaces, leaders: plan.places };
    for (const ip of region.leaders) if (!this.#leaders.has(ip)) this.#leaders.set(ip, region);
    for (let n = 0; n < plan.blocks; n++) {
      const ip = plan.placeOfBlock(n);
      if (!plan.has(n, BlockFlag.entry) || u16[(ip + Decoded.handler) >> 1] === Handler.Region) continue;
      const entry = this.#entries.take();
      i32[(REGION_ENTRIES >> 2) + entry] = (slot << 16) | n;
      u16[(ip + Decoded.coveredHandler) >> 1] = u16[(ip + Decoded.handler) >> 1]!;
      u16[(ip + Decoded.regionEntry) >> 1] = entry;
      u16[(ip + Decoded.handler) >> 1] = Handler.Region;
      entries.push(entry);
      entryPlaces.push(ip);
    }
    i32.fill(0, countAt(slot, RegionCount.executed), countAt(slot + 1, RegionCount.executed));
    this.#functions.set(slot, func);
    this.regions.set(slot, region);
    this.instructions += plan.instructions;
    for (const page of plan.pages.values()) {
      const here = this.#ofPage.get(page);
      if (here) here.add(region);
      else this.#ofPage.set(page, new Set([region]));
    }
    return region;
  }

  /** Puts another function in the place of a region's, which does the same. */
  replace({ slot }: Region, func: unknown): void {
    this.#functions.set(slot, func);
  }

  /** Takes a region out: its entries close, its slot and its function are free. */
  drop(region: Region): void {
    const { u16, i32 } = this.#memory;
    region.entryPlaces.forEach((ip, i) => {
      u16[(ip + Decoded.handler) >> 1] = u16[(ip + Decoded.coveredHandler) >> 1]!;
      i32[(ip + Decoded.heat) >> 2] = 0;
      this.#entries.give(region.entries[i]!);
    });
    for (const ip of region.leaders) if (this.#leaders.get(ip) === region) this.#leaders.delete(ip);
    for (const page of region.plan.pages.values()) {
      const here = this.#ofPage.get(page);
      here?.delete(region);
      if (here?.size === 0) this.#ofPage.delete(page);
    }
    this.regions.delete(region.slot);
    this.#executedBefore += this.executed(region);
    this.instructions -= region.plan.instructions;
    this.#functions.set(region.slot, null);
    this.#slots.give(region.slot);
  }

  /** Marks in a copy of a decoded page what belongs to regions, but leaves the entries of some open. */
  mark(page: number, copy: Uint16Array, open: ReadonlySet<Region>): void {
    const isHere = (ip: number): boolean => ip >= page && ip < page + DECODED_PAGE;
    for (const region of this.#ofPage.get(page) ?? []) {
      for (const ip of region.entryPlaces) {
        if (isHere(ip)) copy[(ip - page + Decoded.handler) >> 1] = this.#memory.u16[(ip + Decoded.coveredHandler) >> 1]! | (open.has(region) ? 0 : CLOSED);
      }
      for (const ip of region.leaders) if (isHere(ip) && this.#leaders.has(ip)) copy[(ip - page + Decoded.handler) >> 1]! |= LEADS;
    }
  }

  /** Whether a decoded page is part of a region. */
  isPart(page: number): boolean {
    return this.#ofPage.has(page);
  }

  /** Takes out every region that a decoded page is part of; returns them. */
  dropPage(page: number): readonly Region[] {
    const regions = [...(this.#ofPage.get(page) ?? [])];
    for (const region of regions) this.drop(region);
    return regions;
  }
}
