/**
 * Kernel code that may sleep is a generator: it yields where a thread gives the processor away and is resumed when the
 * scheduler picks the thread again. Callers delegate with `yield*`; code that cannot sleep is an ordinary function.
 */

/**
 * What a thread tells the scheduler when it gives the processor away: 'sleep' until something wakes it (its
 * `waitingFor` says what), or 'preempt' to the back of the run queue.
 */
export type SleepRequest = 'sleep' | 'preempt';

/** Kernel code that may sleep and returns a T. */
export type Kgen<T> = Generator<SleepRequest, T, void>;

/** What a driver callback may return: its result, or a generator that sleeps on the way to it. */
export type MaybeKgen<T> = T | Kgen<T>;

/** Whether `r` is a generator rather than a plain result. */
export function isKgen<T>(r: MaybeKgen<T>): r is Kgen<T> {
  return typeof r === 'object' && r !== null && Symbol.iterator in r && 'next' in r && typeof r.next === 'function';
}

/** Runs what a callback returned to its end, whether it is a value or a generator. */
export function* settle<T>(r: MaybeKgen<T>): Kgen<T> {
  return isKgen(r) ? yield* r : r;
}

/** Gives the processor away: the calling thread goes to the back of the run queue. */
export function* preempt(): Kgen<void> {
  yield 'preempt';
}

/** A generator that does not sleep: for those who must answer with one and have their result already. */
// oxlint-disable-next-line require-yield
export function* immediate<T>(value: T): Kgen<T> {
  return value;
}
