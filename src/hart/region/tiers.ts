/**
 * Regions are compiled quickly first. Those that go on being executed are compiled once more, optimised, where the host can be told to.
 *
 * Optimising takes V8 some 100 us a guest instruction. It does so on another core, but a process does not end before it has finished a
 * function: a guest of 50 ms would take up to half as long again. So nothing is optimised before a guest has proved to run for longer.
 */
import type { LinearMemory } from '../../base/index.js';
import { instantiate, moduleOf, optimizedName } from './compile.js';
import type { Region, RegionTable } from './region-table.js';

/** A host that optimises the WebAssembly it is told to. */
export interface Tiers {
  /** A WebAssembly.Module whose functions are compiled quickly, and never optimised. */
  quick(bytes: Uint8Array<ArrayBuffer>): object;
  /** The same, but that from now on the functions are optimised; they can be called meanwhile. */
  optimized(bytes: Uint8Array<ArrayBuffer>): object;
  /** Whether a function of a module made by `optimized` has been optimised by now. */
  isOptimized(func: unknown): boolean;
}

/** Instructions executed in all regions before one is optimised: about 30 ms. */
const PATIENCE = 12_000_000;
/** How often a region has executed each of its instructions that is optimised then. */
const WORTH = 4000;
/** Regions that may be looked at each time. */
const FEW = 32;

/** The regions that are not optimised. */
export class Unoptimized {
  readonly #table: RegionTable;
  readonly #memory: LinearMemory;
  readonly #tiers: Tiers;
  readonly #regions = new Set<Region>();
  #untilLook = 1;
  /** Whether the guest has not run for long yet. */
  #waits = true;

  constructor(table: RegionTable, memory: LinearMemory, tiers: Tiers) {
    this.#table = table;
    this.#memory = memory;
    this.#tiers = tiers;
  }

  /** Compiles the module of new regions. */
  compile(bytes: Uint8Array<ArrayBuffer>): object {
    return this.#tiers.quick(bytes);
  }

  /** Whether a region is one of them. */
  has(region: Region): boolean {
    return this.#regions.has(region);
  }

  /** Adds a region whose function was compiled so. */
  add(region: Region): void {
    this.#regions.add(region);
  }

  /** Takes those out that are worth optimising now, if any are seen: many regions are looked at less often than few. */
  takeProven(): Region[] | undefined {
    const table = this.#table;
    if (--this.#untilLook > 0) return undefined;
    this.#untilLook = 1 + Math.floor(table.regions.size / FEW);
    if (this.#regions.size === 0) return undefined;
    if (this.#waits) this.#waits = table.executedInAll < PATIENCE;
    let proven: Region[] | undefined;
    for (const region of this.#regions) {
      const isThere = table.has(region);
      if (isThere && (this.#waits || table.executed(region) < WORTH * region.plan.instructions)) continue;
      this.#regions.delete(region);
      if (isThere) (proven ??= []).push(region);
    }
    return proven;
  }

  /** Has regions optimised that have just been taken. */
  optimize(regions: readonly Region[]): void {
    const module = this.#tiers.optimized(moduleOf(regions, optimizedName));
    const compiled = instantiate(module, regions, this.#memory, optimizedName);
    regions.forEach((region, i) => this.#table.replace(region, compiled[i]));
  }
}
