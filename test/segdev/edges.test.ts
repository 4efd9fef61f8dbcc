/** Corners of segdev: no room, addresses asked for, registers behind /proc, page memory that is invalid at first, books of locked pages. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asPaddr } from '../../src/base/index.js';
import type { DevmapAccess, DevmapCookie } from '../../src/ddi/index.js';
import { DDI_FAILURE, DDI_SUCCESS, DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, IOMEM_DATA_UNCACHED, ref } from '../../src/ddi/index.js';
import {
  devmap_do_ctxmgt, devmap_load, devmap_pmem_alloc, devmap_pmem_free, devmap_pmem_remap, devmap_pmem_setup, devmap_set_ctx_timeout, segdev_copyfrom, segdev_copyto,
  type DevmapPmemCookie,
} from '../../src/segdev/index.js';
import { LockedRanges } from '../../src/segdev/locked-ranges.js';
import { F_SOFTLOCK, F_SOFTUNLOCK, FC_HWERR, FC_MAKE_ERR, FC_NOMAP, hat_probe, S_READ, S_WRITE } from '../../src/vm/index.js';
import { runs } from '../oracle/runs.js';
import { accessOps, DEVICE_PFN, inKernel, mapChunks, ops, PAGE } from './quirk-kit.js';
import { chunked, RU, RWU, World } from './world.js';

const [ENOMEM, EINVAL, EFAULT] = [12, 22, 14];
const ADDRESS = 0x4000_0000;
const FIXED = 0x11;

describe('where a mapping goes', () => {
  /** A device with mmap(9E) only. */
  const old = (world: World): ReturnType<World['device']> => world.device({ flag: 0, mmap: (_dev, off) => DEVICE_PFN + off / PAGE });

  test('an old mapping takes the address it is offered when that is free, else another one', () => {
    const world = new World();
    const dev = old(world);
    const as = world.space();
    expect(world.mmap(as, dev, { len: 2 * PAGE, addr: ADDRESS })).toBe(ADDRESS);
    const elsewhere = world.mmap(as, dev, { len: 2 * PAGE, addr: ADDRESS + PAGE });
    expect(elsewhere).not.toBe(ADDRESS + PAGE);
    expect([world.fault(as, ADDRESS), world.fault(as, elsewhere)]).toEqual([0, 0]);
  });

  test('an old mapping with MAP_FIXED ends what was there', () => {
    const world = new World();
    const dev = old(world);
    const as = world.space();
    world.mmap(as, dev, { len: 3 * PAGE, addr: ADDRESS, flags: FIXED });
    world.fault(as, ADDRESS, 3 * PAGE);
    expect(world.mmap(as, dev, { len: PAGE, off: 8 * PAGE, addr: ADDRESS + PAGE, flags: FIXED })).toBe(ADDRESS + PAGE);
    expect(world.entries(as).map(({ base }) => base)).toEqual([ADDRESS, ADDRESS + 2 * PAGE]);
    world.fault(as, ADDRESS, 3 * PAGE);
    expect(world.entries(as).map(({ pfn }) => pfn - DEVICE_PFN)).toEqual([0, 8, 2]);
    expect(dev.snode.mapcnt).toBe(3);
  });

  test('without room is ENOMEM, in both kinds of mapping, and nothing is left', () => {
    const world = new World();
    world.trace.on = false;
    const dev = world.device({ devmap: chunked([{ off: 0, len: 2 ** 39, ops: ops({}) }]) }, [{ base: asPaddr(2 ** 41), size: 2 ** 39 }]);
    const as = world.space();
    expect(world.mmap(as, dev, { len: 2 ** 39 })).toBe(-ENOMEM);
    world.tree.inject = (point) => (point === 'choose' ? 1 : 0);
    expect(world.mmap(as, old(world), { len: PAGE })).toBe(-ENOMEM);
    expect(as.segs).toEqual([]);
    expect(world.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
    world.tree.inject = () => 0;
    expect(world.mmap(as, old(world), { len: PAGE })).toBeGreaterThan(0);
  });

  test('a mapping offset so that its longest handle can use large pages counts from the head of the chain', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 3 * PAGE, roff: 0x10_0000 }, { off: 3 * PAGE, len: 2 ** 21, roff: 0x20_0000 }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 3 * PAGE + 2 ** 21 });
    expect((va + 3 * PAGE) % 2 ** 21).toBe(0);
    expect(world.touchAll(as, va, 3 * PAGE + 2 ** 21)).toBe(4);
  });
});

