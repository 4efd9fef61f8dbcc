/** Loading translations: the largest leaf that address, frame and length allow. */
import { KernelPanic, PAGESIZE, hex } from '../base/index.js';
import type { Pfn } from '../base/index.js';
import { pteFlagsText, pteLeaf, pteValid } from '../../mmu/index.js';
import type { Hat } from './hat.js';
import { HAT_LOAD_LOCK, HAT_LOAD_REMAP, attrText } from './hat-constants.js';
import { removeLeaves } from './hat-unload.js';
import { recountSplit, removeLeaf, removeTable, visitLeaves } from './hat-walk.js';
import { LEVEL_PAGES, addTable, clearSlot, leafFlags, leafPfn, pteLow, slotOf, splitLeaf, writeLeaf } from './page-table.js';
import type { PageTable } from './page-table.js';

/**
 * Maps `len` bytes at `addr` to frames from `pfn` on (hat_devload). Pages already mapped to the same frames get the new
 * attributes; other frames are replaced. Attributes that allow no access remove what is there. Pages for which no frame is
 * left for a page table end up without a translation, never with an older one, and count in `hat.shortages`.
 * @param addr page aligned; `len` a multiple of PAGESIZE.
 * @param attr PROT_* | HAT_* attributes.
 * @param flags HAT_LOAD_*; HAT_LOAD_LOCK adds a lock to every leaf.
 */
export function hat_devload(hat: Hat, addr: number, len: number, pfn: Pfn, attr: number, flags: number): void {
  const { trace } = hat.services.kernel;
  if (trace.on) trace.emit('hat_devload', { as: hat.name, va: addr, len, pfn, attr: attrText(attr), flags });
  load(hat, addr / PAGESIZE, len / PAGESIZE, pfn, attr, flags);
  hat.flush();
}

/**
 * Maps the page at `addr` to the memory frame `pfn` (hat_memload): one base page, always.
 * @returns whether it is mapped; false when no frame was left for a page table.
 */
export function hat_memload(hat: Hat, addr: number, pfn: Pfn, attr: number, flags: number): boolean {
  const { shortages } = hat;
  const { trace } = hat.services.kernel;
  if (trace.on) trace.emit('hat_memload', { as: hat.name, va: addr, pfn, attr: attrText(attr), flags });
  load(hat, addr / PAGESIZE, 1, pfn, attr, flags);
  hat.flush();
  return hat.shortages === shortages;
}

function load(hat: Hat, vpn: number, pages: number, pfn: Pfn, attr: number, flags: number): void {
  if (leafFlags(attr, false) === 0) {
    removeLeaves(hat, vpn, vpn + pages, false);
    return;
  }
  for (let done = 0; done < pages; ) done += loadOne(hat, vpn + done, pages - done, pfn + done, attr, flags);
}

/** Loads one leaf at `vpn`; returns the pages it covers from there, or those that go without for want of a page table. */
function loadOne(hat: Hat, vpn: number, pages: number, pfn: Pfn, attr: number, flags: number): number {
  const { services } = hat;
  const { u32 } = services.memory;
  const { maxLevel } = services.hatPolicy;
  let table = hat.root;
  for (;;) {
    const level = table.level;
    const size = LEVEL_PAGES[level];
    const slot = slotOf(vpn, level);
    const lo = pteLow(u32, table, slot);
    const fits = level <= maxLevel && pages >= size && vpn % size === 0 && pfn % size === 0;
    if (!pteValid(lo)) {
      if (fits) return setLeaf(hat, table, slot, vpn, pfn, attr, flags);
      const added = addTable(services, table, slot);
      if (added === undefined) return goWithout(hat, table, vpn, pages);
      table = added;
    } else if (pteLeaf(lo)) {
      if (fits) return setLeaf(hat, table, slot, vpn, pfn, attr, flags);
      const kept = loadInside(hat, table, slot, vpn, pages, pfn, attr, flags);
      if (kept > 0) return kept;
      // The large page is split (a pointer now) or gone (empty): look at the slot again.
    } else if (fits && services.hatPolicy.promote && promote(hat, table, slot, vpn)) {
      return setLeaf(hat, table, slot, vpn, pfn, attr, flags);
    } else {
      table = table.children![slot]!;
    }
  }
}

