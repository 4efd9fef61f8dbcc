import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelPanic } from '../../src/base/index.js';
import {
  Kcondvar, Kernel, Kmutex, Krwlock, RW_READER, RW_READER_STARVEWRITER, RW_WRITER, cv_broadcast, cv_destroy, cv_reltimedwait, cv_signal, cv_timedwait, cv_timedwait_sig, cv_timedwait_sig_hires,
  cv_wait, cv_wait_sig, delay, mutex_destroy, mutex_enter, mutex_exit, mutex_owned, mutex_tryenter, preempt, rw_downgrade, rw_enter, rw_exit, rw_lock_held, rw_owner,
  rw_read_held, rw_tryenter, rw_tryupgrade, rw_write_held, seeded,
} from '../../src/kernel/index.js';
import type { Kgen } from '../../src/kernel/index.js';

const run = <T>(body: () => Kgen<T>, kernel = new Kernel()): T => kernel.runUntilDone('test', body);

describe('mutex(9F)', () => {
  it('panics on recursive entry, on exit by a stranger, and on destruction while held', () => {
    const lock = new Kmutex('m');
    expect(() => run(function* () {
      yield* mutex_enter(lock);
      yield* mutex_enter(lock);
    })).toThrow(new KernelPanic('panic', 'recursive mutex_enter: m, owner test'));
    expect(() => run(function* () {
      yield* preempt();
      mutex_exit(lock);
    })).toThrow(/mutex_exit: not owner: m, owner test/);
    expect(() => run(function* () {
      yield* preempt();
      mutex_destroy(lock);
    })).toThrow(/mutex_destroy: bad mutex: m/);
  });

  it('tells the owner from others', () => {
    run(function* () {
      const lock = new Kmutex('m');
      expect(mutex_owned(lock)).toBe(false);
      expect(mutex_tryenter(lock)).toBe(true);
      expect(mutex_owned(lock)).toBe(true);
      expect(mutex_tryenter(lock)).toBe(false);
      mutex_exit(lock);
      mutex_destroy(lock);
      yield* preempt();
    });
  });

  it('never lets two in, and never forgets a waiter, whatever the schedule', () => {
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 2, max: 6 }), (seed, threads) => {
      const kernel = new Kernel({ choose: seeded(seed) });
      const lock = new Kmutex('m');
      let inside = 0;
      let entered = 0;
      for (let thread = 0; thread < threads; thread++) {
        kernel.spawn(`t${thread}`, function* () {
          for (let round = 0; round < 4; round++) {
            if (!mutex_tryenter(lock)) yield* mutex_enter(lock);
            entered++;
            expect(++inside).toBe(1);
            yield* preempt();
            inside--;
            mutex_exit(lock);
            if (round % 2 === 0) yield* preempt();
          }
        });
      }
      expect(kernel.run().status).toBe('idle');
      expect(entered).toBe(4 * threads);
    }), { seed: 21, numRuns: 60 });
  });
});

describe('rwlock(9F)', () => {
  it('lets readers in together and writers alone, whatever the schedule', () => {
    fc.assert(fc.property(fc.integer(), fc.array(fc.constantFrom(RW_READER, RW_WRITER, RW_READER_STARVEWRITER), { minLength: 2, maxLength: 8 }), (seed, ways) => {
      const kernel = new Kernel({ choose: seeded(seed) });
      const lock = new Krwlock('rw');
      let readers = 0;
      let writers = 0;
      ways.forEach((how, thread) => kernel.spawn(`t${thread}`, function* () {
        for (let round = 0; round < 3; round++) {
          yield* rw_enter(lock, how);
          if (how === RW_WRITER) writers++;
          else readers++;
          expect(writers === 0 || (writers === 1 && readers === 0)).toBe(true);
          expect(rw_lock_held(lock)).toBe(true);
          expect(rw_write_held(lock)).toBe(how === RW_WRITER);
          yield* preempt();
          if (how === RW_WRITER) writers--;
          else readers--;
          rw_exit(lock);
        }
      }));
      expect(kernel.run().status).toBe('idle');
      expect(rw_lock_held(lock)).toBe(false);
    }), { seed: 22, numRuns: 80 });
  });

  it('queues a reader behind a waiting writer, unless it starves writers', () => {
    const kernel = new Kernel();
    const lock = new Krwlock('rw');
    const order: string[] = [];
    const enter = (name: string, how: 0 | 1 | 2): void => {
      kernel.spawn(name, function* () {
        yield* rw_enter(lock, how);
        order.push(name);
        yield* delay(1);
        rw_exit(lock);
      });
    };
    enter('holder', RW_READER);
    enter('writer', RW_WRITER);
    enter('polite', RW_READER);
    enter('rude', RW_READER_STARVEWRITER);
    kernel.run();
    expect(order).toEqual(['holder', 'rude', 'writer', 'polite']);
  });

  it('lets all readers that wait behind a writer in at once', () => {
    const kernel = new Kernel();
    const lock = new Krwlock('rw');
    let together = 0;
    kernel.spawn('writer', function* () {
      yield* rw_enter(lock, RW_WRITER);
      yield* delay(1);
      rw_exit(lock);
      expect(rw_read_held(lock)).toBe(true);
      together = lock.readers.length;
    });
    for (const name of ['r1', 'r2', 'r3']) {
      kernel.spawn(name, function* () {
        yield* rw_enter(lock, RW_READER);
        yield* delay(1);
        rw_exit(lock);
      });
    }
    expect(kernel.run().status).toBe('idle');
    expect(together).toBe(3);
  });

  it('panics on exit without a hold, on recursive writing and on writing what one reads', () => {
    expect(() => run(function* () {
      yield* preempt();
      rw_exit(new Krwlock('rw'));
    })).toThrow(/rw_exit: lock not held: rw/);
    for (const first of [RW_READER, RW_WRITER] as const) {
      expect(() => run(function* () {
        const lock = new Krwlock('rw');
        yield* rw_enter(lock, first);
        yield* rw_enter(lock, RW_WRITER);
      })).toThrow(/rw_enter: recursive: rw/);
    }
  });

  it('is up- and downgraded by its only holder', () => {
    run(function* () {
      const lock = new Krwlock('rw');
      yield* rw_enter(lock, RW_READER);
      expect(rw_tryupgrade(lock)).toBe(true);
      expect(rw_owner(lock)?.name).toBe('test');
      expect(rw_tryenter(lock, RW_READER)).toBe(false);
      rw_downgrade(lock);
      expect(rw_tryenter(lock, RW_READER)).toBe(true);
      expect(rw_tryupgrade(lock)).toBe(false);
      rw_exit(lock);
      rw_exit(lock);
      expect(() => rw_downgrade(lock)).toThrow(/rw_downgrade: not owner/);
    });
  });
});

