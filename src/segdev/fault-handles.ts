/** The walk of a fault over the handles of its range, and its undoing when a later handle fails. */
import { PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Hat, Seg } from '../vm/index.js';
import { F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, S_OTHER } from '../vm/index.js';
import { accessFaultcode } from './access-code.js';
import { callAccess } from './callbacks.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_FLAG_LARGE, holdDhpLock, releDhpLock } from './devmap-handle.js';
import { segdev_faultpages } from './faultpages.js';
import { devmap_get_large_pgsize, largeStart } from './large-page.js';
import type { SegdevData } from './segdev-data.js';
import type { DevmapSoftlock } from './softlock.js';
import { checkLocked, checkUnlocked, slockExit } from './softunlock.js';
import { deref } from './state.js';

/** Whether faults of a handle are widened to large pages. */
export const widened = (sdp: SegdevData, dhp: DevmapHandle): boolean => !sdp.pageprot && (dhp.flags & DEVMAP_FLAG_LARGE) !== 0;

/**
 * Serves [addr, addr+len) from handle `first` on. `slock` and `slpage` are what the fault holds of the device's
 * softlock; an error gives them back.
 */
export function* faultHandles(
  hat: Hat, seg: Seg, sdp: SegdevData, first: DevmapHandle, addr: number, len: number, type: number, rw: number,
  slock: DevmapSoftlock | undefined, slpage: number,
): Kgen<number> {
  const { quirks } = sdp.state;
  let isFaultcode = false;
  let refused = 0;
  let at = addr;
  const end = addr + len;
  for (let next: DevmapHandle | undefined = first; at < end; ) {
    const here: DevmapHandle = deref(next, 'fault beyond the last handle');
    const mlen = Math.min(end - at, here === first ? here.len - (addr - here.uvaddr) : here.len);
    const large = widened(sdp, here);
    const laddr = large ? largeStart(here, at) : at;
    const llen = large ? devmap_get_large_pgsize(here, mlen, at) : mlen;
    let code: number;
    if (here.callbackops.access !== undefined) {
      if (!quirks.stickyFaultcode) isFaultcode = false;
      // The driver may remap from here, so the handle's lock is not held.
      code = yield* callAccess(here, sdp.offset + (laddr - seg.base), llen, type, rw);
      if (type === F_SOFTLOCK && code === 0) checkLocked(sdp, here, laddr, llen);
      if (type === F_SOFTUNLOCK) checkUnlocked(hat, sdp, here, laddr, llen);
    } else {
      isFaultcode = true;
      if (here.lock !== undefined) yield* holdDhpLock(here);
      code = yield* segdev_faultpages(hat, seg, laddr, llen, type, rw, here);
      releDhpLock(here);
    }
    if (code !== 0 && type === F_SOFTUNLOCK && !quirks.softlockOverRelease) {
      // An unlock cannot be refused: the pages of the other handles are unlocked too.
      refused ||= accessFaultcode(here, code);
    } else if (code !== 0) {
      yield* giveBack(hat, seg, sdp, first, addr, at - addr, type, slock, slpage);
      if (isFaultcode) return code;
      return quirks.faultcodeWrappedTwice ? FC_MAKE_ERR(code) : accessFaultcode(here, code);
    }
    at += mlen;
    next = here.next;
  }
  return refused;
}

/** Undoes what a failing fault has done in the `done` bytes before the handle that failed, and its hold on the softlock. */
function* giveBack(
  hat: Hat, seg: Seg, sdp: SegdevData, first: DevmapHandle, addr: number, done: number, type: number,
  slock: DevmapSoftlock | undefined, slpage: number,
): Kgen<void> {
  let left = slpage;
  if (type === F_SOFTLOCK && done > 0) {
    yield* faultHandles(hat, seg, sdp, first, addr, done, F_SOFTUNLOCK, S_OTHER, undefined, 0);
    if (sdp.state.quirks.softlockOverRelease) {
      // Those handles gave back their pages of the softlock, though not always as many as this assumes.
      sdp.state.assert(slpage >= done / PAGESIZE, 1858, 'slpage >= btopr(done)');
      left -= done / PAGESIZE;
    }
  }
  if (type !== F_SOFTUNLOCK) slockExit(sdp, slock, left, type);
}
