/** Translates the compiler of regions into WebAssembly, with AssemblyScript: its text is TypeScript both can read, but for how modules are named. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** As all a build reads, from the package's own folder. */
const FOLDER: string = resolve('src/hart/region/compiler');
/** What AssemblyScript remarks on that TypeScript wants: `!` after what it knows is there, and exported classes. */
const REMARKS = '210,235';

/** What is used of AssemblyScript. Its own declarations are not: they declare the globals of its language for the whole program. */
interface AssemblyScript {
  main(args: readonly string[], io: { readFile(name: string): string | null; writeFile(name: string, contents: Uint8Array | string): void }):
    Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

async function assemblyScript(): Promise<AssemblyScript> {
  const path = createRequire(resolve('package.json')).resolve('assemblyscript/dist/asc.js');
  return (await import(pathToFileURL(path).href)) as AssemblyScript;
}

/** The module's bytes. @throws Error with the messages of the compiler where it refuses the text */
export async function translatedCompiler(): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array | undefined;
  const options = ['-Os', '--runtime', 'minimal', '--use', 'abort=translated/stop', '--disableWarning', REMARKS];
  const { error, stderr } = await (await assemblyScript()).main(['translated.ts', '--outFile', 'compiler.wasm', ...options], {
    readFile: textOf,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') bytes = contents;
    },
  });
  if (error || bytes === undefined) throw new Error(`the compiler of regions is not translated: ${error?.message}\n${stderr.toString()}`);
  return new Uint8Array(bytes);
}

/** The text of a file for AssemblyScript, which has the types of integers.ts itself, knows no imports of types, and adds `.ts` to a name. */
function textOf(name: string): string | null {
  const file = name.replace(/\.js\.ts$/, '.ts');
  try {
    return readFileSync(join(FOLDER, file), 'utf8')
      .replace(/^import .*'\.\/integers\.js';$/gm, '')
      .replace(/^import type /gm, 'import ')
      .replace(/(?<=^import \{.*)\btype /gm, '');
  } catch {
    return null;
  }
}
