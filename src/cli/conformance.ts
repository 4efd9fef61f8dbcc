/** The `conformance` command: runs the test programs of a folder and says which pass. */
import { familyOf } from '../bare/index.js';
import { integerOption, parseCommandLine } from './command-line.js';
import { lastPart, referencePath, type TestFile, testFiles } from './conformance-files.js';
import { runTests, serveTests, type TestResult, WORKER } from './conformance-pool.js';
import { ENGINE_HELP, type EngineChoice, engineSpec, parseEngine } from './engine-options.js';
import { fs } from './host.js';
import { junitXml } from './junit.js';
import { checkAgainstInputs, checkOutputs } from './output-check.js';
import { writeAll } from './output.js';
import { fileReason } from './program-file.js';
import { UsageError } from './usage-error.js';

const DEFAULT_LIMIT = 10_000_000;
/** More processes than any computer has use for. */
const MAX_JOBS = 1024;

/** What `segdev conformance --help` prints. */
const HELP = `segdev conformance FOLDER [OPTIONS]

Runs every bare-metal RV64 ELF file of a folder and its subfolders (no ending, or .elf) as "bare" does, several at a time. A test passes when
it exits with code 0 through HTIF or the test finisher, and, where NAME.reference_output or NAME.sig stands beside it, when its signature is
the same. A program that cannot be loaded has failed. A test that does not pass and was built for an extension the machine lacks is
unsupported.

  --filter TEXT                  only tests whose names contain TEXT
  --jobs N                       processes at a time (default: as many as there are processors)
  --junit FILE                   write the results as JUnit XML
  --max-instructions N           what a test may execute before it has failed (default ${DEFAULT_LIMIT})
${ENGINE_HELP}
  --help                         this text

Exit code: 0; 1 where a test failed; 2 for a mistake in the command.
`;

const spec = {
  filter: { type: 'string' },
  jobs: { type: 'string' },
  junit: { type: 'string' },
  'max-instructions': { type: 'string' },
  ...engineSpec,
  help: { type: 'boolean', short: 'h' },
} as const;

interface Options {
  readonly folder: string;
  readonly filter: string;
  readonly jobs: number;
  readonly junit: string | undefined;
  readonly maxInstructions: number;
  readonly engine: EngineChoice;
}

function parseOptions(args: readonly string[]): Options | 'help' {
  const { values, positionals } = parseCommandLine(args, spec);
  if (values.help === true) return 'help';
  const [folder, more] = positionals;
  if (folder === undefined) throw new UsageError('conformance needs a folder: segdev conformance FOLDER');
  if (more !== undefined) throw new UsageError(`conformance takes one folder, not also "${more}"`);
  if (values.junit === '') throw new UsageError('--junit needs a file name');
  const processors = process.getBuiltinModule('node:os').availableParallelism();
  return {
    folder, filter: values.filter ?? '', jobs: integerOption('jobs', values.jobs, 1, MAX_JOBS) ?? processors, junit: values.junit,
    maxInstructions: integerOption('max-instructions', values['max-instructions'], 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_LIMIT, engine: parseEngine(values),
  };
}

/** The family of a test: by its name, or by its folder where it lies in one. */
const suiteOf = ({ name }: TestFile): string => (name === lastPart(name) || /-[pv]-/.test(name) ? familyOf(lastPart(name)) : name.slice(0, name.lastIndexOf('/')));

/** "rv64ui-p   55 passed, 1 failed", for every family and all of them. */
function tableOf(results: readonly TestResult[]): string[] {
  const families = [...new Set(results.map(({ file }) => suiteOf(file)))].toSorted();
  const width = Math.max(...families.map((family) => family.length), 5);
  const line = (name: string, of: readonly TestResult[]): string => {
    const count = (verdict: string): number => of.filter((result) => result.verdict === verdict).length;
    const [passed, failed, unsupported] = ['pass', 'fail', 'unsupported'].map(count) as [number, number, number];
    return [`${name.padEnd(width)}  ${String(passed).padStart(4)} passed`, failed > 0 ? `, ${failed} failed` : '', unsupported > 0 ? `, ${unsupported} unsupported` : ''].join('');
  };
  return [...families.map((family) => line(family, results.filter(({ file }) => suiteOf(file) === family))), line('total', results)];
}

async function run(options: Options): Promise<number> {
  const outputs = { junit: options.junit };
  checkOutputs(outputs);
  const files = testFiles(options.folder).filter(({ name }) => name.includes(options.filter));
  if (files.length === 0) throw new UsageError(`${options.folder}: no bare-metal test program${options.filter === '' ? '' : ` whose name contains "${options.filter}"`} in it`);
  checkAgainstInputs(outputs, files.flatMap(({ name, path }) => [[`test ${name}`, path], [`the reference of ${name}`, referencePath(path)]] as const));
  const results: TestResult[] = [];
  const say = (lines: readonly string[]): void => void writeAll(1, Buffer.from(`${lines.join('\n')}\n`));
  await runTests(files, options.jobs, { maxInstructions: options.maxInstructions, engine: options.engine }, (result) => {
    results.push(result);
    if (result.verdict !== 'pass') say([`${result.verdict === 'fail' ? 'FAIL' : 'unsupported'} ${result.file.name}: ${result.reason}`]);
  });
  results.sort((a, b) => (a.file.name < b.file.name ? -1 : 1));
  say(tableOf(results));
  const { junit } = options;
  if (junit !== undefined) {
    try {
      fs.writeFileSync(junit, junitXml('segdev conformance', results.map((result) => ({ ...result, suite: suiteOf(result.file), name: result.file.name }))));
    } catch (error) {
      throw new UsageError(`cannot write ${junit}: ${fileReason(error)}`);
    }
  }
  return results.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
}

/**
 * Runs the command.
 * @returns the exit code
 * @throws UsageError for a mistake in the command
 */
export async function runConformanceCommand(args: readonly string[]): Promise<number> {
  if (args[0] === WORKER) return serveTests();
  const options = parseOptions(args);
  if (options !== 'help') return run(options);
  writeAll(1, Buffer.from(HELP));
  return 0;
}
