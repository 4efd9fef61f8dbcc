/**
 * Futexes, futex(2): threads that sleep until somebody wakes the address they sleep on.
 *
 * An address is known by the memory behind it: a page of shared memory by its object and offset, so that processes meet there; any other,
 * and every one with FUTEX_PRIVATE_FLAG, by address space and address.
 */
import { EAGAIN, EFAULT, EINVAL, ETIMEDOUT, hex, isAligned } from '../base/index.js';
import { Kcondvar, Kmutex, cv_signal, cv_timedwait_sig_hires, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_getmemid } from '../vm/index.js';
import type { As } from '../vm/index.js';
import { userMemory } from './lwp.js';

/** Every bit: what a waiter without a set waits for, and what a wake without one wakes. */
export const FUTEX_BITSET_MATCH_ANY = 0xffff_ffff;

/** What an address stands for. */
interface FutexKey {
  readonly object: object;
  readonly offset: number;
}

interface Sleeper {
  key: FutexKey;
  readonly bitset: number;
  readonly cv: Kcondvar;
  woken: boolean;
}

/** How an address is meant. */
export interface FutexAddress {
  readonly as: As;
  readonly at: number;
  /** FUTEX_PRIVATE_FLAG. */
  readonly private: boolean;
}

/** All sleepers of a machine. */
export class Futexes {
  readonly #lock = new Kmutex('futexes');
  readonly #sleepers = new Map<object, Map<number, Sleeper[]>>();

  /**
   * Sleeps on an address while it holds `value`.
   * @param deadline virtual nanoseconds; Infinity: none
   * @param interrupted the errno for a sleep that a signal ended
   * @returns 0 when it was woken; EAGAIN, ETIMEDOUT, EFAULT, EINVAL or `interrupted`.
   */
  *wait(a: FutexAddress, value: number, bitset: number, deadline: number, interrupted: number): Kgen<number> {
    const key = yield* keyOf(a);
    if (typeof key === 'number') return key;
    yield* mutex_enter(this.#lock);
    const present = yield* loadWord(a);
    const error = present === undefined ? EFAULT : present === value >>> 0 ? yield* this.#sleep(a, key, bitset, deadline, interrupted) : EAGAIN;
    mutex_exit(this.#lock);
    return error;
  }

  /** Wakes at most `count` sleepers whose set has a bit of `bitset`. Returns how many, or a negated EFAULT, EINVAL. */
  *wake(a: FutexAddress, count: number, bitset: number): Kgen<number> {
    const key = yield* keyOf(a);
    if (typeof key === 'number') return -key;
    yield* mutex_enter(this.#lock);
    const woken = this.#wake(key, count, bitset);
    mutex_exit(this.#lock);
    return woken;
  }

  /** Wakes sleepers of an address that a thread clears as it ends; a bad address wakes nobody. */
  *wakeAt(as: As, at: number, count: number): Kgen<void> {
    yield* this.wake({ as, at, private: false }, count, FUTEX_BITSET_MATCH_ANY);
  }

  /**
   * Wakes at most `wake` sleepers of one address and lets at most `move` more sleep on another.
   * @param expected the value the first address must hold; undefined: any
   * @returns the number woken and moved; or a negated EAGAIN (another value), EFAULT, EINVAL.
   */
  *requeue(from: FutexAddress, to: FutexAddress, wake: number, move: number, expected: number | undefined): Kgen<number> {
    const [key, target] = [yield* keyOf(from), yield* keyOf(to)];
    if (typeof key === 'number') return -key;
    if (typeof target === 'number') return -target;
    yield* mutex_enter(this.#lock);
    const present = expected === undefined ? undefined : yield* loadWord(from);
    const result = expected !== undefined && present === undefined ? -EFAULT
      : expected !== undefined && present !== expected >>> 0 ? -EAGAIN
      : this.#wake(key, wake, FUTEX_BITSET_MATCH_ANY) + this.#move(key, target, move);
    mutex_exit(this.#lock);
    return result;
  }

  *#sleep(a: FutexAddress, key: FutexKey, bitset: number, deadline: number, interrupted: number): Kgen<number> {
    const sleeper: Sleeper = { key, bitset, cv: new Kcondvar(`futex ${hex(a.at)}`), woken: false };
    this.#queue(key, true).push(sleeper);
    for (;;) {
      const reason = yield* cv_timedwait_sig_hires(sleeper.cv, this.#lock, deadline);
      if (sleeper.woken) return 0;
      if (reason > 0) continue;
      this.#remove(sleeper);
      return reason < 0 ? ETIMEDOUT : interrupted;
    }
  }

  #wake(key: FutexKey, count: number, bitset: number): number {
    let woken = 0;
    for (const sleeper of this.#queue(key, false).slice()) {
      if (woken >= count) break;
      if ((sleeper.bitset & bitset) === 0) continue;
      this.#remove(sleeper);
      sleeper.woken = true;
      cv_signal(sleeper.cv);
      woken++;
    }
    return woken;
  }

  #move(key: FutexKey, target: FutexKey, count: number): number {
    const moving = this.#queue(key, false).slice(0, count);
    for (const sleeper of moving) {
      this.#remove(sleeper);
      sleeper.key = target;
      this.#queue(target, true).push(sleeper);
    }
    return moving.length;
  }

  /** The sleepers of a key; where there are none, an array that is kept only if `make` says so. */
  #queue({ object, offset }: FutexKey, make: boolean): Sleeper[] {
    const found = this.#sleepers.get(object)?.get(offset);
    if (found !== undefined || !make) return found ?? [];
    let places = this.#sleepers.get(object);
    if (places === undefined) this.#sleepers.set(object, (places = new Map<number, Sleeper[]>()));
    const made: Sleeper[] = [];
    places.set(offset, made);
    return made;
  }

  #remove(sleeper: Sleeper): void {
    const { object, offset } = sleeper.key;
    const places = this.#sleepers.get(object);
    const queue = places?.get(offset);
    if (places === undefined || queue === undefined) return;
    queue.splice(queue.indexOf(sleeper), 1);
    if (queue.length === 0) places.delete(offset);
    if (places.size === 0) this.#sleepers.delete(object);
  }
}

function* keyOf(a: FutexAddress): Kgen<FutexKey | number> {
  if (!isAligned(a.at, 4)) return EINVAL;
  if ((yield* loadWord(a)) === undefined) return EFAULT;
  if (a.private) return { object: a.as, offset: a.at };
  const memid = yield* as_getmemid(a.as, a.at);
  if (typeof memid === 'number' || typeof memid.object !== 'object' || memid.object === null) return EFAULT;
  return { object: memid.object, offset: memid.offset };
}

function* loadWord({ as, at }: FutexAddress): Kgen<number | undefined> {
  const bytes = new Uint8Array(4);
  return (yield* userMemory(() => as).copyin(at, bytes)) === 0 ? new DataView(bytes.buffer).getUint32(0, true) : undefined;
}
