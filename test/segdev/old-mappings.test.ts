import { describe, expect, test } from 'vitest';
import type { CbOps, Dev } from '../../src/ddi/index.js';
import { D_DEVMAP } from '../../src/ddi/index.js';
import { ddi_devmap_segmap, ddi_segmap_setup, segdev_copyfrom, segdev_copyto, type Quirks } from '../../src/segdev/index.js';
import { F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, FC_PROT, hat_probe, MAP_PRIVATE, PROT_READ, S_READ, S_WRITE, segOps } from '../../src/vm/index.js';
import type { As, Seg } from '../../src/vm/index.js';
import { asPaddr, asVaddr } from '../../src/base/index.js';
import { chunked, reg, RU, RWU, World } from './world.js';

const PAGE = 4096;
const DEVICE = 2 ** 33;
const [ENXIO, ENODEV, EINVAL] = [6, 19, 22];

/** mmap(9E) of a device of `pages` pages. */
const pages = (count: number): NonNullable<CbOps['mmap']> => (_dev, off) => (off >= 0 && off < count * PAGE ? (DEVICE + off) / PAGE : -1);

function old(count: number, ops: Partial<CbOps> = {}, quirks: Partial<Quirks> = {}): { world: World; dev: Dev; as: As } {
  const world = new World({ quirks });
  const dev = world.device({ flag: 0, mmap: pages(count), ...ops }, [reg(DEVICE, count * PAGE)]);
  return { world, dev, as: world.space() };
}

describe('a driver with mmap(9E) only', () => {
  test('is asked about every page when mapped and again at each fault', () => {
    const { world, dev, as } = old(4);
    const asked = world.traced(['drv.mmap'], () => world.mmap(as, dev, { len: 3 * PAGE, off: PAGE }));
    expect(asked.length).toBe(3);
    const va = as.segs[0]!.base;
    const faults = world.traced(['drv.mmap', 'ddi_map_fault'], () => expect(world.fault(as, va + PAGE)).toBe(0));
    expect(faults.map((line) => line.split(' ')[0])).toEqual(['drv.mmap', 'ddi_map_fault']);
    expect(hat_probe(as.hat, va + PAGE)).toMatchObject({ pfn: DEVICE / PAGE + 2, prot: RWU });
  });

  test('fails with ENXIO beyond its pages, EINVAL unless shared', () => {
    const { world, dev, as } = old(2);
    expect(world.mmap(as, dev, { len: 3 * PAGE })).toBe(-ENXIO);
    expect(world.mmap(as, dev, { len: PAGE, flags: MAP_PRIVATE })).toBe(-EINVAL);
    expect(as.segs).toEqual([]);
  });

  test('may be protected while softlocked, is unmapped and forked like any mapping', () => {
    const { world, dev, as } = old(4);
    const va = world.mmap(as, dev, { len: 4 * PAGE });
    expect(world.fault(as, va, 2 * PAGE, S_READ, F_SOFTLOCK)).toBe(0);
    expect(world.mprotectNow(as, va, PAGE, RU)).toBe(0);
    expect(world.fault(as, va, 1, S_WRITE)).toBe(FC_PROT);
    expect(world.fault(as, va, 2 * PAGE, S_READ, F_SOFTUNLOCK)).toBe(0);
    expect(world.entries(as).every(({ locks }) => locks === 0)).toBe(true);
    expect(world.munmap(as, va + PAGE, PAGE)).toBe(0);
    const child = world.fork(as);
    if (typeof child === 'number') throw new Error('fork failed');
    expect(world.fault(child, va + 2 * PAGE)).toBe(0);
    expect(world.mprotect(as, va, PAGE, 15)).toBe(0);
    world.exit(child);
    world.exit(as);
    expect([world.segdev.live.segdata, world.segdev.live.vpage, dev.snode.mapcnt]).toEqual([0, 0, 0]);
  });

  test('whose page goes away faults with EFAULT, and a refusing nexus too', () => {
    let present = true;
    const { world, dev, as } = old(2, { mmap: (d, off, prot) => (present ? pages(2)(d, off, prot) : -1) });
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    world.tree.inject = (point) => (point === 'mapfault' ? 5 : 0);
    expect(world.fault(as, va)).toBe(FC_MAKE_ERR(14));
    world.tree.inject = () => 0;
    present = false;
    expect(world.fault(as, va, PAGE, S_READ, F_SOFTLOCK)).toBe(FC_MAKE_ERR(14));
    expect(world.munmap(as, va, 2 * PAGE)).toBe(0);
  });

  test('that loses a page during a softlock leaves munmap waiting for ever in the C text', () => {
    const gone: NonNullable<CbOps['mmap']> = (d, off, prot) => (touched && off > 0 ? -1 : pages(2)(d, off, prot));
    let touched = false;
    const { world, dev, as } = old(2, { mmap: gone }, { softlockcntLeak: true });
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    touched = true;
    expect(world.fault(as, va, 2 * PAGE, S_READ, F_SOFTLOCK)).toBe(FC_MAKE_ERR(14));
    expect(() => world.munmap(as, va, 2 * PAGE)).toThrow(/deadlock/);
  });

  test('of 2 GiB is refused by nobody, and never ends in the C text', () => {
    const { world, dev, as } = old(2, {}, { intLengthLoop: true });
    expect(() => world.mmap(as, dev, { len: 2 ** 31 })).toThrow(/2 GiB/);
  });

  test('maps memory frames as memory, as /dev/mem does', () => {
    const world = new World();
    const dev = world.device({ flag: 0, mmap: () => 0x80000 });
    const as = world.space();
    const va = world.mmap(as, dev, { len: PAGE });
    const how = world.traced(['ddi_map_fault', 'hat_devload'], () => world.fault(as, va));
    expect(how.map((line) => line.split(' ')[0])).toEqual(['hat_devload']);
  });
});

