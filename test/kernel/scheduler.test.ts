import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelPanic, Trace, traceText } from '../../src/base/index.js';
import {
  Kcondvar, Kernel, KernelDeadlock, Kmutex, Krwlock, RW_READER, RW_WRITER, curthread, cv_signal, cv_wait, delay, immediate, mutex_enter, mutex_exit, preempt, replay,
  rw_enter, rw_exit, seeded, settle,
} from '../../src/kernel/index.js';
import type { Kgen } from '../../src/kernel/index.js';

/** Threads that take turns over shared locks; what they did, in order, depends on nothing but the choices. */
function contention(kernel: Kernel): string[] {
  const log: string[] = [];
  const lock = new Kmutex('lock');
  const rwlock = new Krwlock('rwlock');
  for (const name of ['a', 'b', 'c', 'd']) {
    kernel.spawn(name, function* () {
      for (let round = 0; round < 3; round++) {
        yield* mutex_enter(lock);
        log.push(`${name}${round} mutex`);
        yield* preempt();
        mutex_exit(lock);
        yield* rw_enter(rwlock, (round + name.charCodeAt(0)) % 2 === 0 ? RW_READER : RW_WRITER);
        log.push(`${name}${round} rwlock`);
        yield* preempt();
        rw_exit(rwlock);
        yield* delay((name.charCodeAt(0) + round) % 3);
      }
    });
  }
  expect(kernel.run()).toEqual({ status: 'idle' });
  return log;
}

describe('scheduling', () => {
  it('is the same run again when the recorded choices are given back', () => {
    fc.assert(fc.property(fc.integer(), (seed) => {
      const first = new Kernel({ choose: seeded(seed) });
      const log = contention(first);
      const again = new Kernel({ choose: replay(first.choices) });
      expect(contention(again)).toEqual(log);
      expect(again.choices).toEqual(first.choices);
    }), { seed: 20, numRuns: 50 });
  });

  it('really depends on the choices, so that exploring them explores runs', () => {
    const logs = new Set(Array.from({ length: 20 }, (_, seed) => contention(new Kernel({ choose: seeded(seed) })).join()));
    expect(logs.size).toBeGreaterThan(10);
  });

  it('records nothing and goes round robin without choose', () => {
    const kernel = new Kernel();
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      kernel.spawn(name, function* () {
        for (let round = 0; round < 2; round++) {
          order.push(name);
          yield* preempt();
        }
      });
    }
    kernel.run();
    expect(order.join('')).toBe('abcabc');
    expect(kernel.choices).toEqual([]);
  });

  it('offers every lock operation as a choice in a preemptive kernel', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const kernel = new Kernel({ choose: seeded(seed), preemptive: true });
      const lock = new Kmutex('lock');
      let order = '';
      for (const name of ['a', 'b']) {
        kernel.spawn(name, function* () {
          for (let round = 0; round < 2; round++) {
            yield* mutex_enter(lock);
            order += name;
            mutex_exit(lock);
          }
        });
      }
      kernel.run();
      orders.add(order);
    }
    // Of the six interleavings of aabb, those where a thread runs through without a preemption are not all.
    expect([...orders].sort()).toEqual(['aabb', 'abab', 'abba', 'baab', 'baba', 'bbaa']);
  });

  it('refuses a choice that is none', () => {
    const kernel = new Kernel({ choose: (options) => options });
    kernel.spawn('a', () => immediate(undefined));
    kernel.spawn('b', () => immediate(undefined));
    expect(() => kernel.run()).toThrow(new RangeError('choose(2) must return an integer in [0, 2), got 2'));
  });
});

describe('host-side calls', () => {
  it('answer with the result of their thread, other threads running meanwhile', () => {
    const kernel = new Kernel();
    let background = 0;
    kernel.spawn('background', function* () {
      for (;;) {
        background++;
        kernel.clock.advance(1e6);
        yield* preempt();
      }
    });
    const value = kernel.runUntilDone('call', function* () {
      yield* delay(3);
      return curthread().name;
    });
    expect(value).toBe('call');
    expect(background).toBeGreaterThan(0);
  });

  it('leave threads that run for ever alone once they are done', () => {
    const kernel = new Kernel();
    kernel.spawn('forever', function* () {
      for (;;) yield* preempt();
    });
    expect(kernel.runUntilDone('one', () => immediate(1))).toBe(1);
    expect(kernel.runUntilDone('two', () => immediate(2))).toBe(2);
    expect(kernel.threads.map((thread) => thread.name)).toEqual(['forever']);
  });

  it('are refused inside a kernel thread, naming the call', () => {
    const kernel = new Kernel();
    const message = 'mmap: host-side call from inside a kernel thread; use yield* instead';
    kernel.runUntilDone('outer', function* () {
      expect(() => kernel.runUntilDone('mmap', () => immediate(0))).toThrow(new TypeError(message));
      expect(() => kernel.run()).toThrow(TypeError);
    });
  });

  it('may use another kernel from inside a thread without losing their own current thread', () => {
    const outer = new Kernel();
    const names = outer.runUntilDone('outer', function* () {
      const inner = new Kernel().runUntilDone('inner', () => immediate(curthread().name));
      return [inner, curthread().name];
    });
    expect(names).toEqual(['inner', 'outer']);
  });

  it('throw what their body throws, and the kernel goes on', () => {
    const kernel = new Kernel();
    expect(() => kernel.runUntilDone('bad', function* () {
      yield* preempt();
      throw new RangeError('no');
    })).toThrow(new RangeError('no'));
    expect(kernel.runUntilDone('good', () => immediate(7))).toBe(7);
  });

  it('report a deadlock as a result and let a later call end it', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('lock');
    const cv = new Kcondvar('cv');
    let woken = false;
    const waiter = function* (): Kgen<void> {
      yield* mutex_enter(lock);
      yield* cv_wait(cv, lock);
      woken = true;
      mutex_exit(lock);
    };
    const outcome = kernel.tryUntilDone('waiter', waiter);
    expect(outcome).toMatchObject({ status: 'deadlock', report: { waits: [{ thread: 'waiter', kind: 'cv', on: 'cv', owners: [] }] } });
    kernel.runUntilDone('signaller', function* () {
      cv_signal(cv);
      yield* preempt();
    });
    expect(woken).toBe(true);
  });
});

