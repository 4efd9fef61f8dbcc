/** A hart: registers, MMU, privileged state, and the loop that runs generated code and handles what it leaves for. */
import { HarnessBug, PAGESIZE, type Pfn, type Vaddr } from '../base/index.js';
import { Mmu, SATP_SV39, SEGDEV_TLB, TranslationCache } from '../../mmu/index.js';
import { Cause } from './cause.js';
import type { HartContext } from './context.js';
import type { Watchpoint } from './breakpoints.js';
import { CsrFile } from './csr-file.js';
import { Leave } from './emitter.js';
import type { HartEngine } from './engine.js';
import { HartRegisters } from './hart-registers.js';
import { HartState } from './hart-state.js';
import { Exit, type HartObserver, type HartOptions } from './hart-options.js';
import { Handler } from './interpreter.js';
import { InterruptLines } from './interrupt-lines.js';
import { Decoded, State, TLB_BYTES, tlbPlace, translationCache } from './layout.js';
import { Pmp } from './pmp.js';
import { Status } from './status.js';
import { SYSTEM } from './system.js';
import { systemInstructionAt } from './system-instruction.js';
import { type Mode, TrapRegisters } from './trap-registers.js';

/** Instructions per entry of generated code: V8 changes to optimised code only when it is entered anew, and interrupts are taken between entries. */
const ENTRY = 1 << 16;

/** Returned by what handles one reason to leave generated code, where execution goes on. */
const GO_ON = -1;

/** One hardware thread of a machine. */
export class Hart extends HartRegisters {
  readonly id: number;
  readonly mmu: Mmu;
  readonly cache: TranslationCache;
  readonly traps: TrapRegisters = new TrapRegisters();
  readonly csrs: CsrFile;
  readonly pmp: Pmp | undefined = undefined;
  /** What devices hold of mip. */
  readonly lines: InterruptLines;
  /** RISC-V exception code of the last Exit.Trap. */
  cause = 0;
  /** Exact tval of the last Exit.Trap, signed. */
  tval = 0n;
  /** Loads, stores, AMOs, lr and sc that completed. */
  dataAccesses = 0;
  /** Data translations besides one for each data access: second pages, and accesses the bus refused. */
  extraDataLookups = 0;
  /** Sees every instruction; undefined for nobody, which is faster. */
  observer: HartObserver | undefined = undefined;
  /** The access of the last Exit.Watchpoint: of `size` bytes at `va`. */
  touched: { readonly point: Watchpoint; readonly va: number; readonly size: number } | undefined = undefined;
  readonly alignedOnly: boolean;
  readonly #engine: HartEngine;
  readonly #kernel: boolean;
  readonly #clock: (() => number) | undefined;
  #retired = 0;
  #fetchLookups = 0;
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
  readonly #stopsStuck: boolean;
  /** Whether `run` ends at the next opportunity. */
  #ending = false;

