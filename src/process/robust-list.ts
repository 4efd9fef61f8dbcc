/**
 * Robust futexes: the list of locks a thread holds, kept by the C library in user memory (set_robust_list(2), Linux
 * Documentation/locking/robust-futexes.rst).
 *
 *     head: +0 first entry, +8 offset of the lock word from an entry (signed), +16 the entry being changed
 */
import type { Kgen } from '../kernel/index.js';
import type { Lwp } from './lwp.js';
import type { System } from './system.js';

/** Bytes of struct robust_list_head. */
export const ROBUST_HEAD_SIZE = 24;
/** Entries looked at, so that a list without an end does not keep a thread (ROBUST_LIST_LIMIT). */
const LIMIT = 2048;
const FUTEX_TID_MASK = 0x3fff_ffff;
const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_OWNER_DIED = 0x4000_0000;

/** Marks every lock on the list of `lwp` that it still holds as given up by a dead owner, and wakes one who waits. */
export function* releaseRobustList(system: System, lwp: Lwp): Kgen<void> {
  const head = lwp.robustList;
  lwp.robustList = 0;
  if (head === 0) return;
  const words = yield* readWords(lwp, head, 3);
  if (words === undefined) return;
  const [first = 0, offset = 0, pending = 0] = words;
  let entry: number | undefined = first;
  for (let n = 0; n < LIMIT && entry !== undefined && pointer(entry) !== head; n++) {
    const next: number | undefined = (yield* readWords(lwp, pointer(entry), 1))?.[0];
    if (pointer(entry) !== pointer(pending)) yield* ownerDied(system, lwp, pointer(entry) + offset);
    entry = next;
  }
  if (pointer(pending) !== 0) yield* ownerDied(system, lwp, pointer(pending) + offset);
}

/** Bit 0 marks locks with priority inheritance. */
const pointer = (entry: number): number => entry - (Math.abs(entry) % 2);

function* readWords(lwp: Lwp, at: number, count: number): Kgen<number[] | undefined> {
  const bytes = new Uint8Array(8 * count);
  if ((yield* lwp.userMemory.copyin(at, bytes)) !== 0) return undefined;
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

function* ownerDied(system: System, lwp: Lwp, at: number): Kgen<void> {
  const bytes = new Uint8Array(4);
  if (at % 4 !== 0 || (yield* lwp.userMemory.copyin(at, bytes)) !== 0) return;
  const view = new DataView(bytes.buffer);
  const value = view.getUint32(0, true);
  if ((value & FUTEX_TID_MASK) !== lwp.tid) return;
  view.setUint32(0, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, true);
  if ((yield* lwp.userMemory.copyout(bytes, at)) === 0 && (value & FUTEX_WAITERS) !== 0) yield* system.futexes.wakeAt(lwp.proc.as, at, 1);
}