describe('a deadlock', () => {
  it('names who waits for what and who owns it', () => {
    const kernel = new Kernel();
    const first = new Kmutex('first');
    const second = new Krwlock('second');
    kernel.spawn('left', function* () {
      yield* mutex_enter(first);
      yield* preempt();
      yield* rw_enter(second, RW_WRITER);
    });
    kernel.spawn('right', function* () {
      yield* rw_enter(second, RW_READER);
      yield* preempt();
      yield* mutex_enter(first);
    });
    kernel.spawn('idle daemon', function* () {
      const lock = new Kmutex('work');
      yield* mutex_enter(lock);
      yield* cv_wait(new Kcondvar('work'), lock);
    }, { daemon: true });
    const outcome = kernel.run();
    expect(outcome).toMatchObject({ status: 'deadlock' });
    expect(outcome.status === 'deadlock' && outcome.report.text).toBe(
      'deadlock:\n  left waits for rwlock second, held by right\n  right waits for mutex first, held by left');
  });

  it('says so when the owner has ended without giving the lock back', () => {
    const kernel = new Kernel();
    const lock = new Kmutex('leaked');
    kernel.runUntilDone('leaker', () => mutex_enter(lock));
    const call = (): void => kernel.runUntilDone('victim', () => mutex_enter(lock));
    expect(call).toThrow(KernelDeadlock);
    const again = (): void => kernel.runUntilDone('second victim', () => mutex_enter(lock));
    expect(again).toThrow(`deadlock:\n  victim waits for mutex leaked, held by leaker (exited)\n  second victim waits for mutex leaked, held by leaker (exited)`);
  });

  it('is none while an event will still wake somebody', () => {
    const kernel = new Kernel();
    kernel.spawn('sleeper', () => delay(5));
    expect(kernel.run()).toEqual({ status: 'idle' });
    expect(kernel.lbolt).toBe(5);
  });
});

describe('a panic', () => {
  it('is a result, and stops the kernel for good', () => {
    const kernel = new Kernel();
    let other = false;
    kernel.spawn('bad', function* () {
      yield* preempt();
      throw new KernelPanic('assert', 'assertion failed: x');
    });
    const first = kernel.run();
    expect(first).toMatchObject({ status: 'panic', panic: { kind: 'assert', message: 'assertion failed: x' } });
    kernel.spawn('later', function* () {
      other = true;
      yield* preempt();
    });
    expect(kernel.run()).toEqual(first);
    expect(() => kernel.runUntilDone('call', () => immediate(0))).toThrow(KernelPanic);
    expect(other).toBe(false);
  });
});

describe('settle', () => {
  it('runs a callback that may be plain or sleep', () => {
    const kernel = new Kernel();
    const results = kernel.runUntilDone('caller', function* () {
      const slow = function* (): Kgen<number> {
        yield* delay(1);
        return 2;
      };
      return [yield* settle(1), yield* settle(slow()), yield* settle<number | undefined>(undefined), yield* settle<object | null>(null)];
    });
    expect(results).toEqual([1, 2, undefined, null]);
  });
});

describe('outside kernel threads', () => {
  it('curthread says what is wrong', () => {
    expect(() => curthread()).toThrow(new TypeError('curthread: no kernel thread is running; use kernel.runUntilDone(name, body)'));
  });

  it('a kernel refuses options that make no sense', () => {
    expect(() => new Kernel({ ncpus: 0 })).toThrow(/ncpus/);
    expect(() => new Kernel({ hz: 0 })).toThrow(/hz/);
  });
});

describe('the trace', () => {
  it('has the waits, in the order they happen', () => {
    const trace = new Trace();
    const lines: string[] = [];
    trace.listen((event) => lines.push(traceText(event)));
    const kernel = new Kernel({ trace });
    const lock = new Kmutex('lock');
    const cv = new Kcondvar('cv');
    kernel.tryUntilDone('waiter', function* () {
      kernel.timeout(() => cv_signal(cv), 2);
      yield* mutex_enter(lock);
      yield* cv_wait(cv, lock);
      mutex_exit(lock);
    });
    expect(lines).toEqual(['timeout id=1 ticks=2', 'cv_wait cv=cv thread=waiter', 'timeout-fire id=1 at=2']);
  });
});
