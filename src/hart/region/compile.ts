/** From functions to regions: a batch of functions becomes one WebAssembly module, which imports memory and nothing else. */
import type { LinearMemory } from '../../base/index.js';
import { type ByteWriter, ModuleWriter } from '../../wasm/index.js';
import { addFmaFunctions } from '../float-functions.js';
import { REGION_PARAMS, REGION_RESULTS } from '../interpreter.js';
import { HART_RESERVED } from '../layout.js';
import type { Job } from './job.js';

/** Names functions are exported by. */
export type Naming = (job: Job) => string;
export const plainName: Naming = ({ slot }) => `region${slot}`;
/** Not the same: V8 compiles no bytes twice. */
export const optimizedName: Naming = ({ slot }) => `optimized${slot}`;

/** The module of a batch. Functions of fused multiply-adds come first: see FUSING. */
export function moduleOf(jobs: readonly Job[], nameOf: Naming = plainName): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  module.importMemory(HART_RESERVED >>> 16);
  if (jobs.some(({ plan }) => plan.fuses)) addFmaFunctions(module);
  for (const job of jobs) module.addFunction(bodyOf(job), nameOf(job));
  return module.finish();
}

const bodyOf = ({ body }: Job): Parameters<ModuleWriter['addFunction']>[0] => ({
  params: REGION_PARAMS, results: REGION_RESULTS,
  finish: (out: ByteWriter) => {
    out.unsigned(body.length);
    out.copy(body);
  },
});

/** The functions of the jobs of a module, in order. */
export function instantiate(module: WebAssembly.Module, jobs: readonly Job[], memory: LinearMemory, nameOf: Naming = plainName): unknown[] {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return jobs.map((job) => exports[nameOf(job)]);
}
