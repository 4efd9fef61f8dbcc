/** Builds the command line and runs it as a user would: a process with arguments, two streams and an exit code. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll } from 'vitest';
import { scriptFor } from '../../src/cli/command-line-bundle.js';
import { main } from '../../src/cli/main.js';
import { main as runMain } from '../../src/cli/run-main.js';
import { buildCli, keepCode } from './build-cli.js';

const root = resolve(import.meta.dirname, '../..');
/** A scratch folder, also the working directory of every command. */
export const scratch: string = mkdtempSync(join(tmpdir(), 'segdev-cli-'));
const built = join(root, `out/test-${basename(scratch)}`);
const outfile = join(built, 'cli.js');

/** Builds the command line as the package has it, with compiled code. To be called first in a test file: each tidies up behind itself. */
export function prepareCli(): void {
  mkdirSync(scratch, { recursive: true });
  buildCli(built);
  keepCode(built);
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

/**
 * Runs the command line in this process, by the entry that the launcher would take. For mistakes only, which are found before anything runs: a process for each of them would take
 * most of the time of these tests. What is not reported as a mistake but thrown fails the test.
 */
export async function mistake(...args: string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const { exitCode } = process;
  const folder = process.cwd();
  const restore = (['stdout', 'stderr'] as const).map((stream) => {
    const { write } = process[stream];
    process[stream].write = (text: string | Uint8Array): boolean => {
      said[stream] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    };
    return () => void (process[stream].write = write);
  });
  process.exitCode = undefined;
  process.chdir(scratch);
  try {
    await (scriptFor(args) === 'run' ? runMain : main)(args);
    return { code: Number(process.exitCode), ...said };
  } finally {
    process.exitCode = exitCode;
    process.chdir(folder);
    for (const back of restore) back();
  }
}

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
