/**
 * What generated code cannot do itself: data accesses the translation cache does not answer, and fetches of pages that
 * are not translated or decoded. No bigint and no allocation on the way of ordinary memory; a load or store that memory
 * does not take in one piece goes through the scratch cell.
 */
import { asVaddr } from '../base/index.js';
import type { AccessSize, Bus } from '../bus/index.js';
import { EXEC, type Mmu, READ, WRITE } from '../../mmu/index.js';
import { Access, CACHE_BLOCK } from './access.js';
import type { Breakpoints, Watchpoint } from './breakpoints.js';
import { Cause } from './cause.js';
import type { CsrFile } from './csr-file.js';
import { isFull } from './decode.js';
import type { DecodedPages } from './decoded-pages.js';
import type { HartState } from './hart-state.js';
import { State } from './layout.js';
import type { StoreWatch } from './store-watch.js';
import type { TrapRegisters } from './trap-registers.js';

const LOW = 0x1_0000_0000;
const PAGE = 4096;
/** Bytes that are fetched at a time. */
const PARCEL = 2;

/** What the slow path needs of the hart that runs. */
export interface TranslatingHart {
  readonly state: HartState;
  readonly mmu: Mmu;
  /** Whether loads and stores that are not aligned trap. */
  readonly alignedOnly: boolean;
  readonly csrs: Pick<CsrFile, 'environment'>;
  readonly traps: Pick<TrapRegisters, 'mode'>;
  /** Ends the entry of generated code after this instruction: what it does may have changed which interrupts are pending. */
  cutEntry(): void;
}

/** The cause a store has where a load has this one: both access faults and both page faults are two apart. */
const asStore = (cause: number): number => cause + 2;

/** The slow path of the hart that runs. Addresses are numbers: signed, exact where canonical, out of range where not. */
export class SlowPath {
  /** The hart that runs. */
  hart: TranslatingHart | undefined = undefined;
  /** Exception code and address of the last fault. */
  cause = 0;
  faultLow = 0;
  faultHigh = 0;
  /** What a data access has thrown. */
  thrown: { readonly error: unknown } | undefined = undefined;
  /** Translations made for data that did not end in a counted access of their own: second pages, and accesses the bus refused. */
  extraLookups = 0;
  /** The watchpoint that a data access has touched, which has not happened; cleared to let it happen. */
  touched: { readonly point: Watchpoint; readonly va: number; readonly size: number } | undefined = undefined;
  #unwatched = false;
  /** Whether the page made ready last may be executed in part only: then its one instruction asked for may. */
  single = false;
  /** Physical address of the last fetch from such a page. */
  #fetched = 0;
  readonly #bus: Bus;
  readonly #decoded: DecodedPages;
  readonly #watch: StoreWatch;
  readonly #breakpoints: Breakpoints;

  constructor(bus: Bus, decoded: DecodedPages, watch: StoreWatch, breakpoints: Breakpoints) {
    this.#bus = bus;
    this.#decoded = decoded;
    this.#watch = watch;
    this.#breakpoints = breakpoints;
  }

  /**
   * A data access whose exceptions (a device model's, or that memory is used up) wait in `thrown` until generated code has
   * been left in order, so that whoever catches them finds the hart at the instruction.
   */
  guardedAccess(low: number, high: number, size: number, kind: number): number {
    try {
      return this.access(low, high, size, kind);
    } catch (error) {
      this.thrown = { error };
      return 0;
    }
  }

