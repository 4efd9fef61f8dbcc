/** ddi_umem_lock and ddi_umem_unlock: memory of a process, locked so that a driver can export it or give it to a device. */
import type { Pfn } from '../base/index.js';
import { EFAULT, EINVAL, isAligned, PAGESIZE } from '../base/index.js';
import type { DdiAsHandle, Ref } from '../ddi/index.js';
import { currentUserMemory, DDI_UMEMLOCK_LONGTERM, DDI_UMEMLOCK_READ, DDI_UMEMLOCK_WRITE } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_pagelock, as_pageunlock, S_READ, S_WRITE } from '../vm/index.js';
import { asOf } from './as-of.js';
import type { SegdevState } from './state.js';
import { cursegdev, deref } from './state.js';
import type { DdiUmemCookie } from './umem-cookie.js';
import { UMEM_LOCKED, UmemCookie } from './umem-cookie.js';

/**
 * Locks [addr, addr+len) of the caller's memory (ddi_umem_lock(9F)); see umem_lockmemory. Returns also EFAULT when the
 * thread works for no process.
 */
export function* ddi_umem_lock(addr: number, len: number, flags: number, cookiep: Ref<DdiUmemCookie | null>): Kgen<number> {
  const as = currentUserMemory()?.as?.();
  return as === undefined ? EFAULT : yield* umem_lockmemory(as, addr, len, flags, cookiep);
}

/**
 * Locks [addr, addr+len) of an address space in memory, until ddi_umem_unlock. `flags`: DDI_UMEMLOCK_READ,
 * DDI_UMEMLOCK_WRITE or both, and DDI_UMEMLOCK_LONGTERM. The cookie for devmap_umem_setup is left in `cookiep`.
 *
 * Returns 0; EINVAL for other flags or a range that is not whole pages; EFAULT or the error of what is mapped there.
 */
export function* umem_lockmemory(as: DdiAsHandle, addr: number, len: number, flags: number, cookiep: Ref<DdiUmemCookie | null>): Kgen<number> {
  cookiep.value = null;
  const directions = flags & (DDI_UMEMLOCK_READ | DDI_UMEMLOCK_WRITE);
  const known = directions | DDI_UMEMLOCK_LONGTERM;
  if (directions === 0 || (flags & ~known) !== 0 || !isAligned(addr, PAGESIZE) || !isAligned(len, PAGESIZE) || len <= 0) return EINVAL;
  const space = asOf(as);
  const state = cursegdev();
  const { error, pages } = yield* as_pagelock(space, addr, len, rwOf(flags));
  if (error !== 0) return error;
  cookiep.value = lockedCookie(state, space, addr, len, flags, pages);
  return 0;
}

/**
 * The cookie of locked user memory; `pages` is absent when the range is itself a device mapping. With `external`, whoever
 * asks has locked the pages and unlocks them.
 */
export function lockedCookie(
  state: SegdevState, as: DdiAsHandle, addr: number, len: number, flags: number, pages: readonly Pfn[] | undefined,
  external = false,
): UmemCookie {
  const cookie = new UmemCookie(UMEM_LOCKED, len, addr);
  cookie.external = external;
  cookie.asp = asOf(as);
  cookie.flags = flags;
  cookie.pparray = pages;
  if (!external) state.live.cookie++;
  return cookie;
}

/** What the lock is for, as a fault sees it: a device that reads needs readable memory. */
const rwOf = (flags: number): number => ((flags & DDI_UMEMLOCK_WRITE) !== 0 ? S_WRITE : S_READ);

/** Unlocks memory of ddi_umem_lock (ddi_umem_unlock(9F)), once the last handle that maps it is gone. */
export function ddi_umem_unlock(cookie: DdiUmemCookie): void {
  const state = cursegdev();
  if (!(cookie instanceof UmemCookie) || cookie.type !== UMEM_LOCKED || cookie.freed) {
    state.finding('UM03', 'ddi_umem_unlock of something that ddi_umem_lock did not make, or twice');
    return;
  }
  unlockUmem(state, cookie);
}

/**
 * Gives the lock back. Unlocking may sleep and drivers call this anywhere, so a kernel thread does it, as in illumos
 * when it is called from an interrupt.
 */
export function unlockUmem(state: SegdevState, cookie: UmemCookie): void {
  cookie.freed = true;
  const release = (): void => {
    cookie.release = undefined;
    if (cookie.external) return;
    state.live.cookie--;
    const as = deref(cookie.asp, 'address space of locked memory');
    state.kernel.spawn('ddi_umem_unlock', () => as_pageunlock(as, cookie.pparray, cookie.cvaddr, cookie.size, rwOf(cookie.flags)));
  };
  if (cookie.handles === 0 || state.quirks.umemFreeInUse) {
    release();
    return;
  }
  state.finding('UM01', `memory is unlocked that ${cookie.handles} handles map`);
  cookie.release = release;
}
