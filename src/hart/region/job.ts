/** A region that is about to be. */
import type { Plan } from './plan.js';

/** A region that has been planned and written, for a slot of the table of functions. */
export interface Job {
  readonly plan: Plan;
  /** Relative addresses it was planned from. */
  readonly seeds: readonly number[];
  /** Virtual address these are relative to, when it was planned. */
  readonly origin: number;
  readonly slot: number;
  /** Whether windows of registers lie over two pages too often to be worth asking for. */
  readonly crosses: boolean;
  /** The body of its function: locals and code. */
  readonly body: Uint8Array<ArrayBuffer>;
}
