/** Changing what loaded translations allow. */
import { PAGESIZE } from '../base/index.js';
import type { Hat } from './hat.js';
import { attrText } from './hat-constants.js';
import { removeLeaves } from './hat-unload.js';
import { walkRange } from './hat-walk.js';
import { LEVEL_PAGES, leafFlags, leafPfn, withProt, writeLeaf } from './page-table.js';

/**
 * Gives the translations of `len` bytes at `addr` the protection `prot` (hat_chgprot); absent ones stay absent, other attributes
 * stay. A protection that allows no access removes them. One fence when anything changed.
 */
export function hat_chgprot(hat: Hat, addr: number, len: number, prot: number): void {
  const { services } = hat;
  const { trace } = services.kernel;
  if (trace.on) trace.emit('hat_chgprot', { as: hat.name, va: addr, len, prot: attrText(prot) });
  const from = Math.floor(addr / PAGESIZE);
  const to = Math.ceil((addr + len) / PAGESIZE);
  if (leafFlags(prot, false) === 0) removeLeaves(hat, from, to, false);
  else changeLeaves(hat, from, to, prot);
  hat.flush();
}

function changeLeaves(hat: Hat, from: number, to: number, prot: number): void {
  const { services } = hat;
  const { hatPolicy, memory, pages } = services;
  walkRange(hat, from, to, {
    name: 'chgprot',
    wanted: (table, slot) => {
      if (hatPolicy.chgprotSkipsDevice && !pages.isRam(leafPfn(memory.u32, table, slot))) return false;
      return withProt(table.attr(slot), prot) !== table.attr(slot);
    },
    visit: (table, slot, vpn) => {
      writeLeaf(services, table, slot, leafPfn(memory.u32, table, slot), withProt(table.attr(slot), prot), hat.kernel);
      hat.touch(vpn, LEVEL_PAGES[table.level]);
    },
  });
}
