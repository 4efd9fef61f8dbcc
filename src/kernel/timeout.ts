/** timeout(9F), untimeout(9F), delay(9F): functions and threads that wait for ticks of the virtual clock. */
import { Kcondvar, cv_reltimedwait } from './condvar.js';
import type { Kgen } from './kgen.js';
import { Kmutex, mutex_enter, mutex_exit } from './mutex.js';
import { curkernel } from './thread.js';

/** Names a timeout; never 0. */
export type TimeoutId = number;

/**
 * Lets `func` run once, `ticks` clock ticks from now; at most that many ticks, since the present tick has begun
 * (timeout(9F)). It may sleep.
 */
export const timeout = (func: () => void | Kgen<void>, ticks: number): TimeoutId => curkernel().timeout(func, ticks);

/**
 * Cancels a timeout (untimeout(9F)). Differs from illumos: it does not wait for a function that has begun and sleeps.
 * @returns the ticks that were left, or -1 when it has run or never existed.
 */
export const untimeout = (id: TimeoutId): number => curkernel().untimeout(id);

/** Lets the calling thread sleep for `ticks` clock ticks (delay(9F)). */
export function* delay(ticks: number): Kgen<void> {
  const lock = new Kmutex('delay');
  const cv = new Kcondvar('delay');
  yield* mutex_enter(lock);
  yield* cv_reltimedwait(cv, lock, ticks);
  mutex_exit(lock);
}

/** Ticks since the machine was made (ddi_get_lbolt(9F)). */
export const ddi_get_lbolt = (): number => curkernel().lbolt;
/** Ticks that `microseconds` take, rounded up as drv_usectohz(9F) does. */
export const drv_usectohz = (microseconds: number): number => Math.ceil((microseconds * curkernel().hz) / 1e6);
/** Microseconds of `ticks` (drv_hztousec(9F)). */
export const drv_hztousec = (ticks: number): number => (ticks * 1e6) / curkernel().hz;
