/**
 * The last step of the build, run on `dist`: the interpreter's module and the command line's compiled code, so that no
 * start has to make them, and the kinds of module in the folders (the command line is CommonJS, the declarations describe ES modules).
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { generateInterpreter } from '../hart/index.js';
import { commandLineOf, compileCommandLine, keepCode, type ScriptName } from './command-line-bundle.js';

/** A program that needs little more than what every program needs. */
const PROGRAM = 'guest/images/hello.elf';

/** Runs the program with a script and keeps the code of all that has run. */
async function keepCodeOf(name: ScriptName): Promise<void> {
  const script = compileCommandLine('dist', name);
  await commandLineOf(script, 'dist').main(['run', PROGRAM, '--quiet']);
  keepCode(script, 'dist', name);
}

function prepare(): void {
  writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
  writeFileSync('dist/types/package.json', '{ "type": "module" }\n');
  writeFileSync('dist/interpreter.wasm', generateInterpreter());
  for (const name of ['command-line', 'run'] satisfies ScriptName[]) {
    // In a process of its own, whose output, which is the program's, nobody sees.
    const { status } = spawnSync(process.execPath, [process.argv[1]!, name], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`${name}: ${PROGRAM} did not run`);
  }
}

const [, , name] = process.argv;
if (name === undefined) prepare();
else await keepCodeOf(name as ScriptName);
