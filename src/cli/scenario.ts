/** The `scenario` command: runs one script of the scenario language, or compares a folder of them with recorded traces. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ScenarioError, type ScenarioResult, normalizeScenario, runScenario } from '../harness/index.js';
import type { Quirks, SegdevMode } from '../segdev/index.js';
import { parseCommandLine } from './command-line.js';
import { MODE_HELP, parseMode, parseQuirks } from './mode-options.js';
import { writeAll } from './output.js';
import { UsageError } from './usage-error.js';

/** What `segdev scenario --help` prints. */
export const SCENARIO_HELP: string = `segdev scenario FILE|FOLDER [OPTIONS]

Runs a script of system calls, faults and driver actions against a scriptable driver and prints its trace.
A folder: every NAME.in is run and, after removing what the kernel around segdev decides, compared with NAME.out.
${MODE_HELP}
  --check                        after every operation look for stale translations; at the end, for leaks
  --help                         this text

Exit code: 0; 1 where a trace of a folder differs; 3 panic, 4 assertion, 5 deadlock, 6 crash, 7 endless loop of the emulated
kernel; with --check 8 a stale translation, 9 a leak; 2 for a mistake in the script or the command.
`;

/** What the command was asked to do. */
interface ScenarioOptions {
  readonly path: string;
  readonly mode: SegdevMode;
  readonly quirks: Partial<Quirks>;
  readonly check: boolean;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message.replace(/, (open|read).*$/, '') : String(error)}`);
  }
}

function run(file: string, { mode, quirks, check }: ScenarioOptions): ScenarioResult {
  try {
    return runScenario(read(file), { file, mode, quirks, check, drain: check });
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}

/** The first place where two traces differ, as lines to print; undefined where they agree. */
function difference(expected: readonly string[], actual: readonly string[]): string[] | undefined {
  const length = Math.max(expected.length, actual.length);
  for (let at = 0; at < length; at++) {
    if (expected[at] === actual[at]) continue;
    const operation = expected.slice(0, at + 1).findLast((line) => line.startsWith('> ')) ?? '';
    return [`  line ${at + 1}, in: ${operation}`, `  - ${expected[at] ?? '(nothing)'}`, `  + ${actual[at] ?? '(nothing)'}`];
  }
  return undefined;
}

const recorded = (path: string): string[] => read(path).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

function compareFolder(options: ScenarioOptions, say: (line: string) => void): number {
  const names = readdirSync(options.path).filter((file) => file.endsWith('.in')).map((file) => file.slice(0, -'.in'.length)).toSorted();
  if (names.length === 0) throw new UsageError(`${options.path}: no scenario (*.in) in it`);
  let differ = 0;
  for (const name of names) {
    const file = join(options.path, name);
    const where = difference(normalizeScenario(recorded(`${file}.out`)), normalizeScenario(run(`${file}.in`, options).lines));
    if (where === undefined) continue;
    differ++;
    say(`${name}: differs`);
    for (const line of where) say(line);
  }
  say(`${names.length - differ} of ${names.length} scenarios agree in ${options.mode} mode`);
  return differ === 0 ? 0 : 1;
}

function parse(args: readonly string[]): ScenarioOptions | 'help' {
  const { values, positionals } = parseCommandLine(args, spec);
  if (values.help === true) return 'help';
  const [path, more] = positionals;
  if (path === undefined) throw new UsageError('scenario needs a file or a folder');
  if (more !== undefined) throw new UsageError(`scenario takes one file or folder, not also "${more}"`);
  return { path, mode: parseMode(values.mode), quirks: parseQuirks(values.quirk ?? []), check: values.check ?? false };
}

const spec = { mode: { type: 'string' }, quirk: { type: 'string', multiple: true }, check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/**
 * Runs the command.
 * @returns the exit code
 * @throws UsageError for a mistake in the command or the script, which is named by file, line and column.
 */
export function runScenarioCommand(args: readonly string[]): number {
  const options = parse(args);
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const print = (): void => void writeAll(1, Buffer.from(`${lines.join('\n')}\n`));
  if (options === 'help') {
    writeAll(1, Buffer.from(SCENARIO_HELP));
    return 0;
  }
  if (statSync(options.path, { throwIfNoEntry: false })?.isDirectory() === true) {
    const code = compareFolder(options, say);
    print();
    return code;
  }
  const result = run(options.path, options);
  for (const line of result.lines) say(line);
  print();
  return result.status;
}
