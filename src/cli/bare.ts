/** The `bare` command: runs one bare-metal program and leaves what the user asked for. */
import { resolve } from 'node:path';
import { type BareMachine, type BareResult, createBareMachine, formatSignature } from '../bare/index.js';
import { FitError, hex, Trace, traceJson, traceText } from '../base/index.js';
import { ElfError } from '../../guest/index.js';
import { BARE_HELP, type BareOptions, parseBareOptions } from './bare-options.js';
import { openCommitLog } from './commit-log-file.js';
import { GuestInput } from './guest-input.js';
import { fs, now } from './host.js';
import { BlockWriter, StreamFailure, writeAll } from './output.js';
import { checkAgainstInputs, checkOutputs } from './output-check.js';
import { takePrebuilt } from './prebuilt.js';
import { fileReason, readProgram } from './program-file.js';
import { count } from './summary.js';
import { EXIT_INTERRUPTED, EXIT_KERNEL, EXIT_KILLED, EXIT_LIMIT, UsageError } from './usage-error.js';

/** How long the machine runs before the event loop may deliver a Ctrl-C or input. */
const SLICE_MS = 50;

function prepare(options: BareOptions, trace: Trace, input: GuestInput, failure: StreamFailure): BareMachine {
  const { program, memory, harts, misaligned, ad, engine } = options;
  const bytes = readProgram(program);
  takePrebuilt();
  try {
    return createBareMachine({
      program: bytes, misaligned, ad, engine, trace,
      output: (out) => failure.guard('standard output', () => writeAll(1, out)),
      input: () => failure.attempt('cannot read standard input', () => input.read(1)?.[0], undefined),
      ...(memory === undefined ? {} : { memory }), ...(harts === undefined ? {} : { harts }),
    });
  } catch (error) {
    if (error instanceof ElfError || error instanceof FitError) throw new UsageError(`${program}: ${error.message}`);
    throw error;
  }
}

/** Runs in slices so that Ctrl-C and input are heard; where a slice ends changes nothing in the machine. */
async function runUntilDone(machine: BareMachine, maxInstructions: number | undefined, failure: StreamFailure): Promise<BareResult> {
  let stop = false;
  const interrupt = (): void => {
    stop = true;
  };
  process.once('SIGINT', interrupt);
  try {
    for (;;) {
      const until = now() + SLICE_MS;
      const shouldStop = (): boolean => failure.text !== undefined || now() > until;
      const result = machine.run({ ...(maxInstructions === undefined ? {} : { maxInstructions }), shouldStop });
      if (result.status !== 'interrupted' || failure.text !== undefined) return result;
      await new Promise<void>((resume) => void setImmediate(resume));
      if (stop) return result;
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

/** Runs under a debugger as long as there is one. */
async function runDebugged(machine: BareMachine, options: BareOptions, input: GuestInput, failure: StreamFailure): Promise<BareResult | 'killed'> {
  const { BareTarget } = await import('../debug/index.js');
  const { serveDebugger } = await import('./gdb-port.js');
  const { maxInstructions } = options;
  const target = new BareTarget({ machine, path: resolve(options.program), ...(maxInstructions === undefined ? {} : { maxInstructions }) });
  const how = await serveDebugger({
    target, port: options.gdb ?? 0, failed: () => failure.text !== undefined,
    onInput: (wake) => {
      input.onReady = wake;
    },
  });
  if (how === 'detached') return runUntilDone(machine, maxInstructions, failure);
  return how === 'killed' ? how : (target.result ?? { status: 'interrupted' });
}

/** What standard error says of an unusual end, and the exit code. */
function conclude(result: BareResult | 'killed', machine: BareMachine): { code: number; lines: string[] } {
  if (result === 'killed') return { code: EXIT_KILLED, lines: ['segdev: killed by the debugger'] };
  const without = machine.hasHtif ? '' : '; the program has no symbol tohost';
  switch (result.status) {
    case 'exited':
      return result.code <= 255 ? { code: result.code, lines: [] } : { code: 255, lines: [`segdev: the guest's exit code is ${result.code}`] };
    case 'reset': return { code: 0, lines: ['segdev: the guest asked for a reset'] };
    case 'limit': return { code: EXIT_LIMIT, lines: [`segdev: stopped by --max-instructions${without}`] };
    case 'interrupted': return { code: EXIT_INTERRUPTED, lines: ['segdev: interrupted'] };
    case 'asleep': return { code: EXIT_KERNEL, lines: [`segdev: the guest waits for an interrupt that can never come${without}`] };
    case 'stuck': return { code: EXIT_KERNEL, lines: [`segdev: the trap handler of hart ${result.hart} at ${hex(result.pc)} cannot be fetched${without}`] };
  }
}

function open<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${fileReason(error)}`);
  }
}

function openTrace(trace: Trace, path: string | undefined, failure: StreamFailure): BlockWriter | undefined {
  if (path === undefined) return undefined;
  const writer = open(path, () => new BlockWriter(path));
  const format = /\.(nd)?json$/.test(path) ? traceJson : traceText;
  trace.listen((event) => failure.guard(path, () => writer.line(format(event))));
  return writer;
}

function writeSignature(machine: BareMachine, path: string, options: BareOptions): void {
  const bytes = machine.signature();
  if (bytes !== undefined) open(path, () => fs.writeFileSync(path, formatSignature(bytes, options.granularity)));
}

async function runBare(options: BareOptions): Promise<number> {
  const outputs = { trace: options.trace, 'commit-log': options.commitLog, signature: options.signature };
  checkOutputs(outputs);
  checkAgainstInputs(outputs, [['the program', options.program]]);
  const trace = new Trace();
  const failure = new StreamFailure();
  const input = new GuestInput();
  const machine = prepare(options, trace, input, failure);
  const { signature } = options;
  if (signature !== undefined && machine.signature() === undefined) {
    throw new UsageError(`--signature: ${options.program} has no symbols begin_signature and end_signature around memory`);
  }
  const writer = openTrace(trace, options.trace, failure);
  const { commitLog } = options;
  const commits = commitLog === undefined ? undefined : await openCommitLog(commitLog, machine.harts, machine.bus, failure);
  const start = now();
  const result = await (options.gdb === undefined ? runUntilDone(machine, options.maxInstructions, failure) : runDebugged(machine, options, input, failure));
  const seconds = (now() - start) / 1000;
  input.close();
  failure.guard(options.trace ?? '', () => writer?.close());
  failure.guard(commitLog ?? '', () => commits?.close());
  if (failure.text !== undefined) throw new UsageError(failure.text);
  if (signature !== undefined && result !== 'killed' && result.status !== 'interrupted') writeSignature(machine, signature, options);
  const { code, lines } = conclude(result, machine);
  const { instructions } = machine;
  if (!options.quiet) lines.push(`${count(instructions)} instructions in ${seconds.toFixed(3)} s (${(instructions / 1e6 / seconds).toFixed(1)} million/s)`);
  if (lines.length > 0) writeAll(2, Buffer.from(`${lines.join('\n')}\n`));
  return code;
}

/**
 * Runs the command.
 * @returns the exit code
 * @throws UsageError for what the user got wrong
 */
export async function runBareCommand(args: readonly string[]): Promise<number> {
  const options = parseBareOptions(args);
  if (options !== 'help') return runBare(options);
  writeAll(1, Buffer.from(BARE_HELP));
  return 0;
}
