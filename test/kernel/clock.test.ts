import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel, VirtualClock, ddi_get_lbolt, delay, drv_hztousec, drv_usectohz, immediate, timeout, untimeout } from '../../src/kernel/index.js';

describe('the virtual clock', () => {
  it('fires events in order of time, then of creation, and none that was cancelled', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean())), (events) => {
      const clock = new VirtualClock();
      const fired: number[] = [];
      const handles = events.map(([at], index) => clock.after(at, () => fired.push(index)));
      events.forEach(([, cancel], index) => {
        if (!cancel) return;
        expect(clock.cancel(handles[index]!)).toBe(true);
        expect(clock.cancel(handles[index]!)).toBe(false);
      });
      const expected = events.map(([at, cancel], index) => ({ at, cancel, index })).filter(({ cancel }) => !cancel).sort((a, b) => a.at - b.at || a.index - b.index);
      expect(clock.pending).toBe(expected.length);
      while (clock.pending > 0) {
        clock.advanceTo(clock.nextEvent);
        clock.takeDue()?.fire();
      }
      expect(fired).toEqual(expected.map(({ index }) => index));
    }), { seed: 23 });
  });

  it('refuses to go back or nowhere', () => {
    const clock = new VirtualClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Infinity)).toThrow(RangeError);
    expect(() => clock.after(NaN, () => undefined)).toThrow(RangeError);
    clock.advance(5);
    clock.advanceTo(3);
    expect(clock.now).toBe(5);
  });
});

describe('timeout(9F)', () => {
  it('runs after its ticks, when nobody else is left to run, and may sleep', () => {
    const kernel = new Kernel({ hz: 1000 });
    const at: [string, number][] = [];
    kernel.runUntilDone('setter', function* () {
      timeout(() => void at.push(['late', ddi_get_lbolt()]), 7);
      timeout(function* () {
        yield* delay(10);
        at.push(['slept', ddi_get_lbolt()]);
      }, 3);
      timeout(() => void at.push(['at once', ddi_get_lbolt()]), 0);
      yield* immediate(undefined);
    });
    expect(kernel.run()).toEqual({ status: 'idle' });
    expect(at).toEqual([['at once', 0], ['late', 7], ['slept', 13]]);
    expect(kernel.clock.now).toBe(13e6);
  });

  it('is cancelled once, answering the ticks that were left', () => {
    const kernel = new Kernel();
    kernel.runUntilDone('setter', function* () {
      let fired = false;
      const id = timeout(() => {
        fired = true;
      }, 10);
      yield* delay(4);
      expect(untimeout(id)).toBe(6);
      expect(untimeout(id)).toBe(-1);
      yield* delay(20);
      expect(fired).toBe(false);
      expect(untimeout(12345)).toBe(-1);
    });
  });

  it('fires while a thread computes, once the machine has let the time pass', () => {
    const kernel = new Kernel();
    const order: string[] = [];
    kernel.timeout(() => void order.push('timeout'), 1);
    kernel.runUntilDone('busy', function* () {
      for (let round = 0; round < 4; round++) {
        order.push(`busy ${round}`);
        kernel.clock.advance(6e6);
        yield 'preempt';
      }
    });
    expect(order).toEqual(['busy 0', 'busy 1', 'timeout', 'busy 2', 'busy 3']);
  });

  it('fires in the order of setting when several are due, even if the clock jumped over them', () => {
    const kernel = new Kernel();
    const fired: string[] = [];
    for (const [name, ticks] of [['b', 2], ['a', 1], ['c', 2]] as const) kernel.timeout(() => void fired.push(name), ticks);
    kernel.clock.advance(1e9);
    kernel.run();
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  it('counts whole ticks: the tick that has begun is part of the time', () => {
    const kernel = new Kernel();
    kernel.clock.advance(9e6);
    kernel.timeout(() => undefined, 1);
    kernel.run();
    expect(kernel.clock.now).toBe(10e6);
  });
});

describe('Kernel.tick', () => {
  it('lets exactly that much time pass and runs what becomes due in it', () => {
    const kernel = new Kernel();
    const fired: number[] = [];
    for (const ticks of [1, 5, 6]) kernel.timeout(() => void fired.push(ticks), ticks);
    expect(kernel.tick(5)).toEqual({ status: 'until' });
    expect([fired, kernel.lbolt]).toEqual([[1, 5], 5]);
    kernel.tick(1);
    expect([fired, kernel.lbolt]).toEqual([[1, 5, 6], 6]);
  });
});

describe('time conversions', () => {
  it('round as drv_usectohz(9F) and drv_hztousec(9F) do', () => {
    new Kernel({ hz: 100 }).runUntilDone('t', () => immediate(undefined));
    new Kernel({ hz: 100 }).runUntilDone('t', function* () {
      expect([drv_usectohz(0), drv_usectohz(1), drv_usectohz(10000), drv_usectohz(10001), drv_hztousec(3)]).toEqual([0, 1, 1, 2, 30000]);
      yield* immediate(undefined);
    });
  });
});
