/** segdev_faultpage: loads one page, whatever lies behind it. */
import type { Pfn } from '../base/index.js';
import { EFAULT, KernelPanic, PAGEOFFSET, PAGESIZE, PFN_INVALID } from '../base/index.js';
import { DEVMAP_MAPPING_INVALID, DDI_SUCCESS } from '../ddi/index.js';
import type { Hat, Seg } from '../vm/index.js';
import { F_SOFTLOCK, FC_MAKE_ERR, FC_NOMAP, FC_PROT, hat_devload, hat_getpfnum, HAT_LOAD, HAT_LOAD_LOCK, PROT_ALL } from '../vm/index.js';
import { cdev_mmap } from './cdev-mmap.js';
import { ddi_map_fault } from './ddi-map-fault.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_DEVMEM_COOKIE, DEVMAP_PMEM_COOKIE } from './devmap-handle.js';
import { protchk, rightsOf } from './page-rights.js';
import type { SegdevData } from './segdev-data.js';
import { sdpOf } from './segdev-data.js';
import { countLocked } from './softunlock.js';
import { deref } from './state.js';
import { KMEM_NON_PAGEABLE, KMEM_PAGEABLE, UMEM_LOCKED, UMEM_TRASH, UmemCookie } from './umem-cookie.js';

/**
 * Loads the page at `addr`, under the segment's lock. `dhp` is its handle; undefined in an old mmap(9E) mapping.
 * Returns 0, FC_PROT when the page's own protection forbids the access, FC_NOMAP while the handle is invalid, or
 * FC_MAKE_ERR(EFAULT) when there is no frame.
 */
export function segdev_faultpage(hat: Hat, seg: Seg, addr: number, type: number, rw: number, dhp: DevmapHandle | undefined): number {
  const sdp = sdpOf(seg);
  const { state } = sdp;
  let prot = sdp.prot;
  if (sdp.pageprot) {
    prot = rightsOf(dhp, deref(sdp.vpage, 'vpage')[(addr - seg.base) / PAGESIZE] ?? 0);
    if ((prot & protchk(rw)) === 0) return FC_PROT;
  } else {
    prot = rightsOf(dhp, prot);
  }
  if (dhp !== undefined && (dhp.flags & DEVMAP_MAPPING_INVALID) !== 0 && !state.quirks.invalidFaultcode) return FC_NOMAP;
  const lock = type === F_SOFTLOCK;
  if (lock && state.quirks.softlockcntLeak) countLocked(sdp, addr, PAGESIZE);
  const pfn = dhp === undefined ? oldPfn(seg, sdp, addr, prot) : frameOf(sdp, dhp, addr - dhp.uvaddr);
  if (pfn === PFN_INVALID) return FC_MAKE_ERR(EFAULT);
  if (dhp !== undefined || state.isMemory(pfn)) {
    const attr = prot | (dhp === undefined ? sdp.hat_attr : dhp.hat_attr);
    hat_devload(hat, addr, PAGESIZE, pfn, attr, (lock ? HAT_LOAD_LOCK : HAT_LOAD) | sdp.hat_flags);
  } else if (ddi_map_fault(sdp.vp.dev, hat, seg, addr, pfn, prot & PROT_ALL, lock) !== DDI_SUCCESS) {
    return FC_MAKE_ERR(EFAULT);
  }
  if (lock && !state.quirks.softlockcntLeak) countLocked(sdp, addr, PAGESIZE);
  return 0;
}

/** The frame mmap(9E) answers for a page of an old mapping. */
function oldPfn(seg: Seg, sdp: SegdevData, addr: number, prot: number): Pfn {
  if (sdp.mapfunc === undefined) throw new KernelPanic('crash', 'null pointer: mapfunc of a segment without handles');
  return cdev_mmap(sdp.mapfunc, sdp.vp.dev, sdp.offset + (addr - seg.base), prot);
}

/** The frame behind byte `off` of a handle; PFN_INVALID when there is none. */
function frameOf(sdp: SegdevData, dhp: DevmapHandle, off: number): Pfn {
  const { state } = sdp;
  const { cookie } = dhp;
  if ((dhp.flags & DEVMAP_MAPPING_INVALID) !== 0) return PFN_INVALID;
  if (cookie === DEVMAP_DEVMEM_COOKIE) return dhp.pfn + off / PAGESIZE;
  if (cookie === DEVMAP_PMEM_COOKIE) {
    const pages = deref(dhp.pcookie, 'dh_pcookie').pparray;
    state.assert((dhp.roff & PAGEOFFSET) === 0 && dhp.roff < pages.length * PAGESIZE, 1504, '(dhp->dh_roff & PAGEOFFSET) == 0 && dhp->dh_roff < ptob(pcp->dp_npages)');
    return deref(pages[(off + dhp.roff) / PAGESIZE], 'page of a pmem cookie');
  }
  const cp = deref(cookie instanceof UmemCookie ? cookie : undefined, 'dh_cookie');
  state.assert(dhp.roff < cp.size, 1509, 'dhp->dh_roff < cp->size');
  state.assert(dhp.cvaddr >= cp.cvaddr && dhp.cvaddr < cp.cvaddr + cp.size, 1510, 'dhp->dh_cvaddr >= cp->cvaddr && dhp->dh_cvaddr < (cp->cvaddr + cp->size)');
  const last = cp.cvaddr + cp.size;
  state.assert(dhp.cvaddr + off <= last, 1512, '(dhp->dh_cvaddr + off) <= (cp->cvaddr + cp->size)');
  state.assert(dhp.cvaddr + off + PAGESIZE <= last, 1514, '(dhp->dh_cvaddr + off + PAGESIZE) <= (cp->cvaddr + cp->size)');
  switch (cp.type) {
    case UMEM_LOCKED: return lockedFrame(sdp, dhp, cp, off);
    case UMEM_TRASH: return deref(state.arena, 'trash page').trash;
    case KMEM_PAGEABLE:
    case KMEM_NON_PAGEABLE: return deref(state.arena, 'kernel memory').pfn(dhp.cvaddr + off);
    default: return PFN_INVALID;
  }
}

/** The frame of locked user memory: from its page list, or from the page table of the process that has it. */
function lockedFrame(sdp: SegdevData, dhp: DevmapHandle, cp: UmemCookie, off: number): Pfn {
  if (cp.pparray !== undefined) return deref(cp.pparray[(off + dhp.roff) / PAGESIZE], 'page of a locked user range');
  const at = sdp.state.quirks.lockedUmemIgnoresOffset ? off : off + dhp.roff;
  return hat_getpfnum(deref(cp.asp, 'address space of locked memory').hat, cp.cvaddr + at);
}
