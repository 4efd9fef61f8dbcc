import { describe, expect, test } from 'vitest';
import type { CbOps, DdiDeviceAccAttr, DevmapCallbackCtl, DevmapCookie } from '../../src/ddi/index.js';
import {
  DDI_FAILURE, DDI_SUCCESS, DDI_UMEM_NOSLEEP, DDI_UMEM_PAGEABLE, DDI_UMEM_SLEEP, DDI_UMEM_TRASH, DDI_UMEMLOCK_READ, DDI_UMEMLOCK_WRITE, DEVMAP_ALLOW_REMAP,
  DEVMAP_MAPPING_INVALID, IOMEM_DATA_CACHED, IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED, ref,
} from '../../src/ddi/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import {
  ddi_umem_alloc, ddi_umem_free, ddi_umem_lock, ddi_umem_unlock, devmap_devmem_remap, devmap_devmem_setup, devmap_pmem_alloc, devmap_pmem_free, devmap_pmem_remap,
  devmap_pmem_setup, devmap_umem_remap, devmap_umem_setup, umem_lockmemory, type DdiUmemCookie, type DevmapPmemCookie, type Quirks,
} from '../../src/segdev/index.js';
import { as_map, F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, FC_NOMAP, FC_PROT, hat_probe, MAP_PRIVATE, S_WRITE, segvn_create } from '../../src/vm/index.js';
import { reg, RU, RWU, World } from './world.js';

const PAGE = 4096;

interface Setup {
  cookie?: DdiUmemCookie | null;
  off?: number;
  len?: number;
  flags?: number;
  maxprot?: number;
  ops?: DevmapCallbackCtl;
}

/** devmap(9E) that exports memory; keeps the handle it was given. */
function exporting(setup: Setup): { devmap: NonNullable<CbOps['devmap']>; handles: DevmapCookie[]; setup: Setup; result: { value: number } } {
  const handles: DevmapCookie[] = [];
  const result = ref(0);
  return {
    handles, setup, result,
    devmap: (dev, dhp, off, len, maplen) => {
      handles.push(dhp);
      result.value = devmap_umem_setup(dhp, dev.dip, setup.ops, setup.cookie ?? null, setup.off ?? off, setup.len ?? len, setup.maxprot ?? 15, setup.flags ?? 0);
      maplen.value = len;
      return result.value === DDI_SUCCESS ? 0 : 6;
    },
  };
}

function alloc(world: World, size: number, flags: number = DDI_UMEM_SLEEP): { buf: number | null; cookie: DdiUmemCookie } {
  const cookie = ref<DdiUmemCookie | null>(null);
  const buf = world.run(function* (): Kgen<number | null> {
    yield 'preempt';
    return ddi_umem_alloc(size, flags, cookie);
  });
  return { buf, cookie: cookie.value! };
}

const inKernel = <T>(world: World, body: () => T): T => world.run(function* (): Kgen<T> {
  yield 'preempt';
  return body();
});

