/**
 * Large pages of device memory: which level a handle can use, and how far a fault is widened to whole pages of it.
 *
 *                                        end of handle
 *          base       poff   offset            |
 *           |          |       |               |
 *           +----------+-------+---+-----------+
 *                      |<--- pg -->|
 *                              |<------ len ------ ...
 */
import type { PageLevel } from '../base/index.js';
import { alignDown, LEVEL_SIZE, PAGESIZE } from '../base/index.js';
import { DEVMAP_MAPPING_INVALID, DEVMAP_USE_PAGESIZE } from '../ddi/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_FLAG_LARGE, dhp_is_devmem } from './devmap-handle.js';

const pageSize = (level: number): number => LEVEL_SIZE[level as PageLevel];

/** Whether two addresses agree modulo `size` (VA_PA_PGSIZE_ALIGNED). */
const congruent = (a: number, b: number, size: number): boolean => (a - b) % size === 0;

/**
 * Sets the largest page level `dhp` can use and DEVMAP_FLAG_LARGE when that is above 0: device memory, large pages not
 * forbidden, the handle at least that long, and its addresses congruent.
 */
export function devmap_devmem_large_page_setup(dhp: DevmapHandle): void {
  const { pageSizes } = dhp.state;
  dhp.mmulevel = 0;
  if (pageSizes > 1 && (dhp.flags & (DEVMAP_USE_PAGESIZE | DEVMAP_MAPPING_INVALID)) === 0) {
    const base = dhp.pfn * PAGESIZE;
    let level = 1;
    while (level < pageSizes && dhp.len >= pageSize(level) && congruent(dhp.uvaddr, base, pageSize(level))) level++;
    dhp.mmulevel = level - 1;
  }
  if (dhp.mmulevel > 0) dhp.flags |= DEVMAP_FLAG_LARGE;
  else dhp.flags &= ~DEVMAP_FLAG_LARGE;
}

/**
 * The level of the largest page of `dhp` that contains byte `offset` of it, lies inside the handle, and starts at a
 * physical and virtual address aligned to its size (the search of devmap_roundup). Level 0 always fits.
 */
export function devmap_roundup(dhp: DevmapHandle, offset: number): number {
  const base = dhp.pfn * PAGESIZE;
  for (let level = dhp.mmulevel; level > 0; level--) {
    const pg = pageSize(level);
    const poff = alignDown(base + offset, pg);
    if (poff >= base && poff + pg <= base + dhp.len && (dhp.uvaddr + (poff - base)) % pg === 0) return level;
  }
  return 0;
}

/**
 * Start of the widened range for a fault at `addr` (laddr of devmap_get_large_pgsize).
 */
export function largeStart(dhp: DevmapHandle, addr: number): number {
  const pg = pageSize(devmap_roundup(dhp, addr - dhp.uvaddr));
  const base = dhp.pfn * PAGESIZE;
  return dhp.uvaddr + (alignDown(base + addr - dhp.uvaddr, pg) - base);
}

/**
 * Length from `largeStart` that covers [addr, addr+len) with whole pages (llen of devmap_get_large_pgsize).
 */
export function devmap_get_large_pgsize(dhp: DevmapHandle, len: number, addr: number): number {
  const { state } = dhp;
  state.assert(dhp_is_devmem(dhp), 2878, 'dhp_is_devmem(dhp)');
  state.assert((dhp.flags & DEVMAP_MAPPING_INVALID) === 0, 2879, '!(dhp->dh_flags & DEVMAP_MAPPING_INVALID)');
  const start = largeStart(dhp, addr);
  let at = start;
  const end = addr + len;
  while (at < end) at += pageSize(devmap_roundup(dhp, at - dhp.uvaddr));
  return at - start;
}
