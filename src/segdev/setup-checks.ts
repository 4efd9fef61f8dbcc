/** What the set-up and remap routines of every kind of memory check alike. */
import type { DevmapCallbackCtl } from '../ddi/index.js';
import { DEVMAP_ALLOW_REMAP, DEVMAP_OPS_REV, nodev, nulldev } from '../ddi/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_SETUP_DONE, handleText } from './devmap-handle.js';

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
export function copyCallbacks(dhp: DevmapHandle, ctl: DevmapCallbackCtl | undefined): void {
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
