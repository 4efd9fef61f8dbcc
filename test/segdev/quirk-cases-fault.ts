/** Quirks of faults and softlocks, from both sides. */
import type { CbOps } from '../../src/ddi/index.js';
import { DDI_UMEM_PAGEABLE, DDI_UMEMLOCK_WRITE, DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, DEVMAP_USE_PAGESIZE, ref } from '../../src/ddi/index.js';
import { delay } from '../../src/kernel/index.js';
import { devmap_default_access, devmap_load, sdpOf, umem_lockmemory, type DdiUmemCookie, type UmemArena } from '../../src/segdev/index.js';
import {
  as_fault, F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, FC_HWERR, FC_MAKE_ERR, FC_NOMAP, FC_PROT, hat_probe, S_EXEC, S_OTHER, S_READ, S_WRITE,
} from '../../src/vm/index.js';
import { accessOps, DEVICE_PFN, exporting, mapChunks, MiB, outcome, PAGE, umem, type QuirkCases } from './quirk-kit.js';
import { RU } from './world.js';

const EAGAIN = 11;
const EFAULT = 14;
const EINTR = 4;
const ENODEV = 19;

/** Kernel memory of one frame a page that writes down why it is locked. */
const recordingArena = (seen: number[]): UmemArena => ({
  alloc: () => undefined, free: () => {}, pageableAlloc: () => 0x10_0000, pageableFree: () => {},
  pageableLock: (_addr, _size, rw) => {
    seen.push(rw);
    return 0;
  },
  pageableUnlock: () => {}, pfn: () => 0x8_0000, page: () => undefined, freePage: () => {}, trash: 0,
});

export const FAULT_CASES: QuirkCases<
  'faultcodeWrappedTwice' | 'stickyFaultcode' | 'softlockcntLeak' | 'softlockOverRelease' | 'softlockWakesOne' | 'invalidFaultcode'
  | 'umemInvalidCrash' | 'lockedUmemIgnoresOffset' | 'usePagesizeIgnored' | 'kpmemFaultRw'
