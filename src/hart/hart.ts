/** A hart: what it is between instructions (privileged-hart.ts), and the loop that runs generated code and handles what it leaves for. */
import { HarnessBug } from '../base/index.js';
import { Cause } from './cause.js';
import type { Watchpoint } from './breakpoints.js';
import { Leave } from './leave.js';
import type { HartEngine } from './engine.js';
import { Exit, type HartObserver, type HartOptions } from './hart-options.js';
import { Handler } from './handlers.js';
import { Decoded, State } from './layout.js';
import { PrivilegedHart } from './privileged-hart.js';
import { SYSTEM } from './system.js';
import { systemInstructionAt } from './system-instruction.js';

/** Instructions per entry of generated code: V8 changes to optimised code only when it is entered anew, and interrupts are taken between entries. */
const ENTRY = 1 << 17;

/** Returned by what handles one reason to leave generated code, where execution goes on. */
const GO_ON = -1;

/** One hardware thread of a machine. */
export class Hart extends PrivilegedHart {
  /** Sees every instruction; undefined for nobody, which is faster. */
  observer: HartObserver | undefined = undefined;
  /** The access of the last Exit.Watchpoint: of `size` bytes at `va`. */
  touched: { readonly point: Watchpoint; readonly va: number; readonly size: number } | undefined = undefined;
  readonly #clock: (() => number) | undefined;
  #retired = 0;
  #generation = 0;
  /** Virtual time and `instret` when `run` was entered. */
  #startTime = 0;
  #startRetired = 0;
  /** Instructions left of the quantum. */
  #left = 0;
  /** Address of the instruction that no breakpoint or watchpoint stops; NaN for none. */
  #passed = Number.NaN;
  /** Instructions generated code was given, while it runs; else 0. */
  #entry = 0;
  /** Decoded page generated code was left in last, where it executes one instruction at a time. */
  #page = 0;
  /** Whether `run` ends at the next opportunity. */
  #ending = false;

  constructor(engine: HartEngine, o: HartOptions) {
    super(engine, o);
    this.#clock = o.now;
    engine.add(this);
  }

  // --- counts

  /** Instructions retired: those that trapped are not. */
  override get instret(): number {
    return this.#retired;
  }

  /** Virtual time in nanoseconds, exact also while a device is asked in the middle of a run: an instruction takes one. */
  override get now(): number {
    const underWay = this.#entry === 0 ? 0 : this.#entry - this.state.cell(State.count);
    return this.#startTime + this.#retired - this.#startRetired + underWay;
  }

  // --- running

  /**
   * Executes at most `quantum` instructions, exactly that many where nothing ends it before.
   * @param quantum a non-negative integer
   * @param pass whether the instruction at pc is executed though it has a breakpoint or what it accesses is watched
   * @returns why it ended
   */
  run(quantum: number, pass = false): Exit {
    if (!Number.isInteger(quantum) || quantum < 0) throw new RangeError(`quantum: ${quantum} is not a number of instructions`);
    const { decoded } = this.engine;
    this.engine.enter(this);
    this.#startTime = this.#clock?.() ?? this.#retired;
    this.#startRetired = this.#retired;
    this.#left = quantum;
    this.#passed = pass ? this.pc : Number.NaN;
    this.#ending = false;
    this.engine.running = this;
    let exit: number = GO_ON;
    try {
      while (exit === GO_ON && this.#left > 0 && !this.#ending) {
        if (!this.kernel && this.takeInterrupt()) {
          this.#left--;
          continue;
        }
        if (decoded.generation !== this.#generation) this.state.setCell(State.page, 0);
        exit = this.state.cell(State.page) === 0 ? this.#locate(1) : this.#goOn();
      }
    } finally {
      this.engine.running = undefined;
      this.#collect();
    }
    return exit === GO_ON ? Exit.Quantum : (exit as Exit);
  }

  /** Executes what it can, or one instruction while somebody looks. */
  #goOn(): number {
    const { observer } = this;
    if (observer === undefined) return this.#handle(this.#enter(this.engine.slowPath.single ? 1 : ENTRY));
    const before = this.#retired;
    observer.before();
    const exit = this.#handle(this.#enter(1));
    observer.after(this.#retired > before);
    return exit;
  }

  /** What the last `run` left of its quantum; traps taken have used one each. */
  get quantumLeft(): number {
    return this.#left;
  }

  /** Ends the entry of generated code after the instruction under way, so that interrupts are looked at. For who is called in an access. */
  cutEntry(): void {
    const left = this.state.cell(State.count);
    if (this.kernel || this.#entry === 0 || left <= 1) return;
    this.#entry -= left - 1;
    this.state.setCell(State.count, 1);
  }

  /** Ends `run` after the instruction under way; it answers Exit.Quantum. For who is called in an access. */
  endRun(): void {
    this.cutEntry();
    this.#ending = true;
  }

  /** Takes over what the slow path and generated code have counted. */
  #collect(): void {
    const { slowPath } = this.engine;
    this.extraDataLookups += slowPath.extraLookups;
    slowPath.extraLookups = 0;
    this.fetchLookups += this.state.cell(State.fetches);
    this.state.setCell(State.fetches, 0);
  }

  /** Enters generated code once, for at most `most` instructions, and counts what it has done. */
  #enter(most: number): ReturnType<HartEngine['run']> {
    const { state } = this;
    const entry = Math.min(this.#left, most, this.lines.instructionsLeft(this.now));
    state.setCell(State.count, entry);
    state.setCell(State.count + 4, 0);
    this.#entry = entry;
    const reason = this.engine.run();
    const executed = this.#entry - state.cell(State.count);
    this.#entry = 0;
    if (this.engine.slowPath.single) {
      this.#page = state.cell(State.page);
      state.setCell(State.page, 0);
    }
    this.#left -= executed;
    if (executed > 0) this.#passed = Number.NaN;
    this.#retired += executed;
    this.dataAccesses += state.cell(State.count + 4);
    return reason;
  }

  #handle(reason: ReturnType<HartEngine['run']>): number {
    const { slowPath, bus } = this.engine;
    switch (reason) {
      case Leave.Quantum:
        return GO_ON;
      case Leave.Fault:
        if (slowPath.touched !== undefined) return this.#watched(slowPath.touched);
        this.#rethrow();
        return this.#trap(slowPath.cause, slowPath.cause === Cause.IllegalInstruction ? this.instructionBits() : this.faultAddress());
      case Leave.Fetch:
        return this.#locate(0);
      case Leave.System:
        return this.#system(this.state.cell(State.ip));
      case Leave.Illegal:
        return this.#trap(Cause.IllegalInstruction, BigInt(bus.u32[(this.state.cell(State.ip) + Decoded.imm) >> 2]!));
      case Leave.Break:
        return this.#break();
      case Leave.Float:
        return this.#startFloat();
    }
  }

