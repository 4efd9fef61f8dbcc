/**
 * The harts of a scenario that is checked: two MMUs, and no instructions. After every operation they touch what is mapped, so that
 * the next operation meets TLBs full of translations, and has to fence all it changes.
 */
import { LEVEL_SIZE, PADDR_END, PAGESIZE, asVaddr } from '../../base/index.js';
import type { PageLevel, Vaddr } from '../../base/index.js';
import type { Access, TlbConfig } from '../../../mmu/index.js';
import { Mmu, PRIV_S, pteLeaf, ptePpn, PTE_W, READ, SATP_SV39, TranslationCache, WRITE } from '../../../mmu/index.js';
import type { As, FencePort, Hat } from '../../vm/index.js';
import { ALL_ASIDS } from '../../vm/index.js';
import type { TableMemory } from './page-tables.js';
import { eachLeaf } from './page-tables.js';

/** So few address spaces have an identifier at a time that some scripts make more: then everything is fenced and renumbered. */
export const CHECKED_ASID_BITS = 3;

const CACHE_ENTRIES = 1024;
/** More pages than this are fenced as one address space, as the harts of a machine do it. */
const FENCE_PAGES = 64;
/** Leaves of one space that are touched after an operation: more than the TLBs hold. Of more leaves, others each time. */
const TOUCHED = 2048;

const READING: readonly Access[] = [READ];
const BOTH: readonly Access[] = [READ, WRITE];

const described = { title: 'for checks', sources: [], assumed: [] };

/** One TLB that holds large pages whole, with page-walk caches, and one of two levels that holds them in pieces. */
const TLBS: readonly TlbConfig[] = [
  {
    ...described, name: 'whole', levels: [[
      { name: '4K', sets: 256, ways: 4, pageSizes: ['4K'], replacement: 'fifo' },
      { name: '2M', sets: 16, ways: 4, pageSizes: ['2M'], replacement: 'fifo' },
      { name: '1G', sets: 1, ways: 8, pageSizes: ['1G'], replacement: 'fifo' },
    ]],
    walkCache: [
      { name: 'tables of 2M', sets: 16, ways: 4, pageSizes: ['2M'], replacement: 'fifo' },
      { name: 'tables of 1G', sets: 1, ways: 8, pageSizes: ['1G'], replacement: 'fifo' },
    ],
  },
  {
    ...described, name: 'pieces', levels: [
      [{ name: 'L1', sets: 16, ways: 4, pageSizes: ['4K'], replacement: 'lru' }],
      [{ name: 'L2', sets: 128, ways: 8, pageSizes: ['4K', '2M'], replacement: 'plru' }],
    ],
    walkCache: [],
  },
];

/** A page a hart has accessed since it last changed address spaces. */
export interface Touched {
  readonly va: number;
  readonly access: Access;
}

/** One hart: its MMU, whose address spaces it has translated, and what it may find without asking the TLB. */
export class ScenarioHart {
  readonly mmu: Mmu;
  readonly cache: TranslationCache;
  /** Who has run here, by identifier. */
  readonly owners: Map<number, Hat> = new Map();
  touched: Touched[] = [];
  /** The address space `satp` names. */
  current: Hat | undefined = undefined;

