/** A whole machine: harts, memory, devices, kernel, processes. */
import { E2BIG, FitError, PAGESIZE, Trace, errnoName } from '../base/index.js';
import type { KernelPanic } from '../base/index.js';
import { Bus } from '../bus/index.js';
import { DeviceTree } from '../ddi/index.js';
import { type EngineStatistics, Hart, HartEngine, MAX_HARTS, hartReserved, newHartContext } from '../hart/index.js';
import { Kernel } from '../kernel/index.js';
import { type ConsoleInput, CpuPool, Lwp, Process, System, execImage, findProgram, linuxSignal, loadFile, newProc, runUser } from '../process/index.js';
import type { LoadedFile, Proc, Program } from '../process/index.js';
import { segdev_init } from '../segdev/index.js';
import { Vm, as_alloc } from '../vm/index.js';
import { ElfError, readElf } from '../../guest/index.js';
import type { MachineConfig } from './config.js';
import { attachDevices } from './devices.js';
import { collectStatistics } from './collect-statistics.js';
import type { RunResult } from './result.js';
import type { MachineStatistics } from './statistics.js';
import { makeStreams } from './streams.js';

const DEFAULT_RAM = 256 * 2 ** 20;
const DEFAULT_QUANTUM = 100_000;
/** Larger files are no programs of this machine. */
const LARGEST_PROGRAM = 2 ** 30;

/** How long to run. */
export interface RunOptions {
  /** Stop when the machine has executed this many instructions since it was made; exact. Default: no bound. */
  readonly maxInstructions?: number;
  /** Asked often; true stops the run. Where it stops changes nothing in the machine. */
  readonly shouldStop?: () => boolean;
}

/** An emulated machine. */
export class Machine {
  readonly bus: Bus;
  readonly engine: HartEngine;
  readonly kernel: Kernel;
  readonly vm: Vm;
  readonly tree: DeviceTree;
  readonly harts: readonly Hart[];
  readonly system: System;
  readonly trace: Trace;
  readonly #stdin: ConsoleInput;
  #main: Proc | undefined = undefined;

  /** Made by createMachine. */
  constructor(config: MachineConfig) {
    const harts = config.harts ?? 1;
    checkInteger('harts', harts, 1, MAX_HARTS);
    const quantum = config.quantum ?? DEFAULT_QUANTUM;
    checkInteger('quantum', quantum, 1, 2 ** 30);
    this.trace = config.trace ?? new Trace();
    this.bus = new Bus({
      ramSize: config.ramSize ?? DEFAULT_RAM, reserved: hartReserved(config.translationCache, harts),
      ...(config.poolSize === undefined ? {} : { poolSize: config.poolSize }),
    });
    this.engine = new HartEngine(this.bus, { ...config.engine, ...(config.translationCache === undefined ? {} : { translationCache: config.translationCache }) });
    const { engine } = this;
    this.harts = Array.from({ length: harts }, (_, id) => new Hart(engine, {
      id, kernel: true, trace: this.trace, now: () => this.kernel.clock.now,
      ...(config.ad === undefined ? {} : { ad: config.ad }), ...(config.tlb === undefined ? {} : { tlb: config.tlb }),
    }));
    this.kernel = new Kernel({
      trace: this.trace, ncpus: harts, preemptive: config.preemptive ?? false,
      ...(config.choose === undefined ? {} : { choose: config.choose }),
    });
    const cpus = new CpuPool(this.harts);
    this.vm = new Vm({
      kernel: this.kernel, memory: this.bus, fence: cpus, ...(config.hatPolicy === undefined ? {} : { hatPolicy: config.hatPolicy }),
      ...(config.addressPolicy === undefined ? {} : { addressPolicy: config.addressPolicy }),
    });
    segdev_init(this.vm, config.segdev);
    this.tree = new DeviceTree({ trace: this.trace, bus: this.bus });
    const devices = attachDevices(this.bus, this.kernel, this.tree, () => engine.running?.now ?? this.kernel.clock.now, config.devices ?? []);
    const streams = makeStreams(config);
    this.#stdin = streams.input;
    this.system = new System({
      kernel: this.kernel, cpus, devices, quantum, runUser,
      newAs: (name) => as_alloc(this.vm, name),
      seed: config.seed ?? 1,
      streams: [streams.input.file, streams.output, streams.error],
      memory: () => ({ total: this.vm.pages.total * PAGESIZE, free: this.vm.pages.free * PAGESIZE }),
      ...(config.terminal === undefined ? {} : { terminals: config.terminal.streams }),
      ...(config.root === undefined ? {} : { host: config.root }),
    });
  }

  /** Makes a process without a program, to be driven by calls. */
  createProcess(name = 'process'): Process {
    return new Process(this.system, newProc(this.system, name), this.bus);
  }

  /**
   * Reads a program from the guest's own names, for spawn().
   * @returns the file, or a negated errno: -ENOENT, -EACCES where nobody may execute it, ...
   */
  readProgram(path: string): LoadedFile | number {
    const { root } = this.system.files;
    return this.kernel.runUntilDone('read program', () => loadFile({ root, start: root, caller: { pid: 0 } }, path, LARGEST_PROGRAM));
  }

