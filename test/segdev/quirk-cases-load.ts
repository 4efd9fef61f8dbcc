/** Quirks of devmap_load, devmap_unload, remap and protection, from both sides. */
import { DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, IOMEM_DATA_UNCACHED, ref } from '../../src/ddi/index.js';
import { delay, RW_READER, rw_enter, rw_exit } from '../../src/kernel/index.js';
import {
  devmap_devmem_remap, devmap_load, devmap_pmem_alloc, devmap_pmem_remap, devmap_pmem_setup, devmap_umem_remap, devmap_unload, sdpOf, type DevmapHandle,
  type DevmapPmemCookie,
} from '../../src/segdev/index.js';
import { F_INVAL, F_SOFTLOCK, FC_MAKE_ERR, FC_PROT, hat_probe, S_READ, S_WRITE } from '../../src/vm/index.js';
import { accessOps, DEVICE_PFN, exporting, inKernel, mapChunks, MiB, ops, outcome, PAGE, umem, type Make, type Mapped, type QuirkCases } from './quirk-kit.js';
import { RU, RWU } from './world.js';

const EBUSY = 16;
const EINVAL = 22;

/** Two pages that may be remapped, and the call that does it. */
function remappable(make: Make): Mapped & { remap: (roff: number, len?: number, maxprot?: number, flags?: number) => number } {
  const m = mapChunks(make(), [{ off: 0, len: 2 * PAGE, flags: DEVMAP_ALLOW_REMAP }]);
  return { ...m, remap: (roff, len = 2 * PAGE, maxprot = 15, flags = 0) =>
    m.world.run(() => devmap_devmem_remap(m.handles[0]!, m.dev.dip, 0, roff, len, maxprot, flags)) };
}

const frames = ({ world, as }: Mapped): number[] => world.entries(as).map(({ pfn }) => pfn - DEVICE_PFN);

export const LOAD_CASES: QuirkCases<
  'offsetSlop' | 'unloadIgnoresSoftlock' | 'loadLockAnyThread' | 'staleHandleCrash' | 'failedRemapPoisons' | 'remapLengthIgnored' | 'remapKeepsProt'
  | 'umemRemapKeepsInvalid' | 'pmemRemapFails'