  constructor(hartId: number, memory: TableMemory, tlb: TlbConfig) {
    this.cache = new TranslationCache({ memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }), at: 0, entries: CACHE_ENTRIES });
    this.mmu = new Mmu({ hartId, memory, cache: this.cache, tlb, ad: 'svade' });
    this.mmu.priv = PRIV_S;
    this.mmu.sum = true;
    this.mmu.mxr = true;
  }

  /** Translates through `hat` from now on. */
  use(hat: Hat): void {
    const { asid } = hat;
    if (this.current === hat && this.mmu.asid === asid) return;
    this.current = hat;
    this.owners.set(asid, hat);
    this.touched = [];
    this.mmu.setSatp(SATP_SV39, asid, hat.rootPfn);
  }

  /** Accesses a page as an instruction would. @returns the physical address, or -1. */
  touch(va: number, access: Access): number {
    const known = this.cache.lookup(va, access);
    if (known >= 0) return known;
    const pa = this.mmu.translate(asVaddr(va), access);
    if (pa < 0) return -1;
    this.mmu.cacheFill(asVaddr(va), access, pa);
    this.touched.push({ va, access });
    return pa % 2 ** 32;
  }

  /** Drops what the TLB has of `len` bytes of an address space, of all of it where `va` is undefined, or of all address spaces (ALL_ASIDS). */
  fence(asid: number, va: Vaddr | undefined, len: number): void {
    const { mmu, owners } = this;
    if (asid === ALL_ASIDS) {
      owners.clear();
      this.current = undefined;
      mmu.sfenceVma(undefined, undefined);
    } else if (owners.has(asid)) {
      if (va !== undefined && len <= FENCE_PAGES * PAGESIZE) {
        mmu.fenceRange(va, len, asid);
        return;
      }
      mmu.sfenceVma(undefined, asid);
      if (asid !== mmu.asid) owners.delete(asid);
    }
  }
}

/** What a hart could not do although the page tables allow it. */
export interface RefusedTouch {
  readonly hart: ScenarioHart;
  readonly as: As;
  readonly va: number;
  readonly access: Access;
  readonly pfn: number;
}

/** All harts, for the HAT: who sends fences. */
export class ScenarioHarts implements FencePort {
  readonly harts: readonly ScenarioHart[];
  readonly #memory: TableMemory;
  #round = 0;

  constructor(memory: TableMemory) {
    this.#memory = memory;
    this.harts = TLBS.map((tlb, id) => new ScenarioHart(id, memory, tlb));
  }

  fence(asid: number, va: Vaddr | undefined, len: number): void {
    for (const hart of this.harts) hart.fence(asid, va, len);
  }

  /**
   * Lets every hart read, and write where that is allowed, the first and the last page of every leaf of every space; one hart takes
   * the spaces from the first, one from the last, so that each ends in another.
   * @returns the first access that is refused or goes elsewhere; undefined when all go where the page tables say
   */
  touchAll(spaces: readonly As[]): RefusedTouch | undefined {
    this.#round++;
    for (const hart of this.harts) {
      for (const as of hart.mmu.hartId === 0 ? spaces : spaces.toReversed()) {
        const refused = this.#touchSpace(hart, as);
        if (refused !== undefined) return refused;
      }
    }
    return undefined;
  }

  #touchSpace(hart: ScenarioHart, as: As): RefusedTouch | undefined {
    const { resident } = as.hat;
    const stride = Math.ceil((resident[0] + resident[1] + resident[2]) / TOUCHED);
    if (stride === 0) return undefined;
    hart.use(as.hat);
    let refused: RefusedTouch | undefined;
    let count = this.#round;
    eachLeaf(this.#memory, as.hat.rootPfn, (vpn, level, lo, hi) => {
      if (count++ % stride === 0 && pteLeaf(lo)) refused ??= touchLeaf(hart, as, vpn, level, lo, hi);
    });
    return refused;
  }
}

function touchLeaf(hart: ScenarioHart, as: As, vpn: number, level: PageLevel, lo: number, hi: number): RefusedTouch | undefined {
  const last = LEVEL_SIZE[level] / PAGESIZE - 1;
  for (let page = 0; page <= last; page += last === 0 ? 1 : last) {
    const pfn = ptePpn(lo, hi) + page;
    // Frames that no memory can have are access faults.
    if (pfn * PAGESIZE >= PADDR_END) return undefined;
    const va = (vpn + page) * PAGESIZE;
    for (const access of (lo & PTE_W) === 0 ? READING : BOTH) {
      if (hart.touch(va, access) !== (pfn * PAGESIZE) % 2 ** 32) return { hart, as, va, access, pfn };
    }
  }
  return undefined;
}