describe('/proc', () => {
  test('reads and writes registers byte by byte through their window, and reports widths they do not answer', () => {
    const world = new World();
    const bytes = new Uint8Array(8);
    world.bus.attachRegisters({ name: 'regs', base: asPaddr(DEVICE_PFN * PAGE), size: 8, sizes: [1], window: {
      read: (offset) => BigInt(bytes[offset]!), write: (offset, _size, value) => { bytes[offset] = Number(value); },
    } });
    world.bus.attachRegisters({ name: 'words', base: asPaddr((DEVICE_PFN + 1) * PAGE), size: 8, sizes: [4], window: { read: () => 0n, write: () => {} } });
    const { as, va } = mapChunks(world, [{ off: 0, len: 2 * PAGE }]);
    world.fault(as, va, 2 * PAGE);
    const seg = as.segs[0]!;
    expect(segdev_copyto(seg, va + 2, new Uint8Array([1, 2, 3]))).toBe(0);
    expect([...bytes]).toEqual([0, 0, 1, 2, 3, 0, 0, 0]);
    const read = new Uint8Array(4);
    expect(segdev_copyfrom(seg, va + 1, read)).toBe(0);
    expect([...read]).toEqual([0, 1, 2, 3]);
    expect([segdev_copyfrom(seg, va + PAGE, read), segdev_copyto(seg, va + PAGE, read)]).toEqual([EFAULT, EFAULT]);
  });
});

describe('device context', () => {
  test('is free again at once when the driver sets the timeout back to 0 while it takes it', () => {
    const world = new World({}, { ncpus: 2 });
    const take: DevmapAccess = (dhp, _pvtp, off, len, type, rw) => {
      devmap_set_ctx_timeout(dhp, 0);
      return devmap_load(dhp, off, len, type, rw);
    };
    const callbacks = ops({
      map: (dhp) => {
        devmap_set_ctx_timeout(dhp, 5);
        return 0;
      },
      access: (dhp, pvtp, off, len, type, rw) => devmap_do_ctxmgt(dhp, pvtp, off, len, type, rw, take),
    });
    const { as, va } = mapChunks(world, [{ off: 0, len: PAGE, ops: callbacks }]);
    expect(world.fault(as, va)).toBe(0);
    expect([world.segdev.ctxlist[0]?.oncpu, world.kernel.clock.pending]).toEqual([false, 0]);
  });
});

describe('page memory', () => {
  const setUp = (flags: number, ...more: number[]): { world: World; results: number[]; va: number; handles: DevmapCookie[]; cookie: DevmapPmemCookie; dip: never; as: ReturnType<World['space']> } => {
    const world = new World();
    const cookie = ref<DevmapPmemCookie | null>(null);
    inKernel(world, () => devmap_pmem_alloc(4 * PAGE, 0, cookie));
    const [results, handles]: [number[], DevmapCookie[]] = [[], []];
    const dev = world.device({ devmap: (d, dhp, off, len, maplen) => {
      handles.push(dhp);
      maplen.value = len;
      for (const f of [flags, ...more]) results.push(devmap_pmem_setup(dhp, d.dip, null, cookie.value, off, len, 15, IOMEM_DATA_UNCACHED | f));
      return results[0] === DDI_SUCCESS ? 0 : 6;
    } });
    const as = world.space();
    return { world, results, handles, cookie: cookie.value!, dip: dev.dip as never, as, va: world.mmap(as, dev, { len: 2 * PAGE }) };
  };

  test('that is invalid at first faults with FC_NOMAP until a remap, also after its head is unmapped', () => {
    const { world, as, va, handles, cookie, dip } = setUp(DEVMAP_MAPPING_INVALID | DEVMAP_ALLOW_REMAP);
    expect(world.fault(as, va)).toBe(FC_NOMAP);
    world.munmap(as, va, PAGE);
    expect(world.fault(as, va + PAGE)).toBe(FC_NOMAP);
    expect(world.run(() => devmap_pmem_remap(handles[0]!, dip, cookie, 2 * PAGE, PAGE, 15, 0))).toBe(DDI_SUCCESS);
    expect(world.fault(as, va + PAGE)).toBe(0);
    expect(hat_probe(as.hat, va + PAGE)?.pfn).toBe(cookie.pparray[2]);
    world.exit(as);
    inKernel(world, () => devmap_pmem_free(cookie));
    expect(world.findings).toEqual([]);
  });

  test('shows the right pages after head and hole are unmapped, in parent and child', () => {
    const { world, as, va, cookie } = setUp(0);
    const child = world.fork(as);
    if (typeof child === 'number') throw new Error('fork failed');
    world.munmap(as, va, PAGE);
    for (const space of [as, child]) {
      expect(world.fault(space, va + PAGE)).toBe(0);
      expect(hat_probe(space.hat, va + PAGE)?.pfn).toBe(cookie.pparray[1]);
    }
    expect(cookie.handles).toBe(2);
  });

  test('set up twice is DM02; invalid without permission to remap is DM11', () => {
    const twice = setUp(0, 0);
    expect([twice.results, twice.world.findings]).toEqual([[DDI_SUCCESS, DDI_FAILURE], ['DM02']]);
    const forbidden = setUp(DEVMAP_MAPPING_INVALID);
    expect([forbidden.va, forbidden.results, forbidden.world.findings]).toEqual([-6, [DDI_FAILURE], ['DM11']]);
  });

  test.each([[-PAGE, PAGE], [100, PAGE], [0, 0], [4 * PAGE, PAGE], [NaN, PAGE]])('remap to (%d, %d) is DDI_FAILURE, DM14', (off, len) => {
    const { world, handles, cookie, dip } = setUp(DEVMAP_ALLOW_REMAP);
    expect(world.run(() => devmap_pmem_remap(handles[0]!, dip, cookie, off, len, 15, 0))).toBe(DDI_FAILURE);
    expect(world.findings).toEqual(['DM14']);
  });
});

