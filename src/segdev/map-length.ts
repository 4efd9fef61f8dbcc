/** The length a driver answers in devmap(9E). */
import { EINVAL, ENXIO, hex, isAligned, KernelPanic, PAGESIZE } from '../base/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_SETUP_DONE, handleText } from './devmap-handle.js';

/** Handles one mapping may have before a driver that answers nothing useful is taken to go on for ever. */
const HANDLE_LIMIT = 256;

/**
 * Judges `maplen`, answered by the `handles`th call for the last `resid` bytes: 0; EINVAL when it is 0, not whole pages, longer than asked or
 * other than what was set up; ENXIO when nothing was set up. The last two and 0 are reported.
 * @throws KernelPanic with the quirk `trustsMapLength`, when the kernel would loop for ever
 */
export function mapLengthError(dhp: DevmapHandle, maplen: number, resid: number, handles: number): number {
  const { state } = dhp;
  if (state.quirks.trustsMapLength) {
    if (!isAligned(maplen, PAGESIZE)) return EINVAL;
    if (handles > HANDLE_LIMIT) throw new KernelPanic('hang', 'devmap(9E) never covers the length');
    return 0;
  }
  if ((dhp.flags & DEVMAP_SETUP_DONE) === 0) {
    state.finding('DM02', `devmap(9E) of ${dhp.dev.label} succeeded without setting ${handleText(dhp)} up`);
    return ENXIO;
  }
  if (!(maplen > 0 && isAligned(maplen, PAGESIZE) && maplen <= resid)) {
    state.finding('DM03', `devmap(9E) of ${dhp.dev.label} answered length ${hex(maplen)} where ${hex(resid)} was asked`);
    return EINVAL;
  }
  if (maplen !== dhp.len) {
    state.finding('DM04', `devmap(9E) of ${dhp.dev.label} answered length ${hex(maplen)} but set up ${hex(dhp.len)}`);
    return EINVAL;
  }
  return 0;
}
