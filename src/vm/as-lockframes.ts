/** A user buffer for a device: pages locked, whatever kind of segment they belong to, and the frames they have. */
import { EFAULT, PAGESIZE, PFN_INVALID, alignDown, alignUp } from '../base/index.js';
import type { Pfn } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { As } from './address-space.js';
import { as_pagelock, as_pageunlock } from './as-fault.js';
import type { SegRw } from './faultcode.js';
import { hat_getpfnum } from './hat-probe.js';

/** Frames that stay behind their addresses until they are unlocked. */
export interface LockedFrames {
  /** One a page, the first one holding the first byte. */
  readonly frames: readonly Pfn[];
  /** Undoes the lock; once. */
  unlock(): Kgen<void>;
}

/**
 * Locks [addr, addr+len) for I/O. Segments that cannot give their frames, devices above all, are softlocked; then the frames are those of
 * the locked translations.
 * @returns the frames; or an errno: EFAULT where nothing is mapped or the lock brought no page, EACCES, ENOMEM, or the object's.
 */
export function* as_lockframes(as: As, addr: number, len: number, rw: SegRw): Kgen<LockedFrames | number> {
  const { error, pages } = yield* as_pagelock(as, addr, len, rw);
  if (error !== 0) return error;
  const frames = pages ?? translated(as, addr, len);
  const unlock = (): Kgen<void> => as_pageunlock(as, pages, addr, len, rw);
  if (!frames.includes(PFN_INVALID)) return { frames, unlock };
  yield* unlock();
  return EFAULT;
}

function translated(as: As, addr: number, len: number): Pfn[] {
  const from = alignDown(addr, PAGESIZE);
  return Array.from({ length: (alignUp(addr + len, PAGESIZE) - from) / PAGESIZE }, (_, page) => hat_getpfnum(as.hat, from + page * PAGESIZE));
}