/** Counts a load at `vpn` that needs a table below `table` but finds no frame; returns the pages that table would have served. */
function goWithout(hat: Hat, table: PageTable, vpn: number, pages: number): number {
  const { trace } = hat.services.kernel;
  hat.shortages++;
  if (trace.on) trace.emit('hat-note', { what: 'no-page-table', va: vpn * PAGESIZE });
  const size = LEVEL_PAGES[table.level];
  // A table made on the way here serves nothing.
  if (table.used === 0 && table.parent !== undefined) removeTable(hat, table.parent, table.slot, vpn);
  return Math.min(pages, size - (((vpn % size) + size) % size));
}

/** Writes the leaf in `slot`, empty or a leaf before; returns its pages. */
function setLeaf(hat: Hat, table: PageTable, slot: number, vpn: number, pfn: Pfn, attr: number, flags: number): number {
  const { services } = hat;
  const { counters, kernel, memory } = services;
  const level = table.level;
  const size = LEVEL_PAGES[level];
  const before = pteLow(memory.u32, table, slot);
  let fresh = true;
  if (pteValid(before)) {
    fresh = leafPfn(memory.u32, table, slot) !== pfn;
    if (fresh && (flags & HAT_LOAD_REMAP) === 0 && kernel.trace.on) kernel.trace.emit('hat-note', { what: 'remap', va: vpn * PAGESIZE });
    if (fresh || table.attr(slot) !== attr) hat.touch(vpn, size);
  } else {
    table.used++;
    hat.resident[level]++;
  }
  if (fresh) counters.loaded[level]++;
  writeLeaf(services, table, slot, pfn, attr, hat.kernel);
  if (flags & HAT_LOAD_LOCK) table.setLocks(slot, table.locks(slot) + 1);
  if (kernel.trace.on) {
    kernel.trace.emit('hat_pte', { as: hat.name, va: vpn * PAGESIZE, level, pfn, pte: pteFlagsText(pteLow(memory.u32, table, slot)) });
  }
  return size;
}

/**
 * A load of less than the large page that is there. When it would change nothing the large page stays.
 * @returns the pages served by the page that stays, or 0 when the slot is no longer a leaf.
 */
function loadInside(hat: Hat, table: PageTable, slot: number, vpn: number, pages: number, pfn: Pfn, attr: number, flags: number): number {
  const { services } = hat;
  const { hatPolicy, kernel, memory } = services;
  const size = LEVEL_PAGES[table.level];
  const offset = ((vpn % size) + size) % size;
  const agrees = leafPfn(memory.u32, table, slot) + offset === pfn;
  const served = Math.min(pages, size - offset);
  const lock = (flags & HAT_LOAD_LOCK) !== 0;
  if (hatPolicy.largePart === 'split') {
    if (agrees && !lock && table.attr(slot) === attr) return served;
    hat.touch(vpn - offset, size);
    if (splitLeaf(services, table, slot, hat.kernel) === undefined) removeLeaf(hat, table, slot, vpn - offset);
    else recountSplit(hat, table.level);
    return 0;
  }
  if (kernel.trace.on) kernel.trace.emit('hat-note', { what: 'load-inside-large', va: vpn * PAGESIZE });
  if (hatPolicy.largePart === 'panic') throw new KernelPanic('panic', `HAT: ptp not 0, load inside a large page, va=${hex(vpn * PAGESIZE)}`);
  if (!agrees) {
    removeLeaves(hat, vpn - offset, vpn - offset + size, false);
    return 0;
  }
  if (table.attr(slot) !== attr) {
    hat.touch(vpn - offset, size);
    writeLeaf(services, table, slot, pfn - offset, attr, hat.kernel);
  }
  if (lock) table.setLocks(slot, table.locks(slot) + 1);
  return served;
}

/** Takes the table in `slot` out so that one leaf can take its place; false when something in it is locked. */
function promote(hat: Hat, table: PageTable, slot: number, vpn: number): boolean {
  const { services } = hat;
  const child = table.children![slot]!;
  let locked = false;
  visitLeaves(hat, child, vpn, (leafTable, leafSlot) => {
    if (leafTable.locks(leafSlot) > 0) locked = true;
  });
  if (locked) return false;
  visitLeaves(hat, child, vpn, (leafTable) => {
    hat.resident[leafTable.level]--;
    services.counters.unloaded[leafTable.level]++;
  });
  buryTree(hat, child);
  table.children![slot] = undefined;
  clearSlot(services, table, slot);
  hat.touch(vpn, LEVEL_PAGES[table.level]);
  services.counters.promotions++;
  return true;
}

function buryTree(hat: Hat, table: PageTable): void {
  for (const child of table.children ?? []) if (child !== undefined) buryTree(hat, child);
  hat.bury(table);
}
