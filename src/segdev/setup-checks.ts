/** What the set-up and remap routines of every kind of memory do alike. */
import { alignUp, PAGESIZE } from '../base/index.js';
import type { DevmapCallbackCtl } from '../ddi/index.js';
import {
  ddiName, DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, DEVMAP_OPS_REV, DEVMAP_SETUP_FLAGS, nodev, nulldev, protText, setupFlagsText,
} from '../ddi/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_SETUP_DONE, handleText } from './devmap-handle.js';

/** What a driver asked for, as the trace shows it. */
export interface SetupRequest {
  readonly backing: 'devmem' | 'umem' | 'pmem';
  readonly off: number;
  readonly len: number;
  readonly maxprot: number;
  readonly flags: number;
}

/** Traces how a set-up or remap ended, and returns that. */
export function traced(kind: 'drv.setup' | 'drv.remap', dhp: DevmapHandle, { backing, off, len, maxprot, flags }: SetupRequest, result: number): number {
  const { trace } = dhp.state;
  if (trace.on) {
    trace.emit(kind, { handle: handleText(dhp), backing, off, len, maxprot: protText(maxprot), flags: setupFlagsText(flags), result: ddiName(result) });
  }
  return result;
}

/** Whether the handle is new; reports rule DM02 when it was set up before. */
export function notSetUp(dhp: DevmapHandle): boolean {
  if ((dhp.flags & DEVMAP_SETUP_DONE) === 0) return true;
  dhp.state.finding('DM02', `${handleText(dhp)} is set up twice`);
  return false;
}

/** Whether the handle may start invalid: only where it can be remapped; reports rule DM11 else. */
export function mayStartInvalid(dhp: DevmapHandle, flags: number): boolean {
  if ((flags & DEVMAP_ALLOW_REMAP) !== 0) return true;
  dhp.state.finding('DM11', `${handleText(dhp)} is set up invalid without permission to remap`);
  return false;
}

/** Whether the driver sets the handle up without memory behind it. */
export const startsInvalid = (flags: number): boolean => (flags & DEVMAP_MAPPING_INVALID) !== 0;

/** Enters length, flags, protection and callbacks: the handle is set up. */
export function finishSetup(dhp: DevmapHandle, ctl: DevmapCallbackCtl | undefined, len: number, maxprot: number, flags: number): void {
  dhp.flags |= flags & DEVMAP_SETUP_FLAGS;
  dhp.len = alignUp(len, PAGESIZE);
  dhp.maxprot = maxprot & dhp.orig_maxprot;
  copyCallbacks(dhp, ctl);
  dhp.initLock();
  dhp.flags |= DEVMAP_SETUP_DONE;
}

/** Whether the protection the mapping was asked for lies within `maxprot` and what the file allows. */
export const protAllowed = (dhp: DevmapHandle, maxprot: number): boolean =>
  (dhp.prot & dhp.orig_maxprot & maxprot) === dhp.prot;

/** Whether the handle is set up and may be remapped; reports rule RM01 when the driver did not ask for it. */
export function remapAllowed(dhp: DevmapHandle): boolean {
  if ((dhp.flags & DEVMAP_SETUP_DONE) !== 0 && (dhp.flags & DEVMAP_ALLOW_REMAP) !== 0) return true;
  dhp.state.finding('RM01', `remap of ${handleText(dhp)}, which was not set up with DEVMAP_ALLOW_REMAP`);
  return false;
}

/** Copies the driver's callbacks into the handle; without any it keeps none. */
function copyCallbacks(dhp: DevmapHandle, ctl: DevmapCallbackCtl | undefined): void {
  if (ctl === undefined) return;
  const { state } = dhp;
  if (ctl.devmap_rev !== DEVMAP_OPS_REV) state.finding('DM10', `devmap_rev of ${handleText(dhp)} is ${ctl.devmap_rev}`);
  let access = ctl.access;
  if (access !== undefined && isNoAccess(access) && !state.quirks.nulldevAccessCalled) {
    state.finding('DM08', `devmap_access of ${handleText(dhp)} is nulldev or nodev`);
    access = undefined;
  }
  dhp.callbackops = { map: ctl.map, access, dup: ctl.dup, unmap: ctl.unmap };
}

/** Whether an access routine is one of the two stand-ins. */
export const isNoAccess = (access: unknown): boolean => access === nulldev || access === nodev;
