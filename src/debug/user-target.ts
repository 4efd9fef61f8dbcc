/** Processes of a Linux-like machine as a debugger's target: threads are the threads of processes, addresses those of a process. */
import { USER_END } from '../base/index.js';
import type { Watchpoint } from '../hart/index.js';
import type { Machine, RunResult } from '../machine/index.js';
import type { Proc, Process } from '../process/index.js';
import { GDB_ABRT, GDB_INT, GDB_XCPU, gdbSignal } from './gdb-signals.js';
import type { DebugTarget, MemoryRead, Progress, ResumeAction, StopEvent, StopPoint, ThreadId } from './target.js';
import { describeTarget, PACKET_REGISTERS, type TargetRegister } from './target-description.js';
import { readUserMemory, writeUserMemory, type DebuggedMemory } from './user-memory.js';
import { userMonitor } from './user-monitor.js';
import { readUserRegister, USER_CSRS, writeUserRegister } from './user-registers.js';
import { UserThreads } from './user-threads.js';

const { registers, xml } = describeTarget({ csrs: USER_CSRS, osabi: 'GNU/Linux', privilege: false });

/** What is debugged, and how. */
export interface UserTargetOptions {
  readonly machine: Machine;
  /** Path of the program on the host, for a debugger that looks for symbols. */
  readonly path?: string;
  /** As for Machine.run. */
  readonly maxInstructions?: number;
}

/** To be made before the program is spawned: the first one is debugged, and held before its first instruction. */
export class UserTarget implements DebugTarget {
  readonly registers: readonly TargetRegister[] = registers;
  readonly packetRegisters: number = PACKET_REGISTERS;
  readonly description: string = xml;
  /** How the machine's run has ended; undefined while it goes on. */
  result: RunResult | undefined = undefined;
  readonly #o: UserTargetOptions;
  readonly #machine: Machine;
  readonly #threads: UserThreads;
  /** Page table roots in which a process has breakpoints. */
  readonly #spaces: Map<number, Set<number>> = new Map();
  #current: ThreadId | undefined = undefined;
  #interrupted = false;

  constructor(o: UserTargetOptions) {
    this.#o = o;
    this.#machine = o.machine;
    this.#threads = new UserThreads(o.machine.system);
    o.machine.system.debugger = this.#threads;
  }

  executable(pid: number): string | undefined {
    return pid === this.#threads.processes()[0]?.pid ? this.#o.path : undefined;
  }

  // --- threads

  threads(): ThreadId[] {
    return this.#threads.list().map(({ pid, tid }) => ({ pid, tid }));
  }

  currentThread(): ThreadId | undefined {
    const known = this.#current && this.#threads.find(this.#current);
    const { pid, tid } = known ?? this.#threads.list()[0] ?? {};
    return pid === undefined || tid === undefined ? undefined : { pid, tid };
  }

  isAlive(thread: ThreadId): boolean {
    return this.#threads.find(thread) !== undefined;
  }

  describeThread(thread: ThreadId): string {
    const known = this.#threads.find(thread);
    if (known === undefined) return '';
    const { lwp } = known;
    const hart = lwp.lastCpu === undefined ? 'has not run' : `hart ${lwp.lastCpu.hart.id}`;
    return `${lwp.proc.name}, ${hart}, ${lwp.executed} instructions`;
  }

  // --- registers and memory

  readRegister(thread: ThreadId, register: TargetRegister): bigint | undefined {
    const known = this.#threads.find(thread);
    return known && readUserRegister(known.lwp, register);
  }

  writeRegister(thread: ThreadId, register: TargetRegister, value: bigint): boolean {
    const known = this.#threads.find(thread);
    return known !== undefined && writeUserRegister(known.lwp, register, value);
  }

  readMemory(thread: ThreadId, address: bigint, length: number): MemoryRead {
    const memory = this.#memory(thread.pid);
    return memory === undefined ? { bytes: new Uint8Array(0), refused: 'no such process' } : readUserMemory(memory, address, length);
  }

  writeMemory(thread: ThreadId, address: bigint, bytes: Uint8Array): string | undefined {
    const memory = this.#memory(thread.pid);
    return memory === undefined ? 'no such process' : writeUserMemory(memory, address, bytes);
  }

  #memory(pid: number): DebuggedMemory | undefined {
    const process = this.#process(pid);
    return process && { process, bus: this.#machine.bus };
  }

