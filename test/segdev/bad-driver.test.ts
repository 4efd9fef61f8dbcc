/**
 * Drivers that answer nonsense: the call gets what the contract says, the trace names the rule that was broken, nothing leaks, and
 * the same machine serves a correct driver afterwards.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { CbOps, DevmapCookie } from '../../src/ddi/index.js';
import { DDI_FAILURE, DDI_SUCCESS, DEVMAP_ALLOW_REMAP, IOMEM_DATA_UNCACHED, ref } from '../../src/ddi/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import {
  ddi_umem_free, ddi_umem_unlock, devmap_default_access, devmap_devmem_remap, devmap_devmem_setup, devmap_do_ctxmgt, devmap_load, devmap_pmem_alloc,
  devmap_pmem_free, devmap_pmem_setup, devmap_set_ctx_timeout, devmap_umem_remap, devmap_umem_setup, devmap_unload, umem_lockmemory,
  type DdiUmemCookie, type DevmapPmemCookie,
} from '../../src/segdev/index.js';
import { as_fault, F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, FC_HWERR, FC_MAKE_ERR, S_READ } from '../../src/vm/index.js';
import { accessOps, exporting, inKernel, mapChunks, outcome, PAGE, umem } from './quirk-kit.js';
import { chunked, Ledger, reg, World } from './world.js';

const [EIO, ENXIO, EBUSY, EINVAL] = [5, 6, 16, 22];
const NONSENSE: readonly [string, number][] = [
  ['negative', -PAGE], ['not whole pages', 100], ['a fraction', 0.5], ['not a number', NaN], ['without end', Infinity], ['beyond all numbers', 2 ** 63], ['beyond exact numbers', 2 ** 53 + PAGE],
];

let last: World | undefined;
function world(): World {
  last = new World();
  return last;
}

afterEach(() => {
  if (last === undefined) return;
  // The machine goes on: a correct driver is mapped, used and unmapped, and all of it is gone again.
  const before = { ...last.segdev.live };
  const ledger = new Ledger();
  const dev = last.device({ devmap: chunked([{ off: 0, len: 4 * PAGE, ops: ledger.ops }]) }, [reg(2 ** 40, 16 * PAGE)], 'good');
  const as = last.space();
  const va = last.mmap(as, dev, { len: 4 * PAGE });
  expect(last.touchAll(as, va, 4 * PAGE)).toBe(4);
  last.exit(as);
  expect(ledger.errors).toEqual([]);
  expect(last.segdev.live).toEqual(before);
  last = undefined;
});

/** mmap of four pages of a device that has sixteen; what it answered and which rules were broken. */
function mmapOf(devmap: NonNullable<CbOps['devmap']>): [number, string[]] {
  const w = world();
  const dev = w.device({ devmap }, [reg(2 ** 33, 16 * PAGE)]);
  const as = w.space();
  const result = w.mmap(as, dev, { len: 4 * PAGE });
  expect([as.segs.length, dev.snode.mapcnt]).toEqual(result < 0 ? [0, 0] : [1, 4]);
  w.exit(as);
  expect(w.segdev.live).toMatchObject({ handle: 0, segdata: 0, vpage: 0 });
  return [Math.min(result, 1), w.findings];
}