describe('segmap(9E)', () => {
  test('through ddi_segmap_setup gives the mapping access attributes', () => {
    const { world, dev, as } = old(2, {
      segmap: (d, off, asp, addrp, len, prot, maxprot, flags, cred) => ddi_segmap_setup(
        d, off, asp, addrp, len, prot, maxprot, flags, cred, { devacc_attr_version: 1, devacc_attr_endian_flags: 0, devacc_attr_dataorder: 2 }, 0,
      ),
    });
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    world.fault(as, va);
    expect(hat_probe(as.hat, va)!.attr & 0x700).toBe(0x200);
  });

  test.each([[{ len: 0 }, 0, -ENXIO], [{ len: PAGE }, 3, -ENXIO], [{ len: 3 * PAGE }, 0, -ENXIO], [{ len: PAGE, flags: MAP_PRIVATE }, 0, -EINVAL]])(
    'ddi_segmap_setup of %o with register set %i answers %i',
    (request, rnumber, result) => {
      const { world, dev, as } = old(2, {
        segmap: (d, off, asp, addrp, len, prot, maxprot, flags, cred) => ddi_segmap_setup(d, off, asp, addrp, len, prot, maxprot, flags, cred, null, rnumber),
      });
      expect(world.mmap(as, dev, request)).toBe(result);
    },
  );

  test('through ddi_segmap_setup needs mmap(9E)', () => {
    const world = new World();
    const dev = world.device({ segmap: (d, off, asp, addrp, len, prot, maxprot, flags, cred) => ddi_segmap_setup(d, off, asp, addrp, len, prot, maxprot, flags, cred, null, 0) });
    expect(world.mmap(world.space(), dev, { len: PAGE })).toBe(-ENODEV);
  });

  test('through ddi_devmap_segmap is a mapping with handles', () => {
    const world = new World();
    const dev = world.device({
      flag: D_DEVMAP, devmap: chunked([{ off: 0, len: PAGE }]),
      segmap: (d, off, asp, addrp, len, prot, maxprot, flags, cred) => ddi_devmap_segmap(d, off, asp, addrp, len, prot, maxprot, flags, cred),
    });
    const as = world.space();
    expect(world.mmap(as, dev, { len: PAGE })).toBeGreaterThan(0);
    expect(world.segdev.live.handle).toBe(1);
  });

  test('that maps without a type makes a mapping that does not count, like /dev/null', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: PAGE, flags: 0 });
    expect([as.size, as.resvsize]).toEqual([PAGE, 0]);
    world.munmap(as, va, PAGE);
    expect([as.size, as.resvsize]).toEqual([0, 0]);
  });
});

