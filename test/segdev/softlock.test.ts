import { describe, expect, test } from 'vitest';
import type { DevmapAccess } from '../../src/ddi/index.js';
import { devmap_default_access, devmap_load, devmap_unload } from '../../src/segdev/index.js';
import type { As } from '../../src/vm/index.js';
import { as_fault, as_unmap, F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, FC_NOSUPPORT, hat_probe, S_READ } from '../../src/vm/index.js';
import { chunked, Ledger, RU, RWU, World, type Chunk } from './world.js';

const PAGE = 4096;
const EINTR = 4;

function mapped(chunks: readonly Chunk[], options = {}): { world: World; as: As; va: number; len: number } {
  const world = new World(options);
  const dev = world.device({ devmap: chunked(chunks) });
  const as = world.space();
  const len = chunks.reduce((sum, chunk) => sum + chunk.len, 0);
  return { world, as, va: world.mmap(as, dev, { len }), len };
}

const ops = (access: DevmapAccess): NonNullable<Chunk['ops']> => ({ devmap_rev: 1, access });
const lock = (world: World, as: As, va: number, len: number): number => world.fault(as, va, len, S_READ, F_SOFTLOCK);
const unlock = (world: World, as: As, va: number, len: number): number => world.fault(as, va, len, S_READ, F_SOFTUNLOCK);

/** Nothing of a softlock is left: counts, locks on translations, the device's hold. */
function expectUnlocked(world: World, as: As): void {
  for (const entry of world.entries(as)) expect(entry.locks).toBe(0);
  for (const slock of world.segdev.slist) expect(slock.softlocked).toBe(0);
  for (const seg of as.segs) expect(seg.data).toMatchObject({ softlockcnt: 0, held: [] });
}

describe('a softlock', () => {
  test.each([['with', devmap_default_access], ['without', undefined]])('%s devmap_access locks translations until its unlock', (_name, access) => {
    const { world, as, va } = mapped([{ off: 0, len: 4 * PAGE, ...(access === undefined ? {} : { ops: ops(access) }) }]);
    expect(lock(world, as, va + PAGE, 2 * PAGE)).toBe(0);
    expect(world.entries(as).map(({ locks }) => locks)).toEqual([1, 1]);
    expect(world.mprotectNow(as, va, PAGE, RU)).toBe(11);
    expect(unlock(world, as, va + PAGE, 2 * PAGE)).toBe(0);
    expectUnlocked(world, as);
    expect(world.munmap(as, va, 4 * PAGE)).toBe(0);
  });

  test('of large pages locks whole ones and unlocks the same', () => {
    const { world, as, va } = mapped([{ off: 0, len: 2 ** 22, ops: ops(devmap_default_access) }]);
    expect(lock(world, as, va + PAGE, PAGE)).toBe(0);
    expect(hat_probe(as.hat, va)).toMatchObject({ level: 1, locks: 1 });
    expect(world.segdev.slist[0]?.softlocked).toBe(-512);
    expect(unlock(world, as, va + PAGE, PAGE)).toBe(0);
    expectUnlocked(world, as);
  });

  test('of a mapping that may be remapped is not supported', () => {
    const { world, as, va } = mapped([{ off: 0, len: PAGE, flags: 2 }]);
    expect(lock(world, as, va, PAGE)).toBe(FC_NOSUPPORT);
  });

  test('makes munmap wait until it ends', () => {
    const { world, as, va } = mapped([{ off: 0, len: PAGE }]);
    const order: string[] = [];
    lock(world, as, va, PAGE);
    world.kernel.spawn('unmapper', function* () {
      yield* as_unmap(as, va, PAGE);
      order.push('unmapped');
    });
    world.run(function* () {
      for (let i = 0; i < 5; i++) yield 'preempt';
      order.push('unlocking');
      yield* as_fault(as, va, PAGE, F_SOFTUNLOCK, S_READ);
    });
    world.kernel.run();
    expect(order).toEqual(['unlocking', 'unmapped']);
    expect(world.segdev.live.handle).toBe(0);
  });

  test('keeps other faults and softlocks of its device out, in every process, until it ends', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 4 * PAGE, ops: ops(devmap_default_access) }]) });
    const [a, b, c] = [world.space(), world.space(), world.space()];
    const [va, vb, vc] = [a, b, c].map((as) => world.mmap(as, dev, { len: 4 * PAGE }));
    lock(world, a, va!, PAGE);
    const done: string[] = [];
    const faulter = (name: string, as: As, at: number): void => {
      world.kernel.spawn(name, function* () {
        expect(yield* as_fault(as, at, PAGE, F_INVAL, S_READ)).toBe(0);
        done.push(name);
      });
    };
    faulter('b', b, vb!);
    faulter('c', c, vc! + PAGE);
    expect(world.kernel.run().status).toBe('deadlock');
    expect(done).toEqual([]);
    unlock(world, a, va!, PAGE);
    world.kernel.run();
    // Both go on at once: faults do not exclude each other.
    expect(done.toSorted()).toEqual(['b', 'c']);
    expectUnlocked(world, a);
  });

  test('wait ends with EINTR when a signal comes', () => {
    const { world, as, va } = mapped([{ off: 0, len: 2 * PAGE, ops: ops(devmap_default_access) }]);
    lock(world, as, va, PAGE);
    const outcome = world.kernel.tryUntilDone('signalled', () => as_fault(as, va + PAGE, PAGE, F_INVAL, S_READ), { signalPending: () => true });
    expect(outcome).toMatchObject({ status: 'done', value: FC_MAKE_ERR(EINTR) });
    unlock(world, as, va, PAGE);
    expectUnlocked(world, as);
  });

  test('with the C text wakes one of two waiting faults; the second stays asleep', () => {
    const count = (softlockWakesOne: boolean): number => {
      const { world, as, va } = mapped([{ off: 0, len: 4 * PAGE, ops: ops(function* (dhp, _p, off, len, type, rw) {
        // The first one woken holds on for a while.
        return yield* devmap_load(dhp, off, len, type, rw);
      }) }], { quirks: { softlockWakesOne } });
      lock(world, as, va, PAGE);
      let done = 0;
      for (const page of [1, 2]) {
        world.kernel.spawn(`fault ${page}`, function* () {
          yield* as_fault(as, va + page * PAGE, PAGE, F_INVAL, S_READ);
          done++;
        });
      }
      world.kernel.run();
      unlock(world, as, va, PAGE);
      world.kernel.run(() => done === 2);
      return done;
    };
    expect(count(false)).toBe(2);
    // Its own end wakes the next: the C text gets there one by one.
    expect(count(true)).toBe(2);
  });
});

