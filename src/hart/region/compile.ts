/** From plans to functions: a batch of regions becomes one WebAssembly module, which imports memory and nothing else. */
import type { LinearMemory } from '../../base/index.js';
import { ModuleWriter } from '../../wasm/index.js';
import type { Imports } from '../emitter.js';
import { addFmaFunctions } from '../float-functions.js';
import { HART_RESERVED } from '../layout.js';
import type { Job } from './job.js';
import { writeRegion } from './region-function.js';
import type { Stamps } from './stamps.js';
import { Uses } from './traits.js';

/** Index of a function a module does not have: regions leave instead of calling most of them. */
const NO_FUNCTION = -1;
const NO_FUNCTIONS: Imports = { access: NO_FUNCTION, float: NO_FUNCTION, fma32: NO_FUNCTION, fma64: NO_FUNCTION };

function multipliesAndAdds({ plan }: Job): boolean {
  for (const { code } of plan.blocks) for (const { traits } of code) if (traits.uses & Uses.fs3) return true;
  return false;
}

const nameOf = ({ slot }: Job): string => `region${slot}`;

/** Writes the module of a batch, which exports its functions by slot. */
export function writeModule(jobs: readonly Job[], stamps: Stamps): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  module.importMemory(HART_RESERVED >>> 16);
  const functions = jobs.some(multipliesAndAdds) ? { ...NO_FUNCTIONS, ...addFmaFunctions(module) } : NO_FUNCTIONS;
  for (const job of jobs) module.addFunction(writeRegion(job, functions, stamps), nameOf(job));
  return module.finish();
}

/** Compiles a module; returns the functions of its jobs, in order. */
export function instantiate(bytes: Uint8Array<ArrayBuffer>, jobs: readonly Job[], memory: LinearMemory): unknown[] {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return jobs.map((job) => exports[nameOf(job)]);
}
