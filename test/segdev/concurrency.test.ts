/**
 * Threads against each other under explored schedules: softlocks and faults of one device, a munmap that sleeps, signals, remap
 * against fault, the making of a mapping, deadlocks. What must hold is checked before every step of the scheduler.
 */
import { describe, expect, test } from 'vitest';
import type { DevmapAccess, DevmapCookie } from '../../src/ddi/index.js';
import { DDI_UMEM_PAGEABLE, DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, ref } from '../../src/ddi/index.js';
import { cv_broadcast, cv_wait, delay, Kcondvar, Kmutex, mutex_enter, mutex_exit, type Kgen, type Kthread } from '../../src/kernel/index.js';
import { devmap_default_access, devmap_devmem_remap, devmap_load, spec_map, type UmemCookie } from '../../src/segdev/index.js';
import {
  as_dup, as_fault, as_free, as_setprot, as_unmap, F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, FC_NOMAP, MAP_FIXED, MAP_SHARED, S_READ, S_WRITE, type As,
} from '../../src/vm/index.js';
import { allEnd, checkFrames, expectClean, outcomes, runChecked, scheduled, underSchedules } from './concurrency-kit.js';
import { accessOps, EIO, exporting, mapChunks, ops, PAGE, umem } from './quirk-kit.js';
import { chunked, Ledger, RU, RWU, World } from './world.js';

const EINTR = 4;
/** Low in its page tables, so that looking at all translations before every step is cheap. */
const FIXED = { addr: 0x4000_0000, flags: MAP_FIXED | MAP_SHARED };
const ADDRESS: number = FIXED.addr;

describe('softlocks and faults through one devmap_access of a device', () => {
  /** What is inside devmap_access, and which softlocks hold. */
  class Watch {
    faults = 0;
    locks = 0;
    readonly access: DevmapAccess;

    constructor() {
      const enter = (type: number): void => {
        if (type === F_INVAL) this.faults++;
        else if (type === F_SOFTLOCK) this.locks++;
      };
      const leave = (type: number): void => {
        if (type === F_INVAL) this.faults--;
        else if (type === F_SOFTUNLOCK) this.locks--;
      };
      this.access = function* (dhp, _pvtp, off, len, type, rw) {
        enter(type);
        yield 'preempt';
        const code = yield* devmap_load(dhp, off, len, type, rw);
        yield 'preempt';
        leave(type);
        return code;
      };
    }

    check(): void {
      if (this.locks > 1 || (this.locks === 1 && this.faults > 0)) expect.fail(`${this.locks} softlocks and ${this.faults} faults at once`);
    }
  }

  test('never meet, in any process; different devices do not wait for each other; all get their turn', () => {
    let bothDevices = false;
    underSchedules(30, (choices) => {
      const world = scheduled(choices);
      const watches = [new Watch(), new Watch()];
      const mapped = watches.flatMap((watch) => {
        const dev = world.device({ devmap: chunked([{ off: 0, len: 4 * PAGE, ops: accessOps(watch.access) }]) });
        return [0, 1].map(() => {
          const as = world.space();
          return { as, va: world.mmap(as, dev, { len: 4 * PAGE }) };
        });
      });
      let done = 0;
      for (const [i, { as, va }] of mapped.entries()) {
        world.kernel.spawn(`fault ${i}`, function* () {
          for (const page of [0, 2]) expect(yield* as_fault(as, va + page * PAGE, PAGE, F_INVAL, S_READ)).toBe(0);
          done++;
        });
        world.kernel.spawn(`lock ${i}`, function* () {
          const [at, len] = [va + PAGE, (1 + (i % 2)) * PAGE];
          expect(yield* as_fault(as, at, len, F_SOFTLOCK, S_WRITE)).toBe(0);
          yield 'preempt';
          expect(yield* as_fault(as, at, len, F_SOFTUNLOCK, S_WRITE)).toBe(0);
          done++;
        });
      }
      allEnd(world, () => {
        for (const watch of watches) watch.check();
        bothDevices ||= watches.every(({ locks }) => locks === 1);
      });
      expect(done).toBe(8);
      for (const { as } of mapped) for (const { locks } of world.entries(as)) expect(locks).toBe(0);
      for (const { softlocked } of world.segdev.slist) expect(softlocked).toBe(0);
      for (const { as } of mapped) world.exit(as);
      expectClean(world);
    });
    expect(bothDevices).toBe(true);
  });

  test('lock pageable kernel memory exactly while they need it', () => {
    underSchedules(25, (choices) => {
      const world = scheduled(choices);
      const cookie = umem(world, 3 * PAGE, DDI_UMEM_PAGEABLE) as UmemCookie;
      const as = world.space();
      const va = world.mmap(as, world.device(exporting(cookie)), { len: 3 * PAGE });
      let locked = 0;
      for (const page of [0, 1, 2]) {
        world.kernel.spawn(`lock ${page}`, function* () {
          expect(yield* as_fault(as, va, (page + 1) * PAGE, F_SOFTLOCK, S_WRITE)).toBe(0);
          locked += page + 1;
          yield 'preempt';
          locked -= page + 1;
          expect(yield* as_fault(as, va, (page + 1) * PAGE, F_SOFTUNLOCK, S_WRITE)).toBe(0);
        });
        world.kernel.spawn(`fault ${page}`, function* () {
          expect(yield* as_fault(as, va + page * PAGE, PAGE, F_INVAL, S_WRITE)).toBe(0);
        });
      }
      allEnd(world, () => {
        if (cookie.locked < locked || (cookie.locked > 0) !== (world.vm.kas.locks(cookie.cvaddr) > 0)) expect.fail(`${locked} pages softlocked, cookie counts ${cookie.locked}`);
      });
      expect([cookie.locked, world.vm.kas.locks(cookie.cvaddr)]).toEqual([0, 0]);
    });
  });
});

