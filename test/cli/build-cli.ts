/** Builds the command line into a folder as package.json does: a launcher, the scripts it chooses from, the interpreter. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import type { ScriptName } from '../../src/cli/command-line-bundle.js';
import { generateInterpreter } from '../../src/hart/index.js';

const root = resolve(import.meta.dirname, '../..');
/** The scripts. */
export const SCRIPTS: readonly ScriptName[] = ['command-line', 'run'];
/** What the script of a plain `run` leaves out. */
export const LEFT_OUT: readonly string[] = ['src/debug/index.ts', 'src/cli/gdb-port.ts', 'src/cli/png.ts'];

/** Builds the command line, without compiled code, and loader.cjs: what cli.js consists of, for a test to call. */
export function buildCli(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const bundle = (source: string, to: string, options: BuildOptions = {}): void => {
    buildSync({
      entryPoints: [join(root, source)], outfile: join(folder, to), bundle: true, minify: true, format: 'cjs', platform: 'node', target: 'node20.19',
      absWorkingDir: root, charset: 'ascii', logLevel: 'error', ...options,
    });
  };
  const script: BuildOptions = {
    define: { 'import.meta.dirname': 'bundleFolder' }, banner: { js: '(function (require, module, bundleFolder) {' }, footer: { js: '})' },
  };
  bundle('src/cli/launch.ts', 'cli.js');
  bundle('src/cli/main.ts', 'command-line.cjs', script);
  bundle('src/cli/run-main.ts', 'run.cjs', { ...script, external: LEFT_OUT.map((file) => `./${file}`) });
  bundle('src/cli/command-line-bundle.ts', 'loader.cjs');
  bundle('src/cli/machine-code.ts', 'machine-code.cjs');
  bundle('src/cli/prebuild.ts', 'prebuild.mjs', { format: 'esm', minify: false });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  writeFileSync(join(folder, 'interpreter.wasm'), generateInterpreter());
}

/** Has the build's last step make what V8 is to find there. */
export function keepCode(folder: string): void {
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'prebuild.mjs'), folder], { cwd: root, encoding: 'utf8' });
  if (status !== 0 || stderr !== '') throw new Error(`prebuild: ${stderr}`);
}
