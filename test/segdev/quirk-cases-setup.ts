/** Quirks of unmapping and of setting mappings up, from both sides. */
import { vi } from 'vitest';
import { DEVMAP_ALLOW_REMAP, nodev, ref } from '../../src/ddi/index.js';
import { delay } from '../../src/kernel/index.js';
import { devmap_default_access, devmap_devmem_setup, devmap_load, devmap_setup, devmap_unload, segdev_ops, sdpOf, type DevmapHandle } from '../../src/segdev/index.js';
import { as_fault, as_unmap, F_INVAL, FC_NOMAP, S_READ } from '../../src/vm/index.js';
import { accessOps, EIO, exporting, inKernel, mapChunks, MiB, ops, outcome, PAGE, umem, type Make, type QuirkCases } from './quirk-kit.js';
import { chunked, Ledger, reg, RU, RWU, type World } from './world.js';

const FIXED_ADDRESS = 0x4000_0000;
const MAP_FIXED_SHARED = 0x11;
const EAGAIN = 11;
const EINVAL = 22;

/** What devmap_unmap was told, handle by handle, when the tail of two handles of two pages goes from page `from` on. */
function tailCut(make: Make, from: number): unknown {
  const { world, as, va } = mapChunks(make(), [{ off: 0, len: 2 * PAGE, ops: ops({ unmap: () => {} }) }, { off: 2 * PAGE, len: 2 * PAGE, ops: ops({ unmap: () => {} }) }]);
  let told: string[] = [];
  const result = outcome(() => {
    told = world.traced(['drv.unmap'], () => world.munmap(as, va + from * PAGE, (4 - from) * PAGE));
    return world.segdev.live.handle;
  });
  return [result, ...told.map((line) => line.replace(/ pvt\d?=\S+/g, '').replace('drv.unmap ', ''))];
}

/** The sizes left of a 4 MiB mapping that was all loaded, after `action`. */
function leftAfter(make: Make, action: (m: ReturnType<typeof mapChunks>) => unknown): number[] {
  const m = mapChunks(make(), [{ off: 0, len: 4 * MiB, ops: ops({}) }]);
  m.world.touchAll(m.as, m.va, m.len);
  action(m);
  return m.world.ptes(m.as);
}

/** mmap of four pages, in which a driver sets `setUp` pages up and answers `answered` bytes. */
function answers(make: Make, setUp: number, answered: number, then: (world: World, as: ReturnType<World['space']>, va: number) => unknown): unknown {
  const world = make();
  const dev = world.device({ devmap: (d, dhp, off, _len, maplen) => {
    // Loads everything the handle has, as many drivers do at the first touch.
    const access = accessOps((handle, _p, _off, _len2, type, rw) => devmap_load(handle, 0, 0, type, rw));
    if (setUp > 0) devmap_devmem_setup(dhp, d.dip, setUp > 4 ? access : null, 0, off, setUp * PAGE, 15, 0);
    maplen.value = answered;
    return 0;
  } });
  const as = world.space();
  return outcome(() => {
    const va = world.mmap(as, dev, { len: 4 * PAGE });
    return va < 0 ? va : then(world, as, va);
  });
}

/** While the devmap_map of the first handle sleeps, another thread does `what` to the second handle's page. */
function inTheWindow(make: Make, what: (as: ReturnType<World['space']>, va: number) => ReturnType<typeof as_fault>): unknown {
  const world = make();
  const told: string[] = [];
  const map = function* (dhp: unknown, _dev: unknown, _flags: number, off: number): Generator<'sleep' | 'preempt', number, void> {
    told.push(`map ${off / PAGE}${(dhp as DevmapHandle).freed ? ' of a freed handle' : ''}`);
    yield* delay(5);
    return 0;
  };
  const unmap = (_dhp: unknown, _pvtp: unknown, off: number): void => { told.push(`unmap ${off / PAGE}`); };
  const callbacks = ops({ map, unmap });
  const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: callbacks }, { off: PAGE, len: PAGE, ops: callbacks }]) });
  const as = world.space();
  world.kernel.spawn('other', function* () {
    yield* delay(2);
    told.push(`other: ${yield* what(as, FIXED_ADDRESS)}`);
  });
  told.push(`mmap: ${outcome(() => world.mmap(as, dev, { len: 2 * PAGE, addr: FIXED_ADDRESS, flags: MAP_FIXED_SHARED }))}`);
  world.kernel.run();
  return told;
}

