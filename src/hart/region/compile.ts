/** From plans to functions: a batch of regions becomes one WebAssembly module, which imports memory and nothing else. */
import type { LinearMemory } from '../../base/index.js';
import { type FunctionBody, ModuleWriter } from '../../wasm/index.js';
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

type Naming = (job: Job) => string;
const plainName: Naming = ({ slot }) => `region${slot}`;
/** Not the same: V8 compiles no bytes twice. */
export const optimizedName: Naming = ({ slot }) => `optimized${slot}`;

/** Functions of regions, and the module that exports them. */
export interface Written {
  readonly bodies: readonly FunctionBody[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Writes the functions of a batch and their module. */
export const writeModule = (jobs: readonly Job[], stamps: Stamps): Written =>
  assemble(jobs, plainName, (job, imports) => writeRegion(job, imports, stamps));

/** Writes a module of functions that were written before, to be optimised. */
export const writeAgain = (functions: ReadonlyMap<Job, FunctionBody>): Written =>
  assemble([...functions.keys()], optimizedName, (job) => functions.get(job)!);

function assemble(jobs: readonly Job[], nameOf: Naming, bodyOf: (job: Job, imports: Imports) => FunctionBody): Written {
  const module = new ModuleWriter();
  module.importMemory(HART_RESERVED >>> 16);
  const imports = jobs.some(multipliesAndAdds) ? { ...NO_FUNCTIONS, ...addFmaFunctions(module) } : NO_FUNCTIONS;
  const bodies = jobs.map((job) => bodyOf(job, imports));
  bodies.forEach((body, i) => module.addFunction(body, nameOf(jobs[i]!)));
  return { bodies, bytes: module.finish() };
}

/** The functions of the jobs of a module, in order. */
export function instantiate(module: WebAssembly.Module, jobs: readonly Job[], memory: LinearMemory, nameOf: Naming = plainName): unknown[] {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return jobs.map((job) => exports[nameOf(job)]);
}
