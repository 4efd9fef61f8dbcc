/** Hot code becomes regions: decides what is compiled together and when, compiles it in batches, and forgets it. */
import { asVaddr, type LinearMemory } from '../../base/index.js';
import { EXEC, type TranslationCache } from '../../../mmu/index.js';
import type { DecodedPages } from '../decoded-pages.js';
import type { HartState } from '../hart-state.js';
import { Handler } from '../handlers.js';
import { Decoded, DECODED_PAGE, EngineCell, PAGE_MAP, State, translationCache } from '../layout.js';
import { instantiate, moduleOf } from './compile.js';
import { CLOSED } from './compiler/code-copies.js';
import { dumpRegion } from './dump.js';
import { fitting } from './fitting.js';
import { Heat, type Seed } from './heat.js';
import type { Job } from './job.js';
import { Looks } from './looks.js';
import { Merger } from './merge.js';
import type { RegionOptions } from './options.js';
import type { Bounds, Plan } from './plan.js';
import { RegionCompiler } from './region-compiler.js';
import { type CodeMemory, type FunctionTable, type Region, RegionTable } from './region-table.js';
import { Succession } from './succession.js';
import { Unoptimized } from './tiers.js';

/** The hart in the window as regions see it. */
export interface HotHart {
  readonly state: HartState;
  readonly mmu: { readonly cache: TranslationCache };
}

/** What the engine has done. Unlike all other statistics these depend on how guest code is run, and on the host's clock. */
export interface EngineStatistics {
  readonly engine: RegionOptions['engine'];
  /** Regions there are. */
  regions: number;
  /** Guest instructions in them. */
  regionInstructions: number;
  /** Guest instructions compiled so far, those of regions given up included. */
  compiledInstructions: number;
  /** WebAssembly modules made. */
  modules: number;
  /** Milliseconds it took to plan, write and compile them, what V8 does in the background excluded. */
  compileMilliseconds: number;
  /** Guest instructions executed in regions. */
  instructionsInRegions: number;
}

/** The heat at which nothing becomes hot: a place TypeScript has gone to has 0 when it is first reached. */
const NEVER = -1;

/** How large a region gets. */
const BOUNDS: Bounds = { instructions: 1000, pages: 16 };
/** Seeds that are compiled without waiting for the end of the entry of generated code. */
const BATCH = 32;
/** Regions of this size are compiled again with what reaches them. */
const SMALL = 32;
/** Pages between seeds that may go into one region. */
const NEIGHBOURHOOD = 64;
/** Guest instructions in all regions together, and what has to be free of slots and entries before a batch is compiled. */
const MOST_INSTRUCTIONS = 200_000;
const SLOTS_TO_SPARE = 64;
const ENTRIES_TO_SPARE = 4096;
/** A region entered less often than this was compiled in vain. */
const WORTH_WHILE = 32;

/** Crossings of a region between two looks that matter, and how many instructions one costs about. */
const BUSY_CROSSINGS = 32;
const CROSSING = 2000;

/** The regions of one machine. */
export class Regions {
  readonly table: RegionTable;
  readonly #memory: CodeMemory & { readonly memory: LinearMemory };
  readonly #decoded: DecodedPages;
  readonly #heat: Heat;
  readonly #merger: Merger;
  readonly #unoptimized: Unoptimized | undefined;
  readonly #succession: Succession | undefined;
  readonly #compiler: RegionCompiler;
  readonly #looks = new Looks();
  readonly #engine: RegionOptions['engine'];
  readonly #eager: boolean;
  readonly #clock: () => number;
  #compiled = 0;
  #modules = 0;
  #milliseconds = 0;
  /** How often in a row the regions of a page were given up after little use, by linear address of the page. */
  readonly #inVain = new Map<number, number>();

  /** Decoded pages that had a hot place. */
  readonly #looked = new Set<number>();
  /** Linear addresses of pages of code whose windows lay over two pages too often. */
  readonly #crossed = new Set<number>();
  #lastLook = 0;

  constructor(
    memory: CodeMemory & { readonly memory: LinearMemory }, functions: FunctionTable, decoded: DecodedPages, cacheEntries: number, options: RegionOptions,
  ) {
    this.#memory = memory;
    this.#clock = options.clock ?? ((): number => 0);
    this.#decoded = decoded;
    this.#compiler = new RegionCompiler(memory.u8, { entries: cacheEntries, at: translationCache(0) });
    this.table = new RegionTable(memory, functions);
    this.#engine = options.engine;
    this.#eager = options.hotness === 1;
    this.#merger = new Merger(this.table, BOUNDS);
    this.#unoptimized = options.tiers && new Unoptimized(this.table, memory.memory, options.tiers);
    this.#succession = options.tiers && new Succession(this.table, memory.memory, options.tiers);
    this.#heat = new Heat(memory.i32, options.hotness);
    memory.i32[EngineCell.hotness >> 2] = options.engine === 'regions' ? options.hotness : NEVER;
  }

