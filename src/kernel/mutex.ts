/** mutex(9F): adaptive mutual exclusion locks with an owner. */
import { KernelPanic } from '../base/index.js';
import type { Kgen } from './kgen.js';
import { curthread } from './thread.js';
import type { Kthread, Waitable } from './thread.js';

/** A mutual exclusion lock. The first waiter is made runnable at exit and competes for the lock again. */
export class Kmutex implements Waitable {
  readonly kind = 'mutex';
  readonly name: string;
  owner: Kthread | undefined = undefined;
  readonly waiters: Kthread[] = [];

  constructor(name: string) {
    this.name = name;
  }

  owners(): readonly Kthread[] {
    return this.owner === undefined ? [] : [this.owner];
  }

  removeWaiter(thread: Kthread): void {
    const at = this.waiters.indexOf(thread);
    if (at >= 0) this.waiters.splice(at, 1);
  }
}

/**
 * Acquires the lock; sleeps while another thread has it (mutex_enter(9F)).
 * @throws KernelPanic when the caller already owns it.
 */
export function* mutex_enter(mp: Kmutex): Kgen<void> {
  const self = curthread();
  if (self.kernel.preemptive) yield 'preempt';
  while (mp.owner !== undefined) {
    if (mp.owner === self) throw new KernelPanic('panic', `recursive mutex_enter: ${mp.name}, owner ${self.name}`);
    mp.waiters.push(self);
    self.waitingFor = mp;
    yield 'sleep';
  }
  mp.owner = self;
}

/** Acquires the lock if it is free; says whether it did (mutex_tryenter(9F)). */
export function mutex_tryenter(mp: Kmutex): boolean {
  if (mp.owner !== undefined) return false;
  mp.owner = curthread();
  return true;
}

/**
 * Releases the lock (mutex_exit(9F)).
 * @throws KernelPanic when the caller does not own it.
 */
export function mutex_exit(mp: Kmutex): void {
  const self = curthread();
  if (mp.owner !== self) {
    throw new KernelPanic('panic', `mutex_exit: not owner: ${mp.name}, owner ${mp.owner?.name ?? 'none'}, thread ${self.name}`);
  }
  mp.owner = undefined;
  const next = mp.waiters.shift();
  if (next !== undefined) next.kernel.ready(next);
}

/** Whether the caller owns the lock (mutex_owned(9F)). */
export const mutex_owned = (mp: Kmutex): boolean => mp.owner === curthread();

/**
 * Ends the lock's life (mutex_destroy(9F)).
 * @throws KernelPanic when another thread owns it or waits for it.
 */
export function mutex_destroy(mp: Kmutex): void {
  if ((mp.owner !== undefined && mp.owner !== curthread()) || mp.waiters.length > 0) {
    throw new KernelPanic('panic', `mutex_destroy: bad mutex: ${mp.name}, owner ${mp.owner?.name ?? 'none'}`);
  }
}
