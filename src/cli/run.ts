/** Runs one program on a machine and leaves what the user asked for: trace, screenshot, statistics, summary. */
import { FitError, Trace, traceJson, traceText } from '../base/index.js';
import type { UserTarget } from '../debug/index.js';
import { type DeviceConfig, type Machine, type MachineConfig, type RunResult, createMachine } from '../machine/index.js';
import { formatDeath } from '../process/index.js';
import { ElfError } from '../../guest/index.js';
import { openCommitLog } from './commit-log-file.js';
import { firstFramebuffer, makeDevices } from './devices.js';
import { GuestInput } from './guest-input.js';
import { guestProgram, guestRoot, hostPath } from './guest-root.js';
import { guestTerminal } from './guest-terminal.js';
import { fs, now } from './host.js';
import { BlockWriter, StreamFailure, writeAll } from './output.js';
import { checkAgainstInputs, checkOutputs } from './output-check.js';
import { moduleTiers } from './module-tiers.js';
import { compilerClock, takePrebuilt } from './prebuilt.js';
import { fileReason } from './program-file.js';
import type { RunOptions } from './run-options.js';
import { summaryLines } from './summary.js';
import { EXIT_INTERRUPTED, EXIT_KERNEL, EXIT_KILLED, EXIT_LIMIT, UsageError } from './usage-error.js';

/** How long the machine runs before the event loop may deliver a Ctrl-C. */
const SLICE_MS = 50;
/** The machine asks after every trap and some hundred thousand instructions; the clock is read every so many times. */
const ASK_CLOCK = 8;

/** A machine with its program, and what a debugger may be pointed at. */
interface Prepared {
  readonly machine: Machine;
  readonly target: UserTarget | undefined;
}

/** Builds the machine and loads the program; every mistake of the user shows here, before any file is written. */
function prepare(
  options: RunOptions, devices: readonly DeviceConfig[], trace: Trace, input: GuestInput, failure: StreamFailure,
  debuggable: (machine: Machine) => UserTarget | undefined,
): Prepared {
  const [path = '', ...args] = options.positionals;
  const config: MachineConfig = {
    devices,
    trace,
    segdev: { mode: options.mode, quirks: options.quirks },
    ...(options.memory === undefined ? {} : { ramSize: options.memory }),
    ...guestRoot(options),
    ...guestTerminal(),
    stdin: (max) => failure.attempt('cannot read standard input', () => input.read(max), new Uint8Array(0)),
    stdout: (bytes) => failure.guard('standard output', () => writeAll(1, bytes)),
    stderr: (bytes) => failure.guard('standard error', () => writeAll(2, bytes)),
    ...(options.harts === undefined ? {} : { harts: options.harts }),
    ...(options.translationCache === undefined ? {} : { translationCache: options.translationCache }),
    engine: { ...options.engine, clock: compilerClock, ...(moduleTiers && { tiers: moduleTiers }) },
    ...(options.quantum === undefined ? {} : { quantum: options.quantum }),
  };
  takePrebuilt();
  try {
    const machine = createMachine(config);
    const target = debuggable(machine);
    machine.spawn(guestProgram(machine, options, path), [path, ...args], options.env);
    return { machine, target };
  } catch (error) {
    if (error instanceof ElfError) throw new UsageError(`${path}: ${error.message}`);
    if (error instanceof FitError) throw new UsageError(error.message);
    throw error;
  }
}

function openTrace(trace: Trace, path: string | undefined, failure: StreamFailure): BlockWriter | undefined {
  if (path === undefined) return undefined;
  const writer = open(path, () => new BlockWriter(path));
  const format = /\.(nd)?json$/.test(path) ? traceJson : traceText;
  trace.listen((event) => failure.guard(path, () => writer.line(format(event))));
  return writer;
}