> = {
  faultcodeWrappedTwice: {
    run: (make) => {
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: PAGE, ops: accessOps(devmap_default_access) }], { prot: RU });
      const refusing = mapChunks(world, [{ off: 0, len: PAGE, ops: accessOps(() => -1) }]);
      return [world.fault(as, va, 1, S_WRITE), world.fault(refusing.as, refusing.va)];
    },
    // A protection fault reads as EINTR, for which the instruction is done again.
    c: [FC_MAKE_ERR(EINTR), FC_MAKE_ERR(-1)], fixed: [FC_PROT, FC_HWERR],
  },
  stickyFaultcode: {
    run: (make) => {
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: PAGE }, { off: PAGE, len: PAGE, ops: accessOps(() => ENODEV) }]);
      return [world.fault(as, va, 2 * PAGE), world.fault(as, va + PAGE, PAGE)];
    },
    c: [ENODEV, FC_MAKE_ERR(ENODEV)], fixed: [FC_MAKE_ERR(ENODEV), FC_MAKE_ERR(ENODEV)],
  },
  softlockcntLeak: {
    run: (make) => {
      const world = make();
      let there = true;
      const mmap: NonNullable<CbOps['mmap']> = (_dev, off) => (there || off === 0 ? DEVICE_PFN + off / PAGE : -1);
      const as = world.space();
      const va = world.mmap(as, world.device({ flag: 0, mmap }), { len: 2 * PAGE });
      there = false;
      const code = world.fault(as, va, 2 * PAGE, S_READ, F_SOFTLOCK);
      const [seg] = as.segs;
      return [code, sdpOf(seg!).softlockcnt, world.run(() => seg!.ops!.unmap(seg!, seg!.base, PAGE))];
    },
    c: [FC_MAKE_ERR(EFAULT), 1, EAGAIN], fixed: [FC_MAKE_ERR(EFAULT), 0, 0],
  },
  softlockOverRelease: {
    run: (make) => [2, 1].map((plain) => {
      const refuse = accessOps((_dhp, _p, _off, _len, type) => (type === F_SOFTLOCK ? FC_HWERR : 0));
      const { world, as, va } = mapChunks(make({}, { assertions: 'continue' }), [{ off: 0, len: plain * PAGE }, { off: plain * PAGE, len: PAGE, ops: refuse }]);
      const failed = world.fault(as, va, (plain + 1) * PAGE, S_READ, F_SOFTLOCK) !== 0;
      return [failed, world.segdev.slist[0]?.softlocked, world.findings];
    }),
    // Of the one page taken, as many less are given back as plain pages came before.
    c: [[true, -2, ['ASSERT', 'ASSERT']], [true, -1, []]], fixed: [[true, 0, []], [true, 0, []]],
  },
  softlockWakesOne: {
    run: (make) => {
      let inside = 0;
      let most = 0;
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: 4 * PAGE, ops: accessOps(function* (dhp, _p, off, len, type, rw) {
        most = Math.max(most, ++inside);
        if (type === F_INVAL) yield* delay(10);
        inside--;
        return yield* devmap_load(dhp, off, len, type, rw);
      }) }]);
      world.fault(as, va, PAGE, S_READ, F_SOFTLOCK);
      for (const page of [1, 2, 3]) {
        world.kernel.spawn(`fault ${page}`, function* () {
          yield* as_fault(as, va + page * PAGE, PAGE, F_INVAL, S_READ);
        });
      }
      world.kernel.run();
      world.fault(as, va, PAGE, S_READ, F_SOFTUNLOCK);
      world.kernel.run();
      return { atOnce: most, loaded: world.entries(as).length };
    },
    c: { atOnce: 1, loaded: 4 }, fixed: { atOnce: 3, loaded: 4 },
  },
  invalidFaultcode: {
    run: (make) => {
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: 2 * PAGE, flags: DEVMAP_MAPPING_INVALID | DEVMAP_ALLOW_REMAP }]);
      const before = world.fault(as, va);
      world.mprotect(as, va + PAGE, PAGE, RU);
      return [before, world.fault(as, va)];
    },
    c: [FC_NOMAP, FC_MAKE_ERR(EFAULT)], fixed: [FC_NOMAP, FC_NOMAP],
  },
  umemInvalidCrash: {
    run: (make) => {
      const world = make();
      const memory = exporting(umem(world, PAGE), { flags: DEVMAP_MAPPING_INVALID | DEVMAP_ALLOW_REMAP });
      const as = world.space();
      const va = world.mmap(as, world.device(memory), { len: PAGE });
      return outcome(() => world.fault(as, va));
    },
    c: 'crash: null pointer: dh_cookie of an invalid umem handle', fixed: FC_NOMAP,
  },
  lockedUmemIgnoresOffset: {
    run: (make) => {
      // Memory of a process that is itself a device mapping has no page list.
      const { world, as: owner, va: locked } = mapChunks(make(), [{ off: 0, len: 2 * PAGE }]);
      const cookie = ref<DdiUmemCookie | null>(null);
      world.run(() => umem_lockmemory(owner, locked, 2 * PAGE, DDI_UMEMLOCK_WRITE, cookie));
      const as = world.space();
      const va = world.mmap(as, world.device(exporting(cookie.value, { off: PAGE })), { len: PAGE });
      return [world.fault(as, va), hat_probe(as.hat, va)?.pfn];
    },
    c: [0, DEVICE_PFN], fixed: [0, DEVICE_PFN + 1],
  },
  usePagesizeIgnored: {
    run: (make) => {
      const { world, as, va } = mapChunks(make(), [{ off: 0, len: 4 * MiB, flags: DEVMAP_USE_PAGESIZE }]);
      world.fault(as, va, 4 * MiB);
      return world.ptes(as);
    },
    c: [0, 2, 0], fixed: [1024, 0, 0],
  },
  kpmemFaultRw: {
    run: (make) => {
      const seen: number[] = [];
      const world = make({}, { arena: recordingArena(seen) });
      const as = world.space();
      const va = world.mmap(as, world.device(exporting(umem(world, PAGE, DDI_UMEM_PAGEABLE))), { len: PAGE });
      world.fault(as, va, 1, S_WRITE);
      return seen;
    },
    c: [S_EXEC], fixed: [S_OTHER],
  },
};
