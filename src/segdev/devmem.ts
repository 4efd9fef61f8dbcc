/** devmap_devmem_setup and devmap_devmem_remap: device memory behind a handle. */
import type { Pfn } from '../base/index.js';
import { hex, isAligned, PAGESIZE, alignDown, PFN_INVALID } from '../base/index.js';
import type { DdiDeviceAccAttr, DevInfo, DevmapCallbackCtl, DevmapCookie } from '../ddi/index.js';
import {
  DDI_FAILURE, ddi_map, DDI_ME_REGSPEC_RANGE, DDI_ME_RNUMBER_RANGE, DDI_SUCCESS, DEVMAP_MAPPING_INVALID, ref,
} from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { hat_unload, HAT_UNLOAD, HAT_UNLOAD_OTHER } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_DEVMEM_COOKIE, DEVMAP_FLAG_LARGE, handleText, holdDhpLock, releDhpLock } from './devmap-handle.js';
import { setCookie } from './handles.js';
import { devmap_devmem_large_page_setup } from './large-page.js';
import { liveHandle } from './live-handle.js';
import { finishSetup, mayStartInvalid, notSetUp, protAllowed, remapAllowed, startsInvalid, traced } from './setup-checks.js';
import { deref } from './state.js';

/** A resolved window of device memory. */
interface Window {
  readonly pfn: Pfn;
  readonly hat_attr: number;
}

/**
 * Asks the device tree for the frame and attributes of [roff, roff+len) of a register set; undefined when it refuses.
 * Registers that do not exist are reported as rule `rule`.
 */
function resolve(
  dhp: DevmapHandle, rule: string, dip: DevInfo, rnumber: number, roff: number, len: number, maxprot: number, accattrp: DdiDeviceAccAttr | undefined,
): Window | undefined {
  const pfn = ref<Pfn>(PFN_INVALID);
  const attr = ref(0);
  const request = { rnumber, prot: maxprot & dhp.orig_maxprot, accattr: accattrp };
  const result = ddi_map(dip, request, roff, len, pfn, attr);
  if (result === DDI_SUCCESS) return isDevice(dhp, rule, pfn.value, len) ? { pfn: pfn.value, hat_attr: attr.value } : undefined;
  if ((result === DDI_ME_RNUMBER_RANGE || result === DDI_ME_REGSPEC_RANGE) && !dhp.state.quirks.setupUnchecked) {
    dhp.state.finding(rule, `offset ${roff}, length ${len} of ${handleText(dhp)} is not in register set ${rnumber}`);
  }
  return undefined;
}

/** Whether a window is no ordinary memory, as far as that is checked here; reports rule `rule` when it is. */
function isDevice({ state }: DevmapHandle, rule: string, pfn: Pfn, len: number): boolean {
  if (state.quirks.misuseAsserts || !(state.isMemory(pfn) || state.isMemory(pfn + Math.ceil(len / PAGESIZE) - 1))) return true;
  state.finding(rule, `frame ${hex(pfn)} is ordinary memory, not a device`);
  return false;
}

/** Whether offset and length are whole pages, as far as that is checked; reports rule `rule` when they are not. */
function wellFormed(dhp: DevmapHandle, rule: string, roff: number, len: number): boolean {
  if (dhp.state.quirks.setupUnchecked || (isAligned(roff, PAGESIZE) && roff >= 0 && len > 0)) return true;
  dhp.state.finding(rule, `register offset ${roff} or length ${len} of ${handleText(dhp)} is not whole pages`);
  return false;
}

/**
 * Puts [roff, roff+len) of register set `rnumber` behind a handle, in devmap(9E) (devmap_devmem_setup(9F)). `roff` is
 * page aligned, `len` is rounded up to pages. `flags`: DEVMAP_MAPPING_INVALID, DEVMAP_ALLOW_REMAP, DEVMAP_USE_PAGESIZE.
 * The memory type comes from the order in `accattrp`; strict order without it.
 *
 * Returns DDI_SUCCESS, or DDI_FAILURE: set up before, protection beyond `maxprot`, invalid without permission to remap,
 * no such registers, or not whole pages.
 */
export function devmap_devmem_setup(
  dhc: DevmapCookie, dip: DevInfo, callbackops: DevmapCallbackCtl | null | undefined, rnumber: number, roff: number, len: number,
  maxprot: number, flags: number, accattrp?: DdiDeviceAccAttr | null,
): number {
  const dhp = liveHandle(dhc, 'devmap_devmem_setup');
  if (dhp === undefined) return DDI_FAILURE;
  const result = setup(dhp, dip, callbackops ?? undefined, rnumber, roff, len, maxprot, flags, accattrp ?? undefined);
  return traced('drv.setup', dhp, { backing: 'devmem', off: roff, len, maxprot, flags }, result);
}