describe('a softlock', () => {
  test('that the driver refuses to end is ended for it, and munmap does not wait', () => {
    const { world, as, va } = mapChunks(new World(), [
      { off: 0, len: PAGE }, { off: PAGE, len: PAGE, ops: accessOps((dhp, _p, off, len, type, rw) => (type === F_SOFTUNLOCK ? FC_HWERR : devmap_load(dhp, off, len, type, rw))) },
      { off: 2 * PAGE, len: PAGE },
    ]);
    expect(world.fault(as, va, 3 * PAGE, S_WRITE, F_SOFTLOCK)).toBe(0);
    expect(world.fault(as, va, 3 * PAGE, S_WRITE, F_SOFTUNLOCK)).toBe(FC_HWERR);
    expect(world.entries(as).map(({ locks }) => locks)).toEqual([0, 0, 0]);
    expect(world.segdev.slist[0]?.softlocked).toBe(0);
    expect(world.munmap(as, va, 3 * PAGE)).toBe(0);
  });

  test('of a page without read or write is refused for reading, and for any access without rights', () => {
    const { world, as, va } = mapChunks(new World(), [{ off: 0, len: 2 * PAGE }]);
    world.mprotect(as, va, PAGE, 8);
    expect([world.fault(as, va, 2 * PAGE, S_READ, F_SOFTLOCK), world.fault(as, va + PAGE, PAGE, S_WRITE, F_SOFTLOCK)]).toEqual([4, 0]);
    expect(world.mprotectNow(as, va, PAGE, RU)).toBe(11);
    world.fault(as, va + PAGE, PAGE, S_WRITE, F_SOFTUNLOCK);
    expect(world.mprotectNow(as, va, PAGE, RWU)).toBe(0);
  });

  test('with a driver that answers an errno is that errno, and nothing stays locked', () => {
    const { world, as, va } = mapChunks(new World(), [{ off: 0, len: PAGE, ops: accessOps(() => EINVAL) }]);
    expect(world.fault(as, va, PAGE, S_READ, F_SOFTLOCK)).toBe(FC_MAKE_ERR(EINVAL));
    expect(world.munmap(as, va, PAGE)).toBe(0);
  });
});

describe('the books of locked pages', () => {
  const range = fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 8 })).map(([at, pages]) => ({ addr: at * PAGE, len: pages * PAGE }));
  const pagesOf = ({ addr, len }: { addr: number; len: number }): number[] => Array.from({ length: len / PAGE }, (_, i) => addr / PAGE + i);

  test('count each page, and take one lock off each page that has one', () => {
    fc.assert(fc.property(fc.array(fc.record({ add: fc.boolean(), range }), { maxLength: 30 }), (steps) => {
      const books = new LockedRanges();
      const counts: number[] = Array<number>(32).fill(0);
      for (const { add, range: r } of steps) {
        if (add) {
          books.add(r.addr, r.len);
          for (const page of pagesOf(r)) counts[page]!++;
        } else {
          const locked = pagesOf(r).filter((page) => counts[page]! > 0);
          const taken = books.remove(r.addr, r.len);
          expect(taken.flatMap(pagesOf)).toEqual(locked);
          for (const page of locked) counts[page]!--;
        }
        for (let page = 0; page < 30; page++) expect(books.intersects(page * PAGE, PAGE)).toBe(counts[page]! > 0);
      }
    }), { numRuns: runs(60), seed: 11 });
  });
});
