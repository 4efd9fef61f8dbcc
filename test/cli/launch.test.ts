/**
 * The built command line starts from a script and the code V8 compiled for it. That code is an accelerator: without it, with
 * code of another V8, or with a damaged file, the same commands must give the same answers. So must both scripts: the one with
 * every command, and the one with nothing but a plain `run`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scriptFor } from '../../src/cli/command-line-bundle.js';
import { buildCli, keepCode, LEFT_OUT, SCRIPTS } from './build-cli.js';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'segdev-launch-'));
const hello = join(root, 'guest/images/hello.elf');
const codePath = (name: string): string => join(folder, `${name}.code`);

beforeAll(() => buildCli(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const segdev = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [join(folder, 'cli.js'), ...args], { encoding: 'utf8', cwd: folder });

/** What a fresh process says of the compiled code; in this one V8 would remember the script. */
const inFreshProcess = (expression: string): string => {
  const program = `const loader = require('./loader.cjs'); console.log(${expression})`;
  return spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' }).stdout.trim();
};
const takesMachineCode = (): string => inFreshProcess("!!require('./machine-code.cjs').moduleWithCode(new Uint8Array(fs.readFileSync('interpreter.code')))");
const isRejected = (name: string): string => inFreshProcess(`loader.compileCommandLine(process.cwd(), '${name}').cachedDataRejected`);

const works = (): void => {
  const devices = segdev('devices');
  expect(devices.stderr).toBe('');
  expect(devices.stdout).toContain('framebuffer');
  expect(devices.status).toBe(0);
  const mistake = segdev('fly');
  expect(mistake.stderr).toBe('segdev: unknown command "fly"; try segdev --help\n');
  expect(mistake.status).toBe(2);
  const { status, stdout } = segdev('run', hello, '--quiet');
  expect(stdout).toContain('hello from a RISC-V guest');
  expect(status).toBe(0);
};

it('starts without compiled code beside the scripts', () => {
  for (const name of SCRIPTS) expect(existsSync(codePath(name))).toBe(false);
  works();
});

it('starts from compiled code that fits, which V8 accepts', () => {
  keepCode(folder);
  for (const name of SCRIPTS) expect(isRejected(name)).toBe('false');
  expect(takesMachineCode()).toBe('true');
  works();
});

it('starts where the machine code of the interpreter is damaged, cut short, of another V8 or missing', () => {
  const path = join(folder, 'interpreter.code');
  const code = readFileSync(path);
  const cut = [0, 3, 16, 516, code.length >> 1, code.length - 1].map((length) => code.subarray(0, length));
  const machineCodeAt = 16 + code.readUInt32LE(8) + code.readUInt32LE(12);
  for (const wrong of [...cut, Buffer.from(code).fill(0x5a, 0, 16), Buffer.from(code).fill(0x5a, machineCodeAt, machineCodeAt + 8)]) {
    writeFileSync(path, wrong);
    expect(takesMachineCode()).toBe('false');
  }
  works();
  rmSync(path);
  works();
  writeFileSync(path, code);
});

it('compiles regions where what the build has made of their compiler is damaged, cut short or missing', () => {
  const compiles = (): void => {
    const { status, stderr } = segdev('run', join(root, 'guest/images/sort.elf'), '--hotness', '100', '--max-instructions', '1000000');
    expect(stderr).toMatch(/, [1-9]\d* guest instructions compiled in /);
    expect(status).toBe(124);
  };
  compiles();
  const paths = ['wasm', 'code', 'prepared'].map((kind) => join(folder, `region-compiler.${kind}`));
  const whole = paths.map((path) => readFileSync(path));
  paths.forEach((path, n) => {
    for (const length of [0, 1001, 20_000]) {
      writeFileSync(path, whole[n]!.subarray(0, length));
      // The module is only taken where there is no machine code.
      if (path.endsWith('wasm')) rmSync(paths[1]!);
      compiles();
      writeFileSync(paths[1]!, whole[1]!);
    }
    rmSync(path);
    compiles();
    writeFileSync(path, whole[n]!);
  });
}, 60_000);

it('starts where the compiled code is damaged or of another V8', () => {
  for (const name of SCRIPTS) {
    const bytes = readFileSync(codePath(name));
    writeFileSync(codePath(name), bytes.fill(0x5a, 0, 64));
    expect(isRejected(name)).toBe('true');
  }
  works();
  for (const name of SCRIPTS) writeFileSync(codePath(name), '');
  works();
});

it('gives `run` to the script that has nothing else, and options that load more to the one that has everything', () => {
  expect(scriptFor(['run', hello, '--quiet', '--stats', 'x'])).toBe('run');
  for (const args of [[], ['devices'], ['bare', hello], ['demo'], ['--version'], ['run', hello, '--gdb=0'], ['run', '--commit-log', 'x', hello], ['run', hello, '--screenshot', 'x.png']]) {
    expect(scriptFor(args), args.join(' ')).toBe('command-line');
  }
});

it('loads nothing on demand in the script of `run` but what such options load, and is built without it as the package is', () => {
  const loaded = [...readFileSync(join(folder, 'run.cjs'), 'latin1').matchAll(/\bimport\("([^"]*)"\)/g)].map(([, path]) => resolve(folder, path!));
  expect(loaded.map((path) => LEFT_OUT.find((file) => path.endsWith(file)))).not.toContain(undefined);
  const { scripts: commands } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect([...commands['bundle:cli']!.matchAll(/--external:\.\/(\S+)/g)].map(([, file]) => file)).toEqual(LEFT_OUT);
});

it('says the same of the same mistake in both scripts', () => {
  const plain = segdev('run', 'no-such-file');
  const whole = segdev('run', 'no-such-file', '--screenshot', 'x.png', '--device', 'framebuffer');
  expect(plain.stderr).toBe('segdev: cannot read no-such-file: ENOENT: no such file or directory\n');
  expect(plain.status).toBe(2);
  expect(whole).toMatchObject({ stderr: plain.stderr, status: 2 });
});

it('runs the same program to the same log and picture with every option that loads more', () => {
  const logged = segdev('run', hello, '--quiet', '--commit-log', 'commits.txt', '--device', 'framebuffer', '--screenshot', 'picture.png');
  expect(logged).toMatchObject({ status: 0, stderr: '', stdout: segdev('run', hello, '--quiet').stdout });
  expect(readFileSync(join(folder, 'commits.txt'), 'utf8').split('\n').length).toBeGreaterThan(1000);
  expect(readFileSync(join(folder, 'picture.png')).subarray(1, 4).toString()).toBe('PNG');
});
