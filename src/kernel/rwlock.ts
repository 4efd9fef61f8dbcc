/** rwlock(9F): one writer or many readers, first come first served; ownership is handed over at exit. */
import { KernelPanic } from '../base/index.js';
import type { Kgen } from './kgen.js';
import { curthread } from './thread.js';
import type { Kthread, Waitable } from './thread.js';

/** To enter a lock alone (krw_t). */
export const RW_WRITER = 0;
/** To enter a lock with other readers. */
export const RW_READER = 1;
/** A reader that does not wait for waiting writers, only for one that has the lock. */
export const RW_READER_STARVEWRITER = 2;
/** One of the three ways. */
export type KrwType = 0 | 1 | 2;

interface Waiter {
  readonly thread: Kthread;
  readonly how: KrwType;
}

/** A readers/writer lock. Readers that come while a writer waits queue behind it, unless they starve writers. */
export class Krwlock implements Waitable {
  readonly kind = 'rwlock';
  readonly name: string;
  writer: Kthread | undefined = undefined;
  readonly readers: Kthread[] = [];
  readonly queue: Waiter[] = [];

  constructor(name: string) {
    this.name = name;
  }

  owners(): readonly Kthread[] {
    return this.writer === undefined ? this.readers : [this.writer];
  }

  removeWaiter(thread: Kthread): void {
    const at = this.queue.findIndex((waiter) => waiter.thread === thread);
    if (at >= 0) this.queue.splice(at, 1);
  }

  /** Gives a lock without holders to whoever is first in the queue, with all readers right behind a reader. */
  handOver(): void {
    for (;;) {
      const first = this.queue[0];
      if (first === undefined || this.writer !== undefined) return;
      if (first.how === RW_WRITER && this.readers.length > 0) return;
      this.queue.shift();
      if (first.how === RW_WRITER) this.writer = first.thread;
      else this.readers.push(first.thread);
      first.thread.kernel.ready(first.thread);
    }
  }
}

const free = (lock: Krwlock, how: KrwType): boolean => {
  if (lock.writer !== undefined) return false;
  if (how === RW_WRITER) return lock.readers.length === 0;
  return how === RW_READER_STARVEWRITER || lock.queue.length === 0;
};

const take = (lock: Krwlock, how: KrwType, self: Kthread): void => {
  if (how === RW_WRITER) lock.writer = self;
  else lock.readers.push(self);
};

/**
 * Acquires the lock as reader or writer; sleeps while it must (rw_enter(9F)).
 * @throws KernelPanic when the caller is its writer already, or asks to write what it reads.
 */
export function* rw_enter(lock: Krwlock, how: KrwType): Kgen<void> {
  const self = curthread();
  if (self.kernel.preemptive) yield 'preempt';
  if (free(lock, how)) {
    take(lock, how, self);
    return;
  }
  if (lock.writer === self || (how === RW_WRITER && lock.readers.includes(self))) {
    throw new KernelPanic('panic', `rw_enter: recursive: ${lock.name}, thread ${self.name}`);
  }
  lock.queue.push({ thread: self, how });
  self.waitingFor = lock;
  yield 'sleep';
}

/** Acquires the lock if that needs no sleep; says whether it did (rw_tryenter(9F)). */
export function rw_tryenter(lock: Krwlock, how: KrwType): boolean {
  if (!free(lock, how)) return false;
  take(lock, how, curthread());
  return true;
}

/**
 * Releases the lock (rw_exit(9F)).
 * @throws KernelPanic when the caller does not hold it.
 */
export function rw_exit(lock: Krwlock): void {
  const self = curthread();
  if (lock.writer === self) {
    lock.writer = undefined;
  } else {
    const at = lock.readers.lastIndexOf(self);
    if (at < 0) throw new KernelPanic('panic', `rw_exit: lock not held: ${lock.name}, thread ${self.name}`);
    lock.readers.splice(at, 1);
  }
  if (lock.queue.length > 0) lock.handOver();
}

/**
 * Turns the caller's write hold into a read hold (rw_downgrade(9F)).
 * @throws KernelPanic when the caller is not the writer.
 */
export function rw_downgrade(lock: Krwlock): void {
  const self = curthread();
  if (lock.writer !== self) throw new KernelPanic('panic', `rw_downgrade: not owner: ${lock.name}, thread ${self.name}`);
  lock.writer = undefined;
  lock.readers.push(self);
  lock.handOver();
}

/** Turns the caller's read hold into a write hold if it is the only one; says whether it did (rw_tryupgrade(9F)). */
export function rw_tryupgrade(lock: Krwlock): boolean {
  const self = curthread();
  if (lock.readers.length !== 1 || lock.readers[0] !== self) return false;
  lock.readers.pop();
  lock.writer = self;
  return true;
}

/** Whether anybody holds the lock, in either way. */
export const rw_lock_held = (lock: Krwlock): boolean => lock.writer !== undefined || lock.readers.length > 0;
/** Whether the caller holds the lock as a writer. */
export const rw_write_held = (lock: Krwlock): boolean => lock.writer !== undefined && lock.writer === curthread();
/** Whether anybody holds the lock as a reader (rw_read_locked(9F) without its "which way" reading). */
export const rw_read_held = (lock: Krwlock): boolean => lock.readers.length > 0;
/** The writer that has the lock; undefined when none has. */
export const rw_owner = (lock: Krwlock): Kthread | undefined => lock.writer;
