/**
 * Which pages stores must be seen of: those with decoded instructions, and those a hart that is not running has reserved
 * with lr. Stores to such a page take the slow path, because its write tag is kept out of every translation cache.
 *
 * The first store to a decoded page marks it stale; its decoded instructions live on until a fence.i, as the manual
 * allows, so further stores need not be seen and the page may be cached for writing again. What the host writes (devices,
 * the kernel) drops decoded instructions at once, because no fence.i follows.
 */
import type { Bus } from '../bus/index.js';
import type { TranslationCache } from '../../mmu/index.js';
import type { DecodedPages } from './decoded-pages.js';
import type { HartState } from './hart-state.js';
import { State, STORE_FLAGS, StoreFlag } from './layout.js';

const { writeCached: WRITE_CACHED, stale: STALE, reserved: RESERVED, observed: OBSERVED } = StoreFlag;

/** lr reserves the aligned 8 bytes around its address. */
const RESERVATION_SIZE = 8;

/** What the watch must reach of each hart. */
export interface WatchedHart {
  readonly state: HartState;
  readonly cache: TranslationCache;
}

/** Sees stores that matter to code and to reservations. `host` is a linear address. */
export class StoreWatch {
  /** Called before each guest's store to an observed page; the store happens when the instruction completes. */
  onStore: ((host: number, size: number) => void) | undefined = undefined;
  readonly #decoded: DecodedPages;
  readonly #harts: readonly WatchedHart[];
  readonly #flags: Uint8Array;
  #stale: number[] = [];

  /** `harts` is the list of all harts, to which more may be added. */
  constructor(bus: Bus, decoded: DecodedPages, harts: readonly WatchedHart[]) {
    this.#decoded = decoded;
    this.#harts = harts;
    this.#flags = bus.u8.subarray(STORE_FLAGS, STORE_FLAGS + bus.u8.length / 4096);
  }

  /** Notes a guest's store of `size` bytes that is about to happen; whether the page may then be cached for writing. */
  admitsStore(host: number, size: number): boolean {
    const page = host >>> 12;
    let flags = this.#flags[page]!;
    if (this.#decoded.has(host) && (flags & STALE) === 0) {
      this.#stale.push(host & ~0xfff);
      flags |= STALE;
    }
    if ((flags & (RESERVED | OBSERVED)) === 0) flags |= WRITE_CACHED;
    this.#flags[page] = flags;
    if (flags & RESERVED) this.#breakReservations(host, size, true);
    if (flags & OBSERVED) this.onStore?.(host, size);
    return (flags & (RESERVED | OBSERVED)) === 0;
  }

  /** Whether the page, which is being read, may be cached for writing, because nobody has to see stores to it; notes that it is. */
  admitsStores(host: number): boolean {
    const page = host >>> 12;
    const flags = this.#flags[page]!;
    if ((flags & (RESERVED | OBSERVED)) !== 0 || (this.#decoded.has(host) && (flags & STALE) === 0)) return false;
    this.#flags[page] = flags | WRITE_CACHED;
    return true;
  }

  /** Makes every guest's store to a page call `onStore`, from now on. */
  observe(host: number): void {
    this.#unCache(host >>> 12);
    this.#flags[host >>> 12]! |= OBSERVED;
  }

  /** Makes sure that stores to a page are seen from now on, because it is about to be decoded. */
  beforeDecoding(host: number): void {
    if (!this.#decoded.has(host)) this.#unCache(host >>> 12);
  }

  /** fence.i: forgets decoded instructions of all pages that have been written. */
  fenceI(): void {
    for (const host of this.#stale) {
      this.#decoded.drop(host);
      this.#flags[host >>> 12]! &= ~STALE;
    }
    this.#stale = [];
  }

  /** The host has written memory: decoded instructions and reservations in it end now. */
  hostWrote(host: number, length: number): void {
    const last = (host + Math.max(length, 1) - 1) >>> 12;
    for (let page = host >>> 12; page <= last; page++) this.#decoded.drop(page << 12);
    this.#breakReservations(host, length, false);
  }

  /** A hart stops running: a reservation it holds is guarded from now on. */
  park(hart: WatchedHart): void {
    const reserved = hart.state.cell(State.reservation);
    if (reserved === 0) return;
    this.#unCache(reserved >>> 12);
    this.#flags[reserved >>> 12]! |= RESERVED;
  }

  /** A hart is about to run: its own stores need not be seen. */
  unpark(hart: WatchedHart): void {
    const reserved = hart.state.cell(State.reservation);
    if (reserved !== 0) this.#recompute(reserved >>> 12, hart);
  }

  /** Ends the reservation of a hart, running or not. */
  endReservation(hart: WatchedHart): void {
    const reserved = hart.state.cell(State.reservation);
    if (reserved === 0) return;
    hart.state.setCell(State.reservation, 0);
    this.#recompute(reserved >>> 12, undefined);
  }

  #breakReservations(host: number, size: number, parkedOnly: boolean): void {
    for (const hart of this.#harts) {
      const reserved = hart.state.cell(State.reservation) >>> 0;
      if (reserved === 0 || (parkedOnly && hart.state.resident)) continue;
      const from = reserved - (reserved % RESERVATION_SIZE);
      if (host >= from + RESERVATION_SIZE || host + size <= from) continue;
      this.endReservation(hart);
    }
  }

  /** Whether any parked hart but `except` still reserves something in a page. */
  #recompute(page: number, except: WatchedHart | undefined): void {
    const held = this.#harts.some((hart) => {
      const reserved = hart.state.cell(State.reservation);
      return hart !== except && !hart.state.resident && reserved !== 0 && reserved >>> 12 === page;
    });
    if (!held) this.#flags[page]! &= ~RESERVED;
  }

  #unCache(page: number): void {
    if ((this.#flags[page]! & WRITE_CACHED) === 0) return;
    for (const { cache } of this.#harts) cache.flush();
    this.#flags[page]! &= ~WRITE_CACHED;
  }
}
