/**
 * A region that is to take the place of optimised ones. Compiled quickly it would be slower than they are, and optimising it takes up to
 * some tenths of a second: until then they go on.
 */
import type { LinearMemory } from '../../base/index.js';
import { instantiate, moduleOf } from './compile.js';
import type { Job } from './job.js';
import type { Region, RegionTable } from './region-table.js';
import type { Tiers } from './tiers.js';

interface Waiting {
  readonly job: Job;
  readonly func: unknown;
  readonly predecessors: readonly Region[];
}

/** The successor of a group of regions, while there is one. */
export class Succession {
  readonly #table: RegionTable;
  readonly #memory: LinearMemory;
  readonly #tiers: Tiers;
  #waiting: Waiting | undefined;

  constructor(table: RegionTable, memory: LinearMemory, tiers: Tiers) {
    this.#table = table;
    this.#memory = memory;
    this.#tiers = tiers;
  }

  /** Whether there is none. */
  get isOpen(): boolean {
    return this.#waiting === undefined;
  }

  /** Whether the successor was compiled from a decoded page. */
  hasPage(page: number): boolean {
    return this.#waiting !== undefined && [...this.#waiting.job.plan.pages.values()].includes(page);
  }

  /** Has a successor optimised. */
  prepare(job: Job, predecessors: readonly Region[]): void {
    const module = this.#tiers.optimized(moduleOf([job]));
    const [func] = instantiate(module, [job], this.#memory);
    this.#waiting = { job, func, predecessors };
  }

  /** Gives the successor up, if there is one. */
  giveUp(): void {
    if (this.#waiting) this.#table.giveSlot(this.#waiting.job.slot);
    this.#waiting = undefined;
  }

  /**
   * Puts the successor into the place of its predecessors, if it is optimised; gives it up where one of them is gone.
   * @returns the region it has become.
   */
  takeOver(): Region | undefined {
    if (this.#waiting === undefined) return undefined;
    const { job, func, predecessors } = this.#waiting;
    if (!predecessors.every((region) => this.#table.has(region))) {
      this.giveUp();
      return undefined;
    }
    if (!this.#tiers.isOptimized(func)) return undefined;
    for (const region of predecessors) this.#table.drop(region);
    this.#waiting = undefined;
    return this.#table.install(job, func);
  }
}
