/** What all processes of a machine share. */
import { HarnessBug } from '../base/index.js';
import type { Trace } from '../base/index.js';
import type { Dev } from '../ddi/index.js';
import { Kcondvar, Kmutex, cv_broadcast, cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kernel, Kgen } from '../kernel/index.js';
import type { As, FileObject, VmServices } from '../vm/index.js';
import { ProcessCounters } from './counters.js';
import type { CpuPool } from './cpu.js';
import { Futexes } from './futexes.js';
import { MAXPROC } from './limits.js';
import type { Lwp } from './lwp.js';
import type { FileOps } from './file-ops.js';
import { DEFAULT_ROOT_SPACE, FileSystem } from './fs/file-system.js';
import type { HostFiles } from './fs/host-files.js';
import { PipeTable } from './fs/pipe-table.js';
import type { Place } from './fs/vnode.js';
import type { Proc } from './proc.js';
import type { ProcessDebugger } from './process-debugger.js';
import { streamPlace, terminalOf } from './stream-place.js';
import { makeTrampoline } from './trampoline.js';

/** What a System is made from. */
export interface SystemOptions {
  readonly kernel: Kernel;
  readonly cpus: CpuPool;
  /** Makes an empty address space. */
  readonly newAs: (name: string) => As;
  /** Devices by their name under /dev. */
  readonly devices: ReadonlyMap<string, Dev>;
  /** Standard input, output and error. */
  readonly streams: readonly [FileOps, FileOps, FileOps];
  /** Which of the streams are terminals. */
  readonly terminals?: readonly [boolean, boolean, boolean];
  /** The directory of the host that is the root of the guest's names, and the bytes that may be added to it; default 1 GiB. */
  readonly host?: { readonly files: HostFiles; readonly space?: number };
  /** Bytes of memory, and of it free. */
  readonly memory: () => { readonly total: number; readonly free: number };
  /** Instructions of a turn. */
  readonly quantum: number;
  /** The body of a user thread. */
  readonly runUser: (system: System, lwp: Lwp) => Kgen<void>;
  /** Seed of what a guest may take for random. */
  readonly seed: number;
}

/** The process table and its surroundings. */
export class System {
  readonly kernel: Kernel;
  readonly trace: Trace;
  readonly cpus: CpuPool;
  readonly newAs: (name: string) => As;
  readonly devices: ReadonlyMap<string, Dev>;
  /** Standard input, output and error: what a new process has as descriptors 0, 1 and 2. */
  readonly streams: readonly { readonly path: string; readonly ops: FileOps; readonly place: Place }[];
  /** The names all processes see. */
  readonly files: FileSystem;
  readonly pipes: PipeTable = new PipeTable();
  readonly quantum: number;
  readonly counters: ProcessCounters = new ProcessCounters();
  readonly procs: Map<number, Proc> = new Map();
  /** Threads that run programs, by their number. */
  readonly lwps: Map<number, Lwp> = new Map();
  /** Those who sleep in futex(2). */
  readonly futexes: Futexes = new Futexes();
  /** Held while parents and children find each other (pidlock). */
  readonly pidlock: Kmutex = new Kmutex('pidlock');
  /** Instructions the programs may still execute; 0 = nobody leaves the kernel. */
  budget = 0;
  /** Who debugs processes. */
  debugger: ProcessDebugger | undefined = undefined;
  readonly #budgetRaised = new Kcondvar('leave to execute instructions');
  #trampoline: FileObject | undefined = undefined;
  #nextPid = 1;
  #randomState: number;
  readonly #runUser: SystemOptions['runUser'];

  constructor(o: SystemOptions) {
    this.kernel = o.kernel;
    this.trace = o.kernel.trace;
    this.cpus = o.cpus;
    this.newAs = o.newAs;
    this.devices = o.devices;
    this.quantum = o.quantum;
    this.#randomState = o.seed >>> 0;
    this.#runUser = o.runUser;
    const paths = ['/dev/stdin', '/dev/stdout', '/dev/stderr'];
    const terminals = o.terminals ?? [false, false, false];
    this.streams = o.streams.map((ops, n) => ({ path: paths[n] ?? '', ops, place: streamPlace(ops, n, terminals[n] ?? false) }));
    this.files = new FileSystem({
      devices: o.devices, procs: this.procs, random: (length) => this.random(length), harts: o.cpus.cpus.length, memory: o.memory,
      terminal: terminalOf(o.streams, terminals), uptime: () => o.kernel.clock.now, now: () => this.realtime,
      host: o.host?.files, space: o.host?.space ?? DEFAULT_ROOT_SPACE,
    });
  }

  /** Starts the kernel thread that runs the program of `lwp`. */
  start(lwp: Lwp): void {
    const { proc, tid } = lwp;
    proc.threads.add(lwp);
    this.lwps.set(tid, lwp);
    const name = tid === proc.pid ? `${proc.name}[${tid}]` : `${proc.name}[${proc.pid}/${tid}]`;
    this.debugger?.started(lwp);
    lwp.kthread = this.kernel.spawn(name, () => this.#runUser(this, lwp), {
      data: lwp,
      signalPending: () => lwp.doomed || lwp.signals.wakes,
    });
  }

  /** What CLOCK_REALTIME says: ns since 1970, which is when every machine is made. */
  get realtime(): bigint {
    return BigInt(Math.floor(this.kernel.clock.now));
  }

  /** Lets programs execute `instructions` more; 0 stops them where they are. */
  grant(instructions: number): void {
    this.budget = instructions;
    if (instructions > 0) cv_broadcast(this.#budgetRaised);
  }

  /** Sleeps until programs may execute. */
  *granted(): Kgen<void> {
    yield* mutex_enter(this.pidlock);
    while (this.budget <= 0) yield* cv_wait(this.#budgetRaised, this.pidlock);
    mutex_exit(this.pidlock);
  }

  /** The page handlers return through, shared by all processes; undefined when there is no memory for it. */
  trampoline(vm: VmServices): FileObject | undefined {
    this.#trampoline ??= makeTrampoline(vm);
    return this.#trampoline;
  }

  /** Whether neither another process nor another thread fits the tables. */
  get full(): boolean {
    return this.procs.size >= MAXPROC || this.lwps.size >= MAXPROC;
  }

  /** A process number that is not in use. */
  newPid(): number {
    return this.#nextPid++;
  }

  /** A process by its number; throws HarnessBug where it is not in the table. */
  proc(pid: number): Proc {
    const proc = this.procs.get(pid);
    if (proc === undefined) throw new HarnessBug('no such process', { pid });
    return proc;
  }

  /** `length` bytes that look random and are the same in every run (mulberry32). */
  random(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      this.#randomState = (this.#randomState + 0x6d2b79f5) >>> 0;
      let t = Math.imul(this.#randomState ^ (this.#randomState >>> 15), this.#randomState | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      bytes[i] = (t ^ (t >>> 14)) & 0xff;
    }
    return bytes;
  }
}