  constructor(engine: HartEngine, o: HartOptions) {
    const { bus } = engine;
    const slot = engine.newSlot();
    const entries = engine.cacheEntries;
    const place = translationCache(slot, entries);
    super(new HartState(bus, slot, place));
    this.id = o.id;
    this.#engine = engine;
    this.#kernel = o.kernel;
    this.#clock = o.now;
    this.lines = new InterruptLines(o.id, this.traps, o.interrupts);
    this.#stopsStuck = o.stopsStuck ?? false;
    this.alignedOnly = o.misaligned === 'trap';
    this.cache = new TranslationCache({ memory: bus.memory, at: place, entries });
    const ram = { first: bus.ramBase / PAGESIZE, frames: bus.ramSize / PAGESIZE, host: bus.ramHost };
    this.mmu = new Mmu({
      hartId: o.id, memory: bus, cache: this.cache, tlb: o.tlb ?? SEGDEV_TLB, ad: o.ad ?? 'svade', svpbmt: o.kernel, ...(o.trace ? { trace: o.trace } : {}),
      ...(o.walkInGeneratedCode === false ? {} : { shared: { memory: bus.memory, at: tlbPlace(place, entries), bytes: TLB_BYTES, ram, misaligned: !this.alignedOnly } }),
    });
    if (o.pmp === true) this.pmp = new Pmp(() => this.#protect());
    this.#protect();
    this.csrs = new CsrFile(this);
    if (o.kernel) this.#becomeUser();
    this.translationChanged();
    engine.add(this);
  }

  // --- counts and contexts

  /** Whether lr has reserved memory and neither sc nor anything else has ended that. */
  get reserved(): boolean {
    return this.state.cell(State.reservation) !== 0;
  }

  /** Instructions retired: those that trapped are not. */
  get instret(): number {
    return this.#retired;
  }

  /** Pages entered by instruction fetch, each of which looks the instruction TLB up once. */
  get fetchLookups(): number {
    return this.#fetchLookups;
  }

  /** Virtual time in nanoseconds, exact also while a device is asked in the middle of a run: an instruction takes one. */
  get now(): number {
    const underWay = this.#entry === 0 ? 0 : this.#entry - this.state.cell(State.count);
    return this.#startTime + this.#retired - this.#startRetired + underWay;
  }

  /** `tval` as a number where it is a canonical address, else NaN. */
  get tvalNumber(): number {
    return this.tval === BigInt.asIntN(39, this.tval) ? Number(this.tval) : Number.NaN;
  }

  /** Copies pc and registers into the hart; x[0] is ignored. A reservation ends. */
  override loadContext(from: HartContext): void {
    super.loadContext(from);
    this.#engine.watch.endReservation(this);
  }

  // --- translation

  /** Makes the hart translate through a page table in Sv39. Entries of other address spaces stay in the TLB. */
  setSatp(asid: number, rootPfn: Pfn): void {
    this.mmu.setSatp(SATP_SV39, asid, rootPfn);
    this.translationChanged();
  }

  /** sfence.vma: of one page or (undefined) all, for one ASID (global pages excepted) or (undefined) for all. */
  sfenceVma(va: Vaddr | undefined, asid: number | undefined): void {
    this.mmu.sfenceVma(va, asid);
    this.state.setCell(State.page, 0);
  }

  /** fence.i: what has been stored can be executed. */
  fenceI(): void {
    this.#engine.watch.fenceI();
  }

  /** Makes the MMU and floating point follow mode, mstatus and satp; the pc is translated anew. */
  translationChanged(): void {
    const { mmu, traps } = this;
    const { mode, status } = traps;
    const dataMode: Mode = status.has(Status.MPRV) ? status.mpp : mode;
    // Setting priv sets dataPriv as well, and both change the context of the translation cache.
    if (mmu.priv !== mode) mmu.priv = mode;
    mmu.dataPriv = dataMode;
    mmu.sum = status.has(Status.SUM);
    mmu.mxr = status.has(Status.MXR);
    this.float.ready = status.has(Status.FS);
    this.state.setCell(State.page, 0);
  }

  /** Makes the MMU obey PMP, whose registers have changed. The pc is translated anew. */
  #protect(): void {
    this.pmp?.guard(this.mmu);
    this.state.setCell(State.page, 0);
  }

  #becomeUser(): void {
    this.traps.mode = 0;
    this.csrs.environment.permitAll();
    this.traps.status.set(Status.FS, true);
    this.traps.machine.counteren = this.traps.supervisor.counteren = 7;
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
    const { decoded } = this.#engine;
    this.#engine.enter(this);
    this.#startTime = this.#clock?.() ?? this.#retired;
    this.#startRetired = this.#retired;
    this.#left = quantum;
    this.#passed = pass ? this.pc : Number.NaN;
    this.#ending = false;
    this.#engine.running = this;
    let exit: number = GO_ON;
    try {
      while (exit === GO_ON && this.#left > 0 && !this.#ending) {
        if (!this.#kernel && this.#interrupted()) continue;
        if (decoded.generation !== this.#generation) this.state.setCell(State.page, 0);
        exit = this.state.cell(State.page) === 0 ? this.#locate(1) : this.#goOn();
      }
    } finally {
      this.#engine.running = undefined;
      this.#collect();
    }
    return exit === GO_ON ? Exit.Quantum : (exit as Exit);
  }

  /** Executes what it can, or one instruction while somebody looks. */
  #goOn(): number {
    const { observer } = this;
    if (observer === undefined) return this.#handle(this.#enter(this.#engine.slowPath.single ? 1 : ENTRY));
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
    if (this.#kernel || this.#entry === 0 || left <= 1) return;
    this.#entry -= left - 1;
    this.state.setCell(State.count, 1);
  }

  /** Ends `run` after the instruction under way; it answers Exit.Quantum. For who is called in an access. */
  endRun(): void {
    this.cutEntry();
    this.#ending = true;
  }

  /** Where returns from traps go on. A reservation ends. */
  returnTo(pc: bigint): void {
    this.pc64 = pc;
    this.#engine.watch.endReservation(this);
  }

  /** Takes over what the slow path and generated code have counted. */
  #collect(): void {
    const { slowPath } = this.#engine;
    this.extraDataLookups += slowPath.extraLookups;
    slowPath.extraLookups = 0;
    this.#fetchLookups += this.state.cell(State.fetches);
    this.state.setCell(State.fetches, 0);
  }

