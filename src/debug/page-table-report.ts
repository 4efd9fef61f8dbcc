/** Page tables as memory has them: the walk of one address step by step, or every leaf in runs. [RISC-V privileged ISA, Sv39] */
import { PAGESIZE, hex } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import { PTES_PER_TABLE, pteFlagsText, pteLeaf, pteNapot, ptePbmt, ptePpn, pteValid } from '../../mmu/index.js';

/** Base pages under one entry, by level. */
const ENTRY_PAGES = [1, PTES_PER_TABLE, PTES_PER_TABLE ** 2] as const;
const SIZE = ['4K', '2M', '1G'] as const;
const PBMT = ['', ' nc', ' io', ' reserved'] as const;
/** Lines of a whole table; more would be for nobody. */
const MOST_LINES = 2000;

type Level = 0 | 1 | 2;
/** Halves of a PTE. */
interface Entry {
  readonly lo: number;
  readonly hi: number;
}


function entryAt(bus: Bus, table: number, slot: number): Entry | undefined {
  const host = bus.hostPage(table);
  if (host === 0) return undefined;
  const at = host / 4 + 2 * slot;
  return { lo: bus.u32[at]!, hi: bus.u32[at + 1]! };
}

const attributes = (entry: Entry): string => `${pteFlagsText(entry.lo)}${PBMT[ptePbmt(entry.hi)] ?? ''}${pteNapot(entry.hi) ? ' napot' : ''}`;

/** The steps of the walk of `va`, a line each. */
export function walkReport(bus: Bus, root: number, va: number): string {
  const lines = [`${hex(va)} through the root page table at ${hex(root * PAGESIZE)}`];
  const vpn = Math.floor(va / PAGESIZE);
  let table = root;
  for (let level: Level = 2; ; level = (level - 1) as Level) {
    const slot = Math.floor(vpn / ENTRY_PAGES[level]) & (PTES_PER_TABLE - 1);
    const entry = entryAt(bus, table, slot);
    const where = `level ${level}: entry ${slot} at ${hex(table * PAGESIZE + slot * 8)}`;
    if (entry === undefined) return [...lines, `${where}: not in memory`].join('\n');
    const text = `${where} = 0x${(entry.hi >>> 0).toString(16).padStart(8, '0')}${(entry.lo >>> 0).toString(16).padStart(8, '0')}`;
    if (!pteValid(entry.lo)) return [...lines, `${text}: not valid`].join('\n');
    const ppn = ptePpn(entry.lo, entry.hi);
    if (pteLeaf(entry.lo)) {
      const pages = vpn - Math.floor(vpn / ENTRY_PAGES[level]) * ENTRY_PAGES[level];
      const pa = (ppn + (pteNapot(entry.hi) ? 0 : pages)) * PAGESIZE + (va - vpn * PAGESIZE);
      const end = pteNapot(entry.hi) ? 'leaf of a 64K range' : `${SIZE[level]} leaf, physical address ${hex(pa)}`;
      return [...lines, `${text}: ${attributes(entry)}, ${end}`].join('\n');
    }
    lines.push(`${text}: next table at ${hex(ppn * PAGESIZE)}`);
    if (level === 0) return [...lines, 'a pointer at the last level: page fault'].join('\n');
    table = ppn;
  }
}

/** Leaves that continue each other. */
interface Run {
  readonly vpn: number;
  readonly ppn: number;
  readonly level: Level;
  readonly what: string;
  pages: number;
}

/** All leaves below a root, lowest address of the lower half first: virtual range, physical range, size and attributes. */
export function pageTableReport(bus: Bus, root: number): string {
  const runs: Run[] = [];
  const visit = (table: number, level: Level, base: number): void => {
    for (let slot = 0; slot < PTES_PER_TABLE; slot++) {
      const entry = entryAt(bus, table, slot);
      if (entry === undefined || !pteValid(entry.lo)) continue;
      const signed = level === 2 && slot >= PTES_PER_TABLE / 2 ? slot - PTES_PER_TABLE : slot;
      const vpn = base + signed * ENTRY_PAGES[level];
      const ppn = ptePpn(entry.lo, entry.hi);
      if (pteLeaf(entry.lo)) addLeaf(runs, { vpn, ppn, level, what: attributes(entry), pages: ENTRY_PAGES[level] });
      else if (level > 0) visit(ppn, (level - 1) as Level, vpn);
    }
  };
  visit(root, 2, 0);
  const lines = runs.slice(0, MOST_LINES).map(({ vpn, ppn, pages, level, what }) =>
    `${hex(vpn * PAGESIZE)}-${hex((vpn + pages) * PAGESIZE)} -> ${hex(ppn * PAGESIZE)}-${hex((ppn + pages) * PAGESIZE)} ${SIZE[level]} ${what}`);
  if (runs.length > MOST_LINES) lines.push(`and ${runs.length - MOST_LINES} more`);
  return [`root page table at ${hex(root * PAGESIZE)}`, ...lines].join('\n');
}

function addLeaf(runs: Run[], leaf: Run): void {
  const last = runs.at(-1);
  const continues = last !== undefined && last.level === leaf.level && last.what === leaf.what
    && last.vpn + last.pages === leaf.vpn && last.ppn + last.pages === leaf.ppn;
  if (continues) last.pages += leaf.pages;
  else runs.push(leaf);
}
