/** Waiting until softlocked pages of an address space are unlocked, and the callbacks that hasten it. */
import { cv_broadcast, cv_wait, mutex_enter, mutex_exit, rw_exit, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { As, AsCallback } from './address-space.js';
import { AS_NOUNMAPWAIT, AS_UNMAPWAIT } from './constants.js';

/**
 * After EAGAIN of a segment operation: runs the callback that somebody left for this event and range, else sleeps until pages are
 * unlocked. Gives the address space's lock up; the caller starts over.
 *
 * AS_UNMAPWAIT says that somebody sleeps. Only who wakes all sleepers takes it back: were it taken back by the next who tries to
 * unmap something, the last unlock would wake nobody.
 */
export function* as_waitunlock(as: As, event: number, addr: number, len: number): Kgen<void> {
  yield* mutex_enter(as.contents);
  const callback = findCallback(as, event, addr, len);
  if (callback !== undefined) {
    rw_exit(as.lock);
    yield* executeCallback(as, callback, event);
  } else if ((as.flags & AS_NOUNMAPWAIT) !== 0) {
    as.flags &= ~AS_NOUNMAPWAIT;
    rw_exit(as.lock);
  } else {
    if ((as.flags & AS_UNMAPWAIT) === 0) cv_broadcast(as.cv);
    as.flags |= AS_UNMAPWAIT;
    rw_exit(as.lock);
    // Woken once is enough: the caller looks for itself, and another sleeper may have set the flag again before this one runs.
    yield* cv_wait(as.cv, as.contents);
  }
  mutex_exit(as.contents);
}

/**
 * After the last softlock of a segment is gone: wakes those who wait for it. What segment drivers do at the end of
 * F_SOFTUNLOCK.
 */
export function* as_unlocked(as: As): Kgen<void> {
  if ((as.flags & AS_UNMAPWAIT) === 0) return;
  yield* mutex_enter(as.contents);
  if ((as.flags & AS_UNMAPWAIT) !== 0) {
    as.flags &= ~AS_UNMAPWAIT;
    cv_broadcast(as.cv);
  }
  mutex_exit(as.contents);
}

/**
 * Leaves a function to be called, once, before a range is unmapped, protected or freed while its pages are locked
 * (as_add_callback). It runs without the address space's lock.
 */
export function* as_add_callback(as: As, callback: AsCallback): Kgen<void> {
  yield* mutex_enter(as.contents);
  as.callbacks.push(callback);
  mutex_exit(as.contents);
}

/** Takes the callbacks with this argument back; false when none was left (as_delete_callback). */
export function* as_delete_callback(as: As, arg: unknown): Kgen<boolean> {
  yield* mutex_enter(as.contents);
  const before = as.callbacks.length;
  as.callbacks = as.callbacks.filter((callback) => callback.arg !== arg);
  mutex_exit(as.contents);
  return as.callbacks.length < before;
}

/** Runs every callback that waits for `event` in a range, before it is freed. */
export function* as_do_callbacks(as: As, event: number, addr: number, len: number): Kgen<void> {
  yield* mutex_enter(as.contents);
  for (let callback = findCallback(as, event, addr, len); callback !== undefined; callback = findCallback(as, event, addr, len)) {
    yield* executeCallback(as, callback, event);
  }
  mutex_exit(as.contents);
}

function findCallback(as: As, event: number, addr: number, len: number): AsCallback | undefined {
  return as.callbacks.find((callback) => (callback.events & event) !== 0 && callback.addr < addr + len && addr < callback.addr + callback.len);
}

/** Takes a callback off the list and calls it, without `as.contents`. */
function* executeCallback(as: As, callback: AsCallback, event: number): Kgen<void> {
  as.callbacks = as.callbacks.filter((other) => other !== callback);
  mutex_exit(as.contents);
  yield* settle(callback.func(as, callback.arg, callback.events & event));
  yield* mutex_enter(as.contents);
}
