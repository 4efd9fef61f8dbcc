/** Takes what the build has prepared, where this is a build; run from sources, the machine generates it itself. */
import { fs } from './host.js';
import { usePrebuiltInterpreter } from '../hart/index.js';

/** Lets the machines of this process use the interpreter's module the build has written beside this file. */
export function takePrebuilt(): void {
  try {
    usePrebuiltInterpreter(new Uint8Array(fs.readFileSync(new URL('interpreter.wasm', import.meta.url))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