describe('condvar(9F)', () => {
  it('wakes one waiter by cv_signal, in order, and all by cv_broadcast', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('m');
    const cv = new Kcondvar('cv');
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      kernel.spawn(name, function* () {
        yield* mutex_enter(lock);
        yield* cv_wait(cv, lock);
        expect(mutex_owned(lock)).toBe(true);
        order.push(name);
        mutex_exit(lock);
      });
    }
    expect(kernel.run().status).toBe('deadlock');
    cv_signal(cv);
    expect(kernel.run().status).toBe('deadlock');
    expect(order).toEqual(['a']);
    cv_broadcast(cv);
    expect(kernel.run().status).toBe('idle');
    expect(order).toEqual(['a', 'b', 'c']);
    cv_signal(cv);
    cv_destroy(cv);
  });

  it('answers 0 when a signal ended the sleep: before it, during it, and not when it is woken', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('m');
    const cv = new Kcondvar('cv');
    const results: number[] = [];
    let pending = true;
    const wait = function* (): Kgen<void> {
      yield* mutex_enter(lock);
      results.push(yield* cv_wait_sig(cv, lock));
      expect(mutex_owned(lock)).toBe(true);
      mutex_exit(lock);
    };
    kernel.spawn('before', wait, { signalPending: () => pending });
    expect(kernel.run().status).toBe('idle');
    pending = false;
    const during = kernel.spawn('during', wait, { signalPending: () => pending });
    expect(kernel.run().status).toBe('deadlock');
    expect(during.interrupt()).toBe(true);
    expect(during.interrupt()).toBe(false);
    expect(kernel.run().status).toBe('idle');
    kernel.spawn('woken', wait, { signalPending: () => pending });
    kernel.run();
    cv_signal(cv);
    kernel.run();
    expect(results).toEqual([0, 0, 1]);
    expect(cv.waiters).toEqual([]);
  });

  it('is not interrupted in a plain cv_wait, nor while it waits for the mutex again', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('m');
    const thread = kernel.spawn('plain', function* () {
      yield* mutex_enter(lock);
      yield* cv_wait(new Kcondvar('cv'), lock);
    });
    kernel.run();
    expect(thread.interrupt()).toBe(false);
  });

  it('lets time end a sleep, and a wake-up beat the time', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('m');
    const cv = new Kcondvar('cv');
    const results = kernel.runUntilDone('sleeper', function* () {
      const answers: number[] = [];
      yield* mutex_enter(lock);
      answers.push(yield* cv_reltimedwait(cv, lock, 4), kernel.lbolt);
      answers.push(yield* cv_timedwait(cv, lock, 10), kernel.lbolt);
      answers.push(yield* cv_timedwait(cv, lock, 3), kernel.lbolt);
      kernel.timeout(() => cv_signal(cv), 5);
      answers.push(yield* cv_timedwait_sig(cv, lock, 100), kernel.lbolt);
      mutex_exit(lock);
      return answers;
    });
    expect(results).toEqual([-1, 4, -1, 10, -1, 10, 1, 15]);
    expect(kernel.clock.pending).toBe(0);
  });

  it('ends a sleep at a moment between two ticks, to the nanosecond', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('m');
    const cv = new Kcondvar('cv');
    const results = kernel.runUntilDone('sleeper', function* () {
      const answers: number[] = [];
      yield* mutex_enter(lock);
      answers.push(yield* cv_timedwait_sig_hires(cv, lock, 12_345), kernel.clock.now);
      answers.push(yield* cv_timedwait_sig_hires(cv, lock, 12_345), kernel.clock.now);
      kernel.timeout(() => cv_signal(cv), 1);
      answers.push(yield* cv_timedwait_sig_hires(cv, lock, Infinity), kernel.lbolt);
      mutex_exit(lock);
      return answers;
    });
    expect(results).toEqual([-1, 12_345, -1, 12_345, 1, 1]);
  });
});
