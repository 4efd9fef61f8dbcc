/** What must hold in every hart: all it remembers is what the page tables say now. */
import { hex, PAGESIZE } from '../../base/index.js';
import type { Remembered } from '../../../mmu/index.js';
import { pteFlags, pteLeaf, ptePbmt, ptePpn, pteValid, tlbEntries, walkCacheEntries } from '../../../mmu/index.js';
import type { Hat } from '../../vm/index.js';
import type { ScenarioHart, ScenarioHarts } from './harts.js';
import type { TableMemory } from './page-tables.js';
import { ENTRY_PAGES, walkTo } from './page-tables.js';
import { Wrong } from './wrong.js';

/**
 * Compares TLBs, page-walk caches and translation caches with the page tables.
 * @param live the translations of the spaces that exist
 * @throws Wrong naming the first entry that is stale
 */
export function checkHarts(memory: TableMemory, harts: ScenarioHarts, live: ReadonlySet<Hat>): void {
  for (const hart of harts.harts) {
    for (const entry of tlbEntries(hart.mmu)) judge(hart, entry, live, (owner) => judgeTranslation(memory, owner, entry));
    for (const entry of walkCacheEntries(hart.mmu)) judge(hart, entry, live, (owner) => judgePointer(memory, owner, entry));
    checkCache(memory, hart);
  }
}

function judge(hart: ScenarioHart, entry: Remembered, live: ReadonlySet<Hat>, look: (owner: Hat) => string): void {
  const owner = hart.owners.get(entry.asid);
  const wrong = owner === undefined || !live.has(owner) ? 'belongs to an address space that has ended' : look(owner);
  if (wrong === '') return;
  throw new Wrong('stale', `hart ${hart.mmu.hartId}, ${entry.array}: ${owner?.name ?? `ASID ${entry.asid}`} ${hex(entry.vpn * PAGESIZE)} frame ${hex(entry.pfn)} ${wrong}`);
}

/** Each leaf that the entry's pages lie in says the same as the entry. */
function judgeTranslation(memory: TableMemory, owner: Hat, entry: Remembered): string {
  for (let page = 0; page < entry.pages; ) {
    const vpn = entry.vpn + page;
    const { level, lo, hi } = walkTo(memory, owner.rootPfn, vpn);
    if (!pteValid(lo) || !pteLeaf(lo)) return `translates ${hex(vpn * PAGESIZE)}, which is not mapped`;
    const size = ENTRY_PAGES[level];
    const inside = vpn & (size - 1);
    if (ptePpn(lo, hi) + inside !== entry.pfn + page) return `translates ${hex(vpn * PAGESIZE)}, which is frame ${hex(ptePpn(lo, hi) + inside)}`;
    if (pteFlags(lo) !== entry.flags || ptePbmt(hi) !== entry.pbmt) return `has flags ${hex(entry.flags)}, the page ${hex(pteFlags(lo))}`;
    page += size - inside;
  }
  return '';
}

/** The pointer still leads to the same page table. */
function judgePointer(memory: TableMemory, owner: Hat, entry: Remembered): string {
  const level = entry.pages === ENTRY_PAGES[1] ? 1 : 2;
  const { level: found, lo, hi } = walkTo(memory, owner.rootPfn, entry.vpn, level);
  return found === level && pteValid(lo) && !pteLeaf(lo) && ptePpn(lo, hi) === entry.pfn ? '' : 'is a page table no longer';
}

/** What generated code would find without asking the MMU; forgets what it would not find any more. */
function checkCache(memory: TableMemory, hart: ScenarioHart): void {
  hart.touched = hart.touched.filter(({ va, access }) => {
    const found = hart.cache.lookup(va, access);
    if (found < 0) return false;
    const root = hart.current?.rootPfn;
    const end = root === undefined ? undefined : walkTo(memory, root, va / PAGESIZE);
    const inside = end === undefined ? 0 : (va / PAGESIZE) & (ENTRY_PAGES[end.level] - 1);
    const right = end !== undefined && pteValid(end.lo) && (ptePpn(end.lo, end.hi) + inside) * PAGESIZE % 2 ** 32 === found;
    if (!right) throw new Wrong('stale', `hart ${hart.mmu.hartId}, translation cache: ${hart.current?.name ?? '-'} ${hex(va)} leads to ${hex(found)}`);
    return true;
  });
}
