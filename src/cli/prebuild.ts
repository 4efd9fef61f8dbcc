/**
 * The last step of the build, in the folder it is given: modules and machine code of the interpreter and of the compiler of regions, and the
 * command line's compiled code, so that no start has to make them; and the kinds of module in the folders (the command line is CommonJS, the
 * declarations describe ES modules). What V8 makes is made in processes of their own, which begin as those do that will use it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generateInterpreter, preparedWords } from '../hart/index.js';
import { commandLineOf, compileCommandLine, keepCode, type ScriptName } from './command-line-bundle.js';
import { machineCodeOf } from './machine-code.js';
import { giveFlagsBack } from './prebuilt.js';
import { translatedCompiler } from './translation.js';

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

/** The modules whose machine code is kept. */
const MODULES = ['interpreter', 'region-compiler'];

/** Writes a file, under another name until it is whole. */
function keep(name: string, content: Uint8Array | Int32Array): void {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

const keepMachineCode = (name: string): void => keep(`${name}.code`, machineCodeOf(new Uint8Array(readFileSync(join(folder, `${name}.wasm`)))));

/** Does one part of the work, with nothing to read on standard output. */
const inItsOwnProcess = (what: string): boolean =>
  spawnSync(process.execPath, [self!, folder, what], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;

async function prepare(): Promise<void> {
  mkdirSync(join(folder, 'types'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(folder, 'types/package.json'), '{ "type": "module" }\n');
  keep('interpreter.wasm', generateInterpreter());
  keep('region-compiler.wasm', await translatedCompiler());
  keep('region-compiler.prepared', preparedWords());
  for (const name of MODULES) {
    rmSync(join(folder, `${name}.code`), { force: true });
    if (!inItsOwnProcess(name)) console.warn(`built without machine code of ${name}.wasm, which V8 ${process.versions.v8} does not give`);
  }
  for (const name of SCRIPTS) if (!inItsOwnProcess(name)) throw new Error(`${name}: ${PROGRAMS.join(' or ')} did not run`);
}

if (part === undefined) await prepare();
else if (MODULES.includes(part)) keepMachineCode(part);
else await keepCodeOf(part as ScriptName);