  /** The instruction at which the hart's generated code was left is hot. */
  hot(hart: HotHart): void {
    const { state } = hart;
    const seed: Seed = { ip: state.cell(State.ip), page: state.cell(State.page), pageVa: state.address(State.pageVa) };
    if (this.#waits(seed)) return;
    if (!this.#heat.take(seed, this.#inVain.get(this.#decoded.hostOf(seed.page)) ?? 0)) return;
    if (this.#eager || this.#heat.seeds.length >= BATCH) this.compile(hart);
  }

  /**
   * Whether a hot place has to wait, because its page has instructions that were executed long ago: all become idle, and those that are
   * not when the place is hot again are executed now. Not in pages with a region, whose instructions the interpreter does not execute.
   */
  #waits({ ip, page }: Seed): boolean {
    if (this.#eager || this.#looked.has(page) || this.table.isPart(page) || this.#succession?.hasPage(page)) return false;
    this.#looked.add(page);
    this.#decoded.makeIdle(page, ip);
    this.#heat.delay(ip);
    return true;
  }

  /** From now on there are several harts: code must not know the place of one's translation cache. */
  share(): void {
    if (!this.#compiler.knowsCache) return;
    for (const region of this.table.regions.values()) this.table.drop(region);
    this.#succession?.giveUp();
    this.#compiler.forgetCache();
  }

  /** A decoded page is given up: so are its regions. */
  forget(page: number): void {
    const host = this.#decoded.hostOf(page);
    for (const region of this.table.dropPage(page)) {
      if (this.#inVain.size > 4096) this.#inVain.clear();
      if (this.table.calls(region) >= WORTH_WHILE) this.#inVain.delete(host);
      else this.#inVain.set(host, (this.#inVain.get(host) ?? 0) + 1);
    }
    if (this.#succession?.hasPage(page)) this.#succession.giveUp();
    this.#crossed.delete(host);
    this.#looked.delete(page);
    this.#heat.forget(page, DECODED_PAGE);
  }

  /** Compiles what is hot, and now and then looks for regions that should be one. Has those optimised that have proved worth it. */
  compile(hart: HotHart): void {
    const look = this.#looks.tick();
    const successor = look && this.#succession?.takeOver();
    if (successor) this.#hasInstalled(successor);
    const looksCloser = look && this.#looks.take();
    if (looksCloser || this.#heat.seeds.length > 0) this.#timed(() => this.#compileHot(looksCloser, hart));
    if (look) for (const { plan } of this.table.regions.values()) for (const at of plan.closed) this.#heat.close(plan.placeOf(at));
    const proven = this.#unoptimized?.takeProven();
    if (!proven) return;
    this.#timed(() => this.#unoptimized!.optimize(proven));
    this.#modules++;
  }

  #timed(act: () => void): void {
    const start = this.#clock();
    act();
    this.#milliseconds += this.#clock() - start;
  }

  #compileHot(looksCloser: boolean, hart: HotHart): void {
    const jobs = looksCloser ? [...this.#withoutWindows(hart), ...this.#merge(hart)] : [];
    if (this.#heat.seeds.length > 0) this.#compileSeeds(jobs, hart);
    if (jobs.length === 0) return;
    this.#install(jobs);
    this.#looks.compiled();
  }

  #compileSeeds(jobs: Job[], hart: HotHart): void {
    this.#makeRoom();
    jobs.push(...this.#reopened(hart));
    const planned = new Set<number>();
    for (const { plan } of jobs) for (const ip of plan.places) planned.add(ip);
    for (let seeds = this.#hotAndWarm().filter((seed) => this.#isOpen(seed) && !planned.has(seed.ip)); seeds.length > 0 && this.#hasRoom(jobs);) {
      const [first] = seeds as [Seed];
      const near = seeds.filter(({ pageVa }) => Math.abs(pageVa - first.pageVa) <= NEIGHBOURHOOD * 4096);
      const job = this.#job(near, planned, hart);
      const done = new Set(job?.plan.places);
      for (const ip of done) planned.add(ip);
      if (job) jobs.push(job);
      seeds = seeds.filter((seed) => seed !== first && !done.has(seed.ip) && (job !== undefined || !near.includes(seed)));
    }
    for (const { ip } of this.#heat.seeds) if (planned.has(ip)) this.#heat.cool(ip);
    this.#heat.seeds = [];
  }

  /** Whether there are slots and entries for one more region besides those planned. */
  #hasRoom(jobs: readonly Job[]): boolean {
    return this.table.slotsLeft > 1 && this.table.entriesLeft > BOUNDS.instructions * (jobs.length + 1);
  }

  /** What is hot, and what is warm in the same pages and in no region: that would only make the regions grow a little later. */
  #hotAndWarm(): Seed[] {
    const { seeds } = this.#heat;
    const pages = new Map(seeds.map((seed) => [seed.page, seed]));
    return this.#eager ? seeds : [...seeds, ...[...pages.values()].flatMap((seed) => this.#heat.warm(seed)).filter(({ ip }) => !this.table.regionAt(ip))];
  }

  /** Plans one region for several that enter each other often: now or, where some are optimised, when it is. */
  #merge(hart: HotHart): Job[] {
    if (this.table.regions.size < 2) return [];
    const group = this.#merger.group((region) => this.#isHere(region, hart));
    if (group.length === 0) return [];
    if (!this.#succession || group.every((region) => this.#unoptimized!.has(region))) return [this.#again(group, hart)];
    if (!this.#succession.isOpen) return [];
    this.#succession.prepare(this.#inPlaceOf(group, hart), group);
    this.#modules++;
    return [];
  }

  /** Plans regions anew whose windows lay over two pages too often. */
  #withoutWindows(hart: HotHart): Job[] {
    const { table } = this;
    const done = this.table.executedInAll;
    const since = done - this.#lastLook;
    this.#lastLook = done;
    return [...table.regions.values()].filter((region) => {
      const crossings = table.takeCrossings(region);
      return crossings >= BUSY_CROSSINGS && crossings * CROSSING > since && !region.crosses && this.#isHere(region, hart);
    }).map((region) => {
      for (const page of region.plan.pages.values()) this.#crossed.add(this.#decoded.hostOf(page));
      return this.#again([region], hart);
    });
  }

  /**
   * Plans regions anew of which a closed place is hot: with all of them open from now on, for what leads to one leads to the next. Where a
   * region's pages are elsewhere now, the place is a seed like others.
   */
  #reopened(hart: HotHart): Job[] {
    const regions = new Set<Region>();
    for (const { ip } of this.#heat.seeds) {
      const region = this.table.regionAt(ip);
      if (region && isClosed(region, ip)) regions.add(region);
    }
    for (const { plan } of regions) for (const page of plan.pages.values()) this.#heat.keepOpen(page);
    return [...regions].filter((region) => this.#isHere(region, hart)).map((region) => this.#again([region], hart, region.plan.closed));
  }

  #isHere({ plan, origin }: Region, hart: HotHart): boolean {
    return [...plan.pages].every(([distance, page]) => this.#pageAt(origin + distance * 4096, hart) === page);
  }

  /** Plans one region in the place of others, with more seeds of the first. */
  #again(regions: readonly Region[], hart: HotHart, more: readonly number[] = []): Job {
    for (const region of regions) this.table.drop(region);
    return this.#inPlaceOf(regions, hart, more);
  }

  /** The same, but the others stay. */
  #inPlaceOf(regions: readonly Region[], hart: HotHart, more: readonly number[] = []): Job {
    const { origin, plan: { pages } } = regions[0]!;
    const seeds = [...regions.flatMap((region) => region.seeds.map((at) => at + region.origin - origin)), ...more];
    const plan = this.#plan(seeds, pages.get(0)!, origin, hart, new Set(), new Set(regions));
    return this.#jobOf(plan, seeds, origin);
  }

  #jobOf(plan: Plan, seeds: readonly number[], origin: number): Job {
    const crosses = this.#crossed.size > 0 && [...plan.pages.values()].some((page) => this.#crossed.has(this.#decoded.hostOf(page)));
    const slot = this.table.takeSlot();
    return { plan, seeds, origin, slot, crosses, body: this.#compiler.write(plan, slot, !crosses) };
  }

  /** What has been done so far. */
  get statistics(): EngineStatistics {
    const { table } = this;
    return {
      engine: this.#engine, regions: table.regions.size, regionInstructions: table.instructions, compiledInstructions: this.#compiled,
      modules: this.#modules, compileMilliseconds: this.#milliseconds, instructionsInRegions: this.table.executedInAll,
    };
  }

  /** The regions as text, the most entered first. */
  dump(): string[] {
    const { table } = this;
    const source = { u16: this.#memory.u16, hostOf: (page: number) => this.#decoded.hostOf(page), calls: (region: Region) => table.calls(region) };
    return [...table.regions.values()].sort((a, b) => table.calls(b) - table.calls(a)).flatMap((region) => dumpRegion(region, source));
  }

  #install(jobs: readonly Job[]): void {
    const bytes = moduleOf(jobs);
    const module = this.#unoptimized?.compile(bytes) ?? new WebAssembly.Module(bytes);
    const functions = instantiate(module, jobs, this.#memory.memory);
    jobs.forEach((job, i) => {
      const region = this.table.install(job, functions[i]);
      this.#unoptimized?.add(region);
      this.#hasInstalled(region);
    });
    this.#modules++;
  }

  #hasInstalled({ plan }: Region): void {
    this.#compiled += plan.instructions;
    for (const at of plan.closed) this.#heat.close(plan.placeOf(at));
  }

  /**
   * Plans a region from seeds that may go into one; undefined where that does not pay. Small regions it reaches become part of it. The
   * others stay: V8 has optimised them or is about to, and takes a tenth of a second to do so again. They may be merged later.
   */
  #job(seeds: readonly Seed[], planned: ReadonlySet<number>, hart: HotHart): Job | undefined {
    const [first] = seeds as [Seed];
    const starts = seeds.map((seed) => seed.pageVa - first.pageVa + ((seed.ip - seed.page) >> 3));
    const planAll = (): Plan => this.#plan(starts, first.page, first.pageVa, hart, planned, new Set());
    const alone = planAll();
    if (isTrivial(alone)) return undefined;
    const touched = new Set(alone.touched.map((ip) => this.table.regionAt(ip)!));
    const wanted = [...touched].filter((region) => this.#eager || region.plan.instructions <= SMALL);
    const absorbed = fitting(wanted.toSorted((a, b) => a.plan.instructions - b.plan.instructions), BOUNDS, alone);
    for (const region of absorbed) {
      starts.push(...this.#translate(region, alone));
      this.table.drop(region);
    }
    return this.#jobOf(absorbed.length > 0 ? planAll() : alone, starts, first.pageVa);
  }

  /** The seeds of a region as relative addresses of another plan, which has a page in common with it. */
  #translate({ plan, seeds }: Region, to: Plan): number[] {
    const distances = new Map([...to.pages].map(([distance, page]) => [page, distance]));
    for (const [distance, page] of plan.pages) {
      const there = distances.get(page);
      if (there !== undefined) return seeds.map((at) => at + (there - distance) * 4096);
    }
    return [];
  }

  /** Plans a region that ends before others, but for those `open`, and before places that are planned for others. */
  #plan(starts: readonly number[], page: number, pageVa: number, hart: HotHart, planned: ReadonlySet<number>, open: ReadonlySet<Region>): Plan {
    return this.#compiler.plan(starts, {
      pageAt: (distance) => (distance === 0 ? page : this.#pageAt(pageVa + distance * 4096, hart)),
      staysOpen: (place) => this.#heat.staysOpen(place),
      mark: (place, copy) => {
        this.table.mark(place, copy, open);
        for (const ip of planned) if (ip >= place && ip < place + DECODED_PAGE) copy[(ip - place + Decoded.handler) >> 1]! |= CLOSED;
      },
    }, BOUNDS);
  }

  #pageAt(va: number, hart: HotHart): number {
    const host = hart.mmu.cache.lookup(asVaddr(va), EXEC);
    const page = host < 0 ? 0 : this.#memory.i32[(PAGE_MAP >> 2) + (host >>> 12)]!;
    return page !== 0 && this.#hasBreaks(page) ? 0 : page;
  }

  /** Whether no region has an entry there yet, and one may. */
  #isOpen({ ip, page }: Seed): boolean {
    return !this.#hasBreaks(page) && this.#memory.u16[(ip + Decoded.handler) >> 1] !== Handler.Region;
  }

  #hasBreaks(page: number): boolean {
    return this.#decoded.hasBreaks(this.#decoded.hostOf(page));
  }

  /** Drops the regions that are entered least where there are too many. */
  #makeRoom(): void {
    const { table } = this;
    if (table.slotsLeft >= SLOTS_TO_SPARE && table.entriesLeft >= ENTRIES_TO_SPARE && table.instructions <= MOST_INSTRUCTIONS) return;
    const coldest = [...table.regions.values()].sort((a, b) => table.calls(a) - table.calls(b));
    for (const region of coldest.slice(0, Math.ceil(coldest.length / 4))) table.drop(region);
    table.age();
  }
}

/** Whether calling a region takes longer than interpreting what is in it. */
const isTrivial = ({ blocks, loops, instructions }: Plan): boolean => blocks === 0 || (instructions < 4 && loops === 0);

/** Whether a region has a place closed that a decoded instruction is at. */
const isClosed = ({ plan }: Region, ip: number): boolean => plan.closed.some((at) => plan.placeOf(at) === ip);
