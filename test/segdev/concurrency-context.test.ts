/** Device contexts under explored schedules: at most one owner has translations loaded, and keeps the device for its time. */
import { describe, expect, test } from 'vitest';
import type { DevmapAccess, DevmapCookie } from '../../src/ddi/index.js';
import { Kmutex, mutex_enter, mutex_exit, type Kgen, type KernelOptions } from '../../src/kernel/index.js';
import { devmap_do_ctxmgt, devmap_load, devmap_set_ctx_timeout, devmap_unload } from '../../src/segdev/index.js';
import { as_dup, as_fault, as_free, as_unmap, F_INVAL, FC_HWERR, MAP_FIXED, MAP_SHARED, S_WRITE, type As } from '../../src/vm/index.js';
import { allEnd, expectClean, scheduled, underSchedules } from './concurrency-kit.js';
import { ops, PAGE } from './quirk-kit.js';
import { chunked, World } from './world.js';

/** A context-managed device: one owner at a time; the driver guards its own record with a mutex, as drivers must. */
class ContextDevice {
  readonly world: World;
  owner: DevmapCookie | undefined;
  /** When the owner changed. */
  readonly changes: number[] = [];
  /** Calls that fail from now on. */
  failures = 0;
  readonly #lock = new Kmutex('context of the driver');
  readonly #dev: ReturnType<World['device']>;

  constructor(world: World, ticks: number) {
    this.world = world;
    const switchTo: DevmapAccess = (dhp, _pvtp, off, len, type, rw) => this.#switch(dhp, off, len, type, rw);
    this.#dev = world.device({ devmap: chunked([{ off: 0, len: 2 * PAGE, ops: ops({
      map: (dhp) => {
        devmap_set_ctx_timeout(dhp, ticks);
        return 0;
      },
      access: (dhp, pvtp, off, len, type, rw) => devmap_do_ctxmgt(dhp, pvtp, off, len, type, rw, switchTo),
      dup: () => 0,
      unmap: (dhp) => { if (this.owner === dhp) this.owner = undefined; },
    }) }]) });
  }

  *#switch(dhp: DevmapCookie, off: number, len: number, type: number, rw: number): Kgen<number> {
    yield* mutex_enter(this.#lock);
    let code = this.failures-- > 0 ? -1 : 0;
    if (code === 0 && this.owner !== dhp) {
      if (this.owner !== undefined) code = devmap_unload(this.owner, 0, 0);
      this.owner = dhp;
      this.changes.push(this.world.kernel.lbolt);
    }
    yield 'preempt';
    if (code === 0) code = yield* devmap_load(dhp, off, len, type, rw);
    mutex_exit(this.#lock);
    return code;
  }

  user(): { as: As; va: number } {
    const as = this.world.space();
    return { as, va: this.world.mmap(as, this.#dev, { len: 2 * PAGE, addr: 0x4000_0000, flags: MAP_FIXED | MAP_SHARED }) };
  }
}

const loaded = (world: World, spaces: Iterable<As>): number => [...spaces].filter((as) => world.entries(as).length > 0).length;

describe('device context', () => {
  test.each([[0, 'without a timeout'], [1, 'kept for a tick'], [4, 'kept for four ticks']])('%i ticks: never two processes with translations, and every fault is served (%s)', (ticks) => {
    underSchedules(25, (choices) => {
      const world = scheduled(choices);
      const device = new ContextDevice(world, ticks);
      const users = Array.from({ length: 4 }, () => device.user());
      let served = 0;
      for (const [i, { as, va }] of users.entries()) {
        for (const thread of [0, 1]) {
          world.kernel.spawn(`user ${i}.${thread}`, function* () {
            for (let n = 0; n < 3; n++) {
              expect(yield* as_fault(as, va + ((n + thread) % 2) * PAGE, PAGE, F_INVAL, S_WRITE)).toBe(0);
              served++;
            }
          });
        }
      }
      allEnd(world, () => { if (loaded(world, users.map(({ as }) => as)) > 1) expect.fail('two contexts are loaded'); });
      expect(served).toBe(24);
      // Whoever took the device kept it for its time.
      for (const [i, at] of device.changes.entries()) if (i > 0 && at - device.changes[i - 1]! < ticks) expect.fail(`changed at ${device.changes[i - 1]} and ${at}`);
      for (const { as } of users) world.exit(as);
      expectClean(world);
      expect(world.kernel.clock.pending).toBe(0);
    });
  });

  test('survives owners that fork, unmap and exit while they have the device, and contexts that cannot be made', () => {
    underSchedules(40, (choices) => {
      const world = scheduled(choices);
      const device = new ContextDevice(world, 2);
      const spaces = new Set<As>();
      const begin = ({ as, va }: { as: As; va: number }, act: (as: As, va: number) => Kgen<unknown>): void => {
        spaces.add(as);
        world.kernel.spawn(as.name, function* () {
          for (let n = 0; n < 3; n++) {
            const code = yield* as_fault(as, va + (n % 2) * PAGE, PAGE, F_INVAL, S_WRITE);
            if (code !== 0 && code !== FC_HWERR) expect.fail(`fault code ${code}`);
          }
          yield* act(as, va);
          yield* as_free(as);
          spaces.delete(as);
        });
      };
      begin(device.user(), (as, va) => as_unmap(as, va, PAGE));
      begin(device.user(), function* (as, va) {
        const child = yield* as_dup(as, 'child');
        if (typeof child !== 'number') begin({ as: child, va }, (twin, at) => as_unmap(twin, at, 2 * PAGE));
      });
      begin(device.user(), function* () {
        yield 'preempt';
        device.failures = 2;
      });
      allEnd(world, () => { if (loaded(world, spaces) > 1) expect.fail('two contexts are loaded'); });
      expectClean(world);
      expect(world.kernel.clock.pending).toBe(0);
    });
  });

  test.each<[string, KernelOptions, number, number[]]>([
    ['is kept for its time where other processors could take it', { ncpus: 2 }, 7, [0, 7, 14]],
    ['is not kept on one processor, where the others cannot run anyway', { ncpus: 1 }, 7, [0, 0, 0]],
    ['is not kept without a timeout', { ncpus: 2 }, 0, [0, 0, 0]],
  ])('%s', (_name, kernel, ticks, changes) => {
    const device = new ContextDevice(new World({}, kernel), ticks);
    const users = [device.user(), device.user(), device.user()];
    for (const { as, va } of users) expect(device.world.fault(as, va, 1, S_WRITE)).toBe(0);
    expect(device.changes).toEqual(changes);
  });

  test('waits cannot be ended by a signal', () => {
    const device = new ContextDevice(new World({}, { ncpus: 2 }), 5);
    const [a, b] = [device.user(), device.user()];
    device.world.fault(a.as, a.va);
    const outcome = device.world.kernel.tryUntilDone('signalled', () => as_fault(b.as, b.va, PAGE, F_INVAL, S_WRITE), { signalPending: () => true });
    expect(outcome).toMatchObject({ status: 'done', value: 0 });
    expect(device.changes).toEqual([0, 5]);
  });

  test('of two devices is two contexts', () => {
    const world = new World({}, { ncpus: 2 });
    const devices = [new ContextDevice(world, 5), new ContextDevice(world, 5)];
    for (const device of devices) {
      const { as, va } = device.user();
      expect(world.fault(as, va)).toBe(0);
    }
    expect(devices.map(({ changes }) => changes)).toEqual([[0], [0]]);
  });
});
