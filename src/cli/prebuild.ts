/**
 * The last step of the build, run on `dist`: the interpreter's module and the command line's compiled code, so that no
 * start has to make them, and the kinds of module in the folders (the command line is CommonJS, the declarations describe ES modules).
 */
import { writeFileSync } from 'node:fs';
import { generateInterpreter } from '../hart/index.js';
import { assemble } from '../../guest/index.js';
import { commandLineOf, compileCommandLine, keepCode } from './command-line-bundle.js';

writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
writeFileSync('dist/types/package.json', '{ "type": "module" }\n');
writeFileSync('dist/interpreter.wasm', generateInterpreter());
// What this program needs is what every start needs.
writeFileSync('out/trivial.elf', assemble('li a0, 1\nli a2, 0\nli a7, 64\necall\nli a0, 0\nli a7, 93\necall').elf);
const script = compileCommandLine('dist');
await commandLineOf(script, 'dist').main(['run', 'out/trivial.elf', '--quiet']);
keepCode(script, 'dist');