describe('who needs softlocked pages unlocked', () => {
  test.each<[string, (as: As, va: number) => Kgen<unknown>]>([
    ['munmap', (as, va) => as_unmap(as, va, 4 * PAGE)], ['munmap of another page', (as, va) => as_unmap(as, va + 3 * PAGE, PAGE)],
    ['mprotect', (as, va) => as_setprot(as, va, PAGE, RU)], ['exit', (as) => as_free(as)],
  ])('%s sleeps until the last softlock has ended, and is woken then', (what, act) => {
    let slept = 0;
    underSchedules(30, (choices) => {
      const world = scheduled(choices);
      const { as, va } = mapChunks(world, [{ off: 0, len: 4 * PAGE }]);
      let held = 0;
      let done = false;
      for (const page of [0, 1]) {
        expect(world.fault(as, va + page * PAGE, 2 * PAGE, S_READ, F_SOFTLOCK)).toBe(0);
        held++;
        world.kernel.spawn(`unlock ${page}`, function* () {
          for (let i = 0; i < 3; i++) yield 'preempt';
          if (done) expect.fail(`${what} did not wait`);
          held--;
          yield* as_fault(as, va + page * PAGE, 2 * PAGE, F_SOFTUNLOCK, S_READ);
        });
      }
      const waiter = world.kernel.spawn(what, function* () {
        yield* act(as, va);
        if (held > 0) expect.fail(`${what} ended under ${held} softlocks`);
        done = true;
      });
      allEnd(world, () => { if (waiter.waitingFor === as.cv) slept++; });
      expect(done).toBe(true);
      if (what === 'munmap') expect(world.fault(as, va)).toBe(FC_NOMAP);
      if (what === 'exit') expectClean(world);
    });
    expect(slept).toBeGreaterThan(0);
  });
});

describe('a signal', () => {
  test('ends the wait for a softlock with EINTR, and only that: whoever was not signalled gets through', () => {
    const seen = outcomes(40, (choices) => {
      const world = scheduled(choices);
      const { as, va } = mapChunks(world, [{ off: 0, len: 4 * PAGE, ops: accessOps(devmap_default_access) }]);
      expect(world.fault(as, va, PAGE, S_READ, F_SOFTLOCK)).toBe(0);
      let signal = false;
      const codes: number[] = [];
      const waiters = [1, 2].map((page): Kthread => world.kernel.spawn(`fault ${page}`, function* () {
        codes[page - 1] = yield* as_fault(as, va + page * PAGE, PAGE, page === 1 ? F_SOFTLOCK : F_INVAL, S_READ);
      }, { signalPending: () => signal && page === 1 }));
      world.kernel.spawn('kill', function* () {
        yield 'preempt';
        signal = true;
        waiters[0]!.interrupt();
      });
      world.kernel.spawn('unlock', function* () {
        yield* as_fault(as, va, PAGE, F_SOFTUNLOCK, S_READ);
      });
      // A first thread that got its lock keeps the second one out.
      const outcome = runChecked(world, () => {});
      if (codes[0] === 0) {
        signal = false;
        world.fault(as, va + PAGE, PAGE, S_READ, F_SOFTUNLOCK);
        world.kernel.run();
      } else {
        expect(outcome.status).toBe('idle');
      }
      expect(codes[1]).toBe(0);
      expect(world.segdev.slist[0]?.softlocked).toBe(0);
      expect(world.munmap(as, va, 4 * PAGE)).toBe(0);
      expectClean(world);
      return String(codes[0]);
    });
    expect([...seen].toSorted()).toEqual(['0', String(FC_MAKE_ERR(EINTR))]);
  });
});