  /**
   * Loads a program; run() starts it. The first program is the main one, until it has ended and another is loaded: its end is the end
   * of the run.
   * @param program a static RV64 executable, or what readProgram gave
   * @throws ElfError when it is none; FitError when memory or the argument area is too small for it
   */
  spawn(program: Uint8Array | LoadedFile, argv: readonly string[], env: readonly string[] = []): Process {
    const path = argv[0] ?? 'program';
    const { image, file, argv: words } = program instanceof Uint8Array ? { image: readElf(program), file: undefined, argv } : this.#programOf(program.place, path, argv);
    const proc = newProc(this.system, path.slice(path.lastIndexOf('/') + 1));
    const lwp = new Lwp(proc, newHartContext());
    const process = new Process(this.system, proc, this.bus);
    const error = process.run('exec', () => execImage(this.system, lwp, { image, path, argv: words, env, ...(file === undefined ? {} : { file }) }));
    if (error !== 0) {
      process.exit(127);
      const need = image.segments.reduce((sum, { size }) => sum + size, 0);
      const why = error === E2BIG ? 'its arguments are too long'
        : need > this.bus.ramSize ? `its image takes ${need} bytes, the machine has ${this.bus.ramSize} bytes of memory`
        : 'its segments collide with the stack or memory is used up';
      throw new FitError(`${path}: the program does not fit: ${why}`);
    }
    if (this.#main === undefined || this.#main.zombie) this.#main = proc;
    this.system.start(lwp);
    return process;
  }

  /** The program behind a file of the guest's: itself, or the interpreter of a script. */
  #programOf(place: LoadedFile['place'], path: string, argv: readonly string[]): Program {
    const { root } = this.system.files;
    const found = this.kernel.runUntilDone('find program', () => findProgram({ root, start: root, caller: { pid: 0 } }, place, path, argv));
    if ('errno' in found) throw new ElfError(found.reason === '' ? errnoName(found.errno) : found.reason);
    return found;
  }

  /**
   * Runs until the main process ends or a bound is reached.
   * @throws TypeError when no program was spawned; RangeError for a bad bound
   */
  run(options: RunOptions = {}): RunResult {
    const main = this.#main;
    if (main === undefined) throw new TypeError('run: spawn a program first');
    const limit = options.maxInstructions ?? Number.MAX_SAFE_INTEGER;
    if (!Number.isInteger(limit) || limit < 0) throw new RangeError(`maxInstructions: an integer >= 0, got ${limit}`);
    const { shouldStop } = options;
    const { system } = this;
    let interrupted = false;
    system.grant(Math.max(0, limit - system.counters.instructions));
    try {
      const outcome = this.kernel.run(() => main.zombie || system.budget <= 0 || (interrupted = shouldStop?.() ?? false));
      if (outcome.status === 'panic') return { status: 'panic', text: panicText(outcome.panic) };
      if (main.zombie) return this.#ended(main);
      if (system.budget <= 0) return { status: 'limit' };
      if (interrupted) return { status: 'interrupted' };
      if (this.#stdin.awaited) return { status: 'waiting' };
      if (outcome.status === 'deadlock') return { status: 'deadlock', text: outcome.report.lines.join('\n  ') };
      return { status: 'deadlock', text: 'nothing is left to run, but the main process has not ended' };
    } finally {
      system.grant(0);
    }
  }

  /**
   * Says that standard input has bytes again or has ended, after its callback had answered undefined: whoever sleeps in read(2) asks it
   * again at the next run(). Needless calls do no harm.
   */
  stdinReady(): void {
    this.#stdin.arrived();
  }

  /** Gives the files of the root what living processes have stored in shared mappings of them; the end of a process does that by itself. */
  sync(): void {
    this.system.files.hostTree?.sync();
  }

  /** The processes that live or wait for their parent to ask, by number. */
  processes(): Process[] {
    return [...this.system.procs.values()].map((proc) => new Process(this.system, proc, this.bus));
  }

  /** The mappings of every process as text, like /proc/PID/maps one after the other. */
  maps(): string {
    return this.processes().map((process) => `${process.name}[${process.pid}]\n${process.maps()}`).join('\n\n');
  }

  /** All counters as plain data. */
  statistics(): MachineStatistics {
    return collectStatistics({ system: this.system, harts: this.harts, vm: this.vm, driverCallbacks: this.tree.calls });
  }

  /** How guest code was run: the only figures that differ between engines, and between runs. */
  engineStatistics(): EngineStatistics {
    return this.engine.regions.statistics;
  }

  /** The regions hot guest code was compiled to, with their code, as lines of text. */
  dumpRegions(): string[] {
    return this.engine.regions.dump();
  }

  #ended(main: Proc): RunResult {
    const { status } = main;
    if (status?.kind === 'signaled') return { status: 'signaled', signal: linuxSignal(status.signal), report: status.death };
    return { status: 'exited', code: status?.code ?? 0 };
  }
}

/** The cause of a panic; where it was no call of panic(9F), with the kind in front. */
const panicText = ({ kind, message }: KernelPanic): string => (kind === 'panic' ? message : `${kind}: ${message}`);

function checkInteger(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) throw new RangeError(`${name}: an integer in ${low}..${high}, got ${value}`);
}

/**
 * Makes a machine.
 * @throws RangeError when a number is out of range, hardware does not fit the address space, or the TLB is impossible; TypeError when a
 *     device name is bad or its driver refuses to attach; KernelPanic when a driver panics in attach(9E)
 */
export const createMachine = (config: MachineConfig = {}): Machine => new Machine(config);
