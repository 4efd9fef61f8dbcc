/**
 * The last step of the build, in the folder it is given: the interpreter's module and machine code and the command line's compiled code,
 * so that no start has to make them, and the kinds of module in the folders (the command line is CommonJS, the declarations describe
 * ES modules). What V8 makes is made in processes of their own, which begin as those do that will use it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generateInterpreter } from '../hart/index.js';
import { commandLineOf, compileCommandLine, keepCode, type ScriptName } from './command-line-bundle.js';
import { machineCodeOf } from './machine-code.js';
import { giveFlagsBack } from './prebuilt.js';

/** Programs that together need what most programs need, for long enough to be compiled into regions. */
const PROGRAMS = ['lu', 'sort'];

const SCRIPTS: readonly ScriptName[] = ['command-line', 'run'];

const [, self, given, part] = process.argv;
const folder = resolve(given!);

/** Runs the programs with a script and keeps the code of all that has run. */
async function keepCodeOf(name: ScriptName): Promise<void> {
  const script = compileCommandLine(folder, name);
  const commandLine = commandLineOf(script, folder);
  for (const program of PROGRAMS) await commandLine.main(['run', `guest/images/${program}.elf`, '--quiet']);
  giveFlagsBack();
  keepCode(script, folder, name);
}

/** Under another name until it is whole. */
function keepMachineCode(): void {
  const path = join(folder, 'interpreter.code');
  writeFileSync(`${path}.new`, machineCodeOf(new Uint8Array(readFileSync(join(folder, 'interpreter.wasm')))));
  renameSync(`${path}.new`, path);
}

/** Does one part of the work, with nothing to read on standard output. */
const inItsOwnProcess = (what: string): boolean =>
  spawnSync(process.execPath, [self!, folder, what], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;

function prepare(): void {
  mkdirSync(join(folder, 'types'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(folder, 'types/package.json'), '{ "type": "module" }\n');
  writeFileSync(join(folder, 'interpreter.wasm'), generateInterpreter());
  rmSync(join(folder, 'interpreter.code'), { force: true });
  if (!inItsOwnProcess('interpreter')) console.warn(`built without machine code of the interpreter, which V8 ${process.versions.v8} does not give`);
  for (const name of SCRIPTS) if (!inItsOwnProcess(name)) throw new Error(`${name}: ${PROGRAMS.join(' or ')} did not run`);
}

if (part === undefined) prepare();
else if (part === 'interpreter') keepMachineCode();
else await keepCodeOf(part as ScriptName);
