/**
 * The built command line: scripts, each with the code V8 compiled for it during the build beside it, which halves our
 * share of a trivial guest's start. V8 checks that the code fits this Node and this script, and compiles anew where it does not.
 *
 * There are two scripts, because V8 takes time for all a script holds. One has every command, and much of it is loaded
 * on demand. The other has what a plain `run` needs, and cannot load more.
 */
import { join } from 'node:path';
import type { Script } from 'node:vm';
import { fs } from './host.js';

/** The scripts: every command (main.ts), or only a plain `run` (run-main.ts). */
export type ScriptName = 'command-line' | 'run';

/** What both export. */
export interface CommandLine {
  /** Does what the arguments behind the program's name ask for, and sets the exit code. */
  main(args: readonly string[]): Promise<void>;
}

/** Options of `run` that load more. */
const MORE = ['--gdb', '--commit-log', '--screenshot'];

/** The script that does what the arguments ask for. An argument of the guest that looks like an option of ours does no harm. */
export const scriptFor = (args: readonly string[]): ScriptName =>
  args[0] === 'run' && !args.some((arg) => MORE.some((option) => arg.startsWith(option))) ? 'run' : 'command-line';

/** What the script's text is: the bundle as a function, which the bundler writes around it. */
type Wrapped = (require: (name: string) => unknown, module: { exports: unknown }, bundleFolder: string) => void;

/** Compiles a script in `folder`, from the code beside it where that can be used. */
export function compileCommandLine(folder: string, name: ScriptName): Script {
  const filename = join(folder, `${name}.cjs`);
  const { Script } = process.getBuiltinModule('node:vm');
  return new Script(fs.readFileSync(filename, 'latin1'), { filename, cachedData: codeIn(folder, name) });
}

/** Evaluates a compiled script, whose bundle lies in `folder`. */
export function commandLineOf(script: Script, folder: string): CommandLine {
  const module = { exports: {} };
  const wrapped = script.runInThisContext() as Wrapped;
  wrapped((name) => process.getBuiltinModule(name), module, folder);
  return module.exports as CommandLine;
}

/** Keeps the code of a script that has run: with it, what has run is compiled already. */
export function keepCode(script: Script, folder: string, name: ScriptName): void {
  fs.writeFileSync(codePath(folder, name), script.createCachedData());
}

const codePath = (folder: string, name: ScriptName): string => join(folder, `${name}.code`);

function codeIn(folder: string, name: ScriptName): Buffer | undefined {
  try {
    return fs.readFileSync(codePath(folder, name));
  } catch {
    return undefined;
  }
}