  #process(pid: number): Process | undefined {
    return this.#machine.processes().find((process) => process.pid === pid && process.proc.status === undefined);
  }

  // --- breakpoints

  setStop(pid: number, point: StopPoint): boolean {
    const proc = this.#process(pid)?.proc;
    const va = Number(point.address);
    if (proc === undefined || va >= USER_END || (point.kind === 'breakpoint' && va % 2 !== 0)) return false;
    const space = proc.as.hat.rootPfn;
    // After execve(2) the old address space may become somebody else's.
    for (const old of this.#spaces.get(pid) ?? []) if (old !== space) this.#machine.engine.breakpoints.removeSpace(old);
    this.#spaces.set(pid, new Set([space]));
    if (point.kind === 'breakpoint') this.#machine.engine.breakpoints.add(space, va);
    else this.#machine.engine.breakpoints.watch(watchpoint(space, point));
    return true;
  }

  clearStop(pid: number, point: StopPoint): boolean {
    const va = Number(point.address);
    if (va >= USER_END) return false;
    // A process that has another address space now had it in its old one, which may be gone.
    for (const space of this.#spaces.get(pid) ?? []) {
      if (point.kind === 'breakpoint') this.#machine.engine.breakpoints.remove(space, va);
      else this.#machine.engine.breakpoints.unwatch(watchpoint(space, point));
    }
    return true;
  }

  #clearStops(pid: number): void {
    for (const space of this.#spaces.get(pid) ?? []) this.#machine.engine.breakpoints.removeSpace(space);
    this.#spaces.delete(pid);
  }

  // --- running

  get over(): boolean {
    return this.result !== undefined;
  }

  resume(actionOf: (thread: ThreadId) => ResumeAction): void {
    this.#threads.resume(actionOf);
  }

  interrupt(): void {
    this.#interrupted = true;
  }

  run(shouldStop: () => boolean): Progress {
    const told = this.#next();
    if (told !== undefined) return told;
    const { maxInstructions } = this.#o;
    const result = this.#machine.run({
      ...(maxInstructions === undefined ? {} : { maxInstructions }),
      shouldStop: () => {
        this.#threads.wakeDoomed();
        return this.#threads.events.length > 0 || this.#interrupted || this.#ended() !== undefined || shouldStop();
      },
    });
    if (result.status === 'exited' || result.status === 'signaled') this.result = result;
    return this.#next() ?? this.#conclude(result);
  }

  /** The oldest event that still concerns somebody. */
  #next(): Progress | undefined {
    const { events } = this.#threads;
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      if (event.kind === 'stopped' && this.#threads.find(event.thread) === undefined) continue;
      return this.#tell(event);
    }
    const ended = this.#ended();
    if (ended !== undefined) return this.#end(ended);
    if (!this.#interrupted) return undefined;
    this.#interrupted = false;
    const thread = this.currentThread();
    return thread && this.#tell({ kind: 'stopped', thread, signal: GDB_INT, why: { kind: 'none' } });
  }

  #tell(event: StopEvent): Progress {
    if (event.kind === 'stopped') this.#current = event.thread;
    this.#threads.holdAll();
    return { kind: 'event', event };
  }

  /** A debugged process that has ended and whose debugger does not know. */
  #ended(): Proc | undefined {
    return this.#threads.processes().find((proc) => proc.status !== undefined && proc.zombie);
  }

  #end(proc: Proc): Progress {
    const { pid, status } = proc;
    this.#clearStops(pid);
    this.#threads.forget(proc);
    return this.#tell(status?.kind === 'signaled' ? { kind: 'killed', pid, signal: gdbSignal(status.signal) } : { kind: 'exited', pid, code: status?.code ?? 0 });
  }

  #conclude(result: RunResult): Progress {
    const thread = this.currentThread();
    switch (result.status) {
      case 'interrupted': return { kind: 'slice' };
      case 'waiting': return { kind: 'waiting' };
      case 'deadlock':
        // Whoever may run waits for somebody the debugger holds.
        if (thread !== undefined && this.#threads.holding) return this.#tell({ kind: 'stopped', thread, signal: GDB_INT, why: { kind: 'none' } });
        break;
      default:
    }
    this.result = result;
    if (thread === undefined) return { kind: 'over' };
    return this.#tell({ kind: 'killed', pid: thread.pid, signal: result.status === 'limit' ? GDB_XCPU : GDB_ABRT });
  }

  // --- processes

  followForks(): void {
    this.#threads.followForks = true;
  }

  passSignals(signals: readonly number[]): void {
    this.#threads.passedSignals = new Set(signals);
  }

  detach(pid: number): boolean {
    const proc = this.#threads.processes().find((candidate) => candidate.pid === pid);
    if (proc === undefined) return false;
    this.#clearStops(pid);
    this.#threads.detach(proc);
    return true;
  }

  attach(pid: number): boolean {
    const other = this.#threads.others().find((thread) => thread.pid === pid);
    if (other === undefined) return false;
    this.#threads.attach(other.lwp.proc);
    return true;
  }

  release(): void {
    for (const { pid } of this.#threads.processes()) this.detach(pid);
    this.#machine.system.debugger = undefined;
  }

  monitor(command: string, thread: ThreadId | undefined): string {
    return userMonitor({ machine: this.#machine, memory: thread && this.#memory(thread.pid) }, command);
  }
}

const watchpoint = (space: number, point: Exclude<StopPoint, { kind: 'breakpoint' }>): Watchpoint => ({
  space, va: Number(point.address), length: point.length, kind: point.kind,
});
