/** Beginning and end of an address space: as_alloc, as_dup (fork), as_free (exit, exec). */
import { EAGAIN, ENOMEM, HarnessBug } from '../base/index.js';
import { RW_WRITER, rw_enter, rw_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { As, as_segnext } from './address-space.js';
import type { Seg } from './address-space.js';
import { as_do_callbacks, as_waitunlock } from './as-wait.js';
import { AS_FREE_EVENT, IE_RETRY, S_PURGE } from './constants.js';
import { HAT_DUP_ALL } from './hat-constants.js';
import { hat_alloc, hat_dup, hat_free_end, hat_free_start } from './hat.js';
import { segOps, seg_alloc, seg_free } from './seg.js';
import type { VmServices } from './services.js';

/**
 * Makes an empty address space (as_alloc).
 * @throws RangeError when memory is used up; callers that can fail ask `as_room` first.
 */
export const as_alloc = (vm: VmServices, name: string): As => new As(vm, hat_alloc(vm, name), name);

/** Whether memory is left for another address space. */
export const as_room = (vm: VmServices): boolean => vm.pages.free > vm.pages.reserve;

/**
 * Makes a copy of an address space as fork(2) needs it (as_dup): each segment's own dup decides what is shared. No translation is
 * copied; the child faults everything afresh.
 * @returns the new address space; or an errno, and then nothing is left of it: ENOMEM when memory is used up, or a segment's.
 */
export function* as_dup(as: As, name: string): Kgen<As | number> {
  if (!as_room(as.vm)) return ENOMEM;
  const newas = as_alloc(as.vm, name);
  newas.userlimit = as.userlimit;
  newas.proc = as.proc;
  yield* rw_enter(as.lock, RW_WRITER);
  yield* rw_enter(newas.lock, RW_WRITER);
  let seg: Seg | undefined = as.segs[0];
  let error = 0;
  for (; seg !== undefined && error === 0; seg = as_segnext(seg)) {
    if ((seg.flags & S_PURGE) !== 0) continue;
    const newseg = seg_alloc(newas, seg.base, seg.size);
    error = newseg === undefined ? ENOMEM : yield* segOps(seg).dup(seg, newseg);
    if (newseg !== undefined && error !== 0) yield* seg_free(newseg);
    if (error === 0) newas.size += seg.size;
  }
  newas.resvsize = error === 0 ? as.resvsize : newas.size;
  if (error === 0) error = hat_dup(as.hat, newas.hat, HAT_DUP_ALL);
  rw_exit(newas.lock);
  rw_exit(as.lock);
  if (error === 0) return newas;
  yield* as_free(newas);
  return error;
}

/** Ends an address space (as_free): callbacks, every mapping, every translation. Sleeps while pages are softlocked. */
export function* as_free(as: As): Kgen<void> {
  yield* as_do_callbacks(as, AS_FREE_EVENT, 0, as.userlimit);
  hat_free_start(as.hat);
  while (!(yield* freeOnce(as)));
  hat_free_end(as.hat);
}

/** One pass of as_free; false when it must start over. */
function* freeOnce(as: As): Kgen<boolean> {
  yield* rw_enter(as.lock, RW_WRITER);
  let seg: Seg | undefined = as.segs[0];
  while (seg !== undefined) {
    const next: Seg | undefined = as_segnext(seg);
    const { base, size } = seg;
    const error = yield* segOps(seg).unmap(seg, base, size);
    if (error === EAGAIN) {
      as.hat.flush(true);
      yield* as_waitunlock(as, AS_FREE_EVENT, base, size);
      return false;
    }
    if (error === IE_RETRY) {
      rw_exit(as.lock);
      return false;
    }
    if (error !== 0) throw new HarnessBug('a segment cannot be unmapped at exit', { as: as.name, base, error });
    as.size -= size;
    as.resvsize -= size;
    seg = next;
  }
  rw_exit(as.lock);
  return true;
}