  /** A data access: returns the linear address generated code shall access, 0 after a fault. */
  access(low: number, high: number, size: number, kind: number): number {
    const conditional = kind === Access.StoreConditional;
    if (kind >= Access.Zero && !conditional) return this.#cacheBlock(low, high, kind);
    const writes = conditional || kind === Access.Store || kind === Access.Amo;
    const { mmu, alignedOnly } = this.hart!;
    if ((low & (size - 1)) !== 0 && (kind >= Access.LoadReserved || alignedOnly)) {
      return this.#fault(writes ? Cause.StoreMisaligned : Cause.LoadMisaligned, low, high);
    }
    const { watching } = this.#breakpoints;
    if (watching && !this.#unwatched && this.#touches(high * LOW + (low >>> 0), size, kind)) return 0;
    const offset = low & (PAGE - 1);
    if (offset + size > PAGE) return this.#crossing(low, high, size, writes);
    const how = writes ? WRITE : READ;
    const va = asVaddr(high * LOW + (low >>> 0));
    if ((low & (size - 1)) !== 0) {
      const cached = mmu.cache.lookup(va, how);
      if (cached >= 0) return cached;
    }
    const pa = mmu.translate(va, how);
    if (pa < 0) return this.#fault(mmu.cause, low, high);
    const pfn = Math.floor(pa / PAGE);
    const whole = mmu.allowsPage(pfn, how);
    if (!whole && !mmu.allows(pa, size, how)) return this.#refused(mmu.cause, low, high);
    const page = this.#bus.hostPage(pfn);
    if (page === 0) return this.#registers(pa, low, high, size, kind);
    const host = page + offset;
    // An sc that fails stores nothing: it must not end the reservation of another hart, or two harts could keep each other from succeeding.
    const fails = conditional && this.hart!.state.cell(State.reservation) >>> 0 !== host;
    const admitted = !writes || (!fails && this.#watch.admitsStore(host, size));
    if (whole && admitted && !(watching && this.#breakpoints.keepsOut(mmu, va, how))) {
      mmu.cacheFill(va, how, page);
      // A page that is read is often written next.
      const other = writes ? READ : WRITE;
      if (!watching && mmu.answersToo(other) && (writes || this.#watch.admitsStores(host))) mmu.cacheFill(va, other, page);
    }
    return host;
  }

  /**
   * cbo.zero, which stores zeros, or one of the others, which do nothing where the block can be read: there are no caches.
   * Faults are those of stores, at the very address given. [RISC-V unprivileged ISA, "CMO" Extensions, Traps]
   */
  #cacheBlock(low: number, high: number, kind: number): number {
    const { mmu, csrs, traps } = this.hart!;
    if (!csrs.environment.allows(kind, traps.mode)) return this.#fault(Cause.IllegalInstruction, 0, 0);
    const block = low & -CACHE_BLOCK;
    const writes = kind === Access.Zero;
    const va = high * LOW + (block >>> 0);
    if (writes && this.#breakpoints.watching && !this.#unwatched && this.#touches(va, CACHE_BLOCK, Access.Store)) return 0;
    const pa = mmu.translate(asVaddr(va), writes ? WRITE : READ);
    if (pa < 0) return this.#fault(writes ? mmu.cause : asStore(mmu.cause), low, high);
    const allowed = mmu.allows(pa, CACHE_BLOCK, WRITE) || (!writes && mmu.allows(pa, CACHE_BLOCK, READ));
    const page = allowed ? this.#bus.hostPage(Math.floor(pa / PAGE)) : 0;
    // Only cbo.zero counts as an access.
    if (page === 0 || !writes) this.extraLookups++;
    if (page === 0) return this.#fault(Cause.StoreAccess, low, high);
    const host = page + (block & (PAGE - 1));
    if (writes) {
      this.#watch.admitsStore(host, CACHE_BLOCK);
      this.#bus.clear(host, CACHE_BLOCK);
    }
    return host;
  }

  /** Does something while data accesses happen though they are watched. */
  withoutWatchpoints<T>(action: () => T): T {
    this.#unwatched = true;
    try {
      return action();
    } finally {
      this.#unwatched = false;
    }
  }

  /** Notes the watchpoint an access touches, if any. */
  #touches(va: number, size: number, kind: number): boolean {
    const point = this.#breakpoints.watched(this.hart!.mmu, va, size, kind);
    this.touched = point && { point, va, size };
    return point !== undefined;
  }

  /**
   * Makes the page of an address ready to be executed: translates it, decodes it, sets page and page va of the state.
   * @returns false after a fault.
   */
  locate(low: number, high: number): boolean {
    const { mmu, state } = this.hart!;
    const va = asVaddr(high * LOW + (low >>> 0));
    this.single = false;
    let host = mmu.cache.lookup(va, EXEC);
    if (host < 0) {
      host = this.#translateFetch(va);
      if (host === 0) return this.#fault(this.cause, low, high) !== 0;
      if (this.single && !this.#allowsSecondParcel(host)) return this.#fault(Cause.FetchAccess, low + PARCEL, high) !== 0;
    }
    this.#watch.beforeDecoding(host);
    state.setCell(State.page, this.#decoded.pageOf(host));
    this.#breakpoints.plant(this.hart!.mmu, va, host);
    state.setCell(State.pageVa, low & -PAGE);
    state.setCell(State.pageVa + 4, high);
    return true;
  }

  /** Fetches from the page after the one at the given address; returns its linear address, 0 after a fault. */
  straddle(pageLow: number, pageHigh: number): number {
    const next = asVaddr(pageHigh * LOW + (pageLow >>> 0) + PAGE);
    const host = this.#translateFetch(next);
    if (host === 0) {
      this.#fault(this.cause, next % LOW, Math.floor(next / LOW));
      return 0;
    }
    const { state } = this.hart!;
    state.setCell(State.fetches, state.cell(State.fetches) + 1);
    return host;
  }

  /** Linear address of an instruction, 0 after a fault, whose cause is set. */
  #translateFetch(va: ReturnType<typeof asVaddr>): number {
    const { mmu } = this.hart!;
    const pa = mmu.translate(va, EXEC);
    const pfn = Math.floor(pa / PAGE);
    const whole = pa >= 0 && mmu.allowsPage(pfn, EXEC);
    const page = whole || (pa >= 0 && mmu.allows(pa, PARCEL, EXEC)) ? this.#bus.hostPage(pfn) : 0;
    if (page === 0) {
      this.cause = pa < 0 ? mmu.cause : Cause.FetchAccess;
      return 0;
    }
    if (whole) {
      mmu.cacheFill(va, EXEC, page);
    } else {
      this.single = true;
      this.#fetched = pa;
    }
    this.#breakpoints.plant(mmu, va, page);
    return page + (pa % PAGE);
  }

  /** Whether the second half of the instruction fetched last may be fetched too, where it lies in the same page. */
  #allowsSecondParcel(host: number): boolean {
    const second = this.#fetched + PARCEL;
    return second % PAGE === 0 || !isFull(this.#bus.u16[host >>> 1]!) || this.hart!.mmu.allows(second, PARCEL, EXEC);
  }

  /** A load or store over two pages. Both are translated before anything is stored. */
  #crossing(low: number, high: number, size: number, writes: boolean): number {
    const { mmu } = this.hart!;
    const bus = this.#bus;
    const how = writes ? WRITE : READ;
    const va = high * LOW + (low >>> 0);
    const end = Math.floor(va / PAGE) * PAGE + PAGE;
    const firstPa = mmu.translate(asVaddr(va), how);
    if (firstPa < 0) return this.#fault(mmu.cause, low, high);
    this.extraLookups++;
    const secondPa = mmu.translate(asVaddr(end), how);
    if (secondPa < 0) return this.#fault(mmu.cause, end % LOW, Math.floor(end / LOW));
    if (!mmu.allows(firstPa, end - va, how)) return this.#refused(mmu.cause, low, high);
    if (!mmu.allows(secondPa, va + size - end, how)) return this.#refused(mmu.cause, end % LOW, Math.floor(end / LOW));
    const first = bus.hostPage(Math.floor(firstPa / PAGE));
    const second = bus.hostPage(Math.floor(secondPa / PAGE));
    if (first === 0 || second === 0) {
      const refused = first === 0 ? va : end;
      return this.#refused(writes ? Cause.StoreAccess : Cause.LoadAccess, refused % LOW, Math.floor(refused / LOW));
    }
    const head = end - va;
    const from = first + PAGE - head;
    if (writes) {
      this.#watch.admitsStore(from, head);
      this.#watch.admitsStore(second, size - head);
      bus.u8.copyWithin(from, State.scratch, State.scratch + head);
      bus.u8.copyWithin(second, State.scratch + head, State.scratch + size);
    } else {
      bus.u8.copyWithin(State.scratch, from, from + head);
      bus.u8.copyWithin(State.scratch + head, second, second + size - head);
    }
    return State.scratch;
  }

  /** An access to what is not memory. Only plain loads and stores reach registers; atomics need memory. */
  #registers(pa: number, low: number, high: number, size: number, kind: number): number {
    const bus = this.#bus;
    const cell = State.scratch / 8;
    this.hart!.cutEntry();
    const at = pa as Parameters<Bus['load']>[0];
    if (kind === Access.Load) {
      const read = bus.load(at, size as AccessSize);
      if (read !== undefined) {
        bus.i64[cell] = read;
        return State.scratch;
      }
    } else if (kind === Access.Store && bus.store(at, size as AccessSize, bus.i64[cell]!)) {
      return State.scratch;
    }
    return this.#refused(kind === Access.Load || kind === Access.LoadReserved ? Cause.LoadAccess : Cause.StoreAccess, low, high);
  }

  /** A fault of an access whose translation has been looked up, but which does not count as completed. */
  #refused(cause: number, low: number, high: number): 0 {
    this.extraLookups++;
    return this.#fault(cause, low, high);
  }

  #fault(cause: number, low: number, high: number): 0 {
    this.cause = cause;
    this.faultLow = low;
    this.faultHigh = high;
    return 0;
  }
}
