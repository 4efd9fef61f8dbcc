import { describe, expect, test } from 'vitest';
import type { DevmapAccess, DevmapCookie, DevmapMap } from '../../src/ddi/index.js';
import { seeded } from '../../src/kernel/index.js';
import { devmap_do_ctxmgt, devmap_load, devmap_set_ctx_timeout, devmap_unload, type Quirks } from '../../src/segdev/index.js';
import type { As } from '../../src/vm/index.js';
import { as_fault, F_INVAL, FC_HWERR, S_WRITE } from '../../src/vm/index.js';
import { chunked, World } from './world.js';

const PAGE = 4096;

/** A device that one mapping at a time may use; each keeps it for `ticks`. */
class Exclusive {
  owner: DevmapCookie | undefined;
  fail = false;
  readonly turns: number[] = [];
  readonly world: World;
  readonly #ticks: number;

  constructor(ticks: number, quirks: Partial<Quirks> = {}, ncpus = 2, seed?: number) {
    this.#ticks = ticks;
    this.world = new World({ quirks }, { ncpus, ...(seed === undefined ? {} : { choose: seeded(seed), preemptive: true }) });
  }

  readonly map: DevmapMap = (dhp) => {
    devmap_set_ctx_timeout(dhp, this.#ticks);
    return 0;
  };

  readonly access: DevmapAccess = (dhp, pvtp, off, len, type, rw) => devmap_do_ctxmgt(dhp, pvtp, off, len, type, rw, this.#take);

  readonly #take: DevmapAccess = (dhp, _pvtp, off, len, type, rw) => this.#switch(dhp, off, len, type, rw);

  *#switch(dhp: DevmapCookie, off: number, len: number, type: number, rw: number): Generator<'sleep' | 'preempt', number, void> {
    if (this.fail) return -1;
    this.turns.push(this.world.kernel.lbolt);
    if (this.owner !== undefined && this.owner !== dhp) {
      const code = devmap_unload(this.owner, 0, 0);
      if (code !== 0) return code;
    }
    this.owner = dhp;
    return yield* devmap_load(dhp, off, len, type, rw);
  }

  /** A process that maps the device. */
  user(): { as: As; va: number } {
    const dev = this.#dev ??= this.world.device({ devmap: chunked([{ off: 0, len: 2 * PAGE, ops: { devmap_rev: 1, map: this.map, access: this.access } }]) });
    const as = this.world.space();
    return { as, va: this.world.mmap(as, dev, { len: 2 * PAGE }) };
  }

  #dev: ReturnType<World['device']> | undefined;
}

describe('device context', () => {
  test('moves between processes: never two of them have it loaded', () => {
    const device = new Exclusive(0);
    const users = [device.user(), device.user(), device.user()];
    for (let i = 0; i < 12; i++) {
      const { as, va } = users[(i * 5 + 1) % 3]!;
      expect(device.world.fault(as, va + (i % 2) * PAGE, 1, S_WRITE)).toBe(0);
      expect(users.filter((user) => device.world.entries(user.as).length > 0)).toEqual([users[(i * 5 + 1) % 3]]);
    }
  });

  test('is kept for its timeout when another processor asks', () => {
    const device = new Exclusive(5);
    const [a, b] = [device.user(), device.user()];
    device.world.fault(a.as, a.va);
    device.world.fault(b.as, b.va);
    expect(device.turns).toEqual([0, 5]);
  });

  test('is not kept on a single processor, or without a timeout', () => {
    for (const device of [new Exclusive(5, {}, 1), new Exclusive(0)]) {
      const [a, b] = [device.user(), device.user()];
      device.world.fault(a.as, a.va);
      device.world.fault(b.as, b.va);
      expect(device.turns).toEqual([0, 0]);
    }
  });

  test('that cannot be made is a hardware error, and the next one may try at once', () => {
    const device = new Exclusive(5);
    const [a, b] = [device.user(), device.user()];
    device.fail = true;
    expect(device.world.fault(a.as, a.va)).toBe(FC_HWERR);
    device.fail = false;
    expect(device.world.fault(b.as, b.va)).toBe(0);
    expect(device.turns).toEqual([0]);
  });

  test('goes with its last mapping, together with its timeout', () => {
    const device = new Exclusive(5);
    const a = device.user();
    device.world.fault(a.as, a.va);
    const gone = device.world.traced(['untimeout'], () => device.world.exit(a.as));
    expect(gone).toEqual(['untimeout id=1 left=5']);
    expect([device.world.segdev.ctxlist, device.world.kernel.clock.pending]).toEqual([[], 0]);
  });

  test('without a callback is a hardware error, without devmap_access is reported', () => {
    const world = new World();
    const handles: DevmapCookie[] = [];
    const map: DevmapMap = (dhp) => {
      handles.push(dhp);
      return 0;
    };
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: { devmap_rev: 1, map } }]) });
    world.mmap(world.space(), dev, { len: PAGE });
    expect(world.run(() => devmap_do_ctxmgt(handles[0]!, null, 0, PAGE, 0, 1, null))).toBe(FC_HWERR);
    expect(world.run(() => devmap_do_ctxmgt(handles[0]!, null, 0, PAGE, 0, 1, () => 0))).toBe(0);
    expect(world.run(() => devmap_do_ctxmgt(handles[0]!, null, 0, PAGE, 0, 1, () => 5))).toBe(FC_HWERR);
    expect(world.findings).toEqual(['AC06', 'AC06']);
  });

  test('without devmap_access kills the C text when the callback fails', () => {
    const world = new World({ quirks: { ctxNullDeref: true } });
    const handles: DevmapCookie[] = [];
    const map: DevmapMap = (dhp) => {
      handles.push(dhp);
      return 0;
    };
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: { devmap_rev: 1, map } }]) });
    world.mmap(world.space(), dev, { len: PAGE });
    expect(() => world.run(() => devmap_do_ctxmgt(handles[0]!, null, 0, PAGE, 0, 1, () => 5))).toThrow(/null pointer/);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('under any schedule (seed %i) every fault is served and one process has the device', (seed) => {
    const device = new Exclusive(3, {}, 4, seed);
    const users = [device.user(), device.user(), device.user(), device.user()];
    let served = 0;
    for (const [i, { as, va }] of users.entries()) {
      device.world.kernel.spawn(`user ${i}`, function* () {
        for (let n = 0; n < 5; n++) {
          expect(yield* as_fault(as, va + (n % 2) * PAGE, PAGE, F_INVAL, S_WRITE)).toBe(0);
          expect(users.filter((user) => device.world.entries(user.as).length > 0).length).toBeLessThanOrEqual(1);
          served++;
        }
      });
    }
    expect(device.world.kernel.run().status).toBe('idle');
    expect(served).toBe(20);
  });
});
