/**
 * Pageable kernel memory behind handles: locked in memory for the time of a fault or softlock. The kernel allows one lock
 * on such memory, so the cookie counts pages and locks all of it when the count leaves 0.
 */
import { ENOMEM, KernelPanic } from '../base/index.js';
import { FC_MAKE_ERR, S_EXEC, S_OTHER } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { dhp_is_devmem, dhp_is_pmem } from './devmap-handle.js';
import type { SegdevState } from './state.js';
import { KMEM_PAGEABLE, UmemCookie } from './umem-cookie.js';

const UINT32_MAX = 0xffff_ffff;

/** The cookie of pageable memory behind a handle (dhp_is_kpmem); undefined when it is something else. */
export function kpmemCookie(dhp: DevmapHandle): UmemCookie | undefined {
  if (dhp_is_devmem(dhp) || dhp_is_pmem(dhp)) return undefined;
  if (dhp.cookie instanceof UmemCookie) return dhp.cookie.type === KMEM_PAGEABLE ? dhp.cookie : undefined;
  if (dhp.state.quirks.umemInvalidCrash) throw new KernelPanic('crash', 'null pointer: dh_cookie of an invalid umem handle');
  return undefined;
}

/** Locks `npages` pages of pageable memory: 0, or the fault code of the kernel's memory. */
export function acquire_kpmem_lock(state: SegdevState, cookie: UmemCookie, npages: number): number {
  if (UINT32_MAX - cookie.locked < npages) return FC_MAKE_ERR(ENOMEM);
  if (cookie.locked === 0) {
    // C passes PROT_READ|PROT_WRITE, which as an access kind is S_EXEC.
    const code = state.arena?.pageableLock(cookie.cvaddr, cookie.size, state.quirks.kpmemFaultRw ? S_EXEC : S_OTHER) ?? FC_MAKE_ERR(ENOMEM);
    if (code !== 0) return code;
  }
  cookie.locked += npages;
  return 0;
}

/** Unlocks `npages` pages of pageable memory. */
export function release_kpmem_lock(state: SegdevState, cookie: UmemCookie, npages: number): void {
  state.assert(cookie.locked >= npages, 1227, 'cookie->locked >= npages');
  cookie.locked -= npages;
  if (cookie.locked === 0) state.arena?.pageableUnlock(cookie.cvaddr, cookie.size);
}
