/** Looking at what a hart's MMU remembers, without changing it: for checks that nothing in it is stale. */
import type { Pfn } from '../src/base/index.js';
import type { Mmu } from './mmu.js';
import { PTE_G } from './pte.js';
import { WORD_ASID_SHIFT, WORD_PBMT_SHIFT, sizeOf } from './tlb-array.js';
import { SIZE_SHIFT } from './tlb-config.js';

/** One entry of a TLB or of a page-walk cache. */
export interface Remembered {
  /** Name of the array it is in. */
  readonly array: string;
  readonly asid: number;
  /** Whether it serves every address space. */
  readonly global: boolean;
  /** First page number it is for. */
  readonly vpn: number;
  /** Pages from there. */
  readonly pages: number;
  /** First frame; of a page-walk cache's entry, the frame of the page table. */
  readonly pfn: Pfn;
  /** PTE bits 7:0, as they were when the entry was made; of a page-walk cache's entry, V and G at most. */
  readonly flags: number;
  readonly pbmt: number;
}

/** The arrays of {@link tlbEntries} and {@link walkCacheEntries}. */
interface Source {
  readonly config: { readonly name: string };
  readonly entries: number;
  word(entry: number): number;
  pfn(entry: number): Pfn;
  firstPageOf(entry: number): number;
}

function* entries(array: Source): Generator<Remembered, void, void> {
  for (let at = 0; at < array.entries; at++) {
    const word = array.word(at);
    if (word === 0) continue;
    yield {
      array: array.config.name, asid: word >>> WORD_ASID_SHIFT, global: (word & PTE_G) !== 0, vpn: array.firstPageOf(at), pages: 2 ** SIZE_SHIFT[sizeOf(word)]!,
      pfn: array.pfn(at), flags: word & 0xff, pbmt: (word >>> WORD_PBMT_SHIFT) & 3,
    };
  }
}

/** Every translation in the TLB, all levels. */
export function* tlbEntries(mmu: Mmu): Generator<Remembered, void, void> {
  for (const level of mmu.tlb.levels) for (const array of level.arrays) yield* entries(array);
}

/** Every pointer to a page table in the page-walk cache: 512 pages for a table of the last level, 512 * 512 for the one above. */
export function* walkCacheEntries(mmu: Mmu): Generator<Remembered, void, void> {
  for (const array of mmu.walkCache.arrays) yield* entries(array);
}