describe('devmap(9E)', () => {
  test.each([...NONSENSE, ['zero', 0] as const])('answers a length that is %s: EINVAL, DM03', (_name, maplen) => {
    expect(mmapOf((dev, dhp, off, len, answer) => {
      answer.value = maplen;
      return devmap_devmem_setup(dhp, dev.dip, null, 0, off, len, 15, 0);
    })).toEqual([-EINVAL, ['DM03']]);
  });

  test.each(NONSENSE)('sets registers up at an offset that is %s: DDI_FAILURE, DM13', (_name, roff) => {
    const results: number[] = [];
    expect(mmapOf((dev, dhp, _off, len, maplen) => {
      results.push(devmap_devmem_setup(dhp, dev.dip, null, 0, roff, len, 15, 0));
      maplen.value = len;
      return ENXIO;
    })).toEqual([-ENXIO, ['DM13']]);
    expect(results).toEqual([DDI_FAILURE]);
  });

  test.each([['zero', 0], ...NONSENSE.filter(([name]) => name !== 'not whole pages' && name !== 'a fraction')] as const)('sets registers up with a length that is %s: DDI_FAILURE, DM13', (_name, bytes) => {
    const results: number[] = [];
    expect(mmapOf((dev, dhp, off, len, maplen) => {
      results.push(devmap_devmem_setup(dhp, dev.dip, null, 0, off, bytes, 15, 0));
      maplen.value = len;
      return ENXIO;
    })).toEqual([-ENXIO, ['DM13']]);
    expect(results).toEqual([DDI_FAILURE]);
  });

  test.each(NONSENSE)('sets memory up at an offset that is %s: DDI_FAILURE, DM14', (_name, off) => {
    const w = world();
    const cookie = umem(w, 8 * PAGE);
    const memory = exporting(cookie, { off });
    expect(w.mmap(w.space(), w.device(memory), { len: PAGE })).toBe(-ENXIO);
    expect([memory.results, w.findings]).toEqual([[DDI_FAILURE], ['DM14']]);
    inKernel(w, () => ddi_umem_free(cookie));
  });

  test.each<[string, (w: World) => DdiUmemCookie | null, string[]]>([
    ['null', () => null, ['DM14']],
    ['of another kind', () => ({ opaque: 'ddi_umem_cookie_t' }), ['DM14']],
    ['freed', (w) => {
      const cookie = umem(w, PAGE);
      inKernel(w, () => ddi_umem_free(cookie));
      return cookie;
    }, ['DM14']],
  ])('sets memory up with a cookie that is %s: DDI_FAILURE', (_name, make, rules) => {
    const w = world();
    const memory = exporting(make(w));
    expect(w.mmap(w.space(), w.device(memory), { len: PAGE })).toBe(-ENXIO);
    expect([memory.results, w.findings]).toEqual([[DDI_FAILURE], rules]);
  });

  test('sets a handle up twice, once as registers and once as memory: the first holds, DM02', () => {
    const w = world();
    const cookie = umem(w, 4 * PAGE);
    const results: number[] = [];
    const dev = w.device({ devmap: (d, dhp, off, len, maplen) => {
      maplen.value = len;
      results.push(devmap_devmem_setup(dhp, d.dip, null, 0, off, len, 15, 0), devmap_umem_setup(dhp, d.dip, null, cookie, 0, len, 15, 0));
      return 0;
    } });
    const as = w.space();
    const va = w.mmap(as, dev, { len: PAGE });
    expect(w.fault(as, va)).toBe(0);
    expect(w.entries(as)[0]?.pfn).toBe(0x20_0000);
    expect([results, w.findings]).toEqual([[DDI_SUCCESS, DDI_FAILURE], ['DM02']]);
    w.exit(as);
    inKernel(w, () => ddi_umem_free(cookie));
  });

  test('forgets one handle of several: ENXIO, DM02, and the others go without callbacks', () => {
    const ledger = new Ledger();
    const first = chunked([{ off: 0, len: PAGE, ops: ledger.ops }]);
    expect(mmapOf((dev, dhp, off, len, maplen, model) => {
      maplen.value = len;
      return off === 0 ? first(dev, dhp, off, len, maplen, model) : 0;
    })).toEqual([-ENXIO, ['DM02']]);
    expect(ledger.errors).toEqual([]);
  });

  test('is asked again with what a bad answer left: every mmap fails the same way', () => {
    const w = world();
    const dev = w.device({ devmap: () => 0 });
    const as = w.space();
    for (let i = 0; i < 3; i++) expect(w.mmap(as, dev, { len: PAGE })).toBe(-ENXIO);
    expect(w.findings).toEqual(['DM02', 'DM02', 'DM02']);
    expect(w.segdev.live.handle).toBe(0);
  });
});