  /** Enters generated code once, for at most `most` instructions, and counts what it has done. */
  #enter(most: number): ReturnType<HartEngine['run']> {
    const { state } = this;
    const entry = Math.min(this.#left, most, this.lines.instructionsLeft(this.now));
    state.setCell(State.count, entry);
    state.setCell(State.count + 4, 0);
    this.#entry = entry;
    const reason = this.#engine.run();
    const executed = this.#entry - state.cell(State.count);
    this.#entry = 0;
    if (this.#engine.slowPath.single) state.setCell(State.page, 0);
    this.#left -= executed;
    if (executed > 0) this.#passed = Number.NaN;
    this.#retired += executed;
    this.dataAccesses += state.cell(State.count + 4);
    return reason;
  }

  #handle(reason: ReturnType<HartEngine['run']>): number {
    const { slowPath, bus } = this.#engine;
    switch (reason) {
      case Leave.Quantum:
        return GO_ON;
      case Leave.Fault:
        if (slowPath.touched !== undefined) return this.#watched(slowPath.touched);
        this.#rethrow();
        return this.#trap(slowPath.cause, slowPath.cause === Cause.IllegalInstruction ? this.#instruction() : this.#faultAddress());
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

  /** A floating-point instruction generated code may not execute: illegal, or the first one since FS was Initial or Clean. */
  #startFloat(): number {
    const illegal = this.float.ready || !this.traps.status.floats;
    if (illegal) return this.#trap(Cause.IllegalInstruction, this.#instruction());
    this.csrs.dirtyFloat();
    return this.#handle(this.#enter(1));
  }

  /** An instruction with a break, which is a stop where the breakpoint is this hart's, and nothing otherwise. */
  #break(): number {
    const { breakpoints, decoded } = this.#engine;
    const { pc } = this;
    if (pc !== this.#passed && breakpoints.stopsAt(this.mmu, pc)) return Exit.Breakpoint;
    return decoded.withoutBreak(this.state.cell(State.ip), () => this.#handle(this.#enter(1)));
  }

  /** An instruction whose data access is watched, which is a stop unless it is to be passed over. */
  #watched(touched: NonNullable<Hart['touched']>): number {
    const { slowPath, bus } = this.#engine;
    slowPath.touched = undefined;
    // The fetch of its second half is counted when it happens.
    if (bus.u16[(this.state.cell(State.ip) + Decoded.handler) >> 1] === Handler.Straddle) this.#fetchLookups--;
    if (this.pc !== this.#passed) {
      this.touched = touched;
      return Exit.Watchpoint;
    }
    return slowPath.withoutWatchpoints(() => this.#handle(this.#enter(1)));
  }

  /** Throws what a device model threw. The hart stands at the instruction, which has not happened. */
  #rethrow(): void {
    const { slowPath } = this.#engine;
    const { thrown } = slowPath;
    if (thrown === undefined) return;
    slowPath.thrown = undefined;
    this.#collect();
    throw thrown.error;
  }

  /** Makes the page of the pc ready. `lookups`: 1 where generated code has not counted the entry of the page already. */
  #locate(lookups: 0 | 1): number {
    const { slowPath, decoded } = this.#engine;
    const found = slowPath.locate(this.state.cell(State.pc), this.state.cell(State.pc + 4));
    this.#generation = decoded.generation;
    this.#fetchLookups += lookups - (found ? 0 : 1);
    return found ? GO_ON : this.#trap(slowPath.cause, this.#faultAddress());
  }

  /** The bits of the instruction generated code was left at. */
  #instruction(): bigint {
    return BigInt(this.#engine.decoded.bitsAt(this.state.cell(State.ip)));
  }

  #faultAddress(): bigint {
    const { slowPath } = this.#engine;
    return (BigInt(slowPath.faultHigh | 0) << 32n) | BigInt(slowPath.faultLow >>> 0);
  }

  #system(ip: number): number {
    const { row, length, operands } = systemInstructionAt(this.#engine.bus, ip);
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
        return this.#trap(Cause.IllegalInstruction, this.#instruction());
      default:
        return this.#trap(outcome, outcome === Cause.Breakpoint ? this.pc64 : 0n);
    }
  }

  /** An exception: out of `run` with a kernel, to its handler without. */
  #trap(cause: number, tval: bigint): number {
    this.#engine.watch.endReservation(this);
    if (this.#kernel) {
      this.cause = cause;
      this.tval = tval;
      return Exit.Trap;
    }
    const before = this.pc64;
    const wasMachine = this.traps.mode === 3;
    this.pc64 = this.traps.enter(cause, false, before, tval);
    this.translationChanged();
    if (this.#stopsStuck && wasMachine && this.pc64 === before && (cause === Cause.FetchAccess || cause === Cause.FetchPageFault)) return Exit.Stuck;
    // A trap takes one of the quantum, so that a handler that traps itself comes to an end.
    this.#left--;
    return GO_ON;
  }

  #interrupted(): boolean {
    this.lines.read(this.now);
    const code = this.traps.pendingInterrupt();
    if (code < 0) return false;
    this.#engine.watch.endReservation(this);
    this.pc64 = this.traps.enter(code, true, this.pc64, 0n);
    this.translationChanged();
    this.#left--;
    return true;
  }
}
