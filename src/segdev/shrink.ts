/** Cutting the front off a handle. */
import { PAGEOFFSET, PAGESIZE } from '../base/index.js';
import { DEVMAP_MAPPING_INVALID } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { dhp_is_devmem, dhp_is_pmem, holdDhpLock, releDhpLock } from './devmap-handle.js';
import { deref } from './state.js';
import { UmemCookie } from './umem-cookie.js';

/**
 * Takes `len` bytes off the front of `dhp`: everything that describes its start moves up. Not for the tail, where only
 * the length changes. The large page level stays: devmap_roundup looks at the bounds each time.
 */
export function* devmap_handle_reduce_len(dhp: DevmapHandle, len: number): Kgen<void> {
  const { state } = dhp;
  state.assert(len < dhp.len, 968, 'len < dhp->dh_len');
  state.assert((len & PAGEOFFSET) === 0, 971, '(len & PAGEOFFSET) == 0');
  dhp.len -= len;
  dhp.uoff += len;
  dhp.roff += len;
  dhp.uvaddr += len;
  if (dhp.lock !== undefined) yield* holdDhpLock(dhp);
  if ((dhp.flags & DEVMAP_MAPPING_INVALID) === 0) {
    if (dhp_is_devmem(dhp)) {
      dhp.pfn += len / PAGESIZE;
    } else if (dhp_is_pmem(dhp)) {
      const inside = (dhp.roff & PAGEOFFSET) === 0 && dhp.roff < deref(dhp.pcookie, 'dh_pcookie').npages * PAGESIZE;
      state.assert(inside, 985, '(dhp->dh_roff & PAGEOFFSET) == 0 && dhp->dh_roff < ptob(pcp->dp_npages)');
    } else {
      const cp = deref(dhp.cookie instanceof UmemCookie ? dhp.cookie : undefined, 'dh_cookie');
      state.assert(dhp.roff < cp.size, 988, 'dhp->dh_roff < cp->size');
      state.assert(dhp.cvaddr >= cp.cvaddr && dhp.cvaddr < cp.cvaddr + cp.size, 989, 'dhp->dh_cvaddr >= cp->cvaddr && dhp->dh_cvaddr < (cp->cvaddr + cp->size)');
      state.assert(dhp.cvaddr + len <= cp.cvaddr + cp.size, 991, '(dhp->dh_cvaddr + len) <= (cp->cvaddr + cp->size)');
      dhp.cvaddr += len;
    }
  }
  releDhpLock(dhp);
}
