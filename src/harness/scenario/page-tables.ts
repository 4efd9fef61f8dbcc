/** Page tables as memory has them, read without the help of whoever wrote them. */
import type { PageLevel } from '../../base/index.js';
import { pteLeaf, ptePpn, PTES_PER_TABLE, pteValid } from '../../../mmu/index.js';

/** The memory page tables are in. */
export interface TableMemory {
  readonly u32: Uint32Array;
  /** Byte index of a frame in the memory. */
  hostPage(pfn: number): number;
}

/** Base pages under one entry, by level. */
export const ENTRY_PAGES: readonly [number, number, number] = [1, PTES_PER_TABLE, PTES_PER_TABLE ** 2];

/** Called for a leaf: its first page number, its level, the halves of its PTE. */
export type LeafVisitor = (vpn: number, level: PageLevel, lo: number, hi: number) => void;

/** Visits all leaves below a root, user half first. */
export function eachLeaf(memory: TableMemory, rootPfn: number, visit: LeafVisitor): void {
  visitTable(memory, rootPfn, 2, 0, visit);
}

function visitTable(memory: TableMemory, pfn: number, level: PageLevel, base: number, visit: LeafVisitor): void {
  const at = memory.hostPage(pfn) / 4;
  const { u32 } = memory;
  for (let slot = 0; slot < PTES_PER_TABLE; slot++) {
    const lo = u32[at + 2 * slot]!;
    if (!pteValid(lo)) continue;
    const hi = u32[at + 2 * slot + 1]!;
    const signed = level === 2 && slot >= PTES_PER_TABLE / 2 ? slot - PTES_PER_TABLE : slot;
    const vpn = base + signed * ENTRY_PAGES[level];
    if (pteLeaf(lo)) visit(vpn, level, lo, hi);
    else visitTable(memory, ptePpn(lo, hi), (level - 1) as PageLevel, vpn, visit);
  }
}

/** What a walk ends at: a leaf, or an entry that is not valid (then `lo` is even). */
export interface WalkEnd {
  readonly level: PageLevel;
  readonly lo: number;
  readonly hi: number;
}

/** Walks to the leaf that translates a page, but no deeper than `lowest`. */
export function walkTo(memory: TableMemory, rootPfn: number, vpn: number, lowest: PageLevel = 0): WalkEnd {
  let pfn = rootPfn;
  for (let level: PageLevel = 2; ; level = (level - 1) as PageLevel) {
    const slot = (vpn >> (9 * level)) & (PTES_PER_TABLE - 1);
    const at = memory.hostPage(pfn) / 4 + 2 * slot;
    const lo = memory.u32[at]!;
    const hi = memory.u32[at + 1]!;
    if (level === lowest || !pteValid(lo) || pteLeaf(lo)) return { level, lo, hi };
    pfn = ptePpn(lo, hi);
  }
}
