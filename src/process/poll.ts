/** Waiting until one of several files is ready: what poll(2) and select(2) come down to. */
import { Kcondvar, Kmutex, cv_timedwait_sig_hires, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from './fs/pollhead.js';
import type { OpenFile } from './open-file.js';

/** A file and what is asked of it. */
export interface PollTarget {
  readonly file: OpenFile;
  /** POLLIN, POLLOUT, POLLPRI; POLLERR and POLLHUP are told unasked. */
  readonly events: number;
}

/** What a file that is never asked is ready for. */
const ALWAYS = POLLIN | POLLOUT;

/** What `target` is ready for, of what was asked. */
export const readyFor = ({ file, events }: PollTarget): number => (file.ops.ready?.() ?? ALWAYS) & (events | POLLERR | POLLHUP);

/**
 * Sleeps until a target is ready, the moment `deadline` of the virtual clock (ns) has come, or a signal.
 * @returns 'ready', 'timeout' or 'signal'; a target that is ready counts more than the other two
 */
export function* awaitReady(targets: readonly PollTarget[], deadline: number): Kgen<'ready' | 'timeout' | 'signal'> {
  const isReady = (): boolean => targets.some((target) => readyFor(target) !== 0);
  if (isReady()) return 'ready';
  const lock = new Kmutex('poll');
  const woken = new Kcondvar('poll');
  const heads = new Set(targets.flatMap(({ file }) => file.ops.pollhead ?? []));
  for (const head of heads) head.add(woken);
  yield* mutex_enter(lock);
  let reason = 1;
  while (reason > 0 && !isReady()) reason = yield* cv_timedwait_sig_hires(woken, lock, deadline);
  mutex_exit(lock);
  for (const head of heads) head.remove(woken);
  return isReady() ? 'ready' : reason < 0 ? 'timeout' : 'signal';
}