describe('remap', () => {
  test.each([['through devmap_access', devmap_default_access], ['without devmap_access', undefined]])('against faults %s: what is loaded always shows the window of this moment', (_name, access) => {
    const seen = outcomes(40, (choices) => {
      const world = scheduled(choices);
      const { as, va, handles, dev } = mapChunks(world, [{ off: 0, len: 3 * PAGE, flags: DEVMAP_ALLOW_REMAP, ops: access === undefined ? ops({}) : accessOps(access) }], FIXED);
      const child = world.fork(as);
      if (typeof child === 'number') throw new Error('fork failed');
      let refused = 0;
      for (const [i, space] of [as, as, child].entries()) {
        world.kernel.spawn(`fault ${i}`, function* () {
          for (let n = 0; n < 6; n++) {
            const code = yield* as_fault(space, va + ((n + i) % 3) * PAGE, PAGE, F_INVAL, S_READ);
            if (code === FC_NOMAP) refused++;
            else expect(code).toBe(0);
          }
        });
      }
      world.kernel.spawn('remap', function* () {
        for (const [roff, flags] of [[16, 0], [0, DEVMAP_MAPPING_INVALID], [32, 0], [64, 0], [0, DEVMAP_MAPPING_INVALID], [8, 0]] as const) {
          expect(yield* devmap_devmem_remap(handles[0]!, dev.dip, 0, roff * PAGE, 3 * PAGE, 15, flags)).toBe(0);
          if (world.entries(as).length > 0) expect.fail('a remap left translations');
          yield 'preempt';
        }
      });
      allEnd(world, () => checkFrames(world, [as, child]));
      world.exit(child);
      world.exit(as);
      expectClean(world);
      return refused > 0 ? 'some faults met no window' : 'all faults met a window';
    });
    expect(seen.size).toBe(2);
  });
});

describe('a mapping that is being made', () => {
  const watched = (choices: readonly number[], setupWindow: boolean, act: (as: As) => Kgen<number>): string => {
    const world = scheduled(choices, { quirks: { setupWindow } });
    const calls: string[] = [];
    const alive = new Set<DevmapCookie>();
    const callbacks = ops({
      map: function* (dhp): Kgen<number> {
        calls.push((dhp as unknown as { freed: boolean }).freed ? 'map of a freed handle' : 'map');
        yield 'preempt';
        alive.add(dhp);
        return 0;
      },
      access: (dhp, pvtp, off, len, type, rw) => {
        if (!alive.has(dhp)) calls.push('access before map');
        return devmap_default_access(dhp, pvtp, off, len, type, rw);
      },
      unmap: (dhp) => { if (!alive.delete(dhp)) calls.push('unmap before map'); },
    });
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: callbacks }, { off: PAGE, len: PAGE, ops: callbacks }]) });
    const as = world.space();
    let result = 0;
    world.kernel.spawn('mmap', function* () {
      result = yield* spec_map(dev, 0, as, ref(ADDRESS), 2 * PAGE, RWU, 15, 0x11);
    });
    let answer = -1;
    world.kernel.spawn('other', function* () {
      while (as.segs.length === 0) yield 'preempt';
      answer = yield* act(as);
    });
    const outcome = runChecked(world, () => {});
    if (outcome.status !== 'idle') return outcome.status;
    const wrong = calls.filter((call) => call !== 'map');
    return wrong.length > 0 ? wrong.join(', ') : result === 0 ? String(answer) : `mmap ${result}`;
  };
  const fault = (as: As): Kgen<number> => as_fault(as, ADDRESS + PAGE, PAGE, F_INVAL, S_READ);
  const unmap = (as: As): Kgen<number> => as_unmap(as, ADDRESS, 2 * PAGE);

  test('cannot be seen half made: a fault waits and succeeds, munmap ends all of it', () => {
    expect(outcomes(40, (choices) => watched(choices, false, fault))).toEqual(new Set(['0']));
    expect(outcomes(40, (choices) => watched(choices, false, unmap))).toEqual(new Set(['0']));
  });

  test('by the C text faults with FC_NOMAP under some schedule, and munmap frees handles under its feet', () => {
    expect(outcomes(40, (choices) => watched(choices, true, fault))).toContain(String(FC_NOMAP));
    const unmapped = [...outcomes(40, (choices) => watched(choices, true, unmap))];
    expect(unmapped.some((text) => /freed handle|unmap before map/.test(text))).toBe(true);
  });
});

