/** The harts of a bare machine as a debugger's target: process 1, whose thread n + 1 is hart n. */
import type { BareDebugger, BareMachine, BareResult } from '../bare/index.js';
import { PADDR_END, USER_END } from '../base/index.js';
import { EVERY_SPACE, Exit, type Hart, type Watchpoint } from '../hart/index.js';
import { readBareMemory, writeBareMemory } from './bare-memory.js';
import { bareMonitor, hartText } from './bare-monitor.js';
import { csrsOf, readBareRegister, writeBareRegister } from './bare-registers.js';
import { GDB_ABRT, GDB_INT, GDB_TRAP, GDB_XCPU } from './gdb-signals.js';
import type { DebugTarget, MemoryRead, Progress, ResumeAction, StopEvent, StopPoint, StopReason, ThreadId } from './target.js';
import { describeTarget, PACKET_REGISTERS, type TargetRegister } from './target-description.js';

const PID = 1;

/** What is debugged, and how. */
export interface BareTargetOptions {
  readonly machine: BareMachine;
  /** Path of the program on the host, for a debugger that looks for symbols. */
  readonly path?: string;
  /** As for BareMachine.run. */
  readonly maxInstructions?: number;
}

/** To be made before the machine runs; harts are held until the debugger lets them go. */
export class BareTarget implements DebugTarget, BareDebugger {
  readonly registers: readonly TargetRegister[];
  readonly packetRegisters: number = PACKET_REGISTERS;
  readonly description: string;
  /** How the machine's run has ended; undefined while it goes on. */
  result: BareResult | undefined = undefined;
  readonly #o: BareTargetOptions;
  readonly #machine: BareMachine;
  readonly #actions: ResumeAction['kind'][];
  #event: StopEvent | undefined = undefined;
  #current = 0;
  #interrupted = false;
  #released = false;

  constructor(o: BareTargetOptions) {
    this.#o = o;
    this.#machine = o.machine;
    this.#actions = o.machine.harts.map(() => 'stop');
    const { registers, xml } = describeTarget({ csrs: csrsOf(o.machine.harts[0]!), privilege: true });
    this.registers = registers;
    this.description = xml;
    o.machine.debugger = this;
  }

  get over(): boolean {
    return this.result !== undefined;
  }

  executable(): string | undefined {
    return this.#o.path;
  }

  // --- threads, registers, memory

  threads(): ThreadId[] {
    return this.over || this.#released ? [] : this.#machine.harts.map(threadOf);
  }

  currentThread(): ThreadId | undefined {
    return this.threads()[this.#current];
  }

  isAlive(thread: ThreadId): boolean {
    return this.#hart(thread) !== undefined;
  }

  describeThread(thread: ThreadId): string {
    const hart = this.#hart(thread);
    return hart === undefined ? '' : hartText(hart);
  }

  #hart({ pid, tid }: ThreadId): Hart | undefined {
    return pid === PID && !this.over ? this.#machine.harts[tid - 1] : undefined;
  }

  readRegister(thread: ThreadId, register: TargetRegister): bigint | undefined {
    const hart = this.#hart(thread);
    return hart && readBareRegister(hart, register);
  }

  writeRegister(thread: ThreadId, register: TargetRegister, value: bigint): boolean {
    const hart = this.#hart(thread);
    return hart !== undefined && writeBareRegister(hart, register, value);
  }

