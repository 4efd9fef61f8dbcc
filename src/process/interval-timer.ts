/** A timer of a process on the virtual clock: setitimer(2), timer_settime(2). */
import type { ClockEvent, VirtualClock } from '../kernel/index.js';

/** Virtual nanoseconds beyond which nothing is waited for (52 days); a later moment never comes. */
export const LAST_MOMENT: number = 2 ** 52;

/** Expires at a moment, and then again after each interval. Expirations that were missed are counted and happen once. */
export class IntervalTimer {
  /** Nanoseconds between expirations; 0 = one only. */
  interval = 0;
  readonly #clock: VirtualClock;
  readonly #expire: (overrun: number) => void;
  #event: ClockEvent | undefined = undefined;
  #at = Infinity;

  /** @param expire is told how many expirations were missed since the last. */
  constructor(clock: VirtualClock, expire: (overrun: number) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Nanoseconds until it expires, at least 1; 0 while it is not set. */
  get remaining(): number {
    return this.#at === Infinity ? 0 : Math.max(1, this.#at - this.#clock.now);
  }

  /** Sets it to the moment `at` in virtual nanoseconds; Infinity: not set. */
  set(at: number, interval: number): void {
    this.cancel();
    this.interval = interval;
    this.#arm(at);
  }

  /** It expires no more. */
  cancel(): void {
    if (this.#event !== undefined) this.#clock.cancel(this.#event);
    this.#event = undefined;
    this.#at = Infinity;
  }

  #arm(at: number): void {
    this.#at = at;
    this.#event = at < LAST_MOMENT ? this.#clock.after(Math.max(0, at - this.#clock.now), () => this.#fire()) : undefined;
  }

  #fire(): void {
    const late = this.#clock.now - this.#at;
    const overrun = this.interval > 0 ? Math.floor(late / this.interval) : 0;
    const next = this.interval > 0 ? this.#at + (overrun + 1) * this.interval : Infinity;
    this.#event = undefined;
    this.#arm(next);
    this.#expire(overrun);
  }
}