describe('a softlock that fails half-way leaves nothing locked', () => {
  const refusing = (from: number): DevmapAccess => function* (dhp, _pvtp, off, len, type, rw) {
    return off >= from && type === F_SOFTLOCK ? 5 : yield* devmap_load(dhp, off, len, type, rw);
  };

  test('over plain and interposed handles', () => {
    const { world, as, va } = mapped([
      { off: 0, len: 4 * PAGE }, { off: 4 * PAGE, len: PAGE, ops: ops(refusing(0)) },
    ]);
    expect(lock(world, as, va, 5 * PAGE)).not.toBe(0);
    expectUnlocked(world, as);
    expect(world.munmap(as, va, 5 * PAGE)).toBe(0);
  });

  test('over interposed handles, and the driver hears the unlock of what it locked', () => {
    const access = refusing(2 * PAGE);
    const { world, as, va } = mapped([{ off: 0, len: 2 * PAGE, ops: ops(access) }, { off: 2 * PAGE, len: 2 * PAGE, ops: ops(access) }]);
    const asked = world.traced(['drv.access.enter'], () => lock(world, as, va, 4 * PAGE));
    expect(asked.map((line) => / type=(\S+)/.exec(line)?.[1])).toEqual(['SOFTLOCK', 'SOFTLOCK', 'SOFTUNLOCK']);
    expectUnlocked(world, as);
    expect(lock(world, as, va, PAGE)).toBe(0);
  });

  test('over large pages', () => {
    const access = refusing(2 ** 21);
    const { world, as, va } = mapped([{ off: 0, len: 2 ** 21, ops: ops(access) }, { off: 2 ** 21, len: 2 ** 21, ops: ops(access) }]);
    expect(lock(world, as, va + PAGE, 2 ** 21)).not.toBe(0);
    expectUnlocked(world, as);
  });

  test('after the C text, the device stays locked or the kernel stops', () => {
    const { world, as, va } = mapped([
      { off: 0, len: 4 * PAGE }, { off: 4 * PAGE, len: PAGE, ops: ops(refusing(0)) },
    ], { quirks: { softlockOverRelease: true } });
    expect(() => lock(world, as, va, 5 * PAGE)).toThrow(/slpage >= btopr/);
  });
});

describe('a driver that plays foul with softlocks', () => {
  test('answers a lock without loading: reported, and the unlock finds nothing to undo', () => {
    const { world, as, va } = mapped([{ off: 0, len: PAGE, ops: ops(() => 0) }]);
    expect(lock(world, as, va, PAGE)).toBe(0);
    expect(unlock(world, as, va, PAGE)).toBe(0);
    expect(world.findings).toEqual(['AC02']);
    expectUnlocked(world, as);
    expect(world.munmap(as, va, PAGE)).toBe(0);
  });

  test('ignores the unlock: reported, and unlocked for it', () => {
    const { world, as, va } = mapped([{ off: 0, len: PAGE, ops: ops(function* (dhp, _p, off, len, type, rw) {
      return type === F_SOFTUNLOCK ? 0 : yield* devmap_load(dhp, off, len, type, rw);
    }) }]);
    lock(world, as, va, PAGE);
    expect(unlock(world, as, va, PAGE)).toBe(0);
    expect(world.findings).toEqual(['AC02']);
    expectUnlocked(world, as);
  });

  test('unloads softlocked pages: refused', () => {
    const ledger = new Ledger();
    const { world, as, va } = mapped([{ off: 0, len: 2 * PAGE, ops: ledger.ops }]);
    lock(world, as, va, PAGE);
    const [dhp] = ledger.live.keys();
    expect(devmap_unload(dhp!, 0, PAGE)).toBe(FC_MAKE_ERR(16));
    expect(devmap_unload(dhp!, PAGE, PAGE)).toBe(0);
    expect(world.findings).toEqual(['AC11']);
    expect(hat_probe(as.hat, va)?.locks).toBe(1);
  });

  test('the end of a softlock that never was is reported and does nothing', () => {
    const { world, as, va } = mapped([{ off: 0, len: PAGE }]);
    expect(unlock(world, as, va, PAGE)).toBe(0);
    expect(world.findings).toEqual(['AC02']);
    expect(RWU).toBe(11);
  });
});