  readMemory(thread: ThreadId, address: bigint, length: number): MemoryRead {
    const hart = this.#hart(thread);
    return hart === undefined ? { bytes: new Uint8Array(0), refused: 'no such hart' } : readBareMemory(this.#machine.bus, hart, address, length);
  }

  writeMemory(thread: ThreadId, address: bigint, bytes: Uint8Array): string | undefined {
    const hart = this.#hart(thread);
    return hart === undefined ? 'no such hart' : writeBareMemory(this.#machine.bus, hart, address, bytes);
  }

  // --- breakpoints

  setStop(_pid: number, point: StopPoint): boolean {
    const va = virtual(point);
    if (va === undefined) return false;
    if (point.kind === 'breakpoint') this.#machine.breakpoints.add(EVERY_SPACE, va);
    else this.#machine.breakpoints.watch(watchpoint(va, point));
    return true;
  }

  clearStop(_pid: number, point: StopPoint): boolean {
    const va = virtual(point);
    if (va === undefined) return false;
    if (point.kind === 'breakpoint') this.#machine.breakpoints.remove(EVERY_SPACE, va);
    else this.#machine.breakpoints.unwatch(watchpoint(va, point));
    return true;
  }

  // --- what the machine asks and tells

  most(hart: Hart): number {
    const action = this.#actions[hart.id];
    return action === 'stop' ? 0 : action === 'step' ? 1 : Infinity;
  }

  ran(hart: Hart, exit: Exit): boolean {
    const { touched } = hart;
    if (exit === Exit.Breakpoint) this.#stop(hart, GDB_TRAP, { kind: 'breakpoint' });
    else if (exit === Exit.Watchpoint && touched !== undefined) {
      const address = BigInt.asUintN(64, BigInt(Math.max(touched.va, touched.point.va)));
      this.#stop(hart, GDB_TRAP, { kind: 'watchpoint', access: touched.point.kind, address });
    } else if (this.#actions[hart.id] === 'step') this.#stop(hart, GDB_TRAP, { kind: 'none' });
    return this.#event !== undefined;
  }

  get holding(): boolean {
    return this.#actions.includes('stop');
  }

  #stop(hart: Hart, signal: number, why: StopReason): void {
    this.#event = { kind: 'stopped', thread: threadOf(hart), signal, why };
    this.#current = hart.id;
    this.#actions.fill('stop');
  }

  // --- running

  resume(actionOf: (thread: ThreadId) => ResumeAction): void {
    for (const hart of this.#machine.harts) this.#actions[hart.id] = actionOf(threadOf(hart)).kind;
  }

  interrupt(): void {
    this.#interrupted = true;
  }

  run(shouldStop: () => boolean): Progress {
    if (this.#interrupted) return this.#tellInterrupt();
    const { maxInstructions } = this.#o;
    const result = this.#machine.run({ ...(maxInstructions === undefined ? {} : { maxInstructions }), shouldStop: () => this.#interrupted || shouldStop() });
    if (result.status !== 'interrupted') return this.#conclude(result);
    if (this.#interrupted && this.#event === undefined) return this.#tellInterrupt();
    const event = this.#event;
    this.#event = undefined;
    return event === undefined ? { kind: 'slice' } : { kind: 'event', event };
  }

  #tellInterrupt(): Progress {
    this.#interrupted = false;
    this.#stop(this.#machine.harts[this.#current]!, GDB_INT, { kind: 'none' });
    const event = this.#event!;
    this.#event = undefined;
    return { kind: 'event', event };
  }

  #conclude(result: BareResult): Progress {
    this.result = result;
    this.#event = undefined;
    if (result.status === 'exited') return { kind: 'event', event: { kind: 'exited', pid: PID, code: result.code } };
    if (result.status === 'reset') return { kind: 'event', event: { kind: 'exited', pid: PID, code: 0 } };
    return { kind: 'event', event: { kind: 'killed', pid: PID, signal: result.status === 'limit' ? GDB_XCPU : GDB_ABRT } };
  }

  // --- the debugger comes and goes

  followForks(): void {}

  passSignals(): void {}

  detach(pid: number): boolean {
    if (pid !== PID) return false;
    this.release();
    return true;
  }

  attach(): boolean {
    return false;
  }

  release(): void {
    this.#machine.breakpoints.removeSpace(EVERY_SPACE);
    this.#machine.debugger = undefined;
    this.#released = true;
  }

  monitor(command: string, thread: ThreadId | undefined): string {
    const { bus, harts } = this.#machine;
    return bareMonitor({ bus, harts, hart: thread && this.#hart(thread) }, command);
  }
}

const threadOf = ({ id }: Hart): ThreadId => ({ pid: PID, tid: id + 1 });

/** An address as a number, where a hart may have it: canonical, or physical. */
function virtual({ kind, address }: StopPoint): number | undefined {
  const va = Number(BigInt.asIntN(64, address));
  return va < -USER_END || va >= PADDR_END || (kind === 'breakpoint' && va % 2 !== 0) ? undefined : va;
}

const watchpoint = (va: number, { kind, length }: Exclude<StopPoint, { kind: 'breakpoint' }>): Watchpoint => ({ space: EVERY_SPACE, va, length, kind });
