/** devmap_load, devmap_unload and devmap_default_access: how a driver makes pages accessible, and takes them away. */
import { alignDown, alignUp, EBUSY, EINVAL, PAGESIZE } from '../base/index.js';
import type { DevmapCookie } from '../ddi/index.js';
import { accessRwText, accessTypeText } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { curthread, rw_lock_held } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import { F_INVAL, F_SOFTUNLOCK, FC_MAKE_ERR, faultcodeText, hat_unload, HAT_UNLOAD, HAT_UNLOAD_OTHER } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_FLAG_LARGE, handleText, holdDhpLock, releDhpLock } from './devmap-handle.js';
import { segdev_faultpages } from './faultpages.js';
import { liveHandle } from './live-handle.js';
import { sdpOf } from './segdev-data.js';
import { deref } from './state.js';

/** Byte offset into the handle of a request at device offset `offset`; below 0 when it lies outside. */
function startOf(dhp: DevmapHandle, offset: number): number {
  const start = alignDown(offset - dhp.uoff, PAGESIZE);
  return start >= 0 && start < dhp.len ? start : -1;
}

/** Length of a request of `len` bytes (0: to the end of the handle) from byte `start`; below 0 when it leaves the handle. */
function lengthOf(dhp: DevmapHandle, offset: number, len: number, start: number): number {
  const slop = dhp.state.quirks.offsetSlop || len === 0 ? 0 : offset - dhp.uoff - start;
  const size = alignUp(len + slop, PAGESIZE);
  if (size === 0) return dhp.len - start;
  return size > 0 && start + size <= dhp.len ? size : -1;
}

/** Whether the caller may load into `as`: only an address space whose lock it holds. */
function mayLoad(dhp: DevmapHandle, as: As): boolean {
  if (dhp.state.quirks.loadLockAnyThread) return rw_lock_held(as.lock);
  const self = curthread();
  return as.lock.writer === self || as.lock.readers.includes(self);
}

/**
 * Makes [offset, offset+len) of the device's mapping space accessible through the handle (devmap_load(9F)); `len` 0
 * stands for everything from `offset` on. `type` and `rw` are those of devmap_access(9E).
 *
 * Returns 0; FC_MAKE_ERR(EINVAL) when the caller does not hold the lock of the handle's address space, the range leaves
 * the handle, or the handle is gone; or the fault code of the access.
 */
export function* devmap_load(dhc: DevmapCookie, offset: number, len: number, type: number, rw: number): Kgen<number> {
  const dhp = liveHandle(dhc, 'devmap_load');
  if (dhp === undefined) return FC_MAKE_ERR(EINVAL);
  const code = yield* load(dhp, offset, len, type, rw);
  const { trace } = dhp.state;
  if (trace.on) {
    trace.emit('drv.load', { handle: handleText(dhp), off: offset, len, type: accessTypeText(type), rw: accessRwText(rw), result: faultcodeText(code) });
  }
  return code;
}

function* load(dhp: DevmapHandle, offset: number, len: number, type: number, rw: number): Kgen<number> {
  const seg = dhp.seg;
  if (seg === undefined || !mayLoad(dhp, seg.as) || type < F_INVAL || type > F_SOFTUNLOCK) return FC_MAKE_ERR(EINVAL);
  const start = startOf(dhp, offset);
  if (start < 0) return FC_MAKE_ERR(EINVAL);
  const size = lengthOf(dhp, offset, len, start);
  if (size < 0) return FC_MAKE_ERR(EINVAL);
  const addr = dhp.uvaddr + start;
  if (dhp.lock === undefined) return yield* segdev_faultpages(seg.as.hat, seg, addr, size, type, rw, dhp);
  yield* holdDhpLock(dhp);
  const code = yield* segdev_faultpages(seg.as.hat, seg, addr, size, type, rw, dhp);
  releDhpLock(dhp);
  return code;
}

/**
 * devmap_access(9E) for drivers without wishes (devmap_default_access(9F)): loads what the fault asks for. Returns what
 * devmap_load returns.
 */
export const devmap_default_access = (
  dhp: DevmapCookie, _pvtp: unknown, off: number, len: number, type: number, rw: number,
): Kgen<number> => devmap_load(dhp, off, len, type, rw);

/**
 * Takes the translations of [offset, offset+len) away, so that the next access faults (devmap_unload(9F)); `len` 0 stands
 * for everything from `offset` on. The handle may belong to any process.
 *
 * Returns 0; FC_MAKE_ERR(EINVAL) when the range leaves the handle or the handle is gone; FC_MAKE_ERR(EBUSY) when pages
 * of it are softlocked.
 */
export function devmap_unload(dhc: DevmapCookie, offset: number, len: number): number {
  const dhp = liveHandle(dhc, 'devmap_unload');
  if (dhp === undefined) return FC_MAKE_ERR(EINVAL);
  const code = unload(dhp, offset, len);
  const { trace } = dhp.state;
  if (trace.on) trace.emit('drv.unload', { handle: handleText(dhp), off: offset, len, result: faultcodeText(code) });
  return code;
}

function unload(dhp: DevmapHandle, offset: number, len: number): number {
  const { quirks } = dhp.state;
  const start = startOf(dhp, offset);
  if (start < 0) return FC_MAKE_ERR(EINVAL);
  const size = lengthOf(dhp, offset, len, start);
  if (size < 0) return FC_MAKE_ERR(EINVAL);
  const seg = deref(dhp.seg, 'dh_seg');
  const addr = dhp.uvaddr + start;
  if (!quirks.unloadIgnoresSoftlock && sdpOf(seg).locked?.intersects(addr, size) === true) {
    dhp.state.finding('AC11', `devmap_unload of softlocked pages of ${handleText(dhp)}`);
    return FC_MAKE_ERR(EBUSY);
  }
  if (quirks.largeUnloadsWholeHandles && (dhp.flags & DEVMAP_FLAG_LARGE) !== 0) {
    hat_unload(seg.as.hat, dhp.uvaddr, dhp.len, HAT_UNLOAD | HAT_UNLOAD_OTHER);
  } else {
    hat_unload(seg.as.hat, addr, size, HAT_UNLOAD | HAT_UNLOAD_OTHER);
  }
  return 0;
}
