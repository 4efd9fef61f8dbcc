/** Walking the leaves of an address range, for unload, unlock and protection change. */
import { KernelPanic, PAGESIZE, hex } from '../base/index.js';
import type { PageLevel } from '../base/index.js';
import { PTES_PER_TABLE, pteLeaf, pteValid } from '../../mmu/index.js';
import type { Hat } from './hat.js';
import { LEVEL_PAGES, clearSlot, pteLow, slotOf, splitLeaf } from './page-table.js';
import type { PageTable } from './page-table.js';

/** Called for each leaf; `vpn` is its first page number. */
export type LeafVisitor = (table: PageTable, slot: number, vpn: number) => void;

/** What a walk changes, and how it is called in traces. */
export interface RangeOperation {
  readonly name: 'unload' | 'unlock' | 'chgprot';
  readonly visit: LeafVisitor;
  /** Whether the leaf would change at all; a large page that would not is not split. Default: it would. */
  readonly wanted?: (table: PageTable, slot: number) => boolean;
}

/**
 * Visits every leaf that maps a page in [from, to) (page numbers, ascending). A large page that only partly lies inside is
 * split first, or treated as the HAT policy says. Page tables that become empty are taken out.
 */
export function walkRange(hat: Hat, from: number, to: number, operation: RangeOperation): void {
  if (from < to) walkTable(hat, hat.root, from, to, rootBase(from), operation);
}

// The root spans both halves of the address space; a range lies in one of them.
const rootBase = (vpn: number): number => (vpn < 0 ? -PTES_PER_TABLE * LEVEL_PAGES[2] : 0);

function walkTable(hat: Hat, table: PageTable, from: number, to: number, base: number, operation: RangeOperation): void {
  const { services } = hat;
  const { u32 } = services.memory;
  const level = table.level;
  const step = LEVEL_PAGES[level];
  let vpn = from - ((from - base) % step);
  for (; vpn < to && table.used > 0; vpn += step) {
    const slot = slotOf(vpn, level);
    const lo = pteLow(u32, table, slot);
    if (!pteValid(lo)) continue;
    let child: PageTable | undefined;
    if (pteLeaf(lo)) {
      if (operation.wanted?.(table, slot) === false) continue;
      if ((vpn >= from && vpn + step <= to) || !splitPart(hat, vpn, from, operation)) {
        operation.visit(table, slot, vpn);
        continue;
      }
      const split = splitLeaf(services, table, slot, hat.kernel);
      if (split === undefined) {
        changeWithoutSplit(hat, table, slot, vpn, operation);
        continue;
      }
      hat.touch(vpn, step);
      child = split;
      recountSplit(hat, level);
    } else {
      child = table.children![slot]!;
    }
    walkTable(hat, child, Math.max(from, vpn), Math.min(to, vpn + step), vpn, operation);
    if (child.used === 0) removeTable(hat, table, slot, vpn);
  }
}

/**
 * A change to a part of a large page that cannot be split for want of memory. The whole page goes, since what is left of it
 * faults in again; but a lock stays, since somebody may rely on the other part.
 */
function changeWithoutSplit(hat: Hat, table: PageTable, slot: number, vpn: number, operation: RangeOperation): void {
  const { trace } = hat.services.kernel;
  if (trace.on) trace.emit('hat-note', { what: `${operation.name}-without-split`, va: vpn * PAGESIZE });
  if (operation.name === 'unload') operation.visit(table, slot, vpn);
  else if (operation.name === 'chgprot') removeLeaf(hat, table, slot, vpn);
}

/** Removes a leaf and its locks; the caller fences. */
export function removeLeaf(hat: Hat, table: PageTable, slot: number, vpn: number): void {
  table.setLocks(slot, 0);
  clearSlot(hat.services, table, slot);
  hat.resident[table.level]--;
  hat.services.counters.unloaded[table.level]++;
  hat.touch(vpn, LEVEL_PAGES[table.level]);
}

/** Whether a large page at `vpn` that lies partly inside the range is to be split; else it is visited whole. */
function splitPart(hat: Hat, vpn: number, from: number, operation: RangeOperation): boolean {
  const { hatPolicy, kernel } = hat.services;
  if (hatPolicy.largePart === 'split') return true;
  const inside = vpn < from;
  if (operation.name === 'unload' && inside) {
    if (kernel.trace.on) kernel.trace.emit('hat-note', { what: 'unload-inside-large', va: from * PAGESIZE });
    if (hatPolicy.largePart === 'panic') throw new KernelPanic('panic', `hat_unload: unmap inside large page, va=${hex(from * PAGESIZE)}`);
  }
  return false;
}

/** Keeps the count of resident leaves right when a leaf of `level` has become 512 of the next. */
export function recountSplit(hat: Hat, level: PageLevel): void {
  hat.resident[level]--;
  hat.resident[(level - 1) as PageLevel] += PTES_PER_TABLE;
}

/** Takes an empty table out of its parent. */
export function removeTable(hat: Hat, parent: PageTable, slot: number, vpn: number): void {
  hat.bury(parent.children![slot]!);
  parent.children![slot] = undefined;
  clearSlot(hat.services, parent, slot);
  hat.touch(vpn, 1);
}

/** Calls `visit` for each leaf of the address space, lowest address of the user half first, then the kernel half. */
export function eachLeaf(hat: Hat, visit: LeafVisitor): void {
  visitLeaves(hat, hat.root, 0, visit);
}

/** Calls `visit` for each leaf at or below `table`, whose first page number is `base`. */
export function visitLeaves(hat: Hat, table: PageTable, base: number, visit: LeafVisitor): void {
  const { u32 } = hat.services.memory;
  let left = table.used;
  for (let slot = 0; left > 0 && slot < PTES_PER_TABLE; slot++) {
    const lo = pteLow(u32, table, slot);
    if (!pteValid(lo)) continue;
    left--;
    const high = table.level === 2 && slot >= PTES_PER_TABLE / 2 ? slot - PTES_PER_TABLE : slot;
    const vpn = base + high * LEVEL_PAGES[table.level];
    if (pteLeaf(lo)) visit(table, slot, vpn);
    else visitLeaves(hat, table.children![slot]!, vpn, visit);
  }
}
