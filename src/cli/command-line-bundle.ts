/**
 * The built command line: one script, with the code V8 compiled for it during the build beside it, which halves our
 * share of a trivial guest's start. V8 checks that the code fits this Node and this script, and compiles anew where it does not.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Script } from 'node:vm';
import { fs } from './host.js';

/** The script, and the code compiled for it. */
const SCRIPT = 'command-line.cjs';
const CODE = 'command-line.code';

/** What main.ts exports. */
export interface CommandLine {
  main(args: readonly string[]): Promise<void>;
}

type Wrapped = (require: (name: string) => unknown, module: { exports: unknown }, bundleUrl: string) => void;

/** Compiles the script in `folder`, from the code beside it where that can be used. */
export function compileCommandLine(folder: string): Script {
  const filename = join(folder, SCRIPT);
  const source = fs.readFileSync(filename, 'latin1');
  const { Script } = process.getBuiltinModule('node:vm');
  // The last line of the source is a comment.
  return new Script(`(function (require, module, bundleUrl) {${source}\n})`, { filename, cachedData: codeIn(folder) });
}

/** Evaluates a compiled script, whose bundle lies in `folder`. */
export function commandLineOf(script: Script, folder: string): CommandLine {
  const module = { exports: {} };
  const wrapped = script.runInThisContext() as Wrapped;
  wrapped((name) => process.getBuiltinModule(name), module, pathToFileURL(join(folder, SCRIPT)).href);
  return module.exports as CommandLine;
}

/** Keeps the code of a script that has run: with it, what has run is compiled already. */
export function keepCode(script: Script, folder: string): void {
  fs.writeFileSync(join(folder, CODE), script.createCachedData());
}

function codeIn(folder: string): Buffer | undefined {
  try {
    return fs.readFileSync(join(folder, CODE));
  } catch {
    return undefined;
  }
}