describe('a handle that is gone', () => {
  const calls: Readonly<Record<string, (dhp: DevmapCookie, w: World, dip: never) => unknown>> = {
    devmap_load: (dhp, w) => w.run(() => devmap_load(dhp, 0, PAGE, F_INVAL, S_READ)),
    devmap_default_access: (dhp, w) => w.run(() => devmap_default_access(dhp, null, 0, PAGE, F_INVAL, S_READ)),
    devmap_unload: (dhp, w) => inKernel(w, () => devmap_unload(dhp, 0, PAGE)),
    devmap_do_ctxmgt: (dhp, w) => w.run(() => devmap_do_ctxmgt(dhp, null, 0, PAGE, F_INVAL, S_READ, () => 0)),
    devmap_set_ctx_timeout: (dhp, w) => inKernel(w, () => devmap_set_ctx_timeout(dhp, 5)),
    devmap_devmem_setup: (dhp, _w, dip) => devmap_devmem_setup(dhp, dip, null, 0, 0, PAGE, 15, 0),
    devmap_umem_setup: (dhp, _w, dip) => devmap_umem_setup(dhp, dip, null, null, 0, PAGE, 15, 0),
    devmap_pmem_setup: (dhp, _w, dip) => devmap_pmem_setup(dhp, dip, null, null, 0, PAGE, 15, 0),
    devmap_devmem_remap: (dhp, w, dip) => w.run(() => devmap_devmem_remap(dhp, dip, 0, 0, PAGE, 15, 0)),
    devmap_umem_remap: (dhp, w, dip) => w.run(() => devmap_umem_remap(dhp, dip, null, 0, PAGE, 15, 0)),
  };
  const answers: Readonly<Record<string, unknown>> = {
    devmap_load: FC_MAKE_ERR(EINVAL), devmap_default_access: FC_MAKE_ERR(EINVAL), devmap_unload: FC_MAKE_ERR(EINVAL), devmap_do_ctxmgt: FC_HWERR, devmap_set_ctx_timeout: undefined,
    devmap_devmem_setup: DDI_FAILURE, devmap_umem_setup: DDI_FAILURE, devmap_pmem_setup: DDI_FAILURE, devmap_devmem_remap: DDI_FAILURE, devmap_umem_remap: DDI_FAILURE,
  };

  test.each(Object.keys(calls))('after munmap: %s fails with AC11', (name) => {
    const w = world();
    const { as, va, handles, dev } = mapChunks(w, [{ off: 0, len: PAGE, flags: DEVMAP_ALLOW_REMAP }]);
    w.munmap(as, va, PAGE);
    expect(calls[name]!(handles[0]!, w, dev.dip as never)).toBe(answers[name]);
    expect(w.findings).toEqual(['AC11']);
  });

  test.each(Object.keys(calls))('or never was one: %s fails with AC11', (name) => {
    const w = world();
    const { dev } = mapChunks(w, [{ off: 0, len: PAGE }]);
    expect(inKernel(w, () => outcome(() => (name.endsWith('setup') ? calls[name]!({ opaque: 'devmap_cookie_t' }, w, dev.dip as never) : answers[name])))).toBe(answers[name]);
    if (name.endsWith('setup')) expect(w.findings).toEqual(['AC11']);
    else expect(calls[name]!({ opaque: 'devmap_cookie_t' }, w, dev.dip as never)).toBe(answers[name]);
    expect(w.findings).toEqual(['AC11']);
  });

  test('because its mmap failed is gone, too', () => {
    const w = world();
    const kept: DevmapCookie[] = [];
    const dev = w.device({ devmap: (d, dhp, off, len, maplen) => {
      kept.push(dhp);
      maplen.value = len;
      return devmap_devmem_setup(dhp, d.dip, null, 0, off, len, 15, 0) === DDI_SUCCESS ? EIO : 0;
    } });
    expect(w.mmap(w.space(), dev, { len: PAGE })).toBe(-ENXIO);
    expect(inKernel(w, () => devmap_unload(kept[0]!, 0, PAGE))).toBe(FC_MAKE_ERR(EINVAL));
    expect(w.findings).toEqual(['AC11']);
  });
});

describe('devmap_load and devmap_unload', () => {
  test.each(NONSENSE.filter(([name]) => name !== 'not whole pages' && name !== 'a fraction'))('with an offset or length that is %s: EINVAL, and nothing is loaded', (_name, bad) => {
    const w = world();
    let request: [number, number] = [0, 0];
    const { as, va, handles } = mapChunks(w, [{ off: 0, len: 4 * PAGE, ops: accessOps((dhp, _p, _off, _len, type, rw) => devmap_load(dhp, ...request, type, rw)) }]);
    for (const bounds of [[bad, PAGE], [0, bad]] as const) {
      request = [...bounds];
      expect(w.fault(as, va)).toBe(FC_MAKE_ERR(EINVAL));
      expect(inKernel(w, () => devmap_unload(handles[0]!, ...request))).toBe(FC_MAKE_ERR(EINVAL));
    }
    expect(w.entries(as)).toEqual([]);
    w.exit(as);
  });

  test('for another process: load is EINVAL without its lock, unload works', () => {
    const w = world();
    const parent = mapChunks(w, [{ off: 0, len: PAGE, ops: accessOps(devmap_default_access) }]);
    const other = mapChunks(w, [{ off: 0, len: PAGE, ops: accessOps((_dhp, _p, off, len, type, rw) => devmap_load(parent.handles[0]!, off, len, type, rw)) }]);
    expect(w.fault(other.as, other.va)).toBe(FC_MAKE_ERR(EINVAL));
    expect(w.entries(parent.as)).toEqual([]);
    expect(w.fault(parent.as, parent.va)).toBe(0);
    expect(inKernel(w, () => devmap_unload(parent.handles[0]!, 0, 0))).toBe(0);
    expect(w.entries(parent.as)).toEqual([]);
    w.exit(parent.as);
    w.exit(other.as);
  });

  test('with a fault type that does not exist: EINVAL', () => {
    const w = world();
    const { as, va } = mapChunks(w, [{ off: 0, len: PAGE, ops: accessOps((dhp, _p, off, len, _type, rw) => devmap_load(dhp, off, len, 7, rw)) }]);
    expect(w.fault(as, va)).toBe(FC_MAKE_ERR(EINVAL));
    w.exit(as);
  });

  test('unload of softlocked pages is EBUSY and AC11, of the others beside them it is not', () => {
    const w = world();
    const { as, va, handles } = mapChunks(w, [{ off: 0, len: 3 * PAGE }]);
    w.fault(as, va, 3 * PAGE);
    w.fault(as, va + PAGE, PAGE, S_READ, F_SOFTLOCK);
    expect([[0, PAGE], [PAGE, PAGE], [0, 0], [2 * PAGE, PAGE]].map(([off, len]) => inKernel(w, () => devmap_unload(handles[0]!, off!, len!)))).toEqual([0, FC_MAKE_ERR(EBUSY), FC_MAKE_ERR(EBUSY), 0]);
    expect(w.findings).toEqual(['AC11', 'AC11']);
    w.fault(as, va + PAGE, PAGE, S_READ, F_SOFTUNLOCK);
    w.exit(as);
  });
});

