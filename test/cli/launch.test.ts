/**
 * The built command line starts from one script and the code V8 compiled for it. That code is an accelerator: without it, with
 * code of another V8, or with a damaged file, the same commands must give the same answers.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'segdev-launch-'));
const code = join(folder, 'command-line.code');

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  const bundle = (source: string, outfile: string): void => {
    buildSync({
      entryPoints: [join(root, source)], outfile: join(folder, outfile), bundle: true, minify: true, format: 'cjs', platform: 'node', target: 'node20.19',
      define: { 'import.meta.url': 'bundleUrl' }, charset: 'ascii', logLevel: 'error',
    });
  };
  bundle('src/cli/launch.ts', 'cli.js');
  bundle('src/cli/main.ts', 'command-line.cjs');
  bundle('src/cli/command-line-bundle.ts', 'loader.cjs');
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const segdev = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(folder, 'cli.js'), ...args], { encoding: 'utf8' });

/** What a fresh process says of the compiled code; in this one V8 would remember the script. */
const inFreshProcess = (expression: string): string => {
  const program = `const loader = require('./loader.cjs'); console.log(${expression})`;
  return spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' }).stdout.trim();
};
const isRejected = (): string => inFreshProcess('loader.compileCommandLine(process.cwd()).cachedDataRejected');

const works = (): void => {
  const devices = segdev('devices');
  expect(devices.stderr).toBe('');
  expect(devices.stdout).toContain('framebuffer');
  expect(devices.status).toBe(0);
  const mistake = segdev('fly');
  expect(mistake.stderr).toBe('segdev: unknown command "fly"; try segdev --help\n');
  expect(mistake.status).toBe(2);
  const { status, stdout } = segdev('run', join(root, 'guest/images/hello.elf'), '--quiet');
  expect(stdout).toContain('hello from a RISC-V guest');
  expect(status).toBe(0);
};

it('starts without compiled code beside the script', () => {
  expect(existsSync(code)).toBe(false);
  works();
});

it('starts from compiled code that fits, which V8 accepts', () => {
  inFreshProcess('loader.keepCode(loader.compileCommandLine(process.cwd()), process.cwd())');
  expect(existsSync(code)).toBe(true);
  expect(isRejected()).toBe('false');
  works();
});

it('starts where the compiled code is damaged or of another V8', () => {
  const bytes = readFileSync(code);
  writeFileSync(code, bytes.fill(0x5a, 0, 64));
  expect(isRejected()).toBe('true');
  works();
  writeFileSync(code, '');
  works();
});