describe('exported kernel memory', () => {
  test.each([['that stays', DDI_UMEM_SLEEP], ['that may be paged out', DDI_UMEM_PAGEABLE]])('%s is seen by the user at the offset set up', (_name, flags) => {
    const world = new World();
    const { buf, cookie } = alloc(world, 3 * PAGE, flags);
    world.vm.kas.write(buf! + PAGE, new Uint8Array([1, 2, 3]));
    const driver = exporting({ cookie, off: PAGE });
    const as = world.space();
    const va = world.mmap(as, world.device(driver), { len: 2 * PAGE });
    expect(world.fault(as, va, 2 * PAGE)).toBe(0);
    const page = new Uint8Array(4);
    world.bus.read((hat_probe(as.hat, va)!.pfn * PAGE) as never, page);
    expect([...page]).toEqual([1, 2, 3, 0]);
    expect(hat_probe(as.hat, va)?.prot).toBe(RWU);
    world.exit(as);
    inKernel(world, () => ddi_umem_free(cookie));
    expect(world.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
    expect(world.vm.kas.allocations).toBe(0);
  });

  test('pageable memory is locked while a softlock holds, not longer', () => {
    const world = new World();
    const { buf, cookie } = alloc(world, 2 * PAGE, DDI_UMEM_PAGEABLE);
    const as = world.space();
    const va = world.mmap(as, world.device(exporting({ cookie })), { len: 2 * PAGE });
    expect(world.fault(as, va, PAGE)).toBe(0);
    expect(world.vm.kas.locks(buf!)).toBe(0);
    expect(world.fault(as, va, 2 * PAGE, S_WRITE, F_SOFTLOCK)).toBe(0);
    expect(world.fault(as, va, PAGE, S_WRITE, F_SOFTLOCK)).toBe(0);
    expect(world.vm.kas.locks(buf!)).toBe(1);
    world.fault(as, va, PAGE, S_WRITE, F_SOFTUNLOCK);
    expect(world.vm.kas.locks(buf! + PAGE)).toBe(1);
    world.fault(as, va, 2 * PAGE, S_WRITE, F_SOFTUNLOCK);
    expect(world.vm.kas.locks(buf!)).toBe(0);
    expect(cookie).toMatchObject({ locked: 0 });
  });

  test('a fault that the protection forbids gives the lock on pageable memory back', () => {
    const world = new World();
    const { buf, cookie } = alloc(world, PAGE, DDI_UMEM_PAGEABLE);
    const as = world.space();
    const va = world.mmap(as, world.device(exporting({ cookie })), { len: PAGE, prot: RU });
    expect(world.fault(as, va, PAGE, S_WRITE)).toBe(FC_PROT);
    expect(world.vm.kas.locks(buf!)).toBe(0);
    expect(cookie).toMatchObject({ locked: 0 });
  });

  test('trash shows the same page everywhere, and has no address', () => {
    const world = new World();
    const { buf, cookie } = alloc(world, 4 * PAGE, DDI_UMEM_TRASH);
    expect(buf).toBeNull();
    const as = world.space();
    const va = world.mmap(as, world.device(exporting({ cookie })), { len: 4 * PAGE });
    world.touchAll(as, va, 4 * PAGE);
    expect(new Set(world.entries(as).map(({ pfn }) => pfn)).size).toBe(1);
  });

  test.each([
    [0, 0x100], [IOMEM_DATA_CACHED, 0x100], [IOMEM_DATA_UC_WR_COMBINE, 0x10_0200], [IOMEM_DATA_UNCACHED, 0x10_0000],
  ])('cache flags %i become translation attributes %i', (flags, attr) => {
    const world = new World();
    const { cookie } = alloc(world, PAGE);
    const as = world.space();
    const va = world.mmap(as, world.device(exporting({ cookie, flags })), { len: PAGE });
    world.fault(as, va);
    expect(hat_probe(as.hat, va)!.attr & 0xff_ff00).toBe(attr);
  });

  test.each([
    ['no cookie', { cookie: null }], ['a negative offset', { off: -PAGE }], ['an unaligned offset', { off: 100 }], ['beyond the memory', { off: 3 * PAGE }],
    ['a length of 0', { len: 0 }], ['conflicting cache flags', { flags: IOMEM_DATA_CACHED | IOMEM_DATA_UNCACHED }],
    ['invalid without permission to remap', { flags: DEVMAP_MAPPING_INVALID }], ['less protection than asked', { maxprot: RU }],
  ])('a set-up with %s is DDI_FAILURE', (_name, change) => {
    const world = new World();
    const { cookie } = alloc(world, 4 * PAGE);
    const driver = exporting({ cookie, ...change });
    expect(world.mmap(world.space(), world.device(driver), { len: 2 * PAGE })).toBe(-6);
    expect(driver.result.value).toBe(DDI_FAILURE);
    expect(world.segdev.live.handle).toBe(0);
  });

  test('of size 0, or when memory is used up, is null without a cookie', () => {
    const world = new World();
    expect(alloc(world, 0)).toEqual({ buf: null, cookie: null });
    expect(alloc(world, 2 ** 30, DDI_UMEM_NOSLEEP)).toEqual({ buf: null, cookie: null });
    expect(world.segdev.live.cookie).toBe(0);
  });

  test('freed while mapped lives on until its last handle goes, and is reported', () => {
    const world = new World();
    const { cookie } = alloc(world, PAGE);
    const as = world.space();
    const va = world.mmap(as, world.device(exporting({ cookie })), { len: PAGE });
    inKernel(world, () => ddi_umem_free(cookie));
    expect(world.findings).toEqual(['UM01']);
    expect(world.fault(as, va)).toBe(0);
    expect(world.vm.kas.allocations).toBe(1);
    inKernel(world, () => ddi_umem_free(cookie));
    world.exit(as);
    expect(world.vm.kas.allocations).toBe(0);
    expect(world.segdev.live.cookie).toBe(0);
    expect(world.findings).toEqual(['UM01', 'UM01']);
  });

  test('freed while mapped is freed at once by the C text', () => {
    const world = new World({ quirks: { umemFreeInUse: true } });
    const { cookie } = alloc(world, PAGE);
    const as = world.space();
    const va = world.mmap(as, world.device(exporting({ cookie })), { len: PAGE });
    inKernel(world, () => ddi_umem_free(cookie));
    expect(world.vm.kas.allocations).toBe(0);
    expect(world.fault(as, va)).toBe(FC_MAKE_ERR(14));
  });

  test('a null cookie is ignored', () => {
    const world = new World();
    inKernel(world, () => ddi_umem_free(null));
    expect(world.findings).toEqual([]);
  });
});

describe('a mapping that is invalid', () => {
  function invalid(quirks: Partial<Quirks>): { world: World; as: ReturnType<World['space']>; va: number; dhp: DevmapCookie; cookie: DdiUmemCookie; dip: never } {
    const world = new World({ quirks });
    const { cookie } = alloc(world, 2 * PAGE);
    const driver = exporting({ cookie, flags: DEVMAP_MAPPING_INVALID | DEVMAP_ALLOW_REMAP });
    const as = world.space();
    const dev = world.device(driver);
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    return { world, as, va, dhp: driver.handles[0]!, cookie, dip: dev.dip as never };
  }

  test('faults with FC_NOMAP until a remap gives it memory', () => {
    const { world, as, va, dhp, cookie, dip } = invalid({});
    expect(world.fault(as, va)).toBe(FC_NOMAP);
    world.mprotect(as, va, PAGE, RU);
    expect(world.fault(as, va)).toBe(FC_NOMAP);
    expect(world.run(() => devmap_umem_remap(dhp, dip, cookie, 0, 2 * PAGE, 15, 0))).toBe(DDI_SUCCESS);
    expect(world.fault(as, va)).toBe(0);
  });

  test('kills the C text at its first fault, and stays dead after a remap', () => {
    const { world, as, va } = invalid({ umemInvalidCrash: true });
    expect(() => world.fault(as, va)).toThrow(/null pointer/);
    const second = invalid({ umemRemapKeepsInvalid: true });
    expect(second.world.run(() => devmap_umem_remap(second.dhp, second.dip, second.cookie, 0, 2 * PAGE, 15, 0))).toBe(DDI_SUCCESS);
    expect(second.world.fault(second.as, second.va)).toBe(FC_NOMAP);
  });
});

describe('remap', () => {
  function remappable(quirks: Partial<Quirks> = {}, flags = DEVMAP_ALLOW_REMAP): { world: World; as: ReturnType<World['space']>; va: number; remap: (roff: number, len?: number, maxprot?: number, flags?: number, acc?: DdiDeviceAccAttr) => number; dhp: DevmapCookie; dip: never } {
    const world = new World({ quirks });
    const handles: DevmapCookie[] = [];
    const dev = world.device({
      devmap: (d, dhp, off, len, maplen) => {
        handles.push(dhp);
        maplen.value = len;
        return devmap_devmem_setup(dhp, d.dip, null, 0, off, len, 15, flags);
      },
    }, [reg(2 ** 33, 2 ** 24)]);
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    return {
      world, as, va, dhp: handles[0]!, dip: dev.dip as never,
      remap: (roff, len = 2 * PAGE, maxprot = 15, f = 0, acc) => world.run(() => devmap_devmem_remap(handles[0]!, dev.dip, 0, roff, len, maxprot, f, acc)),
    };
  }

  test('shows the new window at the next access, and nothing of the old one before it', () => {
    const { world, as, va, remap } = remappable();
    world.fault(as, va, 2 * PAGE);
    expect(remap(16 * PAGE)).toBe(DDI_SUCCESS);
    expect(world.entries(as)).toEqual([]);
    world.fault(as, va);
    expect(hat_probe(as.hat, va)?.pfn).toBe(0x20_0010);
  });

  test('to nothing and back', () => {
    const { world, as, va, remap } = remappable();
    expect(remap(0, 0, 15, DEVMAP_MAPPING_INVALID)).toBe(DDI_SUCCESS);
    expect(world.fault(as, va)).toBe(FC_NOMAP);
    expect(remap(PAGE)).toBe(DDI_SUCCESS);
    expect(world.fault(as, va)).toBe(0);
  });

  test.each([['registers that do not exist', 2 ** 24, 2 * PAGE], ['an unaligned offset', 100, 2 * PAGE], ['a shorter window', 0, PAGE]])('to %s fails and changes nothing', (_name, roff, len) => {
    const { world, as, va, remap } = remappable();
    world.fault(as, va, 2 * PAGE);
    expect(remap(roff, len)).toBe(DDI_FAILURE);
    expect(hat_probe(as.hat, va)?.pfn).toBe(0x20_0000);
  });

  test('that fails after an invalid one makes the C text load frame 2^64-1 and, a page on, low memory', () => {
    const { world, as, va, remap } = remappable({ failedRemapPoisons: true });
    remap(0, 0, 15, DEVMAP_MAPPING_INVALID);
    expect(remap(2 ** 24)).toBe(DDI_FAILURE);
    const loads = world.traced(['hat_devload'], () => world.fault(as, va, 2 * PAGE));
    expect(loads[0]).toMatch(/ pfn=0xf{16} /);
  });

  test('with fewer rights takes them from the mapping', () => {
    const world = new World();
    const handles: DevmapCookie[] = [];
    const dev = world.device({ devmap: (d, dhp, off, len, maplen) => {
      handles.push(dhp);
      maplen.value = len;
      return devmap_devmem_setup(dhp, d.dip, null, 0, off, len, 15, DEVMAP_ALLOW_REMAP);
    } });
    const as = world.space();
    const va = world.mmap(as, dev, { len: PAGE, prot: RU });
    expect(world.mprotect(as, va, PAGE, RWU)).toBe(0);
    expect(world.run(() => devmap_devmem_remap(handles[0]!, dev.dip, 0, 0, PAGE, RU, 0))).toBe(DDI_SUCCESS);
    expect(world.fault(as, va, 1, S_WRITE)).toBe(FC_PROT);
    expect(world.fault(as, va)).toBe(0);
    expect(hat_probe(as.hat, va)?.prot).toBe(RU);
  });

  test('without permission, or to other flags, fails', () => {
    expect(remappable({}, 0).remap(PAGE)).toBe(DDI_FAILURE);
    expect(remappable().remap(PAGE, 2 * PAGE, 15, DEVMAP_ALLOW_REMAP)).toBe(DDI_FAILURE);
    expect(remappable().remap(PAGE, 2 * PAGE, RU)).toBe(DDI_FAILURE);
  });

  test('from device memory to trash, as a driver does when its device goes away', () => {
    const { world, as, va, dhp, dip } = remappable();
    world.fault(as, va, 2 * PAGE);
    const { cookie } = alloc(world, 2 * PAGE, DDI_UMEM_TRASH);
    expect(world.run(() => devmap_umem_remap(dhp, dip, cookie, 0, 2 * PAGE, 15, 0))).toBe(DDI_SUCCESS);
    expect(world.fault(as, va, 2 * PAGE)).toBe(0);
    expect(world.segdev.isMemory(hat_probe(as.hat, va)!.pfn)).toBe(true);
    world.exit(as);
    expect(cookie).toMatchObject({ handles: 0 });
  });
});

describe('page memory', () => {
  test('maps its pages one by one, never cached, and remaps', () => {
    const world = new World();
    const cookie = ref<DevmapPmemCookie | null>(null);
    expect(inKernel(world, () => devmap_pmem_alloc(3 * PAGE, 0, cookie))).toBe(DDI_SUCCESS);
    const handles: DevmapCookie[] = [];
    const results: number[] = [];
    const dev = world.device({ devmap: (d, dhp, off, len, maplen) => {
      handles.push(dhp);
      for (const flags of [0, IOMEM_DATA_CACHED, IOMEM_DATA_UC_WR_COMBINE | DEVMAP_ALLOW_REMAP]) {
        results.push(devmap_pmem_setup(dhp, d.dip, null, cookie.value, off + PAGE, len, 15, flags));
      }
      maplen.value = len;
      return 0;
    } });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    expect(results).toEqual([DDI_FAILURE, DDI_FAILURE, DDI_SUCCESS]);
    world.fault(as, va, 2 * PAGE);
    expect(world.entries(as).map(({ pfn }) => pfn)).toEqual(cookie.value!.pparray.slice(1));
    expect(world.run(() => devmap_pmem_remap(handles[0]!, dev.dip, cookie.value, 0, 2 * PAGE, 15, 0))).toBe(DDI_SUCCESS);
    world.fault(as, va, 2 * PAGE);
    expect(world.entries(as).map(({ pfn }) => pfn)).toEqual(cookie.value!.pparray.slice(0, 2));
    expect(hat_probe(as.hat, va)!.attr & 0xff_ff00).toBe(0x10_0200);
    world.exit(as);
    const used = world.vm.pages.used;
    inKernel(world, () => devmap_pmem_free(cookie.value!));
    expect(world.vm.pages.used).toBe(used - 3);
    inKernel(world, () => devmap_pmem_free(cookie.value!));
    expect(world.findings).toEqual(['UM01']);
  });

  test('that is not to be had is DDI_FAILURE and takes nothing', () => {
    const world = new World();
    const cookie = ref<DevmapPmemCookie | null>(null);
    const used = world.vm.pages.used;
    expect(inKernel(world, () => devmap_pmem_alloc(2 ** 30, 0, cookie))).toBe(DDI_FAILURE);
    expect(inKernel(world, () => devmap_pmem_alloc(0, 0, cookie))).toBe(DDI_FAILURE);
    expect([cookie.value, world.vm.pages.used]).toEqual([null, used]);
  });
});

describe('locked user memory', () => {
  test('is exported to another process at the right offset, and unlocked after its last mapping', () => {
    const world = new World();
    const owner = world.space();
    world.run(() => as_map(owner, 0x4000_0000, 4 * PAGE, segvn_create({ prot: RWU, maxprot: 15, type: MAP_PRIVATE })));
    const cookie = ref<DdiUmemCookie | null>(null);
    expect(world.run(() => umem_lockmemory(owner, 0x4000_0000, 4 * PAGE, DDI_UMEMLOCK_WRITE, cookie))).toBe(0);
    const as = world.space();
    const driver = exporting({ cookie: cookie.value, off: PAGE });
    const va = world.mmap(as, world.device(driver), { len: 2 * PAGE });
    expect(world.fault(as, va, 2 * PAGE)).toBe(0);
    world.fault(owner, 0x4000_0000, 4 * PAGE);
    expect(hat_probe(as.hat, va)?.pfn).toBe(hat_probe(owner.hat, 0x4000_0000 + PAGE)?.pfn);
    inKernel(world, () => ddi_umem_unlock(cookie.value!));
    expect(world.findings).toEqual(['UM01']);
    world.exit(as);
    world.kernel.run();
    expect(world.segdev.live.cookie).toBe(0);
    expect(world.munmap(owner, 0x4000_0000, 4 * PAGE)).toBe(0);
  });

  test.each([[0, 0x4000_0000, PAGE], [8, 0x4000_0000, PAGE], [DDI_UMEMLOCK_READ, 0x4000_0001, PAGE], [DDI_UMEMLOCK_READ, 0x4000_0000, 100], [DDI_UMEMLOCK_READ, 0x4000_0000, 0]])(
    'with flags %i, address %i, length %i is EINVAL',
    (flags, addr, len) => {
      const world = new World();
      expect(world.run(() => umem_lockmemory(world.space(), addr, len, flags, ref<DdiUmemCookie | null>(null)))).toBe(22);
    },
  );

  test('where nothing is mapped, or without a process, is EFAULT', () => {
    const world = new World();
    const cookie = ref<DdiUmemCookie | null>(null);
    expect(world.run(() => umem_lockmemory(world.space(), 0x4000_0000, PAGE, DDI_UMEMLOCK_READ, cookie))).toBe(14);
    expect(world.run(() => ddi_umem_lock(0x4000_0000, PAGE, DDI_UMEMLOCK_READ, cookie))).toBe(14);
    expect(cookie.value).toBeNull();
  });
});