export const UNMAP_CASES: QuirkCases<'tailUnmapFromHead' | 'unmapPanics' | 'largeUnloadsWholeHandles' | 'splitCallbackBeforeFields' | 'closeBeforeUnmapCallback'> = {
  tailUnmapFromHead: {
    run: (make) => [2, 3, 1].map((from) => tailCut(make, from)),
    c: [
      // The second handle goes by a length of 0 and lives on.
      [2, 'handle=h2 off=0x2000 len=0x0 new1=h2 new2=-'],
      // A length of 2^64-4096.
      [2, 'handle=h2 off=0x3000 len=0xfffffffffffff000 new1=h2 new2=-'],
      ['crash: null pointer: dh_next of a handle that is not in its chain'],
    ],
    fixed: [
      [1, 'handle=h2 off=0x2000 len=0x2000 new1=- new2=-'],
      [2, 'handle=h2 off=0x3000 len=0x1000 new1=h2 new2=-'],
      [1, 'handle=h1 off=0x1000 len=0x1000 new1=h1 new2=-', 'handle=h2 off=0x2000 len=0x2000 new1=- new2=-'],
    ],
  },
  unmapPanics: {
    run: (make) => {
      const { world, as } = mapChunks(make(), [{ off: 0, len: PAGE }]);
      const [seg] = as.segs;
      return outcome(() => world.run(() => seg!.ops!.unmap(seg!, seg!.base, 100)));
    },
    c: 'panic: segdev_unmap', fixed: EINVAL,
  },
  largeUnloadsWholeHandles: {
    run: (make) => [
      leftAfter(make, ({ world, as, va }) => world.munmap(as, va, PAGE)),
      leftAfter(make, ({ world, as, va }) => world.mprotect(as, va, PAGE, RU)),
      leftAfter(make, ({ world, handles }) => inKernel(world, () => devmap_unload(handles[0]!, 0, PAGE))),
    ],
    c: [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
    fixed: [[511, 1, 0], [512, 1, 0], [511, 1, 0]],
  },
  splitCallbackBeforeFields: {
    run: (make) => {
      const seen: unknown[] = [];
      const fields = (dhp: unknown): number[] => [(dhp as DevmapHandle).uoff / PAGE, (dhp as DevmapHandle).len / PAGE];
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: 4 * PAGE, ops: ops({ unmap: (_dhp, _p, _off, _len, new1, _p1, new2) => {
        if (new2 !== null) seen.push(fields(new1), fields(new2));
      } }) }]);
      world.munmap(as, va + PAGE, PAGE);
      return seen;
    },
    c: [[0, 4], [0, 4]], fixed: [[0, 1], [2, 2]],
  },
  closeBeforeUnmapCallback: {
    run: (make) => {
      const world = make();
      const dev = world.device({ open: () => 0, close: () => 0, devmap: chunked([{ off: 0, len: PAGE, ops: new Ledger().ops }]) });
      const as = world.space();
      world.open(dev);
      const va = world.mmap(as, dev, { len: PAGE });
      world.close(dev);
      return world.traced(['drv.close', 'drv.unmap'], () => world.munmap(as, va, PAGE)).map((line) => line.split(' ')[0]);
    },
    c: ['drv.close', 'drv.unmap'], fixed: ['drv.unmap', 'drv.close'],
  },
};

export const SETUP_CASES: QuirkCases<
  'mapRefusedLeavesSegment' | 'setupWindow' | 'trustsMapLength' | 'nulldevAccessCalled' | 'segmentMaxprotAll' | 'asMapFailureFreesTwice'
  | 'largePagesBeforeAddress' | 'emptyMapCrash' | 'setupUnchecked'
