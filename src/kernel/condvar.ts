/** condvar(9F): condition variables, with and without signals and time limits. */
import type { ClockEvent } from './clock.js';
import type { Kgen } from './kgen.js';
import { mutex_enter, mutex_exit } from './mutex.js';
import type { Kmutex } from './mutex.js';
import { curkernelOrNone, curthread } from './thread.js';
import type { Kthread, Waitable } from './thread.js';

/** A condition variable. Waiters are woken in the order they came. */
export class Kcondvar implements Waitable {
  readonly kind = 'cv';
  readonly name: string;
  readonly waiters: Kthread[] = [];

  constructor(name: string) {
    this.name = name;
  }

  owners(): readonly Kthread[] {
    return [];
  }

  removeWaiter(thread: Kthread): void {
    const at = this.waiters.indexOf(thread);
    if (at >= 0) this.waiters.splice(at, 1);
  }
}

const endOfSleep = (thread: Kthread): 'woken' | 'signal' | 'timeout' => thread.wakeReason;

/** Sleeps for at most `ns` nanoseconds of virtual time; Infinity: without a limit. */
function* sleepOn(cv: Kcondvar, mp: Kmutex, interruptible: boolean, ns: number): Kgen<'woken' | 'signal' | 'timeout'> {
  const self = curthread();
  const kernel = self.kernel;
  if (kernel.trace.on) kernel.trace.emit('cv_wait', { cv: cv.name, thread: self.name });
  // A pending signal ends the sleep before it starts, but the lock is given up as in a real sleep.
  const signalled = interruptible && self.signalPending();
  mutex_exit(mp);
  if (signalled || ns <= 0) {
    yield 'preempt';
    yield* mutex_enter(mp);
    return signalled ? 'signal' : 'timeout';
  }
  cv.waiters.push(self);
  self.waitingFor = cv;
  self.interruptible = interruptible;
  self.wakeReason = 'woken';
  let limit: ClockEvent | undefined;
  if (ns < Infinity) limit = kernel.clock.after(ns, () => self.endSleep('timeout'));
  yield 'sleep';
  self.interruptible = false;
  const reason = endOfSleep(self);
  if (limit !== undefined && reason !== 'timeout') kernel.clock.cancel(limit);
  yield* mutex_enter(mp);
  return reason;
}

const nanoseconds = (ticks: number): number => (ticks * 1e9) / curthread().kernel.hz;

/** Gives `mp` up, sleeps until woken, takes `mp` again (cv_wait(9F)). */
export function* cv_wait(cv: Kcondvar, mp: Kmutex): Kgen<void> {
  yield* sleepOn(cv, mp, false, Infinity);
}

/**
 * As cv_wait, but a signal ends the sleep (cv_wait_sig(9F)).
 * @returns 0 when a signal ended it, else a number above 0.
 */
export function* cv_wait_sig(cv: Kcondvar, mp: Kmutex): Kgen<number> {
  return (yield* sleepOn(cv, mp, true, Infinity)) === 'signal' ? 0 : 1;
}

/**
 * As cv_wait, up to a moment given in ticks as lbolt counts them (cv_timedwait(9F)).
 * @returns -1 when the time has come, else a number above 0.
 */
export function* cv_timedwait(cv: Kcondvar, mp: Kmutex, tim: number): Kgen<number> {
  return (yield* sleepOn(cv, mp, false, nanoseconds(tim - curthread().kernel.lbolt))) === 'timeout' ? -1 : 1;
}

/**
 * As cv_timedwait, but a signal ends the sleep too (cv_timedwait_sig(9F)).
 * @returns -1 when the time has come, 0 when a signal ended it, else a number above 0.
 */
export function* cv_timedwait_sig(cv: Kcondvar, mp: Kmutex, tim: number): Kgen<number> {
  const reason = yield* sleepOn(cv, mp, true, nanoseconds(tim - curthread().kernel.lbolt));
  return reason === 'timeout' ? -1 : reason === 'signal' ? 0 : 1;
}

/**
 * As cv_timedwait, for `delta` ticks from now (cv_reltimedwait(9F)).
 * @returns -1 when the time has passed, else a number above 0.
 */
export function* cv_reltimedwait(cv: Kcondvar, mp: Kmutex, delta: number): Kgen<number> {
  return (yield* sleepOn(cv, mp, false, nanoseconds(delta))) === 'timeout' ? -1 : 1;
}

/**
 * As cv_wait_sig, up to a moment of the virtual clock in nanoseconds (cv_timedwait_sig_hires(9F), whose resolution is here always 1 ns);
 * Infinity: without a limit.
 * @returns -1 when the time has come, 0 when a signal ended it, else a number above 0.
 */
export function* cv_timedwait_sig_hires(cv: Kcondvar, mp: Kmutex, tim: number): Kgen<number> {
  const reason = yield* sleepOn(cv, mp, true, tim - curthread().kernel.clock.now);
  return reason === 'timeout' ? -1 : reason === 'signal' ? 0 : 1;
}

/** Wakes the thread that has waited longest, if any (cv_signal(9F)). */
export function cv_signal(cv: Kcondvar): void {
  const first = cv.waiters.shift();
  if (first !== undefined) first.kernel.ready(first);
}

/** Wakes every waiter (cv_broadcast(9F)). */
export function cv_broadcast(cv: Kcondvar): void {
  const kernel = curkernelOrNone();
  if (kernel?.trace.on === true) kernel.trace.emit('cv_broadcast', { cv: cv.name });
  for (const waiter of cv.waiters.splice(0)) waiter.kernel.ready(waiter);
}

/** Ends the life of a condition variable (cv_destroy(9F)); nothing is left behind. */
export function cv_destroy(cv: Kcondvar): void {
  cv_broadcast(cv);
}
