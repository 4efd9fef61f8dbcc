/** What the compiler of regions is told to compile. */
import type { Plan } from './blocks.js';

/** A region to be compiled for a slot of the table of functions. */
export interface Job {
  readonly plan: Plan;
  /** Relative addresses discovery began at. */
  readonly seeds: readonly number[];
  /** Virtual address these are relative to, when it was planned. */
  readonly origin: number;
  readonly slot: number;
  /** Whether windows of registers lie over two pages too often to be worth asking for. */
  readonly crosses: boolean;
}
