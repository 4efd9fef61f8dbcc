/** Builds the command line and runs it as a user would: a process with arguments, two streams and an exit code. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** A scratch folder, also the working directory of every command. */
export const scratch: string = mkdtempSync(join(tmpdir(), 'segdev-cli-'));
const built = join(root, `out/test-${basename(scratch)}`);
const outfile = join(built, 'cli.js');

/** Builds the command line as the package has it: a launcher and one script. To be called first in a test file: each tidies up behind itself. */
export function prepareCli(): void {
  mkdirSync(scratch, { recursive: true });
  const bundle = (source: string, to: string): void => {
    buildSync({
      entryPoints: [join(root, source)], outfile: join(built, to), bundle: true, format: 'cjs', platform: 'node', target: 'node20.19',
      define: { 'import.meta.url': 'bundleUrl' }, charset: 'ascii', logLevel: 'error',
    });
  };
  bundle('src/cli/launch.ts', 'cli.js');
  bundle('src/cli/main.ts', 'command-line.cjs');
  writeFileSync(join(built, 'package.json'), '{ "type": "commonjs" }');
  afterAll(() => {
    rmSync(built, { recursive: true, force: true });
    rmSync(scratch, { recursive: true, force: true });
  });
}

/** How a command ended. */
export interface Outcome { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the command line to its end, with `input` in a pipe on its standard input. */
export function segdevWithInput(input: string, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [outfile, ...args], { cwd: scratch, encoding: 'utf8', timeout: 30_000, input });
  return { code: status, stdout, stderr };
}

/** Runs the command line to its end, with an empty standard input. */
export const segdev = (...args: string[]): Outcome => segdevWithInput('', ...args);

/** Starts the command line; the caller waits for its end. */
export const startSegdev = (...args: string[]): ChildProcess => spawn(process.execPath, [outfile, ...args], { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] });

/** Starts the command line and sends it SIGINT as soon as it has printed something. */
export function interruptAfterFirstOutput(...args: string[]): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [outfile, ...args], { cwd: scratch, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes: Buffer) => {
      if (stdout === '') child.kill('SIGINT');
      stdout += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}
