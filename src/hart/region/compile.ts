/** From plans to functions: a batch of regions becomes one WebAssembly module, which imports memory and nothing else. */
import type { LinearMemory } from '../../base/index.js';
import { ModuleWriter } from '../../wasm/index.js';
import { HART_RESERVED } from '../layout.js';
import type { Plan } from './blocks.js';
import { writeRegion } from './region-function.js';

/** A region to be compiled for a slot of the table of functions. */
export interface Job {
  readonly plan: Plan;
  readonly slot: number;
}

/** Index of an import regions do not have: their accesses leave instead. */
const NO_IMPORT = -1;

const nameOf = ({ slot }: Job): string => `region${slot}`;

/** Writes the module of a batch, which exports its functions by slot; `cacheEntries` is the size of the translation caches. */
export function writeModule(jobs: readonly Job[], cacheEntries: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  module.importMemory(HART_RESERVED >>> 16);
  for (const job of jobs) module.addFunction(writeRegion(job.plan, job.slot, { access: NO_IMPORT }, cacheEntries), nameOf(job));
  return module.finish();
}

/** Compiles a module; returns the functions of its jobs, in order. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, jobs: readonly Job[], memory: LinearMemory): unknown[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return jobs.map((job) => exports[nameOf(job)]);
}
