/** mprotect(2) on a device segment. */
import { EACCES, EAGAIN, EINVAL, PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { RW_WRITER, rw_enter, rw_exit, rw_tryenter } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { hat_chgprot, hat_unload, HAT_UNLOAD, PROT_USER, seg_page, seg_pages } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { devmap_find_handle } from './handles.js';
import type { SegdevData } from './segdev-data.js';
import { sdpOf, softlocked } from './segdev-data.js';
import { unloadWholeHandles } from './whole-handles.js';

/**
 * Gives [addr, addr+len) the protection `prot`.
 *
 * Returns 0; EAGAIN while pages of a mapping made of handles are softlocked; EACCES beyond what a handle (or the segment,
 * without handles) allows; EINVAL when no handle holds `addr`.
 */
export function* segdev_setprot(seg: Seg, addr: number, len: number, prot: number): Kgen<number> {
  const sdp = sdpOf(seg);
  const { quirks } = sdp.state;
  const head = sdp.devmap_data;
  if (head !== undefined && softlocked(sdp)) return EAGAIN;
  const error = head === undefined ? ((sdp.maxprot & prot) === prot ? 0 : EACCES) : checkMaxprot(head, addr, len, prot);
  if (error !== 0) return error;
  if (sdp.state.kernel.preemptive || !rw_tryenter(sdp.lock, RW_WRITER)) yield* rw_enter(sdp.lock, RW_WRITER);
  const changed = note(seg, sdp, addr, len, prot);
  rw_exit(sdp.lock);
  if (!changed) return 0;
  const { hat } = seg.as;
  if (quirks.largeUnloadsWholeHandles && unloadWholeHandles(hat, sdp, addr, len, HAT_UNLOAD)) return 0;
  if ((prot & ~PROT_USER) === 0) hat_unload(hat, addr, len, HAT_UNLOAD);
  else hat_chgprot(hat, addr, len, prot);
  return 0;
}

/** Whether all handles of the range allow `prot`. */
function checkMaxprot(head: DevmapHandle, addr: number, len: number, prot: number): number {
  const first = devmap_find_handle(head, addr);
  if (first === undefined) return EINVAL;
  let left = addr - first.uvaddr + len;
  for (let dhp: DevmapHandle | undefined = first; dhp !== undefined && left > 0; dhp = dhp.next) {
    if ((dhp.maxprot & prot) !== prot) return EACCES;
    left -= dhp.len;
  }
  return 0;
}

/** Writes the new protection down, for the segment or for its pages; false when it had it already. */
function note(seg: Seg, sdp: SegdevData, addr: number, len: number, prot: number): boolean {
  const whole = addr === seg.base && len === seg.size;
  if (whole && !sdp.pageprot) {
    if (sdp.prot === prot) return false;
    sdp.prot = prot;
    return true;
  }
  if (whole && !sdp.state.quirks.pageprotNeverResets) {
    sdp.pageprot = false;
    sdp.setVpage(undefined);
    sdp.prot = prot;
    return true;
  }
  sdp.pageprot = true;
  if (sdp.vpage === undefined) sdp.setVpage(new Uint8Array(seg_pages(seg)).fill(sdp.prot));
  const first = seg_page(seg, addr);
  sdp.vpage?.fill(prot, first, first + len / PAGESIZE);
  return true;
}
