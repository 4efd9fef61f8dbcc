/** Quirks of the device context, exported memory, old mappings and /proc, from both sides. */
import { asPaddr, asVaddr } from '../../src/base/index.js';
import type { DevmapAccess, DevmapCallbackCtl } from '../../src/ddi/index.js';
import { DDI_UMEM_PAGEABLE, DDI_UMEM_TRASH } from '../../src/ddi/index.js';
import { ddi_umem_free, devmap_do_ctxmgt, devmap_load, devmap_set_ctx_timeout, segdev_copyfrom, UmemCookie } from '../../src/segdev/index.js';
import { F_INVAL, F_SOFTLOCK, FC_HWERR, FC_MAKE_ERR, hat_probe, S_READ, segOps } from '../../src/vm/index.js';
import { DEVICE_PFN, exporting, inKernel, mapChunks, ops, outcome, PAGE, umem, type Make, type QuirkCases } from './quirk-kit.js';
import { chunked, type World } from './world.js';

const EFAULT = 14;
const ENXIO = 6;
const HWERR_AS_ERRNO: number = FC_MAKE_ERR(FC_HWERR);

/** Users of one device: each keeps the context for `ticks`; one that `fails` cannot make it. */
function contexts(world: World): { user: (ticks: number, fails?: boolean) => () => number; busy: () => boolean | undefined } {
  const settings = new Map<unknown, boolean>();
  let next = { ticks: 0, fails: false };
  const access: DevmapAccess = (dhp, pvtp, off, len, type, rw) => devmap_do_ctxmgt(dhp, pvtp, off, len, type, rw, (h, _p, o, l, t, r) =>
    (settings.get(h) === true ? -1 : devmap_load(h, o, l, t, r)));
  const callbacks: DevmapCallbackCtl = ops({ access, map: (dhp) => {
    settings.set(dhp, next.fails);
    devmap_set_ctx_timeout(dhp, next.ticks);
    return 0;
  } });
  const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: callbacks }]) });
  return {
    user: (ticks, fails = false) => {
      next = { ticks, fails };
      const as = world.space();
      const va = world.mmap(as, dev, { len: PAGE });
      return () => world.fault(as, va);
    },
    busy: () => world.segdev.ctxlist[0]?.oncpu,
  };
}

/** One page of exported memory in use, and what ddi_umem_free of it does. */
function freed(make: Make, flags: number, locked: boolean): unknown {
  const world = make();
  const cookie = umem(world, PAGE, flags);
  const as = world.space();
  const va = world.mmap(as, world.device(exporting(cookie)), { len: PAGE });
  if (locked) world.fault(as, va, PAGE, S_READ, F_SOFTLOCK);
  return outcome(() => {
    inKernel(world, () => ddi_umem_free(cookie));
    return [world.fault(as, va), world.vm.kas.allocations];
  });
}

export const CONTEXT_CASES: QuirkCases<'ctxNullDeref' | 'ctxErrorClearsOthers' | 'ctxStaleTimeout'> = {
  ctxNullDeref: {
    run: (make) => {
      const { world, handles } = mapChunks(make(), [{ off: 0, len: PAGE, ops: ops({}) }]);
      return [outcome(() => world.run(() => devmap_do_ctxmgt(handles[0]!, null, 0, PAGE, F_INVAL, S_READ, () => -1))), world.findings];
    },
    c: ['crash: null pointer: dh_ctx', []], fixed: [FC_HWERR, ['AC06']],
  },
  ctxErrorClearsOthers: {
    run: (make) => {
      const { user, busy } = contexts(make({ ncpus: 2 }));
      const [keeper, failing] = [user(5), user(0, true)];
      keeper();
      const before = busy();
      const code = failing();
      return [before, code === FC_HWERR || code === HWERR_AS_ERRNO, busy()];
    },
    c: [true, true, false], fixed: [true, true, true],
  },
  ctxStaleTimeout: {
    run: (make) => {
      const world = make({ ncpus: 2 });
      const { user, busy } = contexts(world);
      const [first, failing, second] = [user(5), user(0, true), user(20)];
      first();
      world.kernel.tick(3);
      // Somebody frees the context under its owner; the owner's timeout is still to come.
      failing();
      second();
      world.kernel.tick(3);
      return busy();
    },
    c: false, fixed: true, needs: ['ctxErrorClearsOthers'],
  },
};

export const MEMORY_CASES: QuirkCases<'umemFreeInUse' | 'intLengthLoop' | 'copydevSegmentOffset' | 'misuseAsserts' | 'klusterPanics'> = {
  umemFreeInUse: {
    run: (make) => [freed(make, 0, false), freed(make, DDI_UMEM_PAGEABLE, true)],
    c: [[FC_MAKE_ERR(EFAULT), 0], 'panic: ddi_umem_free for cookie with pending faults'], fixed: [[0, 1], [0, 1]],
  },
  intLengthLoop: {
    run: (make) => {
      const world = make();
      world.trace.on = false;
      const dev = world.device({ flag: 0, mmap: (_dev, off) => DEVICE_PFN + off / PAGE });
      const as = world.space();
      const va = outcome(() => world.mmap(as, dev, { len: 2 ** 31 }));
      return typeof va === 'string' ? va : [world.fault(as, va + 2 ** 31 - PAGE), hat_probe(as.hat, va + 2 ** 31 - PAGE)?.pfn];
    },
    c: 'hang: an int counts the bytes of a mapping of 2 GiB', fixed: [0, DEVICE_PFN + 2 ** 19 - 1],
  },
  copydevSegmentOffset: {
    run: (make) => {
      const world = make();
      world.bus.attachMemory({ name: 'dev', base: asPaddr(DEVICE_PFN * PAGE), size: 8 * PAGE });
      const dev = world.device({ devmap: chunked([{ off: 0, len: 8 * PAGE }]) });
      const as = world.space();
      const va = world.mmap(as, dev, { off: 4 * PAGE, len: 2 * PAGE });
      world.fault(as, va, 2 * PAGE);
      return world.traced(['copyfromdev'], () => segdev_copyfrom(as.segs[0]!, va + PAGE, new Uint8Array(8)));
    },
    c: ['copyfromdev dev=dev0 off=0x1000 len=0x8'], fixed: ['copyfromdev dev=dev0 off=0x5000 len=0x8'],
  },
  misuseAsserts: {
    run: (make) => {
      const world = make({}, { isMemory: () => true });
      const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE }]) });
      const mapped = outcome(() => world.mmap(world.space(), dev, { len: PAGE }));
      const other = make();
      const pageable = outcome(() => umem(other, PAGE, DDI_UMEM_PAGEABLE | DDI_UMEM_TRASH) instanceof UmemCookie);
      return [mapped, world.findings, pageable, other.findings];
    },
    c: ['assert: !pf_is_memory(dhp->dh_pfn), line 3453', [], 'assert: !(flags & DDI_UMEM_TRASH), line 3913', []], fixed: [-ENXIO, ['DM13'], true, ['UM02']],
  },
  klusterPanics: {
    run: (make) => {
      const { as, va } = mapChunks(make(), [{ off: 0, len: PAGE }]);
      return outcome(() => segOps(as.segs[0]!).kluster(as.segs[0]!, asVaddr(va), PAGE));
    },
    c: 'panic: segdev_badop', fixed: -1,
  },
};
