/** Looking at loaded translations without changing any. */
import { LEVEL_SIZE, PAGESIZE, PFN_INVALID } from '../base/index.js';
import type { PageLevel, Pfn } from '../base/index.js';
import { pteLeaf, pteValid } from '../../mmu/index.js';
import type { Hat } from './hat.js';
import { eachLeaf } from './hat-walk.js';
import { LEVEL_PAGES, flagsProt, leafPfn, pteLow, slotOf } from './page-table.js';

/** The translation of one address. */
export interface Translation {
  /** Size of its page. */
  readonly level: PageLevel;
  /** First address of that page. */
  readonly base: number;
  /** First frame of that page. */
  readonly basePfn: Pfn;
  /** Frame of the base page that holds the address. */
  readonly pfn: Pfn;
  /** What it allows, PROT_*: as the PTE says, so write implies read. */
  readonly prot: number;
  /** The attributes it was loaded with. */
  readonly attr: number;
  readonly locks: number;
}

/** The translation of `addr`; undefined when there is none. */
export function hat_probe(hat: Hat, addr: number): Translation | undefined {
  const { u32 } = hat.services.memory;
  const vpn = Math.floor(addr / PAGESIZE);
  let table = hat.root;
  for (;;) {
    const slot = slotOf(vpn, table.level);
    const lo = pteLow(u32, table, slot);
    if (!pteValid(lo)) return undefined;
    if (pteLeaf(lo)) {
      const offset = vpn & (LEVEL_PAGES[table.level] - 1);
      const basePfn = leafPfn(u32, table, slot);
      return {
        level: table.level, base: (vpn - offset) * PAGESIZE, basePfn, pfn: basePfn + offset,
        prot: flagsProt(lo), attr: table.attr(slot), locks: table.locks(slot),
      };
    }
    table = table.children![slot]!;
  }
}

/** The frame that `addr` is mapped to (hat_getpfnum); PFN_INVALID when there is no translation. */
export const hat_getpfnum = (hat: Hat, addr: number): Pfn => hat_probe(hat, addr)?.pfn ?? PFN_INVALID;

/** All translations of the address space by ascending slot: user half, then kernel half. */
export function hat_entries(hat: Hat): Translation[] {
  const entries: Translation[] = [];
  const { u32 } = hat.services.memory;
  eachLeaf(hat, (table, slot, vpn) => {
    const basePfn = leafPfn(u32, table, slot);
    entries.push({
      level: table.level, base: vpn * PAGESIZE, basePfn, pfn: basePfn, prot: flagsProt(pteLow(u32, table, slot)),
      attr: table.attr(slot), locks: table.locks(slot),
    });
  });
  return entries;
}

/** Bytes mapped at present, by page level. */
export const hat_resident = (hat: Hat): [number, number, number] => [
  hat.resident[0] * LEVEL_SIZE[0], hat.resident[1] * LEVEL_SIZE[1], hat.resident[2] * LEVEL_SIZE[2],
];