> = {
  mapRefusedLeavesSegment: {
    run: (make) => {
      const { world, dev, as, va } = mapChunks(make(), [{ off: 0, len: PAGE, ops: ops({ map: () => EIO }) }], { addr: FIXED_ADDRESS, flags: MAP_FIXED_SHARED });
      return [va, as.segs.length, dev.snode.mapcnt, world.segdev.live.handle, outcome(() => world.fault(as, FIXED_ADDRESS))];
    },
    c: [-6, 1, 1, 0, 'crash: null pointer: mapfunc of a segment without handles'], fixed: [-6, 0, 0, 0, FC_NOMAP],
  },
  setupWindow: {
    run: (make) => [
      inTheWindow(make, (as, va) => as_fault(as, va + PAGE, PAGE, F_INVAL, S_READ)),
      inTheWindow(make, (as, va) => as_unmap(as, va, 2 * PAGE)),
    ],
    c: [
      ['map 0', `other: ${FC_NOMAP}`, 'map 1', `mmap: ${FIXED_ADDRESS}`],
      ['map 0', 'unmap 0', 'unmap 1', 'other: 0', 'map 1 of a freed handle', `mmap: ${FIXED_ADDRESS}`],
    ],
    fixed: [
      ['map 0', 'map 1', `mmap: ${FIXED_ADDRESS}`, 'other: 0'],
      ['map 0', 'map 1', `mmap: ${FIXED_ADDRESS}`, 'unmap 0', 'unmap 1', 'other: 0'],
    ],
  },
  trustsMapLength: {
    run: (make) => [
      answers(make, 4, 0, () => 'mapped'),
      // Translations beyond the end of the segment.
      answers(make, 8, 8 * PAGE, (world, as, va) => [world.fault(as, va), world.entries(as).length]),
      answers(make, 1, 4 * PAGE, (world, as, va) => [world.fault(as, va + PAGE), outcome(() => world.fault(as, va, 4 * PAGE))]),
      answers(make, 0, 4 * PAGE, (world, as, va) => world.fault(as, va)),
    ],
    c: ['hang: devmap(9E) never covers the length', [0, 8], [FC_NOMAP, 'crash: null pointer: fault beyond the last handle'], FC_NOMAP],
    fixed: [-EINVAL, -EINVAL, -EINVAL, -6],
  },
  nulldevAccessCalled: {
    run: (make) => {
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: PAGE, ops: accessOps(nodev) }]);
      return outcome(() => world.fault(as, va));
    },
    c: 'crash: devmap_softlock_enter: null softlock', fixed: 0,
  },
  segmentMaxprotAll: {
    run: (make) => {
      const world = make();
      const dev = world.device({ devmap: (d, dhp, off, len, maplen) => {
        maplen.value = len;
        return devmap_devmem_setup(dhp, d.dip, null, 0, off, len, RWU, 0);
      } });
      const as = world.space();
      world.mmap(as, dev, { len: PAGE });
      return sdpOf(as.segs[0]!).maxprot;
    },
    c: 15, fixed: RWU,
  },
  asMapFailureFreesTwice: {
    run: (make) => {
      const world = make();
      const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: accessOps(devmap_default_access) }]) });
      const as = world.space();
      // mlockall(MCL_FUTURE), and a limit that does not allow this mapping.
      as.flags |= 0x80;
      const lockop = vi.spyOn(segdev_ops, 'lockop').mockReturnValue(EAGAIN);
      try {
        return [outcome(() => world.mmap(as, dev, { len: PAGE })), as.segs.length, world.segdev.live.handle];
      } finally {
        lockop.mockRestore();
      }
    },
    c: ['panic: kmem_free: duplicate free of handle h1', 0, 0], fixed: [-EAGAIN, 0, 0],
  },
  largePagesBeforeAddress: {
    run: (make) => {
      // 16 MiB at 2 MiB + 4 KiB.
      const world = make();
      const dev = world.device({ devmap: chunked([{ off: 0, len: 16 * MiB }]) }, [reg(2 ** 33 + 2 * MiB + PAGE, 16 * MiB)]);
      const as = world.space();
      const va = world.mmap(as, dev, { len: 16 * MiB });
      return [world.touchAll(as, va, 16 * MiB), world.ptes(as)];
    },
    c: [4096, [4096, 0, 0]], fixed: [519, [512, 7, 0]],
  },
  emptyMapCrash: {
    run: (make) => {
      const world = make();
      const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE }]) });
      return outcome(() => world.run(() => devmap_setup(dev, 0, world.space(), ref(0), 0, RWU, 15, 1)));
    },
    c: 'crash: null pointer: handles of an empty mapping', fixed: EINVAL,
  },
  setupUnchecked: {
    run: (make) => {
      const world = make();
      const results: number[] = [];
      const dev = world.device({ devmap: (d, dhp, _off, len, maplen) => {
        results.push(devmap_devmem_setup(dhp, d.dip, null, 0, 100, len, 15, DEVMAP_ALLOW_REMAP), (dhp as DevmapHandle).roff);
        maplen.value = len;
        return 0;
      } });
      outcome(() => world.mmap(world.space(), dev, { len: PAGE }));
      const memory = exporting(umem(world, 2 * PAGE), { off: -PAGE });
      outcome(() => world.mmap(world.space(), world.device(memory), { len: PAGE }));
      return [...results, ...memory.results];
    },
    c: [0, 0, 0], fixed: [-1, 0, -1],
  },
};
