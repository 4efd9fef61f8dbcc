/** Takes what the build has prepared, where this is a build; run from sources, the machine generates it itself. */
import { join } from 'node:path';
import { fs } from './host.js';
import { usePrebuiltInterpreter } from '../hart/index.js';

/** Lets the machines of this process use the interpreter's module the build has written beside this file. */
export function takePrebuilt(): void {
  try {
    const bytes = new Uint8Array(fs.readFileSync(join(import.meta.dirname, 'interpreter.wasm')));
    withoutHaste(() => usePrebuiltInterpreter(bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The V8 this is known to help, and what a function may execute there before it is optimised: "rough bytes". */
const V8 = '11.3.';
const BUDGET = 1_800_000;
const PATIENT_BUDGET = 1_000_000_000;

/**
 * Compiles a module whose functions are optimised later than usual. Each jump back in the interpreter is a long one, which V8 takes for
 * work done: it would optimise the interpreter after some dozen instructions, and a process does not end before that is finished. So
 * a trivial guest would take twice its time; now the optimiser starts after some ten thousand instructions.
 */
function withoutHaste(compile: () => void): void {
  if (!process.versions.v8.startsWith(V8)) {
    compile();
    return;
  }
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString(`--wasm-tiering-budget=${PATIENT_BUDGET}`);
  compile();
  setFlagsFromString(`--wasm-tiering-budget=${BUDGET}`);
}
