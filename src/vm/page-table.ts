/**
 * A page table in RAM and what the kernel keeps beside it: how many entries it has, the attributes each leaf was loaded with,
 * lock counts. Virtual addresses are page numbers here (int32, see base/address.ts); level 2 is the root.
 */
import { HarnessBug } from '../base/index.js';
import type { PageLevel, Pfn } from '../base/index.js';
import { PBMT_IO, PBMT_NC, PBMT_PMA, PTES_PER_TABLE, PTE_A, PTE_D, PTE_G, PTE_R, PTE_U, PTE_V, PTE_W, PTE_X, pteEncode, ptePpn } from '../../mmu/index.js';
import type { Pbmt } from '../../mmu/index.js';
import { PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from './constants.js';
import { HAT_LOADCACHING_OK, HAT_ORDER_MASK, HAT_PLAT_NOCACHE, HAT_PROT_MASK, HAT_STORECACHING_OK, HAT_STRICTORDER } from './hat-constants.js';
import type { VmServices } from './services.js';

/** Base pages under one entry, by level. */
export const LEVEL_PAGES: readonly [number, number, number] = [1, PTES_PER_TABLE, PTES_PER_TABLE * PTES_PER_TABLE];

/** One page table. */
export class PageTable {
  readonly pfn: Pfn;
  readonly level: PageLevel;
  /** Index of the first PTE's low half in the memory's u32 view. */
  readonly at: number;
  readonly parent: PageTable | undefined;
  /** The parent's slot that points here. */
  readonly slot: number;
  /** Valid entries. */
  used = 0;
  /** Sum of the lock counts here. */
  locked = 0;
  /** Next-level tables by slot; undefined at level 0. */
  readonly children: (PageTable | undefined)[] | undefined;
  #attrs: Uint32Array | undefined;
  #locks: Uint16Array | undefined;

  /** Takes over the zeroed frame `pfn`. */
  constructor(services: VmServices, pfn: Pfn, level: PageLevel, parent: PageTable | undefined, slot: number) {
    this.pfn = pfn;
    this.level = level;
    this.at = services.memory.hostPage(pfn) / 4;
    if (this.at === 0) throw new HarnessBug('a page table outside memory', { pfn });
    this.parent = parent;
    this.slot = slot;
    this.children = level === 0 ? undefined : [];
    services.counters.tables++;
  }

  /** Attributes the leaf in `slot` was loaded with. */
  attr(slot: number): number {
    return this.#attrs?.[slot] ?? 0;
  }

  /** Says with which attributes the leaf in `slot` was loaded: PROT_ and HAT_ bits. */
  setAttr(slot: number, attr: number): void {
    (this.#attrs ??= new Uint32Array(PTES_PER_TABLE))[slot] = attr;
  }

  /** Lock count of the leaf in `slot`. */
  locks(slot: number): number {
    return this.#locks?.[slot] ?? 0;
  }

  /** Sets the lock count of the leaf in `slot`, 0 to 65535. */
  setLocks(slot: number, count: number): void {
    if (this.#locks === undefined && count === 0) return;
    const locks = (this.#locks ??= new Uint16Array(PTES_PER_TABLE));
    this.locked += count - locks[slot]!;
    locks[slot] = count;
  }
}

/** The slot of a page number in a table of `level`. */
export const slotOf = (vpn: number, level: PageLevel): number => (vpn >> (9 * level)) & (PTES_PER_TABLE - 1);
/** Low half of the PTE in `slot`. */
export const pteLow = (u32: Uint32Array, table: PageTable, slot: number): number => u32[table.at + 2 * slot]!;
/** First frame of the leaf in `slot`. */
export const leafPfn = (u32: Uint32Array, table: PageTable, slot: number): Pfn => ptePpn(u32[table.at + 2 * slot]!, u32[table.at + 2 * slot + 1]!);

/**
 * The flag bits of a leaf. A and D are set from the start: nobody here looks at them, and hardware without update
 * would trap. Write implies read, since the manual reserves W without R.
 * @returns 0 when `attr` allows nothing: such a PTE would be a pointer to a table.
 */
export function leafFlags(attr: number, global: boolean): number {
  let flags = 0;
  if (attr & (PROT_READ | PROT_WRITE)) flags |= PTE_R;
  if (attr & PROT_WRITE) flags |= PTE_W;
  if (attr & PROT_EXEC) flags |= PTE_X;
  if (flags === 0) return 0;
  return flags | PTE_V | PTE_A | PTE_D | (attr & PROT_USER ? PTE_U : 0) | (global ? PTE_G : 0);
}

/** What the flag bits of a leaf allow, as PROT_* bits. */
export function flagsProt(lo: number): number {
  return (lo & PTE_R ? PROT_READ : 0) | (lo & PTE_W ? PROT_WRITE : 0) | (lo & PTE_X ? PROT_EXEC : 0) | (lo & PTE_U ? PROT_USER : 0);
}

/**
 * The Svpbmt type of a leaf. Ordinary memory stays cached unless the platform attribute says otherwise; for devices strict order is
 * I/O, unordered or merging is non-cacheable, caching is what the physical memory attributes say.
 */
export function leafPbmt(attr: number, ram: boolean): Pbmt {
  if (ram && (attr & HAT_PLAT_NOCACHE) === 0) return PBMT_PMA;
  const order = attr & HAT_ORDER_MASK;
  if (order === HAT_STRICTORDER) return PBMT_IO;
  return (order & HAT_LOADCACHING_OK) === HAT_LOADCACHING_OK || (order & HAT_STORECACHING_OK) !== 0 ? PBMT_PMA : PBMT_NC;
}

/** Writes a leaf that maps `pfn`. The caller counts, fences and keeps `used` right. */
export function writeLeaf(services: VmServices, table: PageTable, slot: number, pfn: Pfn, attr: number, global: boolean): void {
  const { lo, hi } = pteEncode({ pfn, flags: leafFlags(attr, global), pbmt: leafPbmt(attr, services.pages.isRam(pfn)) });
  const { u32 } = services.memory;
  u32[table.at + 2 * slot] = lo;
  u32[table.at + 2 * slot + 1] = hi;
  table.setAttr(slot, attr);
}

/** Makes `slot`, which must be empty, point to a new table; undefined when there is no frame for one. */
export function addTable(services: VmServices, table: PageTable, slot: number): PageTable | undefined {
  const frame = services.pages.create(services.pages.splitReserve);
  if (frame === undefined) return undefined;
  const child = new PageTable(services, frame, (table.level - 1) as PageLevel, table, slot);
  table.used++;
  pointTo(services, table, slot, child);
  return child;
}

/** Writes the pointer to `child` into `slot`. */
function pointTo(services: VmServices, table: PageTable, slot: number, child: PageTable): void {
  const { lo, hi } = pteEncode({ pfn: child.pfn, flags: PTE_V });
  services.memory.u32[table.at + 2 * slot] = lo;
  services.memory.u32[table.at + 2 * slot + 1] = hi;
  table.children![slot] = child;
}

/** Empties `slot`. */
export function clearSlot(services: VmServices, table: PageTable, slot: number): void {
  services.memory.u32[table.at + 2 * slot] = 0;
  services.memory.u32[table.at + 2 * slot + 1] = 0;
  table.used--;
}

/**
 * Replaces the leaf in `slot` by a table of 512 leaves of the next size that map the same, each with its attributes and lock count.
 * @returns that table; undefined when there is no frame for it, and then nothing changed.
 */
export function splitLeaf(services: VmServices, table: PageTable, slot: number, global: boolean): PageTable | undefined {
  const { u32 } = services.memory;
  const frame = services.pages.create(0);
  if (frame === undefined) return undefined;
  const pfn = leafPfn(u32, table, slot);
  const attr = table.attr(slot);
  const locks = table.locks(slot);
  const child = new PageTable(services, frame, (table.level - 1) as PageLevel, table, slot);
  const step = LEVEL_PAGES[child.level];
  for (let index = 0; index < PTES_PER_TABLE; index++) {
    writeLeaf(services, child, index, pfn + index * step, attr, global);
    child.setLocks(index, locks);
  }
  child.used = PTES_PER_TABLE;
  table.setLocks(slot, 0);
  pointTo(services, table, slot, child);
  services.counters.splits++;
  return child;
}

/** Attributes with other protection bits. */
export const withProt = (attr: number, prot: number): number => ((attr & ~HAT_PROT_MASK) | (prot & HAT_PROT_MASK)) >>> 0;
