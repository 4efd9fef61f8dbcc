/** A hart between instructions: registers, MMU, privileged state, and how traps and whoever sets these change them. hart.ts runs it. */
import { PAGESIZE, type Pfn, type Vaddr } from '../base/index.js';
import { Mmu, SATP_SV39, SEGDEV_TLB, TranslationCache } from '../../mmu/index.js';
import { Cause } from './cause.js';
import type { HartContext } from './context.js';
import { type CsrHart, CsrFile } from './csr-file.js';
import type { HartEngine } from './engine.js';
import { Exit, type HartOptions } from './hart-options.js';
import { HartRegisters } from './hart-registers.js';
import { HartState } from './hart-state.js';
import { InterruptLines } from './interrupt-lines.js';
import { State, TLB_BYTES, tlbPlace, translationCache } from './layout.js';
import { Pmp } from './pmp.js';
import { Status } from './status.js';
import { type Mode, TrapRegisters } from './trap-registers.js';

/** What a hart has besides the means to run. */
export abstract class PrivilegedHart extends HartRegisters implements CsrHart {
  readonly id: number;
  readonly mmu: Mmu;
  readonly cache: TranslationCache;
  readonly traps: TrapRegisters = new TrapRegisters();
  readonly csrs: CsrFile;
  readonly pmp: Pmp | undefined = undefined;
  /** What devices hold of mip. */
  readonly lines: InterruptLines;
  readonly alignedOnly: boolean;
  /** Loads, stores, AMOs, lr and sc that completed. */
  dataAccesses = 0;
  /** Data translations besides one for each data access: second pages, and accesses the bus refused. */
  extraDataLookups = 0;
  /** Pages entered by instruction fetch, each of which looks the instruction TLB up once. */
  fetchLookups = 0;
  /** RISC-V exception code of the last Exit.Trap. */
  cause = 0;
  /** Exact tval of the last Exit.Trap, signed. */
  tval = 0n;
  protected readonly engine: HartEngine;
  /** Whether traps leave `run`, for a kernel of ours. */
  protected readonly kernel: boolean;
  readonly #stopsStuck: boolean;

  constructor(engine: HartEngine, o: HartOptions) {
    const { bus } = engine;
    const slot = engine.newSlot();
    const entries = engine.cacheEntries;
    const place = translationCache(slot, entries);
    super(new HartState(bus, slot, place));
    this.id = o.id;
    this.engine = engine;
    this.kernel = o.kernel;
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
  }

  /** Instructions retired: those that trapped are not. */
  abstract get instret(): number;

  /** Virtual time in nanoseconds. */
  abstract get now(): number;

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
    this.engine.watch.fenceI();
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

  // --- traps

  /** `tval` as a number where it is a canonical address, else NaN. */
  get tvalNumber(): number {
    return this.tval === BigInt.asIntN(39, this.tval) ? Number(this.tval) : Number.NaN;
  }

  /**
   * Takes an exception: out of `run` with a kernel, to its handler without.
   * @param tval what mtval or stval gets, signed
   * @returns why `run` ends, undefined where it goes on
   */
  protected takeException(cause: number, tval: bigint): Exit | undefined {
    this.endReservation();
    if (this.kernel) {
      this.cause = cause;
      this.tval = tval;
      return Exit.Trap;
    }
    const before = this.pc64;
    const wasMachine = this.traps.mode === 3;
    this.pc64 = this.traps.enter(cause, false, before, tval);
    this.translationChanged();
    const unfetched = cause === Cause.FetchAccess || cause === Cause.FetchPageFault;
    return this.#stopsStuck && wasMachine && unfetched && this.pc64 === before ? Exit.Stuck : undefined;
  }

  /** Goes to the handler of the interrupt that is due. @returns false where none is */
  protected takeInterrupt(): boolean {
    this.lines.read(this.now);
    const code = this.traps.pendingInterrupt();
    if (code < 0) return false;
    this.endReservation();
    this.pc64 = this.traps.enter(code, true, this.pc64, 0n);
    this.translationChanged();
    return true;
  }

  /** The bits of the instruction generated code was left at, which an illegal instruction has for tval. */
  protected instructionBits(): bigint {
    return BigInt(this.engine.decoded.bitsAt(this.state.cell(State.ip)));
  }

  /** The address the slow path could not access, signed. */
  protected faultAddress(): bigint {
    const { slowPath } = this.engine;
    return (BigInt(slowPath.faultHigh | 0) << 32n) | BigInt(slowPath.faultLow >>> 0);
  }

  /** Where returns from traps go on. A reservation ends. */
  returnTo(pc: bigint): void {
    this.pc64 = pc;
    this.endReservation();
  }

  // --- contexts

  /** Whether lr has reserved memory and neither sc nor anything else has ended that. */
  get reserved(): boolean {
    return this.state.cell(State.reservation) !== 0;
  }

  /** Copies pc and registers into the hart; x[0] is ignored. A reservation ends. */
  override loadContext(from: HartContext): void {
    super.loadContext(from);
    this.endReservation();
  }

  /** Ends what lr has reserved. */
  protected endReservation(): void {
    this.engine.watch.endReservation(this);
  }
}
