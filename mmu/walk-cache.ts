/**
 * The page-walk cache: remembers pointers to page tables, so that a walk can begin below the root.
 *
 * Fences without an address clear it. A fence for an address orders only accesses to *leaf* PTEs, says the manual
 * (SFENCE.VMA), so it leaves pointers alone: whoever takes a page table out of use must fence the whole address space.
 */
import type { Pfn } from '../src/base/index.js';
import { PTE_G, PTE_V } from './pte.js';
import { CellMemory } from './cells.js';
import { TlbArray, WORD_ASID_SHIFT, WORD_ORIGIN_SHIFT } from './tlb-array.js';
import type { TlbArrayConfig } from './tlb-config.js';

/** Pointers by the region they cover: size code 1 (2 MiB) is a PTE of level 1, code 2 (1 GiB) one of the root. */
export class WalkCache {
  readonly arrays: readonly TlbArray[];
  /** Walks that began at a table of level 0 or level 1, by level. */
  readonly hits: Float64Array = new Float64Array(2);
  /** Walks that began at the root although there is a cache. */
  misses = 0;
  /** Frame of the table found. */
  pfn: Pfn = 0;
  /** PTE_G if the pointers passed over made everything below global. */
  global = 0;

  constructor(configs: readonly TlbArrayConfig[]) {
    this.arrays = configs.map((config) => new TlbArray(config, new CellMemory(undefined)));
  }

  /**
   * Looks for the lowest table known on the way to page `vpn`.
   * @returns the level of that table's PTEs, 0 or 1, with `pfn` and `global` set; -1 when the walk must begin at the root
   */
  find(vpn: number, asid: number): number {
    if (this.arrays.length === 0) return -1;
    for (let region = 1; region <= 2; region++) {
      for (const array of this.arrays) {
        const entry = array.live[region] === 0 ? -1 : array.find(region, vpn, asid);
        if (entry < 0) continue;
        array.touch(entry);
        this.pfn = array.pfn(entry);
        this.global = array.word(entry) & PTE_G;
        this.hits[region - 1]!++;
        return region - 1;
      }
    }
    this.misses++;
    return -1;
  }

  /** Remembers the pointer to table `pfn` read at `level` (1 or 2) for page `vpn`. */
  insert(level: number, vpn: number, asid: number, pfn: Pfn, global: number): void {
    for (const array of this.arrays) {
      if (array.config.pageSizes.includes(level === 1 ? '2M' : '1G')) {
        array.insert(level, vpn & ~(512 ** level - 1), pfn, PTE_V | global | (level << WORD_ORIGIN_SHIFT) | (asid << WORD_ASID_SHIFT));
        return;
      }
    }
  }

  /**
   * A fence without an address.
   * @returns pointers dropped
   */
  invalidate(asid: number | undefined): number {
    let dropped = 0;
    for (const array of this.arrays) dropped += array.invalidateAll(asid);
    return dropped;
  }
}
