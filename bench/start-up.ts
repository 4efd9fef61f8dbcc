/**
 * Start-up of trivial guests with the built command line, and of Node alone: one after the other, so that noise hits all of them. Node
 * reads the certificates that NODE_EXTRA_CA_CERTS names before it runs anything, which takes longer than all else together: so the figures
 * are of processes without that variable, and where it is set, of Node alone with it too.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { assemble } from '../guest/index.js';
import { milliseconds, type Spread, spread } from './measure.js';

const RUNS = 25;
/** A guest that does nothing but exit. */
const EXIT = 'out/exit.elf';
const { NODE_EXTRA_CA_CERTS: certificates, ...PLAIN } = process.env;

/** What is started, and with which variables. */
interface Start {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Milliseconds from the start of a process to its end, by what it runs. */
export function startUpMilliseconds(): Readonly<Record<string, Spread>> {
  writeFileSync(EXIT, assemble('.globl _start\n_start:\nli a0, 0\nli a7, 93\necall').elf);
  const starts: Readonly<Record<string, Start>> = {
    'a guest that prints two lines': { args: ['dist/cli.js', 'run', 'guest/images/hello.elf', '--quiet'], env: PLAIN },
    'a guest that only exits': { args: ['dist/cli.js', 'run', EXIT, '--quiet'], env: PLAIN },
    'Node alone': { args: ['-e', '0'], env: PLAIN },
    ...(certificates === undefined ? {} : { 'Node alone with its extra certificates': { args: ['-e', '0'], env: process.env } }),
  };
  const times = Object.fromEntries(Object.keys(starts).map((name) => [name, [] as number[]]));
  for (let i = 0; i < RUNS; i++) for (const [name, start] of Object.entries(starts)) times[name]!.push(milliseconds(() => succeed(start)));
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, spread(values)]));
}

function succeed({ args, env }: Start): void {
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore', env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
}