function setup(
  dhp: DevmapHandle, dip: DevInfo, callbackops: DevmapCallbackCtl | undefined, rnumber: number, roff: number, len: number,
  maxprot: number, flags: number, accattrp: DdiDeviceAccAttr | undefined,
): number {
  if (!notSetUp(dhp) || !protAllowed(dhp, maxprot)) return DDI_FAILURE;
  if (!wellFormed(dhp, 'DM13', roff, len)) return DDI_FAILURE;
  if (startsInvalid(flags)) {
    if (!mayStartInvalid(dhp, flags)) return DDI_FAILURE;
    dhp.pfn = PFN_INVALID;
  } else {
    if (dip.tree.inject('acchdl') !== 0) return DDI_FAILURE;
    const window = resolve(dhp, 'DM13', dip, rnumber, roff, len, maxprot, accattrp);
    if (window === undefined) return DDI_FAILURE;
    dhp.pfn = window.pfn;
    dhp.hat_attr = window.hat_attr;
  }
  dhp.state.assert(!dhp.state.isMemory(dhp.pfn), 3453, '!pf_is_memory(dhp->dh_pfn)');
  setCookie(dhp, DEVMAP_DEVMEM_COOKIE);
  dhp.roff = alignDown(roff, PAGESIZE);
  finishSetup(dhp, callbackops, len, maxprot, flags);
  devmap_devmem_large_page_setup(dhp);
  return DDI_SUCCESS;
}

/**
 * Puts another window of device memory behind a mapped handle, or none (`flags` DEVMAP_MAPPING_INVALID); whatever was
 * loaded is unloaded in every process at once (devmap_devmem_remap).
 *
 * Returns DDI_SUCCESS, or DDI_FAILURE and nothing has changed: not set up for remapping, other flags, the mapping's
 * protection is beyond `maxprot`, no such registers, or a window shorter than the handle.
 */
export function* devmap_devmem_remap(
  dhc: DevmapCookie, dip: DevInfo, rnumber: number, roff: number, len: number, maxprot: number, flags: number,
  accattrp?: DdiDeviceAccAttr | null,
): Kgen<number> {
  const dhp = liveHandle(dhc, 'devmap_devmem_remap');
  if (dhp === undefined) return DDI_FAILURE;
  const result = yield* remap(dhp, dip, rnumber, roff, len, maxprot, flags, accattrp ?? undefined);
  return traced('drv.remap', dhp, { backing: 'devmem', off: roff, len, maxprot, flags }, result);
}

function* remap(
  dhp: DevmapHandle, dip: DevInfo, rnumber: number, roff: number, len: number, maxprot: number, flags: number,
  accattrp: DdiDeviceAccAttr | undefined,
): Kgen<number> {
  const { quirks } = dhp.state;
  const invalid = flags === DEVMAP_MAPPING_INVALID;
  if (!remapAllowed(dhp)) return DDI_FAILURE;
  if (flags !== 0 && !invalid) return DDI_FAILURE;
  if (!protAllowed(dhp, maxprot)) return DDI_FAILURE;
  if (!invalid && !quirks.remapLengthIgnored && !(isAligned(roff, PAGESIZE) && roff >= 0 && len >= dhp.len)) {
    dhp.state.finding('RM01', `remap of ${handleText(dhp)} to offset ${roff}, length ${len}, which is not whole pages or too short`);
    return DDI_FAILURE;
  }
  if (!invalid && dip.tree.inject('acchdl') !== 0) return DDI_FAILURE;
  let window: Window | undefined;
  if (!invalid && !quirks.failedRemapPoisons) {
    window = resolve(dhp, 'RM01', dip, rnumber, roff, len, maxprot, accattrp);
    if (window === undefined) return DDI_FAILURE;
  }
  yield* holdDhpLock(dhp);
  // Unloaded under the lock, so that no fault brings the old window back.
  hat_unload(deref(dhp.seg, 'dh_seg').as.hat, dhp.uvaddr, dhp.len, HAT_UNLOAD | HAT_UNLOAD_OTHER);
  if (invalid) {
    dhp.flags |= DEVMAP_MAPPING_INVALID;
    dhp.pfn = PFN_INVALID;
  } else {
    dhp.flags &= ~DEVMAP_MAPPING_INVALID;
    window ??= resolve(dhp, 'RM01', dip, rnumber, roff, len, maxprot, accattrp);
    if (window === undefined) {
      releDhpLock(dhp);
      return DDI_FAILURE;
    }
    dhp.pfn = window.pfn;
    dhp.hat_attr = window.hat_attr;
  }
  dhp.flags &= ~DEVMAP_FLAG_LARGE;
  setCookie(dhp, DEVMAP_DEVMEM_COOKIE);
  dhp.roff = alignDown(roff, PAGESIZE);
  devmap_devmem_large_page_setup(dhp);
  dhp.maxprot = maxprot & dhp.orig_maxprot;
  releDhpLock(dhp);
  return DDI_SUCCESS;
}
