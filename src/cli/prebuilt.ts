/** Takes what the build has prepared, where this is a build; run from sources, the machine generates it itself. */
import { join } from 'node:path';
import { fs, now } from './host.js';
import { type PrebuiltCompiler, usePrebuiltInterpreter, usePrebuiltRegionCompiler } from '../hart/index.js';
import { moduleWithCode } from './machine-code.js';
import { setBudget } from './v8-flags.js';

/**
 * Lets the machines of this process use the interpreter the build has written beside this file. With its machine code it is fast from
 * the first instruction, and V8 does not spend the guest's first tenths of a second on optimising it.
 */
export function takePrebuilt(): void {
  const module = prebuiltModule('interpreter');
  if (module) usePrebuiltInterpreter(module);
  usePrebuiltRegionCompiler(prebuiltCompiler);
}

function prebuiltModule(name: string): object | undefined {
  const code = prebuilt(`${name}.code`);
  const module = code && moduleWithCode(code);
  if (module) return module;
  const bytes = prebuilt(`${name}.wasm`);
  return bytes && optimizedLate(bytes);
}

function prebuiltCompiler(): PrebuiltCompiler | undefined {
  const prepared = prebuilt('region-compiler.prepared');
  // V8 takes machine code only under the flags it was made with.
  giveFlagsBack();
  const module = prepared && prebuiltModule('region-compiler');
  if (patient) bePatient();
  return module && { module, prepared: new Int32Array(prepared.buffer) };
}

let patient = false;

/**
 * The clock of the compiler of regions, in milliseconds: who asks is about to compile. At the first time V8 is told to be patient with
 * JavaScript; a guest too short for regions is spared that.
 */
export function compilerClock(): number {
  if (!patient) bePatient();
  patient = true;
  return now();
}

const bePatient = (): void => setBudget('interrupt-budget', PATIENT_WITH_JAVASCRIPT);

/** Gives V8 its flags back: what it makes for other processes to use must be made under the flags they start with. */
export function giveFlagsBack(): void {
  setBudget('interrupt-budget');
}

/** A file of the build; undefined where it cannot be read: whoever asks can do without. */
function prebuilt(name: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(fs.readFileSync(join(import.meta.dirname, name)));
  } catch {
    return undefined;
  }
}

/**
 * Three times the default. The compiler of regions runs for some hundredths of a second; optimising it takes longer than that, and keeps
 * the other core from optimising the regions.
 */
const PATIENT_WITH_JAVASCRIPT = 220_000;
const PATIENT_WITH_WASM = 1_000_000_000;

/**
 * Compiles a module whose functions are optimised later than usual. Each jump back in the interpreter is a long one, which V8 takes for
 * work done: it would optimise the interpreter after some dozen instructions, and a process does not end before that is finished. So
 * a trivial guest would take twice its time; now the optimiser starts after some ten thousand instructions.
 */
function optimizedLate(bytes: Uint8Array<ArrayBuffer>): object {
  setBudget('wasm-tiering-budget', PATIENT_WITH_WASM);
  const module = new WebAssembly.Module(bytes);
  setBudget('wasm-tiering-budget');
  return module;
}
