/** Who waits for a file to become ready (pollhead(9S), pollwakeup(9F)). */
import { cv_broadcast } from '../../kernel/index.js';
import type { Kcondvar } from '../../kernel/index.js';

export const POLLIN = 0x1;
export const POLLPRI = 0x2;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

/** The condition variables of the pollers of one file. */
export class Pollhead {
  readonly #pollers: Set<Kcondvar> = new Set();

  /** Begins to wake `poller` whenever the file may have become ready. */
  add(poller: Kcondvar): void {
    this.#pollers.add(poller);
  }

  /** Ends that; who was never added may be removed. */
  remove(poller: Kcondvar): void {
    this.#pollers.delete(poller);
  }

  /** Whether anybody waits. */
  get awaited(): boolean {
    return this.#pollers.size > 0;
  }

  /** Lets every poller look again (pollwakeup(9F)). */
  wakeup(): void {
    for (const poller of this.#pollers) cv_broadcast(poller);
  }
}