describe('the other operations of a device segment', () => {
  function mapped(): { world: World; seg: Seg; dev: Dev } {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 8 * PAGE }]) });
    const as = world.space();
    world.mmap(as, dev, { len: 4 * PAGE, off: 2 * PAGE });
    return { world, seg: as.segs[0]!, dev };
  }

  test('answer as pages that are always there and never written back', () => {
    const { seg, dev } = mapped();
    const ops = segOps(seg);
    const at = asVaddr(seg.base + PAGE);
    const vec = new Uint8Array(4);
    expect(ops.incore(seg, seg.base, 2 * PAGE + 1, vec)).toBe(3 * PAGE);
    expect([...vec]).toEqual([1, 1, 1, 0]);
    expect([ops.sync(seg, at, PAGE, 0, 0), ops.lockop(seg, at, PAGE, 0, 2), ops.advise(seg, at, PAGE, 4), ops.faulta(seg, at), ops.capable(seg, 0)]).toEqual([0, 0, 0, 0, 0]);
    expect([ops.pagelock(seg, at, PAGE, 0, 0, []), ops.setpagesize(seg, at, PAGE, 1), ops.inherit(seg, at, PAGE, 1)]).toEqual([48, 48, 48]);
    expect([ops.getoffset(seg, at), ops.gettype(seg, at), ops.getvp(seg, at), ops.getpolicy(seg, at)]).toEqual([3 * PAGE, 1, dev.snode, undefined]);
    expect(ops.getmemid(seg, at)).toEqual({ object: dev.snode, offset: 3 * PAGE });
    expect(ops.swapout).toBeUndefined();
    expect(ops.dump(seg)).toBeUndefined();
    expect(ops.kluster(seg, at, 0)).toBe(-1);
  });

  test('tell protections page by page, one less than the bytes asked about', () => {
    const { world, seg } = mapped();
    const ops = segOps(seg);
    world.mprotect(seg.as, seg.base + PAGE, PAGE, RU);
    const protv = new Uint8Array(4);
    ops.getprot(seg, seg.base, 4 * PAGE - 1, protv);
    expect([...protv]).toEqual([RWU, RU, RWU, RWU]);
    expect([ops.checkprot(seg, seg.base, 4 * PAGE, PROT_READ), ops.checkprot(seg, seg.base, 2 * PAGE, RWU), ops.checkprot(seg, asVaddr(seg.base + 2 * PAGE), PAGE, RWU)]).toEqual([0, 13, 0]);
    const beyond = new Uint8Array(6);
    ops.getprot(seg, seg.base, 4 * PAGE, beyond);
    expect([...beyond]).toEqual([RWU, RU, RWU, RWU, 0, 0]);
  });

  test('read and write device memory for /proc', () => {
    const { world, seg } = mapped();
    const memory = world.bus.attachMemory({ name: 'dev', base: asPaddr(0x2_0000_0000), size: 8 * PAGE });
    world.fault(seg.as, seg.base, 2 * PAGE);
    const told = world.traced(['copytodev'], () => expect(segdev_copyto(seg, seg.base + PAGE - 2, new Uint8Array([1, 2, 3, 4]))).toBe(0));
    expect(told).toEqual(['copytodev dev=dev0 off=0x2ffe len=0x4']);
    expect([...memory.read(3 * PAGE - 2, 4)]).toEqual([1, 2, 3, 4]);
    const bytes = new Uint8Array(4);
    expect(segdev_copyfrom(seg, seg.base + PAGE - 2, bytes)).toBe(0);
    expect([...bytes]).toEqual([1, 2, 3, 4]);
    expect(segdev_copyfrom(seg, seg.base + 3 * PAGE, bytes)).toBe(14);
  });
});
