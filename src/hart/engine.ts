/** The generated code of one machine and what its harts share: decoded pages, store watch, the window. */
import type { Bus } from '../bus/index.js';
import { type BreakableHart, Breakpoints } from './breakpoints.js';
import { DecodedPages } from './decoded-pages.js';
import { Leave } from './leave.js';
import type { FloatUnit } from './float/float-unit.js';
import { instantiateInterpreter, type Interpreter } from './interpreter.js';
import { CACHE_ENTRIES, hartReserved, MAX_HARTS } from './layout.js';
import { engineDefaults, type RegionOptions } from './region/options.js';
import { Regions } from './region/regions.js';
import { SlowPath, type TranslatingHart } from './slow-path.js';
import { StoreWatch } from './store-watch.js';

/** What the engine knows of a hart. */
export interface EngineHart extends BreakableHart, TranslatingHart {
  /** Virtual time in nanoseconds. */
  readonly now: number;
  readonly float: FloatUnit;
}

/** What an engine may be told. */
export interface EngineOptions extends Partial<RegionOptions> {
  /** Entries of each hart's translation cache, a power of two from 2^15 to 2^20; default 2^15. The bus reserves `hartReserved` of it and of the number of harts. */
  readonly translationCache?: number;
}

/** One a machine. It takes `bus.onWrite`. */
export class HartEngine {
  readonly bus: Bus;
  readonly decoded: DecodedPages;
  readonly watch: StoreWatch;
  readonly breakpoints: Breakpoints;
  readonly slowPath: SlowPath;
  readonly regions: Regions;
  /** The hart inside run(), whose `now` is the machine's time; undefined between runs. */
  running: EngineHart | undefined = undefined;
  /** Entries of each hart's translation cache. */
  readonly cacheEntries: number;
  readonly #harts: EngineHart[] = [];
  /** A data access that the translation cache does not answer, of the hart in the window; the arguments of `SlowPath.access`. */
  readonly miss: Interpreter['miss'];
  readonly #interpreter: () => Leave;
  #slots = 0;
  #resident: EngineHart | undefined = undefined;

  /** @throws RangeError when the bus does not reserve enough bytes for a hart, or the translation cache has no such size */
  constructor(bus: Bus, o: EngineOptions = {}) {
    const entries = o.translationCache ?? CACHE_ENTRIES;
    const needed = hartReserved(entries);
    if (bus.ramHost < needed) throw new RangeError(`bus reserves ${bus.ramHost} bytes for the harts, not ${needed}`);
    this.bus = bus;
    this.cacheEntries = entries;
    this.decoded = new DecodedPages(bus);
    this.watch = new StoreWatch(bus, this.decoded, this.#harts);
    this.breakpoints = new Breakpoints(this.decoded, this.#harts);
    this.slowPath = new SlowPath(bus, this.decoded, this.watch, this.breakpoints);
    const interpreter = instantiateInterpreter(bus.memory, {
      access: (low, high, size, kind) => this.slowPath.guardedAccess(low, high, size, kind),
      straddle: (pageLow, pageHigh) => this.slowPath.straddle(pageLow, pageHigh),
      perform: (operation, rm) => this.#resident?.float.perform(operation, rm) ?? 0,
    });
    this.#interpreter = interpreter.run;
    this.regions = new Regions(bus, interpreter.regions, this.decoded, entries, { ...engineDefaults, ...o });
    this.decoded.onDrop = (page) => this.regions.forget(page);
    this.miss = interpreter.miss;
    bus.onWrite = (host, length) => this.watch.hostWrote(host, length);
  }

  /**
   * Gives a new hart its place in memory.
   * @throws RangeError when there are MAX_HARTS already, or as many as the bus reserves bytes for
   */
  newSlot(): number {
    if (this.#slots === MAX_HARTS) throw new RangeError(`a machine has at most ${MAX_HARTS} harts`);
    const needed = hartReserved(this.cacheEntries, this.#slots + 1);
    if (this.bus.ramHost < needed) throw new RangeError(`bus reserves ${this.bus.ramHost} bytes for the harts, not the ${needed} of ${this.#slots + 1}`);
    if (this.#slots > 0) this.regions.share();
    return this.#slots++;
  }

  /** Adds a hart, complete now. */
  add(hart: EngineHart): void {
    this.#harts.push(hart);
  }

  /** Puts a hart into the window, where generated code works on it. */
  enter(hart: EngineHart): void {
    if (this.#resident === hart) return;
    if (this.#resident) {
      this.#resident.state.leaveWindow();
      this.watch.park(this.#resident);
    }
    this.watch.unpark(hart);
    hart.state.enterWindow();
    this.#resident = hart;
    this.slowPath.hart = hart;
  }

  /** Lets generated code answer misses of the hart in the window, unless somebody must see them. */
  openWalk(): void {
    this.#resident?.mmu.openWalk(!this.breakpoints.watching);
  }

  /** Runs the hart in the window until generated code has a reason to return. */
  run(): Exclude<Leave, typeof Leave.Hot> {
    const hart = this.#resident!;
    this.openWalk();
    for (;;) {
      const reason = this.#interpreter();
      if (reason !== Leave.Hot) {
        this.regions.compile(hart);
        return reason;
      }
      this.regions.hot(hart);
    }
  }
}
