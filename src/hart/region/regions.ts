/** Hot code becomes regions: gathers what is hot, decides what is compiled together and when, and forgets it. */
import { asVaddr, type LinearMemory } from '../../base/index.js';
import { EXEC, type TranslationCache } from '../../../mmu/index.js';
import type { DecodedPages } from '../decoded-pages.js';
import type { HartState } from '../hart-state.js';
import { Handler } from '../interpreter.js';
import { Decoded, EngineCell, PAGE_MAP, State } from '../layout.js';
import { type Bounds, type CodeSource, discover, type Plan } from './blocks.js';
import { instantiate, type Job, writeModule } from './compile.js';
import { type CodeMemory, type GuestInstruction, readInstruction } from './guest-code.js';
import type { RegionOptions } from './options.js';
import { type FunctionTable, RegionTable } from './region-table.js';

/** The hart in the window as regions see it. */
export interface HotHart {
  readonly state: HartState;
  readonly mmu: { readonly cache: TranslationCache };
}

/** A place that has become hot. */
interface Seed {
  readonly ip: number;
  readonly page: number;
  /** Virtual address of the page. */
  readonly pageVa: number;
}

const BOUNDS: Bounds = { instructions: 1000, pages: 8 };
/** Seeds that are compiled without waiting for the end of the entry of generated code. */
const BATCH = 32;
/** Pages between seeds that may go into one region. */
const NEIGHBOURHOOD = 64;

/** The regions of one machine. */
export class Regions {
  readonly table: RegionTable;
  /** Guest instructions compiled, modules made, and milliseconds that took, since the machine was made. */
  compiled = 0;
  modules = 0;
  milliseconds = 0;
  readonly #memory: CodeMemory & { readonly memory: LinearMemory };
  readonly #decoded: DecodedPages;
  readonly #cacheEntries: number;
  readonly #eager: boolean;
  #seeds: Seed[] = [];

  constructor(
    memory: CodeMemory & { readonly memory: LinearMemory }, functions: FunctionTable, decoded: DecodedPages, cacheEntries: number, options: RegionOptions,
  ) {
    this.#decoded = decoded;
    this.#cacheEntries = cacheEntries;
    this.#memory = memory;
    this.table = new RegionTable(memory, functions);
    this.#eager = options.hotness === 1;
    memory.i32[EngineCell.hotness >> 2] = options.engine === 'regions' ? options.hotness : 0;
  }

  /** The instruction at which the hart's generated code was left is hot. */
  hot(hart: HotHart): void {
    const { state } = hart;
    this.#seeds.push({ ip: state.cell(State.ip), page: state.cell(State.page), pageVa: state.address(State.pageVa) });
    if (this.#eager || this.#seeds.length >= BATCH) this.compile(hart);
  }

  /** A decoded page is given up: so are its regions. */
  forget(page: number): void {
    this.table.dropPage(page);
    if (this.#seeds.length > 0) this.#seeds = this.#seeds.filter((seed) => seed.page !== page);
  }

  /** Compiles what is hot. */
  compile(hart: HotHart): void {
    if (this.#seeds.length === 0) return;
    const start = performance.now();
    const jobs: Job[] = [];
    for (let seeds = this.#seeds.filter((seed) => this.#isOpen(seed)); seeds.length > 0;) {
      const [first] = seeds as [Seed];
      const near = seeds.filter(({ pageVa }) => Math.abs(pageVa - first.pageVa) <= NEIGHBOURHOOD * 4096);
      const plan = this.#plan(near, hart);
      const planned = new Set(plan.blocks.map((block) => block.at));
      const relative = (seed: Seed): number => relativeAddress(seed, first);
      seeds = seeds.filter((seed) => seed !== first && !(near.includes(seed) && planned.has(relative(seed))));
      if (plan.blocks.length > 0) jobs.push({ plan, slot: this.table.takeSlot() });
    }
    this.#seeds = [];
    if (jobs.length > 0) {
      const functions = instantiate(writeModule(jobs, this.#cacheEntries), jobs, this.#memory.memory);
      jobs.forEach(({ plan, slot }, i) => {
        this.table.install(plan, slot, functions[i]);
        this.compiled += plan.instructions;
      });
      this.modules++;
    }
    this.milliseconds += performance.now() - start;
  }

  /** Whether no region has an entry there yet, and one may. */
  #isOpen({ ip, page }: Seed): boolean {
    return !this.#hasBreaks(page) && this.#memory.u16[(ip + Decoded.handler) >> 1] !== Handler.Region;
  }

  #plan(seeds: readonly Seed[], hart: HotHart): Plan {
    const [first] = seeds as [Seed];
    const source: CodeSource = {
      pageAt: (distance) => (distance === 0 ? first.page : this.#pageAt(first.pageVa + distance * 4096, hart)),
      instructionAt: (ip) => this.#instructionAt(ip),
    };
    return discover(seeds.map((seed) => relativeAddress(seed, first)), source, BOUNDS);
  }

  #pageAt(va: number, hart: HotHart): number {
    const host = hart.mmu.cache.lookup(asVaddr(va), EXEC);
    const page = host < 0 ? 0 : this.#memory.i32[(PAGE_MAP >> 2) + (host >>> 12)]!;
    return page !== 0 && this.#hasBreaks(page) ? 0 : page;
  }

  #hasBreaks(page: number): boolean {
    return this.#decoded.hasBreaks(this.#decoded.hostOf(page));
  }

  #instructionAt(ip: number): GuestInstruction | undefined {
    if (this.#memory.u16[(ip + Decoded.handler) >> 1] === Handler.Region) return undefined;
    return readInstruction(this.#memory, ip);
  }
}

const relativeAddress = (seed: Seed, origin: Seed): number => seed.pageVa - origin.pageVa + ((seed.ip - seed.page) >> 3);
