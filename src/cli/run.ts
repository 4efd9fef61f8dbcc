/** Runs one program on a machine and leaves what the user asked for: trace, screenshot, statistics, summary. */
import { readFileSync, readSync, writeFileSync } from 'node:fs';
import { Trace, traceJson, traceText } from '../base/index.js';
import { type DeviceConfig, type Machine, type MachineConfig, type RunResult, createMachine } from '../machine/index.js';
import { formatDeath } from '../process/index.js';
import { ElfError } from '../../guest/index.js';
import { firstFramebuffer, makeDevices } from './devices.js';
import { BlockWriter, writeAll } from './output.js';
import { checkWritable } from './output-check.js';
import { encodePng } from './png.js';
import { takePrebuilt } from './prebuilt.js';
import type { RunOptions } from './run-options.js';
import { summaryLines } from './summary.js';
import { EXIT_INTERRUPTED, EXIT_KERNEL, EXIT_LIMIT, UsageError } from './usage-error.js';

/** How long the machine runs before the event loop may deliver a Ctrl-C. */
const SLICE_MS = 50;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function readProgram(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${message(error).replace(/, open .*$/, '')}`);
  }
}

function readStdin(max: number): Uint8Array {
  const buffer = new Uint8Array(Math.min(max, 1 << 16));
  try {
    return buffer.subarray(0, readSync(0, buffer, 0, buffer.length, null));
  } catch {
    return buffer.subarray(0, 0);
  }
}

/** Builds the machine and loads the program; every mistake of the user shows here, before any file is written. */
function prepare(program: Uint8Array, options: RunOptions, devices: readonly DeviceConfig[], trace: Trace): Machine {
  const [path = '', ...args] = options.positionals;
  const config: MachineConfig = {
    devices,
    trace,
    segdev: { mode: options.mode, quirks: options.quirks },
    stdin: readStdin,
    stdout: (bytes) => void writeAll(1, bytes),
    stderr: (bytes) => void writeAll(2, bytes),
    ...(options.harts === undefined ? {} : { harts: options.harts }),
    ...(options.quantum === undefined ? {} : { quantum: options.quantum }),
  };
  takePrebuilt();
  try {
    const machine = createMachine(config);
    machine.spawn(program, [path, ...args], []);
    return machine;
  } catch (error) {
    if (error instanceof ElfError) throw new UsageError(`${path}: ${error.message}`);
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function openTrace(trace: Trace, path: string | undefined): BlockWriter | undefined {
  if (path === undefined) return undefined;
  const writer = open(path, () => new BlockWriter(path));
  const format = /\.(nd)?json$/.test(path) ? traceJson : traceText;
  trace.listen((event) => writer.line(format(event)));
  return writer;
}

function open<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${message(error).replace(/, open .*$/, '')}`);
  }
}

/** Runs in slices so that Ctrl-C is heard; where a slice ends changes nothing in the machine. */
async function runUntilDone(machine: Machine, maxInstructions: number | undefined): Promise<RunResult> {
  let stop = false;
  const interrupt = (): void => {
    stop = true;
  };
  process.once('SIGINT', interrupt);
  try {
    for (;;) {
      const until = performance.now() + SLICE_MS;
      const result = machine.run({ ...(maxInstructions === undefined ? {} : { maxInstructions }), shouldStop: () => performance.now() > until });
      if (result.status !== 'interrupted' || stop) return result;
      await new Promise(setImmediate);
      if (stop) return result;
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

/** What standard error says of an unusual end, and the exit code. */
function conclude(result: RunResult): { code: number; lines: string[] } {
  switch (result.status) {
    case 'exited': return { code: result.code, lines: [] };
    case 'signaled': return { code: 128 + result.signal, lines: formatDeath(result.report) };
    case 'limit': return { code: EXIT_LIMIT, lines: ['segdev: stopped by --max-instructions'] };
    case 'interrupted': return { code: EXIT_INTERRUPTED, lines: ['segdev: interrupted'] };
    case 'deadlock': return { code: EXIT_KERNEL, lines: [`segdev: deadlock: ${result.text}`] };
    case 'panic': return { code: EXIT_KERNEL, lines: [`segdev: kernel panic: ${result.text}`] };
  }
}

function writeResults(machine: Machine, options: RunOptions, devices: readonly DeviceConfig[]): void {
  const { screenshot, stats } = options;
  if (stats !== undefined) open(stats, () => writeFileSync(stats, `${JSON.stringify(machine.statistics(), null, 2)}\n`));
  const framebuffer = firstFramebuffer(devices);
  if (screenshot !== undefined && framebuffer !== undefined) open(screenshot, () => writeFileSync(screenshot, encodePng(framebuffer.screenshot())));
}

/**
 * Runs the program named first in `options.positionals`.
 * @returns the exit code: the guest's own, 128 + signal, 124 at the instruction limit, 130 after Ctrl-C, 70 when the kernel stopped.
 * @throws UsageError for what the user got wrong; nothing has been written then.
 */
export async function runProgram(options: RunOptions): Promise<number> {
  const [path] = options.positionals;
  if (path === undefined) throw new UsageError('run needs a program: segdev run PROGRAM [ARGS...]');
  const devices = makeDevices(options.devices);
  if (options.screenshot !== undefined && firstFramebuffer(devices) === undefined) throw new UsageError('--screenshot needs a framebuffer: add --device framebuffer');
  for (const option of ['trace', 'screenshot', 'stats'] as const) if (options[option] !== undefined) checkWritable(option, options[option]);
  const trace = new Trace();
  const machine = prepare(readProgram(path), options, devices, trace);
  const writer = openTrace(trace, options.trace);

  const start = performance.now();
  const result = await runUntilDone(machine, options.maxInstructions);
  const seconds = (performance.now() - start) / 1000;

  writer?.close();
  writeResults(machine, options, devices);
  const { code, lines } = conclude(result);
  const summary = options.quiet ? [] : summaryLines(machine.statistics(), seconds);
  if (lines.length + summary.length > 0) writeAll(2, Buffer.from(`${[...lines, ...summary].join('\n')}\n`));
  return code;
}