  /** Executes the instruction generated code was left at, which nothing keeps from it any more. It may be fetched: it has been. */
  #again(): number {
    if (this.engine.slowPath.single) this.state.setCell(State.page, this.#page);
    return this.#handle(this.#enter(1));
  }

  /** A floating-point instruction generated code may not execute: illegal, or the first one since FS was Initial or Clean. */
  #startFloat(): number {
    const illegal = this.float.ready || !this.traps.status.floats;
    if (illegal) return this.#trap(Cause.IllegalInstruction, this.instructionBits());
    this.csrs.dirtyFloat();
    return this.#again();
  }

  /** An instruction with a break, which is a stop where the breakpoint is this hart's, and nothing otherwise. */
  #break(): number {
    const { breakpoints, decoded } = this.engine;
    const { pc } = this;
    if (pc !== this.#passed && breakpoints.stopsAt(this.mmu, pc)) return Exit.Breakpoint;
    return decoded.withoutBreak(this.state.cell(State.ip), () => this.#again());
  }

  /** An instruction whose data access is watched, which is a stop unless it is to be passed over. */
  #watched(touched: NonNullable<Hart['touched']>): number {
    const { slowPath, bus } = this.engine;
    slowPath.touched = undefined;
    // The fetch of its second half is counted when it happens.
    if (bus.u16[(this.state.cell(State.ip) + Decoded.handler) >> 1] === Handler.Straddle) this.fetchLookups--;
    if (this.pc !== this.#passed) {
      this.touched = touched;
      return Exit.Watchpoint;
    }
    return slowPath.withoutWatchpoints(() => this.#again());
  }

  /** Throws what a device model threw. The hart stands at the instruction, which has not happened. */
  #rethrow(): void {
    const { slowPath } = this.engine;
    const { thrown } = slowPath;
    if (thrown === undefined) return;
    slowPath.thrown = undefined;
    this.#collect();
    throw thrown.error;
  }

  /** Makes the page of the pc ready. `lookups`: 1 where generated code has not counted the entry of the page already. */
  #locate(lookups: 0 | 1): number {
    const { slowPath, decoded } = this.engine;
    const found = slowPath.locate(this.state.cell(State.pc), this.state.cell(State.pc + 4));
    this.#generation = decoded.generation;
    this.fetchLookups += lookups - (found ? 0 : 1);
    return found ? GO_ON : this.#trap(slowPath.cause, this.faultAddress());
  }

  #system(ip: number): number {
    const { row, length, operands } = systemInstructionAt(this.engine.bus, ip);
    const operation = SYSTEM[row.name];
    if (operation === undefined) throw new HarnessBug('no helper for a system instruction', { name: row.name, pc: this.pc });
    this.lines.read(this.now);
    const outcome = operation(this, operands);
    switch (outcome) {
      case 'next': case 'wait': case 'jumped':
        if (outcome !== 'jumped') this.pc64 += BigInt(length);
        this.#retired++;
        this.#left--;
        return outcome === 'wait' ? Exit.Wait : GO_ON;
      case 'illegal':
        return this.#trap(Cause.IllegalInstruction, this.instructionBits());
      default:
        return this.#trap(outcome, outcome === Cause.Breakpoint ? this.pc64 : 0n);
    }
  }

  /** An exception. Going to its handler takes one of the quantum, so that a handler that traps itself comes to an end. */
  #trap(cause: number, tval: bigint): number {
    const exit = this.takeException(cause, tval);
    if (exit !== undefined) return exit;
    this.#left--;
    return GO_ON;
  }
}
