/** A step of the build: writes the interpreter's module beside the bundles, so that no start has to generate it. */
import { writeFileSync } from 'node:fs';
import { generateInterpreter } from '../hart/index.js';

writeFileSync('dist/interpreter.wasm', generateInterpreter());
