/** What a hart's TLB and page-walk cache hold. */
import { PAGESIZE, hex } from '../base/index.js';
import type { Hart } from '../hart/index.js';
import { pteFlagsText, tlbEntries, walkCacheEntries, type Remembered } from '../../mmu/index.js';

const PBMT = ['', ' nc', ' io', ' reserved'] as const;

const line = ({ array, asid, global, vpn, pages, pfn, flags, pbmt }: Remembered): string =>
  `  ${array} asid ${global ? 'any' : asid} ${hex(vpn * PAGESIZE)}-${hex((vpn + pages) * PAGESIZE)} -> ${hex(pfn * PAGESIZE)} ${pteFlagsText(flags)}${PBMT[pbmt] ?? ''}`;

/** The entries of each hart, a line each. */
export function tlbReport(harts: readonly Hart[]): string {
  return harts.flatMap(({ id, mmu }) => {
    const entries = [...tlbEntries(mmu)];
    const tables = [...walkCacheEntries(mmu)];
    return [
      `hart ${id}: satp mode ${mmu.mode}, asid ${mmu.asid}, root page table at ${hex(mmu.rootPfn * PAGESIZE)}; ${entries.length} TLB entries`, ...entries.map(line),
      ...(tables.length === 0 ? [] : [`  page-walk cache: ${tables.length} entries`, ...tables.map(line)]),
    ];
  }).join('\n');
}
