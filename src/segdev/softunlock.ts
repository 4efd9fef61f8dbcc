/** Ending softlocks: unlocking what was locked, and giving back the device's softlock. */
import { PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Hat, Seg } from '../vm/index.js';
import { as_unlocked, F_SOFTLOCK, hat_unlock } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { handleText } from './devmap-handle.js';
import { devmap_find_handle } from './handles.js';
import { kpmemCookie, release_kpmem_lock } from './kpmem.js';
import { LockedRanges } from './locked-ranges.js';
import type { HeldSoftlock, SegdevData } from './segdev-data.js';
import { sdpOf, softlocked } from './segdev-data.js';
import type { DevmapSoftlock } from './softlock.js';
import { devmap_softlock_exit, softlockCovers } from './softlock.js';
import { deref } from './state.js';

/** devmap_softlock_exit with the assertion of the C text. */
export function slockExit(sdp: SegdevData, slock: DevmapSoftlock | undefined, npages: number, type: number): void {
  if (slock === undefined) return;
  const { state } = sdp;
  if (type === F_SOFTLOCK) state.assert(softlockCovers(slock, npages, type), 1296, '-slock->softlocked >= npages');
  else state.assert(softlockCovers(slock, npages, type), 1303, 'slock->softlocked >= npages');
  devmap_softlock_exit(slock, npages, type, !state.quirks.softlockWakesOne);
}

/** Notes a softlock that was granted; its unlock gives back exactly that. */
export function noteSoftlock(sdp: SegdevData, addr: number, len: number, slock: DevmapSoftlock | undefined, slpage: number): void {
  if (!sdp.state.quirks.softlockOverRelease) sdp.held.push({ addr, len, slock, slpage });
}

const nothingHeld: HeldSoftlock = { addr: 0, len: 0, slock: undefined, slpage: 0 };

/** Takes the softlock of exactly this range off the books; undefined, and reported, when there is none. */
export function forgetSoftlock(sdp: SegdevData, addr: number, len: number): HeldSoftlock | undefined {
  if (sdp.state.quirks.softlockOverRelease) return nothingHeld;
  const at = sdp.held.findIndex((held) => held.addr === addr && held.len === len);
  if (at < 0) {
    sdp.state.finding('AC02', 'the end of a softlock that does not exist');
    return undefined;
  }
  return sdp.held.splice(at, 1)[0];
}

/** Reports a driver that answered a lock without loading anything. */
export function checkLocked(sdp: SegdevData, dhp: DevmapHandle, addr: number, len: number): void {
  if (sdp.state.quirks.softlockOverRelease || sdp.locked?.intersects(addr, len) === true) return;
  sdp.state.finding('AC02', `devmap_access of ${handleText(dhp)} answered a lock without loading`);
}

/** Unlocks what a driver left locked at the end of a softlock, and reports it. */
export function checkUnlocked(hat: Hat, sdp: SegdevData, dhp: DevmapHandle, addr: number, len: number): void {
  if (sdp.state.quirks.softlockOverRelease || sdp.locked?.intersects(addr, len) !== true) return;
  sdp.state.finding('AC02', `devmap_access of ${handleText(dhp)} left pages locked at the end of a softlock`);
  unlockExactly(hat, sdp, addr, len);
}

/** Counts [addr, addr+len) as loaded with a lock. */
export function countLocked(sdp: SegdevData, addr: number, len: number): void {
  sdp.softlockcnt += len / PAGESIZE;
  sdp.locked ??= new LockedRanges();
  sdp.locked.add(addr, len);
}

/** Wakes those who wait to unmap or protect pages, once no softlock of the segment is left. */
export function* wakeUnmappers(seg: Seg, sdp: SegdevData): Kgen<void> {
  if (!softlocked(sdp)) yield* as_unlocked(seg.as);
}

/**
 * Ends the lock on [addr, addr+len): unlocks translations and pageable kernel memory. Lengths are already those of the
 * lock, large pages included. The caller then wakes unmappers.
 */
export function segdev_softunlock(hat: Hat, seg: Seg, addr: number, len: number): void {
  const sdp = sdpOf(seg);
  if (sdp.state.quirks.softlockOverRelease) unlockAsC(hat, sdp, addr, len);
  else unlockExactly(hat, sdp, addr, len);
}

/** Unlocks those pages of the range that are locked, once each. */
function unlockExactly(hat: Hat, sdp: SegdevData, addr: number, len: number): void {
  for (const range of sdp.locked?.remove(addr, len) ?? []) {
    hat_unlock(hat, range.addr, range.len);
    const dhp = devmap_find_handle(sdp.devmap_data, range.addr);
    const kpmem = dhp && kpmemCookie(dhp);
    if (kpmem !== undefined) release_kpmem_lock(sdp.state, kpmem, range.len / PAGESIZE);
    sdp.softlockcnt -= range.len / PAGESIZE;
  }
}

/** As the C text does it: whatever the range says, down to the device's softlock. */
function unlockAsC(hat: Hat, sdp: SegdevData, addr: number, len: number): void {
  const { state } = sdp;
  hat_unlock(hat, addr, len);
  sdp.locked?.remove(addr, len);
  if (sdp.devmap_data !== undefined) {
    const first = deref(devmap_find_handle(sdp.devmap_data, addr), 'handle of a softunlock');
    let off = addr - first.uvaddr;
    let left = len;
    for (let next: DevmapHandle | undefined = first; left > 0; ) {
      const dhp: DevmapHandle = deref(next, 'softunlock beyond the last handle');
      const mlen = Math.min(left, dhp.len - off);
      const kpmem = kpmemCookie(dhp);
      if (kpmem !== undefined) release_kpmem_lock(state, kpmem, mlen / PAGESIZE);
      if (dhp.callbackops.access !== undefined) slockExit(sdp, dhp.softlock, mlen / PAGESIZE, F_SOFTLOCK);
      left -= mlen;
      off = 0;
      next = dhp.next;
    }
  }
  state.assert(sdp.softlockcnt >= len / PAGESIZE, 1380, 'sdp->softlockcnt >= btopr(len)');
  sdp.softlockcnt -= len / PAGESIZE;
}