describe('devmap_access', () => {
  test.each([[-1, FC_HWERR], [EIO + 100, FC_MAKE_ERR(EIO + 100)], [NaN, FC_HWERR], [0x10000, FC_HWERR], [-77, FC_HWERR], [0.5, FC_HWERR], [Infinity, FC_HWERR]])('answers %d: fault code %d, AC04', (answer, code) => {
    const w = world();
    const { as, va } = mapChunks(w, [{ off: 0, len: PAGE, ops: accessOps(() => answer) }]);
    expect(w.fault(as, va)).toBe(code);
    expect(w.findings).toEqual(['AC04']);
    w.exit(as);
  });

  test('unmaps nothing, maps nothing and answers 0: the access faults again, and can still be unmapped', () => {
    const w = world();
    const { as, va } = mapChunks(w, [{ off: 0, len: PAGE, ops: accessOps(() => 0) }]);
    for (let i = 0; i < 3; i++) expect(w.fault(as, va)).toBe(0);
    expect(w.entries(as)).toEqual([]);
    w.exit(as);
    expect(w.segdev.live.handle).toBe(0);
  });

  test('unlocks what it never locked: AC02, and munmap does not wait for it', () => {
    const w = world();
    const { as, va } = mapChunks(w, [{ off: 0, len: 2 * PAGE, ops: accessOps(function* (dhp, _p, off, len, _type, rw): Kgen<number> {
      return yield* devmap_load(dhp, off, len, F_SOFTUNLOCK, rw);
    }) }]);
    expect(w.run(() => as_fault(as, va, PAGE, F_SOFTLOCK, S_READ))).toBe(0);
    expect(w.fault(as, va, PAGE, S_READ, F_SOFTUNLOCK)).toBe(0);
    expect(w.findings).toEqual(['AC02']);
    expect(w.munmap(as, va, 2 * PAGE)).toBe(0);
  });
});

describe('remap', () => {
  const remappable = (w: World): { dhp: DevmapCookie; dip: never; as: ReturnType<World['space']>; va: number } => {
    const { handles, dev, as, va } = mapChunks(w, [{ off: 0, len: 2 * PAGE, flags: DEVMAP_ALLOW_REMAP }]);
    w.fault(as, va, 2 * PAGE);
    return { dhp: handles[0]!, dip: dev.dip as never, as, va };
  };

  test.each(NONSENSE)('to an offset that is %s: DDI_FAILURE, and what was there stays', (_name, off) => {
    const w = world();
    const { dhp, dip, as } = remappable(w);
    const cookie = umem(w, 8 * PAGE);
    expect(w.run(() => devmap_devmem_remap(dhp, dip, 0, off, 2 * PAGE, 15, 0))).toBe(DDI_FAILURE);
    expect(w.run(() => devmap_umem_remap(dhp, dip, cookie, off, 2 * PAGE, 15, 0))).toBe(DDI_FAILURE);
    expect(w.findings).toEqual(['RM01', 'DM14']);
    expect(w.entries(as).map(({ pfn }) => pfn)).toEqual([0x20_0000, 0x20_0001]);
    w.exit(as);
    inKernel(w, () => ddi_umem_free(cookie));
  });

  test.each([0, PAGE, -PAGE, NaN, 2 ** 40, Infinity])('to %d bytes: DDI_FAILURE, and what was there stays', (len) => {
    const w = world();
    const { dhp, dip, as } = remappable(w);
    const cookie = umem(w, 8 * PAGE);
    expect(w.run(() => devmap_devmem_remap(dhp, dip, 0, 0, len, 15, 0))).toBe(DDI_FAILURE);
    expect(w.run(() => devmap_umem_remap(dhp, dip, cookie, 0, len, 15, 0))).toBe(DDI_FAILURE);
    expect(w.entries(as).length).toBe(2);
    w.exit(as);
    inKernel(w, () => ddi_umem_free(cookie));
  });

  test('of a handle that was not set up for it: DDI_FAILURE, RM01', () => {
    const w = world();
    const { handles, dev, as } = mapChunks(w, [{ off: 0, len: PAGE }]);
    expect(w.run(() => devmap_devmem_remap(handles[0]!, dev.dip, 0, 0, PAGE, 15, 0))).toBe(DDI_FAILURE);
    expect(w.findings).toEqual(['RM01']);
    w.exit(as);
  });
});

