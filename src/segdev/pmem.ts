/** Page memory: pages a driver allocates one by one, without kernel addresses (devmap_pmem_alloc and its family). */
import type { Pfn } from '../base/index.js';
import { alignDown, isAligned, PAGESIZE } from '../base/index.js';
import type { DdiDeviceAccAttr, DevInfo, DevmapCallbackCtl, DevmapCookie, Ref } from '../ddi/index.js';
import {
  DDI_FAILURE, DDI_SUCCESS, DEVMAP_MAPPING_INVALID, i_ddi_cacheattr_to_hatacc, i_ddi_check_cache_attr, i_ddi_devacc_to_hatacc, IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED,
} from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { hat_unload, HAT_UNLOAD, HAT_UNLOAD_OTHER } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_FLAG_LARGE, DEVMAP_PMEM_COOKIE, handleText, holdDhpLock, releDhpLock } from './devmap-handle.js';
import { setCookie, setPcookie } from './handles.js';
import { liveHandle } from './live-handle.js';
import { finishSetup, mayStartInvalid, notSetUp, protAllowed, remapAllowed, startsInvalid, traced } from './setup-checks.js';
import { cursegdev, deref } from './state.js';
import { DevmapPmemCookie } from './umem-cookie.js';

/** Allocates `size` bytes of page memory, rounded up; DDI_SUCCESS with the cookie in `cookiep`, or DDI_FAILURE. */
export function devmap_pmem_alloc(size: number, _flags: number, cookiep: Ref<DevmapPmemCookie | null>): number {
  const state = cursegdev();
  cookiep.value = null;
  const npages = Math.ceil(size / PAGESIZE);
  const pages: Pfn[] = [];
  for (let page = 0; page < npages; page++) {
    const pfn = state.arena?.page();
    if (pfn === undefined) break;
    pages.push(pfn);
  }
  if (!(npages > 0) || pages.length < npages) {
    for (const pfn of pages) state.arena?.freePage(pfn);
    return DDI_FAILURE;
  }
  cookiep.value = new DevmapPmemCookie(pages);
  return DDI_SUCCESS;
}

/** Frees page memory. What is still mapped is kept until its last handle is gone, and reported as rule UM01. */
export function devmap_pmem_free(cookie: DevmapPmemCookie): void {
  const state = cursegdev();
  if (cookie.freed) {
    state.finding('UM01', 'devmap_pmem_free of a cookie that is freed already');
    return;
  }
  cookie.freed = true;
  const release = (): void => {
    cookie.release = undefined;
    for (const pfn of cookie.pparray) state.arena?.freePage(pfn);
  };
  if (cookie.handles === 0 || state.quirks.umemFreeInUse) {
    release();
    return;
  }
  state.finding('UM01', `devmap_pmem_free of pages that ${cookie.handles} handles map`);
  cookie.release = release;
}

/** Whether [off, off+len) is whole pages of live page memory, as far as that is checked. */
function inside(dhp: DevmapHandle, cookie: DevmapPmemCookie, off: number, len: number): boolean {
  if (dhp.state.quirks.setupUnchecked) return off + len <= cookie.npages * PAGESIZE;
  if (isAligned(off, PAGESIZE) && off >= 0 && len > 0 && off + len <= cookie.npages * PAGESIZE && !cookie.freed) return true;
  dhp.state.finding('DM14', `offset ${off}, length ${len} of ${handleText(dhp)} is not whole pages of ${cookie.npages} live ones`);
  return false;
}

function point(dhp: DevmapHandle, cookie: DevmapPmemCookie, off: number): void {
  setCookie(dhp, DEVMAP_PMEM_COOKIE);
  setPcookie(dhp, cookie);
  dhp.roff = alignDown(off, PAGESIZE);
}

/**
 * Puts [off, off+len) of page memory behind a handle, in devmap(9E). Returns DDI_SUCCESS, or DDI_FAILURE: no cookie,
 * beyond its pages, cached or conflicting attributes, set up before, protection beyond `maxprot`, invalid without
 * permission to remap. The attributes stay through remaps.
 */
export function devmap_pmem_setup(
  dhc: DevmapCookie, _dip: DevInfo, callbackops: DevmapCallbackCtl | null | undefined, cookie: DevmapPmemCookie | null, off: number,
  len: number, maxprot: number, flags: number, accattrp?: DdiDeviceAccAttr | null,
): number {
  const dhp = liveHandle(dhc, 'devmap_pmem_setup');
  if (dhp === undefined) return DDI_FAILURE;
  const result = setup(dhp, callbackops ?? undefined, cookie, off, len, maxprot, flags, accattrp ?? undefined);
  return traced('drv.setup', dhp, { backing: 'pmem', off, len, maxprot, flags }, result);
}

function setup(
  dhp: DevmapHandle, callbackops: DevmapCallbackCtl | undefined, cookie: DevmapPmemCookie | null, off: number, len: number, maxprot: number,
  flags: number, accattrp: DdiDeviceAccAttr | undefined,
): number {
  if (cookie === null || !inside(dhp, cookie, off, len)) return DDI_FAILURE;
  // Page memory is never mapped cached.
  if (!i_ddi_check_cache_attr(flags, dhp.state.cachedOnly) || (flags & (IOMEM_DATA_UC_WR_COMBINE | IOMEM_DATA_UNCACHED)) === 0) return DDI_FAILURE;
  if (!notSetUp(dhp) || !protAllowed(dhp, maxprot)) return DDI_FAILURE;
  if (!startsInvalid(flags)) point(dhp, cookie, off);
  else if (!mayStartInvalid(dhp, flags)) return DDI_FAILURE;
  dhp.hat_attr = i_ddi_devacc_to_hatacc(accattrp, i_ddi_cacheattr_to_hatacc(flags, dhp.hat_attr, dhp.state.cachedOnly));
  finishSetup(dhp, callbackops, len, maxprot, flags);
  return DDI_SUCCESS;
}

/** Puts other page memory behind a mapped handle. Returns DDI_SUCCESS, or DDI_FAILURE and nothing has changed. */
export function* devmap_pmem_remap(
  dhc: DevmapCookie, _dip: DevInfo, cookie: DevmapPmemCookie | null, off: number, len: number, maxprot: number, flags: number,
  accattrp?: DdiDeviceAccAttr | null,
): Kgen<number> {
  const dhp = liveHandle(dhc, 'devmap_pmem_remap');
  if (dhp === undefined || dhp.state.quirks.pmemRemapFails || !remapAllowed(dhp) || flags !== 0) return DDI_FAILURE;
  if (!protAllowed(dhp, maxprot) || cookie === null || !inside(dhp, cookie, off, len) || len < dhp.len) return DDI_FAILURE;
  yield* holdDhpLock(dhp);
  hat_unload(deref(dhp.seg, 'dh_seg').as.hat, dhp.uvaddr, dhp.len, HAT_UNLOAD | HAT_UNLOAD_OTHER);
  point(dhp, cookie, off);
  dhp.hat_attr = i_ddi_devacc_to_hatacc(accattrp ?? undefined, dhp.hat_attr);
  dhp.flags &= ~(DEVMAP_MAPPING_INVALID | DEVMAP_FLAG_LARGE);
  dhp.maxprot = maxprot & dhp.orig_maxprot;
  releDhpLock(dhp);
  return DDI_SUCCESS;
}
