/** Start-up of trivial guests with the built command line, and of Node alone: one after the other, so that noise hits all of them. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { assemble } from '../guest/index.js';
import { milliseconds, type Spread, spread } from './measure.js';

const RUNS = 25;
/** A guest that does nothing but exit. */
const EXIT = 'out/exit.elf';

/** Milliseconds from the start of a process to its end, by what it runs. */
export function startUpMilliseconds(): Readonly<Record<string, Spread>> {
  writeFileSync(EXIT, assemble('.globl _start\n_start:\nli a0, 0\nli a7, 93\necall').elf);
  const commands = {
    'a guest that prints two lines': ['dist/cli.js', 'run', 'guest/images/hello.elf', '--quiet'],
    'a guest that only exits': ['dist/cli.js', 'run', EXIT, '--quiet'],
    'Node alone': ['-e', '0'],
  };
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, [] as number[]]));
  for (let i = 0; i < RUNS; i++) for (const [name, args] of Object.entries(commands)) times[name]!.push(milliseconds(() => succeed(args)));
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, spread(values)]));
}

function succeed(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
}