describe('a deadlock is reported with who waits for what', () => {
  test.each(['illumos', 'fixed'] as const)('a second softlock by the same thread (%s)', (mode) => {
    const world = new World({ mode });
    const { as, va } = mapChunks(world, [{ off: 0, len: 2 * PAGE, ops: accessOps(devmap_default_access) }]);
    world.kernel.spawn('twice', function* () {
      yield* as_fault(as, va, PAGE, F_SOFTLOCK, S_READ);
      yield* as_fault(as, va + PAGE, PAGE, F_SOFTLOCK, S_READ);
    });
    expect(world.kernel.run()).toMatchObject({
      status: 'deadlock',
      report: { waits: [{ thread: 'twice', kind: 'cv', on: 'softlock of dev0', owners: [] }], text: 'deadlock:\n  twice waits for cv softlock of dev0, nobody left to signal it' },
    });
  });

  test('munmap of pages whose softlock nobody ends', () => {
    const world = new World();
    const { as, va } = mapChunks(world, [{ off: 0, len: PAGE }]);
    world.fault(as, va, PAGE, S_READ, F_SOFTLOCK);
    expect(() => world.munmap(as, va, PAGE)).toThrow('test waits for cv A1 a_cv, nobody left to signal it');
  });

  test('a driver that waits for a fault of another thread with its mutex held', () => {
    const world = new World();
    const lock = new Kmutex('driver mutex');
    const cv = new Kcondvar('driver cv');
    const { as, va } = mapChunks(world, [{ off: 0, len: 2 * PAGE, ops: accessOps(function* (dhp, _p, off, len, type, rw) {
      yield* mutex_enter(lock);
      if (off === 0) {
        const other = new Kmutex('not the driver mutex');
        yield* mutex_enter(other);
        yield* cv_wait(cv, other);
        mutex_exit(other);
      }
      const code = yield* devmap_load(dhp, off, len, type, rw);
      cv_broadcast(cv);
      mutex_exit(lock);
      return code;
    }) }]);
    for (const page of [0, 1]) {
      world.kernel.spawn(`fault ${page}`, function* () {
        yield* delay(page);
        yield* as_fault(as, va + page * PAGE, PAGE, F_INVAL, S_READ);
      });
    }
    const outcome = world.kernel.run();
    expect(outcome.status === 'deadlock' && outcome.report.text).toBe('deadlock:\n  fault 0 waits for cv driver cv, nobody left to signal it\n  fault 1 waits for mutex driver mutex, held by fault 0');
  });
});

describe('everything at once', () => {
  test('faults, forks, munmaps and exits of processes that share a device leave nothing behind', () => {
    underSchedules(40, (choices) => {
      const world = scheduled(choices);
      const ledger = new Ledger();
      const dup: NonNullable<typeof ledger.ops.dup> = ledger.ops.dup!;
      let forks = 0;
      const callbacks = { ...ledger.ops, dup: ((...a) => (++forks % 5 === 0 ? EIO : dup(...a))) as typeof dup };
      const dev = world.device({ devmap: chunked([{ off: 0, len: 3 * PAGE, ops: callbacks }, { off: 3 * PAGE, len: 3 * PAGE, roff: 32 * PAGE, ops: callbacks, flags: DEVMAP_ALLOW_REMAP }]) });
      const parent = world.space();
      const va = world.mmap(parent, dev, { len: 6 * PAGE, ...FIXED });
      const spaces = new Set<As>([parent]);
      function* life(as: As, depth: number): Kgen<void> {
        for (let n = 0; n < 3; n++) {
          yield* as_fault(as, va + ((n * 2 + depth) % 6) * PAGE, PAGE, F_INVAL, S_READ);
          if (n === depth % 3 && depth < 3) {
            const child = yield* as_dup(as, `${as.name}.${n}`);
            if (typeof child !== 'number') {
              spaces.add(child);
              world.kernel.spawn(child.name, () => life(child, depth + 1));
            }
          }
          yield* as_unmap(as, va + ((n * 3 + depth) % 6) * PAGE, PAGE);
        }
        yield* as_free(as);
        spaces.delete(as);
      }
      world.kernel.spawn('parent', () => life(parent, 0));
      world.kernel.spawn('second thread of the parent', function* () {
        for (let page = 0; page < 6 && spaces.has(parent); page++) yield* as_fault(parent, va + page * PAGE, PAGE, F_INVAL, S_READ);
      });
      allEnd(world, () => checkFrames(world, spaces));
      expect(ledger.errors).toEqual([]);
      expect(ledger.live.size).toBe(0);
      expect(dev.snode.mapcnt).toBe(0);
      expectClean(world);
    });
  });
});
