/** segdev_faultpages: loads the pages of one handle, or of a mapping without handles, after checking the access. */
import { LEVEL_SIZE, PAGESIZE } from '../base/index.js';
import { DEVMAP_MAPPING_INVALID, DEVMAP_USE_PAGESIZE } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { RW_READER, rw_enter, rw_exit, rw_tryenter } from '../kernel/index.js';
import type { Hat, Seg } from '../vm/index.js';
import {
  F_PROT, F_SOFTLOCK, F_SOFTUNLOCK, FC_NOMAP, FC_PROT, hat_devload, HAT_LOAD, HAT_LOAD_LOCK,
} from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_DEVMEM_COOKIE } from './devmap-handle.js';
import { segdev_faultpage } from './faultpage.js';
import { acquire_kpmem_lock, kpmemCookie, release_kpmem_lock } from './kpmem.js';
import { protchk, rightsOf } from './page-rights.js';
import type { SegdevData } from './segdev-data.js';
import { sdpOf } from './segdev-data.js';
import { countLocked, segdev_softunlock, wakeUnmappers } from './softunlock.js';

/** A load of no more than this never makes a large page. */
const BELOW_LARGE = LEVEL_SIZE[1] / 2;

/**
 * Loads [addr, addr+len), or unlocks it (F_SOFTUNLOCK). Called by segdev_fault and by devmap_load, with the handle's lock
 * held if it may be remapped. Returns 0 or a fault code.
 */
export function* segdev_faultpages(
  hat: Hat, seg: Seg, addr: number, len: number, type: number, rw: number, dhp: DevmapHandle | undefined,
): Kgen<number> {
  const sdp = sdpOf(seg);
  const { state } = sdp;
  if (type === F_PROT) return FC_PROT;
  if (type === F_SOFTUNLOCK) {
    segdev_softunlock(hat, seg, addr, len);
    yield* wakeUnmappers(seg, sdp);
    return 0;
  }
  const kpmem = dhp === undefined || dhp.cookie === DEVMAP_DEVMEM_COOKIE ? undefined : kpmemCookie(dhp);
  if (kpmem !== undefined) {
    const code = acquire_kpmem_lock(state, kpmem, len / PAGESIZE);
    if (code !== 0) return code;
  }
  if (state.kernel.preemptive || !rw_tryenter(sdp.lock, RW_READER)) yield* rw_enter(sdp.lock, RW_READER);
  const uniform = !sdp.pageprot;
  if (uniform && (rightsOf(dhp, sdp.prot) & protchk(rw)) === 0) {
    rw_exit(sdp.lock);
    if (kpmem !== undefined) release_kpmem_lock(state, kpmem, len / PAGESIZE);
    return FC_PROT;
  }
  const code = uniform && dhp !== undefined && dhp.cookie === DEVMAP_DEVMEM_COOKIE
    ? loadWindow(hat, sdp, addr, len, type, dhp)
    : loadEachPage(hat, seg, sdp, addr, len, type, rw, dhp);
  rw_exit(sdp.lock);
  if (type === F_SOFTLOCK) {
    if (code !== 0) yield* wakeUnmappers(seg, sdp);
  } else if (kpmem !== undefined) {
    release_kpmem_lock(state, kpmem, len / PAGESIZE);
  }
  return code;
}

/** Device memory with one protection: a single load, whose pages the HAT chooses. */
function loadWindow(hat: Hat, sdp: SegdevData, addr: number, len: number, type: number, dhp: DevmapHandle): number {
  if ((dhp.flags & DEVMAP_MAPPING_INVALID) !== 0) return FC_NOMAP;
  const { state } = sdp;
  const flags = (type === F_SOFTLOCK ? HAT_LOAD_LOCK : HAT_LOAD) | sdp.hat_flags;
  const attr = rightsOf(dhp, sdp.prot) | dhp.hat_attr;
  const pfn = dhp.pfn + (addr - dhp.uvaddr) / PAGESIZE;
  state.assert(!state.isMemory(pfn), 2011, '!pf_is_memory(pfnum)');
  if (type === F_SOFTLOCK) countLocked(sdp, addr, len);
  if (len > BELOW_LARGE && (dhp.flags & DEVMAP_USE_PAGESIZE) !== 0 && !state.quirks.usePagesizeIgnored) {
    for (let at = 0; at < len; at += BELOW_LARGE) hat_devload(hat, addr + at, Math.min(BELOW_LARGE, len - at), pfn + at / PAGESIZE, attr, flags);
  } else {
    hat_devload(hat, addr, len, pfn, attr, flags);
  }
  return 0;
}

/** Everything else: page by page. A softlock that fails half-way undoes its first pages. */
function loadEachPage(
  hat: Hat, seg: Seg, sdp: SegdevData, addr: number, len: number, type: number, rw: number, dhp: DevmapHandle | undefined,
): number {
  const { state } = sdp;
  for (let at = addr; at < addr + len; at += PAGESIZE) {
    const code = segdev_faultpage(hat, seg, at, type, rw, dhp);
    if (code === 0) continue;
    if (type === F_SOFTLOCK) {
      const done = at - addr;
      if (done > 0) segdev_softunlock(hat, seg, addr, done);
      const kpmem = dhp && kpmemCookie(dhp);
      if (kpmem !== undefined) release_kpmem_lock(state, kpmem, (len - done) / PAGESIZE);
    }
    return code;
  }
  return 0;
}
