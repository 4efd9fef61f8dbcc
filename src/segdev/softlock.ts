/**
 * The device's softlock: keeps F_SOFTLOCK faults and other faults through one devmap_access routine of one device apart.
 *
 * `softlocked` works as a reader-writer lock that counts pages: negative while one F_SOFTLOCK holds it, positive while
 * any number of F_INVAL faults are on their way.
 */
import { EINTR, KernelPanic } from '../base/index.js';
import type { Dev, DevmapAccess } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { cv_broadcast, cv_signal, cv_wait_sig, Kcondvar, Kmutex, mutex_enter, mutex_exit } from '../kernel/index.js';
import { F_SOFTLOCK } from '../vm/index.js';

/** One per (device, devmap_access routine) while handles of it exist (struct devmap_softlock). */
export class DevmapSoftlock {
  readonly dev: Dev;
  readonly id: DevmapAccess;
  readonly lock: Kmutex;
  readonly cv: Kcondvar;
  /** Handles that refer to it. */
  refcnt = 0;
  /** Pages: negative softlocked, positive faulting. */
  softlocked = 0;

  constructor(dev: Dev, id: DevmapAccess) {
    this.dev = dev;
    this.id = id;
    this.lock = new Kmutex(`softlock of ${dev.label}`);
    this.cv = new Kcondvar(`softlock of ${dev.label}`);
  }
}

/** Finds or makes the softlock of (dev, id) in `list` and takes a reference. */
export function devmap_softlock_init(list: DevmapSoftlock[], dev: Dev, id: DevmapAccess): DevmapSoftlock {
  let slock = list.find((other) => other.dev === dev && other.id === id);
  if (slock === undefined) list.unshift((slock = new DevmapSoftlock(dev, id)));
  slock.refcnt++;
  return slock;
}

/** Drops a reference; the last one removes the softlock from `list`. */
export function devmap_softlock_rele(list: DevmapSoftlock[], slock: DevmapSoftlock): void {
  if (--slock.refcnt > 0) return;
  slock.softlocked = 0;
  cv_signal(slock.cv);
  list.splice(list.indexOf(slock), 1);
}

/**
 * Waits until a fault of `type` may go ahead with `npages` pages: 0, or EINTR when a signal ended the wait.
 */
export function* devmap_softlock_enter(slock: DevmapSoftlock | undefined, npages: number, type: number): Kgen<number> {
  if (npages === 0) return 0;
  if (slock === undefined) throw new KernelPanic('crash', 'devmap_softlock_enter: null softlock');
  const exclusive = type === F_SOFTLOCK;
  // Nobody to wait for: the count changes in one step, which needs no lock.
  if (!slock.lock.owner && (exclusive ? slock.softlocked === 0 : slock.softlocked >= 0)) {
    slock.softlocked += exclusive ? -npages : npages;
    return 0;
  }
  yield* mutex_enter(slock.lock);
  while (exclusive ? slock.softlocked !== 0 : slock.softlocked < 0) {
    if ((yield* cv_wait_sig(slock.cv, slock.lock)) === 0) {
      mutex_exit(slock.lock);
      return EINTR;
    }
  }
  slock.softlocked += exclusive ? -npages : npages;
  mutex_exit(slock.lock);
  return 0;
}

/** C compares the counts as unsigned 64-bit numbers. */
const unsigned = (n: number): number => (n < 0 ? n + 2 ** 64 : n);

/** Whether giving `npages` pages of a fault of `type` back is no more than was taken. */
export const softlockCovers = (slock: DevmapSoftlock, npages: number, type: number): boolean =>
  unsigned(type === F_SOFTLOCK ? -slock.softlocked : slock.softlocked) >= unsigned(npages);

/** Gives `npages` pages of a fault of `type` back; at 0 it wakes every waiter, or only one. */
export function devmap_softlock_exit(slock: DevmapSoftlock, npages: number, type: number, wakeAll: boolean): void {
  slock.softlocked += type === F_SOFTLOCK ? npages : -npages;
  if (slock.softlocked !== 0 || slock.cv.waiters.length === 0) return;
  if (wakeAll) cv_broadcast(slock.cv);
  else cv_signal(slock.cv);
}
