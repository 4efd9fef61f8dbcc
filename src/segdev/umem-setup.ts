/** devmap_umem_setup and devmap_umem_remap: exported memory behind a handle. */
import { alignDown, isAligned, PAGESIZE } from '../base/index.js';
import type { DdiDeviceAccAttr, DevInfo, DevmapCallbackCtl, DevmapCookie } from '../ddi/index.js';
import {
  DDI_FAILURE, DDI_SUCCESS, DEVMAP_MAPPING_INVALID, i_ddi_cacheattr_to_hatacc, i_ddi_check_cache_attr, i_ddi_devacc_to_hatacc,
} from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { hat_unload, HAT_UNLOAD, HAT_UNLOAD_OTHER } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_FLAG_LARGE, handleText, holdDhpLock, releDhpLock } from './devmap-handle.js';
import { setCookie } from './handles.js';
import { liveHandle } from './live-handle.js';
import { finishSetup, mayStartInvalid, notSetUp, protAllowed, remapAllowed, startsInvalid, traced } from './setup-checks.js';
import { deref } from './state.js';
import type { DdiUmemCookie } from './umem-cookie.js';
import { UmemCookie } from './umem-cookie.js';

/** Whether [off, off+len) is whole pages inside the cookie's memory, as far as that is checked. */
function inside(dhp: DevmapHandle, cp: UmemCookie, off: number, len: number): boolean {
  if (dhp.state.quirks.setupUnchecked) return off + len <= cp.size;
  if (isAligned(off, PAGESIZE) && off >= 0 && len > 0 && off + len <= cp.size && !cp.freed) return true;
  dhp.state.finding('DM14', `memory offset ${off}, length ${len} of ${handleText(dhp)} is not whole pages of live memory of ${cp.size} bytes`);
  return false;
}

/** Points the handle at memory from `off` on, with the memory type of `flags`. */
function point(dhp: DevmapHandle, cp: UmemCookie, off: number, flags: number, accattrp: DdiDeviceAccAttr | undefined): void {
  setCookie(dhp, cp);
  dhp.roff = alignDown(off, PAGESIZE);
  dhp.cvaddr = cp.cvaddr + dhp.roff;
  dhp.hat_attr = i_ddi_devacc_to_hatacc(accattrp, i_ddi_cacheattr_to_hatacc(flags, dhp.hat_attr, dhp.state.cachedOnly));
}

/**
 * Puts [off, off+len) of exported memory behind a handle, in devmap(9E) (devmap_umem_setup(9F)). `off` is page aligned,
 * `len` is rounded up to pages. `flags`: DEVMAP_MAPPING_INVALID, DEVMAP_ALLOW_REMAP, DEVMAP_USE_PAGESIZE, and one of
 * IOMEM_DATA_CACHED (the default), IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED.
 *
 * Returns DDI_SUCCESS, or DDI_FAILURE: no cookie, beyond its memory, conflicting cache attributes, set up before,
 * protection beyond `maxprot`, invalid without permission to remap, or not whole pages.
 */
export function devmap_umem_setup(
  dhc: DevmapCookie, _dip: DevInfo, callbackops: DevmapCallbackCtl | null | undefined, cookie: DdiUmemCookie | null, off: number,
  len: number, maxprot: number, flags: number, accattrp?: DdiDeviceAccAttr | null,
): number {
  const dhp = liveHandle(dhc, 'devmap_umem_setup');
  if (dhp === undefined) return DDI_FAILURE;
  const result = setup(dhp, callbackops ?? undefined, cookie, off, len, maxprot, flags, accattrp ?? undefined);
  return traced('drv.setup', dhp, { backing: 'umem', off, len, maxprot, flags }, result);
}

function setup(
  dhp: DevmapHandle, callbackops: DevmapCallbackCtl | undefined, cookie: DdiUmemCookie | null, off: number, len: number, maxprot: number,
  flags: number, accattrp: DdiDeviceAccAttr | undefined,
): number {
  if (!(cookie instanceof UmemCookie)) {
    if (!dhp.state.quirks.setupUnchecked) dhp.state.finding('DM14', `the memory of ${handleText(dhp)} has no cookie`);
    return DDI_FAILURE;
  }
  if (!inside(dhp, cookie, off, len)) return DDI_FAILURE;
  if (!i_ddi_check_cache_attr(flags, dhp.state.cachedOnly)) return DDI_FAILURE;
  if (!notSetUp(dhp) || !protAllowed(dhp, maxprot)) return DDI_FAILURE;
  if (!startsInvalid(flags)) point(dhp, cookie, off, flags, accattrp);
  else if (!mayStartInvalid(dhp, flags)) return DDI_FAILURE;
  finishSetup(dhp, callbackops, len, maxprot, flags);
  return DDI_SUCCESS;
}

/**
 * Puts other memory behind a mapped handle; whatever was loaded is unloaded in every process at once (devmap_umem_remap).
 * `flags` is 0.
 *
 * Returns DDI_SUCCESS, or DDI_FAILURE and nothing has changed: not set up for remapping, flags, protection beyond
 * `maxprot`, no cookie, beyond its memory, or shorter than the handle.
 */
export function* devmap_umem_remap(
  dhc: DevmapCookie, _dip: DevInfo, cookie: DdiUmemCookie | null, off: number, len: number, maxprot: number, flags: number,
  accattrp?: DdiDeviceAccAttr | null,
): Kgen<number> {
  const dhp = liveHandle(dhc, 'devmap_umem_remap');
  if (dhp === undefined) return DDI_FAILURE;
  const result = yield* remap(dhp, cookie, off, len, maxprot, flags, accattrp ?? undefined);
  return traced('drv.remap', dhp, { backing: 'umem', off, len, maxprot, flags }, result);
}

function* remap(
  dhp: DevmapHandle, cookie: DdiUmemCookie | null, off: number, len: number, maxprot: number, flags: number,
  accattrp: DdiDeviceAccAttr | undefined,
): Kgen<number> {
  const { quirks } = dhp.state;
  if (!remapAllowed(dhp) || flags !== 0 || !protAllowed(dhp, maxprot)) return DDI_FAILURE;
  if (!(cookie instanceof UmemCookie)) {
    if (quirks.umemRemapKeepsInvalid) deref(undefined, 'cookie of devmap_umem_remap');
    return DDI_FAILURE;
  }
  if (!inside(dhp, cookie, off, len)) return DDI_FAILURE;
  if (!quirks.remapLengthIgnored && len < dhp.len) {
    dhp.state.finding('RM01', `remap of ${handleText(dhp)} to ${len} bytes, fewer than it has`);
    return DDI_FAILURE;
  }
  yield* holdDhpLock(dhp);
  // Unloaded under the lock, so that no fault brings the old memory back.
  hat_unload(deref(dhp.seg, 'dh_seg').as.hat, dhp.uvaddr, dhp.len, HAT_UNLOAD | HAT_UNLOAD_OTHER);
  point(dhp, cookie, off, flags, accattrp);
  if (!quirks.umemRemapKeepsInvalid) dhp.flags &= ~DEVMAP_MAPPING_INVALID;
  dhp.flags &= ~DEVMAP_FLAG_LARGE;
  dhp.maxprot = maxprot & dhp.orig_maxprot;
  releDhpLock(dhp);
  return DDI_SUCCESS;
}
