/**
 * Regions are compiled quickly first. Those that go on being executed are compiled once more, optimised, where the host can be told to.
 *
 * Optimising takes V8 some 100 us a guest instruction. It does so on another core, but a process does not end before it has finished a
 * function: a guest of 50 ms would take half as long again. So nothing is optimised before a guest has proved to run for longer.
 */
import type { LinearMemory } from '../../base/index.js';
import type { FunctionBody } from '../../wasm/index.js';
import { instantiate, optimizedName, writeAgain } from './compile.js';
import type { Region, RegionTable } from './region-table.js';

/** A host that optimises the WebAssembly it is told to. */
export interface Tiers {
  /** A WebAssembly.Module whose functions are compiled quickly, and never optimised. */
  quick(bytes: Uint8Array<ArrayBuffer>): object;
  /** The same, but that from now on the functions are optimised; they can be called meanwhile. */
  optimized(bytes: Uint8Array<ArrayBuffer>): object;
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
  readonly #functions = new Map<Region, FunctionBody>();
  #untilLook = 1;

  constructor(table: RegionTable, memory: LinearMemory, tiers: Tiers) {
    this.#table = table;
    this.#memory = memory;
    this.#tiers = tiers;
  }

  /** Adds a region whose function was compiled quickly. */
  add(region: Region, body: FunctionBody): void {
    this.#functions.set(region, body);
  }

  /** Takes those out that are worth optimising now, if any are seen: many regions are looked at less often than few. */
  takeProven(): Map<Region, FunctionBody> | undefined {
    const table = this.#table;
    if (--this.#untilLook > 0) return undefined;
    this.#untilLook = 1 + Math.floor(table.regions.size / FEW);
    for (const region of this.#functions.keys()) if (!table.has(region)) this.#functions.delete(region);
    if (this.#functions.size === 0 || table.executedInAll < PATIENCE) return undefined;
    const proven = new Map([...this.#functions].filter(([region]) => table.executed(region) >= WORTH * region.plan.instructions));
    for (const region of proven.keys()) this.#functions.delete(region);
    return proven.size > 0 ? proven : undefined;
  }

  /** Has regions optimised that have just been taken. */
  optimize(functions: ReadonlyMap<Region, FunctionBody>): void {
    const regions = [...functions.keys()];
    const module = this.#tiers.optimized(writeAgain(functions).bytes);
    const compiled = instantiate(module, regions, this.#memory, optimizedName);
    regions.forEach((region, i) => this.#table.replace(region, compiled[i]));
  }
}
