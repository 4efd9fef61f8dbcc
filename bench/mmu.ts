/**
 * What one translation costs: nanoseconds of `Mmu.translate` where it hits, where the second level hits, where it walks; and of a
 * miss of the translation cache that hits the TLB, and of one that walks, answered in generated code and in TypeScript.
 */
import { asPaddr, asVaddr, PAGESIZE } from '../src/base/index.js';
import { Bus } from '../src/bus/index.js';
import { Hart, HART_RESERVED, HartEngine } from '../src/hart/index.js';
import { Mmu, PTE_A, PTE_D, PTE_R, PTE_U, PTE_V, PTE_W, PTE_X, READ, TranslationCache, encodeSatp, decodeSatp, pteEncode, tlbPreset } from '../mmu/index.js';
import { milliseconds } from './measure.js';

/** Nanoseconds per call. */
export interface MmuNanoseconds {
  /** First-level hit in the default TLB. */
  readonly hit: number;
  /** The same with the page entered in the translation cache, as the hart does after a miss there. */
  readonly hitAndFill: number;
  /** First-level hit in a fully associative array of 48 entries, worst case of the linear search. */
  readonly hitFullyAssociative: number;
  /** First-level miss, second-level hit, refill. */
  readonly secondLevel: number;
  /** Walk of three levels and TLB fill. */
  readonly walk: number;
  /** sfence.vma of one page. */
  readonly fencePage: number;
  /** A miss of the translation cache answered by generated code, called from here: the TLB holds the page. */
  readonly missHit: number;
  /** The same, answered by TypeScript. */
  readonly missHitInTypeScript: number;
  /** A miss of translation cache and TLB answered by generated code: walk, TLB fill with eviction. */
  readonly missWalk: number;
  /** The same, answered by TypeScript. */
  readonly missWalkInTypeScript: number;
}

const PAGES = 4096;
const RAM = 0x8000_0000;

/** A machine with PAGES pages mapped from address 0 on, all to the same frames; tables in the first frames of RAM. */
function mapped(tlb: string): { mmu: Mmu; bus: Bus } {
  const bus = new Bus({ ramSize: 1024 * PAGESIZE, reserved: TranslationCache.bytes(), poolSize: 0 });
  const first = RAM / PAGESIZE;
  const put = (table: number, index: number, pfn: number, flags: number): void => {
    const { lo, hi } = pteEncode({ pfn, flags });
    bus.store(asPaddr(RAM + table * PAGESIZE + index * 8), 8, (BigInt(hi) << 32n) | BigInt(lo));
  };
  put(0, 0, first + 1, PTE_V);
  for (let n = 0; n < PAGES; n++) {
    put(1, n >> 9, first + 2 + (n >> 9), PTE_V);
    put(2 + (n >> 9), n & 511, first + 512 + (n & 511), PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D);
  }
  const mmu = new Mmu({ hartId: 0, memory: bus, cache: new TranslationCache({ memory: bus.memory, at: 0 }), tlb: tlbPreset(tlb), ad: 'svade' });
  const { mode, asid, rootPfn } = decodeSatp(encodeSatp({ mode: 8, asid: 1, rootPfn: first })) ?? { mode: 0, asid: 0, rootPfn: 0 };
  mmu.setSatp(mode, asid, rootPfn);
  return { mmu, bus };
}

/** Distance of pages that share a set of the TLB and an entry of the translation cache. */
const ALIAS = 2 ** 27;
const SETS = 1024;

/** A user hart with `aliases` pages for each of SETS entries of its translation cache; returns the cost of a load from one after the other. */
function misses(aliases: number, generated: boolean): number {
  const bus = new Bus({ ramSize: 1024 * PAGESIZE, reserved: HART_RESERVED, poolSize: 0 });
  const engine = new HartEngine(bus);
  const hart = new Hart(engine, { id: 0, kernel: true });
  const first = RAM / PAGESIZE;
  const put = (table: number, index: number, pfn: number, flags: number): void => {
    const { lo, hi } = pteEncode({ pfn, flags });
    bus.store(asPaddr(RAM + table * PAGESIZE + index * 8), 8, (BigInt(hi) << 32n) | BigInt(lo));
  };
  put(0, 0, first + 1, PTE_V);
  for (let alias = 0; alias < aliases; alias++) {
    for (let part = 0; part < SETS / 512; part++) {
      const table = 2 + alias * (SETS / 512) + part;
      put(1, alias * (ALIAS / 2 ** 21) + part, first + table, PTE_V);
      for (let n = 0; n < 512; n++) put(table, n, first + 512 + n, PTE_V | PTE_R | PTE_U | PTE_A | PTE_D);
    }
  }
  hart.setSatp(1, first);
  engine.enter(hart);
  engine.openWalk();
  const access = generated ? engine.miss : (low: number, high: number, size: number, kind: number): number => engine.slowPath.access(low, high, size, kind);
  return perPage(SETS * aliases, 400 / aliases, (page) => { access((page % SETS) * PAGESIZE + Math.floor(page / SETS) * ALIAS, 0, 8, 0); });
}

/** Nanoseconds of one step, `rounds` times over `pages` pages, after one round to warm up. */
function perPage(pages: number, rounds: number, step: (page: number) => void): number {
  const round = (): void => {
    for (let page = 0; page < pages; page++) step(page);
  };
  round();
  round();
  const ms = milliseconds(() => {
    for (let n = 0; n < rounds; n++) round();
  });
  return (ms * 1e6) / (rounds * pages);
}

/** Measures all of it once; about half a second. */
export function mmuNanoseconds(): MmuNanoseconds {
  const translating = (tlb: string, pages: number, rounds: number): number => {
    const { mmu } = mapped(tlb);
    return perPage(pages, rounds, (page) => { mmu.translate(asVaddr(page * PAGESIZE), READ); });
  };
  const filling = mapped('segdev');
  const fenced = mapped('segdev');
  return {
    hit: translating('segdev', PAGES, 400),
    hitAndFill: perPage(PAGES, 200, (page) => {
      const va = asVaddr(page * PAGESIZE);
      const pa = filling.mmu.translate(va, READ);
      filling.mmu.cacheFill(va, READ, filling.bus.hostPage(Math.floor(pa / PAGESIZE)));
    }),
    hitFullyAssociative: translating('arm-cortex-a76', 48, 20_000),
    secondLevel: translating('intel-skylake', 1024, 500),
    walk: translating('none', PAGES, 200),
    fencePage: perPage(PAGES, 100, (page) => { fenced.mmu.sfenceVma(asVaddr(page * PAGESIZE), 1); }),
    missHit: misses(2, true),
    missHitInTypeScript: misses(2, false),
    missWalk: misses(8, true),
    missWalkInTypeScript: misses(8, false),
  };
}
