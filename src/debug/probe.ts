/** Where an address leads, without changing what the hart has seen or counted. */
import { PAGESIZE, asVaddr } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import type { Hart } from '../hart/index.js';
import { type Access, NAPOT_PAGES, PTES_PER_TABLE, pteLeaf, pteNapot, ptePpn, pteValid } from '../../mmu/index.js';

/**
 * Physical address of a virtual one as a hart translates it for a kind of access, by the page tables as they are in memory; rights are not
 * asked. -1 where nothing is mapped.
 * @param va a signed number, or where the hart does not translate a physical address
 */
export function probe(bus: Bus, hart: Hart, va: number, access: Access): number {
  const { mmu } = hart;
  return mmu.translates(access) ? walk(bus, mmu.rootPfn, va) : va;
}

/** Physical address of `va` by the page tables below a root, -1 where nothing is mapped. */
export function walk(bus: Bus, root: number, va: number): number {
  const vpn = Math.floor(va / PAGESIZE);
  let table = root;
  for (let pages = PTES_PER_TABLE ** 2; pages >= 1; pages /= PTES_PER_TABLE) {
    const host = bus.hostPage(table);
    if (host === 0) return -1;
    const slot = Math.floor(vpn / pages) & (PTES_PER_TABLE - 1);
    const [lo, hi] = [bus.u32[host / 4 + 2 * slot]!, bus.u32[host / 4 + 2 * slot + 1]!];
    if (!pteValid(lo)) return -1;
    const ppn = ptePpn(lo, hi);
    if (pteLeaf(lo)) {
      const range = pteNapot(hi) ? NAPOT_PAGES : pages;
      const first = ppn - (ppn % range);
      return (first + (vpn - Math.floor(vpn / range) * range)) * PAGESIZE + (va - vpn * PAGESIZE);
    }
    table = ppn;
  }
  return -1;
}

/**
 * Linear address of the byte at a virtual address, 0 where no memory is. What the hart has used last answers first: page tables may
 * have changed since.
 */
export function probeHost(bus: Bus, hart: Hart, va: number, access: Access): number {
  const known = hart.mmu.cache.lookup(asVaddr(va), access);
  if (known > 0) return known;
  const pa = probe(bus, hart, va, access);
  const host = pa < 0 ? 0 : bus.hostPage(Math.floor(pa / PAGESIZE));
  return host === 0 ? 0 : host + (pa % PAGESIZE);
}