function open<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${fileReason(error)}`);
  }
}

/** Runs in slices so that Ctrl-C is heard; where a slice ends changes nothing in the machine. */
async function runUntilDone(machine: Machine, maxInstructions: number | undefined, input: GuestInput, failure: StreamFailure): Promise<RunResult> {
  let stop = false;
  let wake = (): void => {};
  const interrupt = (): void => {
    stop = true;
    wake();
  };
  input.onReady = () => {
    machine.stdinReady();
    wake();
  };
  process.once('SIGINT', interrupt);
  try {
    for (;;) {
      const until = now() + SLICE_MS;
      let asked = 0;
      const shouldStop = (): boolean => failure.text !== undefined || (++asked % ASK_CLOCK === 0 && now() > until);
      const result = machine.run({ ...(maxInstructions === undefined ? {} : { maxInstructions }), shouldStop });
      const goesOn = result.status === 'interrupted' || result.status === 'waiting';
      if (!goesOn || stop || failure.text !== undefined) return result;
      await new Promise<void>((resume) => {
        wake = resume;
        if (result.status === 'interrupted') setImmediate(resume);
      });
      if (stop) return result;
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
    input.close();
  }
}

/** Runs under a debugger as long as there is one. */
async function runDebugged(machine: Machine, target: UserTarget, options: RunOptions, input: GuestInput, failure: StreamFailure): Promise<RunResult | 'killed'> {
  const { serveDebugger } = await import('./gdb-port.js');
  const how = await serveDebugger({
    target, port: options.gdb ?? 0, failed: () => failure.text !== undefined,
    onInput: (wake) => {
      input.onReady = () => {
        machine.stdinReady();
        wake();
      };
    },
  });
  if (how === 'detached') return runUntilDone(machine, options.maxInstructions, input, failure);
  input.close();
  return how === 'killed' ? how : (target.result ?? { status: 'interrupted' });
}

/** What standard error says of an unusual end, and the exit code. */
function conclude(result: RunResult | 'killed'): { code: number; lines: string[] } {
  if (result === 'killed') return { code: EXIT_KILLED, lines: ['segdev: killed by the debugger'] };
  switch (result.status) {
    case 'exited': return { code: result.code, lines: [] };
    case 'signaled': return { code: 128 + result.signal, lines: formatDeath(result.report) };
    case 'limit': return { code: EXIT_LIMIT, lines: ['segdev: stopped by --max-instructions'] };
    case 'interrupted': case 'waiting': return { code: EXIT_INTERRUPTED, lines: ['segdev: interrupted'] };
    case 'deadlock': return { code: EXIT_KERNEL, lines: [`segdev: deadlock: ${result.text}`] };
    case 'panic': return { code: EXIT_KERNEL, lines: [`segdev: kernel panic: ${result.text}`] };
  }
}

async function writeResults(machine: Machine, options: RunOptions, devices: readonly DeviceConfig[]): Promise<void> {
  const { screenshot, stats, dumpRegions } = options;
  // Milliseconds differ from run to run; they are for the summary only.
  const { compileMilliseconds: _, ...engine } = machine.engineStatistics();
  const statistics = { ...machine.statistics(), engine };
  if (stats !== undefined) open(stats, () => fs.writeFileSync(stats, `${JSON.stringify(statistics, null, 2)}\n`));
  if (dumpRegions !== undefined) open(dumpRegions, () => fs.writeFileSync(dumpRegions, machine.dumpRegions().map((line) => `${line}\n`).join('')));
  const framebuffer = firstFramebuffer(devices);
  if (screenshot === undefined || framebuffer === undefined) return;
  // Loaded on demand: compression and what it needs of Node would make every start slower.
  const { encodePng } = await import('./png.js');
  open(screenshot, () => fs.writeFileSync(screenshot, encodePng(framebuffer.screenshot())));
}

/**
 * Runs the program named first in `options.positionals`.
 * @returns the exit code: the guest's own, 128 + signal, 124 at the instruction limit, 130 after Ctrl-C, 137 when a debugger killed it, 70
 *     when the kernel stopped.
 * @throws UsageError for what the user got wrong; nothing has been written then.
 */
export async function runProgram(options: RunOptions): Promise<number> {
  const [path] = options.positionals;
  if (path === undefined) throw new UsageError('run needs a program: segdev run PROGRAM [ARGS...]');
  const devices = makeDevices(options.devices);
  if (options.screenshot !== undefined && firstFramebuffer(devices) === undefined) throw new UsageError('--screenshot needs a framebuffer: add --device framebuffer');
  const outputs = { trace: options.trace, 'commit-log': options.commitLog, screenshot: options.screenshot, stats: options.stats, 'dump-regions': options.dumpRegions };
  checkOutputs(outputs);
  checkAgainstInputs(outputs, [['the program', hostPath(options, path)]]);
  const trace = new Trace();
  const failure = new StreamFailure();
  const input = new GuestInput();
  const debug = options.gdb === undefined ? undefined : await import('../debug/index.js');
  const { machine, target } = prepare(options, devices, trace, input, failure, (made) => debug && new debug.UserTarget({
    machine: made, path: hostPath(options, path), ...(options.maxInstructions === undefined ? {} : { maxInstructions: options.maxInstructions }),
  }));
  const writer = openTrace(trace, options.trace, failure);
  const { commitLog } = options;
  const commits = commitLog === undefined ? undefined : await openCommitLog(commitLog, machine.harts, machine.bus, failure);

  const start = now();
  const result = target === undefined
    ? await runUntilDone(machine, options.maxInstructions, input, failure)
    : await runDebugged(machine, target, options, input, failure);
  const seconds = (now() - start) / 1000;
  machine.sync();

  failure.guard(options.trace ?? '', () => writer?.close());
  failure.guard(commitLog ?? '', () => commits?.close());
  if (failure.text !== undefined) throw new UsageError(failure.text);
  await writeResults(machine, options, devices);
  const { code, lines } = conclude(result);
  const summary = options.quiet ? [] : summaryLines(machine.statistics(), machine.engineStatistics(), seconds);
  if (lines.length + summary.length > 0) writeAll(2, Buffer.from(`${[...lines, ...summary].join('\n')}\n`));
  return code;
}