describe('memory', () => {
  test('freed twice, or still mapped, is UM01; unlocked twice, or never locked, UM03', () => {
    const w = world();
    const cookie = umem(w, PAGE);
    inKernel(w, () => {
      ddi_umem_free(cookie);
      ddi_umem_free(cookie);
      ddi_umem_unlock(cookie);
    });
    expect(w.findings).toEqual(['UM01', 'UM03']);
  });

  test('of ddi_umem_lock that is freed instead of unlocked is unlocked', () => {
    const w = world();
    const { as, va } = mapChunks(w, [{ off: 0, len: PAGE }]);
    const cookie = ref<DdiUmemCookie | null>(null);
    expect(w.run(() => umem_lockmemory(as, va, PAGE, 1, cookie))).toBe(0);
    inKernel(w, () => ddi_umem_free(cookie.value));
    w.kernel.run();
    expect(w.munmap(as, va, PAGE)).toBe(0);
    expect(w.segdev.live.cookie).toBe(0);
  });

  test('pages freed while mapped stay until the last handle is gone, forks included: UM01', () => {
    const w = world();
    const cookie = ref<DevmapPmemCookie | null>(null);
    inKernel(w, () => devmap_pmem_alloc(2 * PAGE, 0, cookie));
    const dev = w.device({ devmap: (d, dhp, off, len, maplen) => {
      maplen.value = len;
      return devmap_pmem_setup(dhp, d.dip, null, cookie.value, off, len, 15, IOMEM_DATA_UNCACHED);
    } });
    const as = w.space();
    const va = w.mmap(as, dev, { len: 2 * PAGE });
    const child = w.fork(as);
    if (typeof child === 'number') throw new Error('fork failed');
    const free = (): boolean => cookie.value!.pparray.every((pfn) => w.vm.pages.references(pfn) === 0);
    inKernel(w, () => devmap_pmem_free(cookie.value!));
    expect(w.findings).toEqual(['UM01']);
    w.munmap(as, va, PAGE);
    w.exit(as);
    expect([free(), w.fault(child, va)]).toEqual([false, 0]);
    w.exit(child);
    expect(free()).toBe(true);
  });

  test('pages freed twice are UM01, and pages that are gone cannot be set up', () => {
    const w = world();
    const cookie = ref<DevmapPmemCookie | null>(null);
    expect(inKernel(w, () => [0, -1, NaN, 2 ** 40].map((size) => devmap_pmem_alloc(size, 0, cookie)))).toEqual(Array(4).fill(DDI_FAILURE));
    inKernel(w, () => devmap_pmem_alloc(PAGE, 0, cookie));
    const used = w.vm.pages.used;
    inKernel(w, () => {
      devmap_pmem_free(cookie.value!);
      devmap_pmem_free(cookie.value!);
    });
    expect(w.findings).toEqual(['UM01']);
    expect(w.vm.pages.used).toBe(used - 1);
    const results: number[] = [];
    const dev = w.device({ devmap: (d, dhp, off, len, maplen) => {
      maplen.value = len;
      results.push(devmap_pmem_setup(dhp, d.dip, null, cookie.value, off, len, 15, IOMEM_DATA_UNCACHED));
      return results[0] === DDI_SUCCESS ? 0 : ENXIO;
    } });
    expect(w.mmap(w.space(), dev, { len: PAGE })).toBe(-ENXIO);
    expect(results).toEqual([DDI_FAILURE]);
  });
});