> = {
  offsetSlop: {
    run: (make) => {
      const m = mapChunks(make(), [{ off: 0, len: 4 * PAGE, ops: accessOps((dhp, _p, _off, _len, type, rw) => devmap_load(dhp, 0x800, 2 * PAGE, type, rw)) }]);
      m.world.fault(m.as, m.va);
      const loaded = frames(m);
      inKernel(m.world, () => devmap_unload(m.handles[0]!, 0x800, PAGE));
      return [loaded, frames(m)];
    },
    c: [[0, 1], [1]], fixed: [[0, 1, 2], [2]],
  },
  unloadIgnoresSoftlock: {
    run: (make) => {
      const { world, as, va, handles } = mapChunks(make(), [{ off: 0, len: PAGE }]);
      world.fault(as, va, PAGE, S_READ, F_SOFTLOCK);
      let code = 0;
      const gone = world.traced(['hat-gone'], () => { code = inKernel(world, () => devmap_unload(handles[0]!, 0, PAGE)); });
      return [code, hat_probe(as.hat, va)?.locks, gone, world.findings];
    },
    c: [0, undefined, ['hat-gone bytes=0x1000 locked=locked'], []], fixed: [FC_MAKE_ERR(EBUSY), 1, [], ['AC11']],
  },
  loadLockAnyThread: {
    run: (make) => {
      const { world, as, handles } = mapChunks(make(), [{ off: 0, len: PAGE }]);
      world.kernel.spawn('somebody else', function* () {
        yield* rw_enter(as.lock, RW_READER);
        yield* delay(10);
        rw_exit(as.lock);
      });
      world.kernel.run(() => as.lock.readers.length > 0);
      return [world.run(() => devmap_load(handles[0]!, 0, PAGE, F_INVAL, S_READ)), world.entries(as).length];
    },
    c: [0, 1], fixed: [FC_MAKE_ERR(EINVAL), 0],
  },
  staleHandleCrash: {
    run: (make) => [
      (h: DevmapHandle) => () => inUnload(h), (h: DevmapHandle) => () => devmap_load(h, 0, PAGE, F_INVAL, S_READ),
      (h: DevmapHandle) => () => devmap_devmem_remap(h, h.dev.dip, 0, 0, PAGE, 15, 0), (h: DevmapHandle) => () => devmap_umem_remap(h, h.dev.dip, null, 0, PAGE, 15, 0),
    ].map((call) => {
      const { world, as, va, handles } = mapChunks(make(), [{ off: 0, len: PAGE, flags: DEVMAP_ALLOW_REMAP }]);
      world.munmap(as, va, PAGE);
      return [outcome(() => world.run(call(handles[0]!))), world.findings];
    }),
    c: ['devmap_unload', 'devmap_load', 'devmap_devmem_remap', 'devmap_umem_remap'].map((routine) => [`crash: ${routine} of h1, which is gone`, []]),
    fixed: [FC_MAKE_ERR(EINVAL), FC_MAKE_ERR(EINVAL), -1, -1].map((code) => [code, ['AC11']]),
  },
  failedRemapPoisons: {
    run: (make) => {
      const m = remappable(make);
      m.world.fault(m.as, m.va, 2 * PAGE);
      const beyond = 2 ** 40;
      const failed = [m.remap(beyond), m.world.entries(m.as).length];
      m.remap(0, 0, 15, DEVMAP_MAPPING_INVALID);
      failed.push(m.remap(beyond));
      const loads = m.world.traced(['hat_devload'], () => m.world.fault(m.as, m.va));
      return [...failed, loads.map((line) => / pfn=(\S+)/.exec(line)?.[1])];
    },
    // Frame 2^64-1.
    c: [-1, 0, -1, ['0xffffffffffffffff']], fixed: [-1, 2, -1, []],
  },
  remapLengthIgnored: {
    run: (make) => {
      // The register set ends a page behind the new beginning.
      const m = remappable(make);
      const last = 0x4000_0000 - PAGE;
      const result = m.remap(last, PAGE);
      m.world.fault(m.as, m.va, 2 * PAGE);
      return [result, frames(m)];
    },
    c: [0, [0x3_ffff, 0x4_0000]], fixed: [-1, [0, 1]],
  },
  remapKeepsProt: {
    run: (make) => {
      const m = mapChunks(make(), [{ off: 0, len: PAGE, flags: DEVMAP_ALLOW_REMAP }], { prot: RU });
      m.world.mprotect(m.as, m.va, PAGE, RWU);
      m.world.run(() => devmap_devmem_remap(m.handles[0]!, m.dev.dip, 0, 0, PAGE, RU, 0));
      return [m.world.fault(m.as, m.va, 1, S_WRITE), m.world.fault(m.as, m.va), hat_probe(m.as.hat, m.va)?.prot];
    },
    c: [0, 0, RWU], fixed: [FC_PROT, 0, RU],
  },
  umemRemapKeepsInvalid: {
    run: (make) => {
      const world = make();
      const cookie = umem(world, PAGE);
      const memory = exporting(cookie, { flags: DEVMAP_MAPPING_INVALID | DEVMAP_ALLOW_REMAP });
      const dev = world.device(memory);
      const as = world.space();
      const va = world.mmap(as, dev, { len: PAGE });
      const remapped = world.run(() => devmap_umem_remap(memory.handles[0]!, dev.dip, cookie, 0, PAGE, 15, 0));
      return [remapped, world.fault(as, va) === 0, outcome(() => world.run(() => devmap_umem_remap(memory.handles[0]!, dev.dip, null, 0, PAGE, 15, 0)))];
    },
    c: [0, false, 'crash: null pointer: cookie of devmap_umem_remap'], fixed: [0, true, -1],
  },
  pmemRemapFails: {
    run: (make) => {
      const world = make();
      const cookie = ref<DevmapPmemCookie | null>(null);
      inKernel(world, () => devmap_pmem_alloc(2 * PAGE, 0, cookie));
      const handles: unknown[] = [];
      const dev = world.device({ devmap: (d, dhp, off, len, maplen) => {
        handles.push(dhp);
        maplen.value = len;
        return devmap_pmem_setup(dhp, d.dip, null, cookie.value, off, len, 15, IOMEM_DATA_UNCACHED | DEVMAP_ALLOW_REMAP);
      } });
      const as = world.space();
      const va = world.mmap(as, dev, { len: PAGE });
      const result = world.run(() => devmap_pmem_remap(handles[0] as DevmapHandle, dev.dip, cookie.value, PAGE, PAGE, 15, 0));
      world.fault(as, va);
      return [result, cookie.value!.pparray.indexOf(hat_probe(as.hat, va)!.pfn)];
    },
    c: [-1, 0], fixed: [0, 1],
  },
};

/** devmap_unload as kernel code that may sleep. */
// oxlint-disable-next-line require-yield
function* inUnload(dhp: DevmapHandle): Generator<'sleep' | 'preempt', number, void> {
  return devmap_unload(dhp, 0, PAGE);
}

export const PROTECTION_CASES: QuirkCases<'pageprotNeverResets' | 'getprotReadsBeyond'> = {
  pageprotNeverResets: {
    run: (make) => {
      const { world, as, va, len } = mapChunks(make(), [{ off: 0, len: 2 * MiB, ops: ops({}) }]);
      world.mprotect(as, va, PAGE, RU);
      world.mprotect(as, va, len, RU);
      return [sdpOf(as.segs[0]!).pageprot, world.touchAll(as, va, len), world.segdev.live.vpage];
    },
    c: [true, 512, 1], fixed: [false, 1, 0],
  },
  getprotReadsBeyond: {
    run: (make) => {
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: 2 * PAGE }]);
      world.mprotect(as, va, PAGE, RU);
      const [seg] = as.segs;
      const protv = new Uint8Array(4);
      inKernel(world, () => seg!.ops!.getprot(seg!, seg!.base, 2 * PAGE, protv));
      return [...protv];
    },
    // What lies behind the array.
    c: [RU, RWU, 0xbb, 0], fixed: [RU, RWU, 0, 0],
  },
};

