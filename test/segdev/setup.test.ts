import { describe, expect, test } from 'vitest';
import type { CbOps } from '../../src/ddi/index.js';
import { DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, nodev, nulldev } from '../../src/ddi/index.js';
import { devmap_default_access, devmap_devmem_setup, type Quirks } from '../../src/segdev/index.js';
import { hat_probe, MAP_PRIVATE } from '../../src/vm/index.js';
import { chunked, Ledger, reg, RU, RWU, World } from './world.js';

const PAGE = 4096;
const [EIO, ENXIO, ENODEV, EINVAL, ENOTSUP] = [5, 6, 19, 22, 48];

type Devmap = NonNullable<CbOps['devmap']>;

/** A driver whose set-up and answered length are given; nothing else is right with it. */
const driver = (setups: readonly { roff?: number; len?: number; rnumber?: number; maxprot?: number; flags?: number }[], maplen?: number): Devmap =>
  (dev, dhp, off, len, answered) => {
    for (const s of setups) devmap_devmem_setup(dhp, dev.dip, null, s.rnumber ?? 0, s.roff ?? off, s.len ?? len, s.maxprot ?? 15, s.flags ?? 0);
    if (maplen !== undefined) answered.value = maplen;
    return 0;
  };

function attempt(devmap: Devmap, request: { len?: number; flags?: number; prot?: number } = {}, quirks: Partial<Quirks> = {}): { result: number; world: World } {
  const world = new World({ quirks });
  const dev = world.device({ devmap }, [reg(2 ** 33, 16 * PAGE)]);
  const as = world.space();
  const result = world.mmap(as, dev, { len: 4 * PAGE, ...request });
  if (result < 0) {
    expect(world.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
    expect(as.segs).toEqual([]);
    expect(dev.snode.mapcnt).toBe(0);
    expect([world.segdev.slist, world.segdev.ctxlist]).toEqual([[], []]);
  }
  return { result, world };
}

describe('a driver that answers nonsense in devmap(9E) fails that mmap with a finding, and the machine goes on', () => {
  test.each([
    ['a length of 0', driver([{}], 0), -EINVAL, 'DM03'],
    ['no length', driver([{}]), -EINVAL, 'DM03'],
    ['a length that is not whole pages', driver([{}], 100), -EINVAL, 'DM03'],
    ['a length beyond what was asked', driver([{ len: 8 * PAGE }], 8 * PAGE), -EINVAL, 'DM03'],
    ['a length longer than the set-up', driver([{ len: PAGE }], 4 * PAGE), -EINVAL, 'DM04'],
    ['a length shorter than the set-up', driver([{}], PAGE), -EINVAL, 'DM04'],
    ['no set-up', driver([], 4 * PAGE), -ENXIO, 'DM02'],
    ['an unaligned register offset', driver([{ roff: 100 }], 4 * PAGE), -ENXIO, 'DM13'],
    ['a length of 0 in the set-up', driver([{ len: 0 }], 4 * PAGE), -ENXIO, 'DM13'],
    ['registers beyond the set', driver([{ roff: 14 * PAGE }], 4 * PAGE), -ENXIO, 'DM02'],
    ['a register set that does not exist', driver([{ rnumber: 7 }], 4 * PAGE), -ENXIO, 'DM02'],
    ['an invalid mapping that may not be remapped', driver([{ flags: DEVMAP_MAPPING_INVALID }], 4 * PAGE), -ENXIO, 'DM11'],
    ['less protection than the program asks for', driver([{ maxprot: RU }], 4 * PAGE), -ENXIO, 'DM02'],
  ])('%s', (_name, devmap, result, rule) => {
    const answer = attempt(devmap);
    expect(answer.result).toBe(result);
    expect(answer.world.findings).toContain(rule);
  });

  test('a second set-up fails and leaves the first', () => {
    const { result, world } = attempt(driver([{}, { roff: 8 * PAGE }], 4 * PAGE));
    expect(result).toBeGreaterThan(0);
    expect(world.findings).toEqual(['DM02']);
  });

  test('any errno becomes ENXIO, and handles before it are freed without callbacks', () => {
    const ledger = new Ledger();
    const { result } = attempt((dev, dhp, off, len, maplen, model) => (off > 0 ? EIO : chunked([{ off: 0, len: PAGE, ops: ledger.ops }])(dev, dhp, off, len, maplen, model)));
    expect(result).toBe(-ENXIO);
    expect(ledger.errors).toEqual([]);
  });

  test('the C text never returns from a length of 0', () => {
    expect(() => attempt(driver([{}], 0), {}, { trustsMapLength: true })).toThrow(/never covers/);
  });

  test('the C text follows a null pointer when a set-up is shorter than its length', () => {
    const { result, world } = attempt(driver([{ len: PAGE }], 4 * PAGE), {}, { trustsMapLength: true, setupWindow: true });
    expect(result).toBeGreaterThan(0);
    const as = world.space();
    expect(as.segs.length).toBe(0);
  });
});

describe('devmap_access that is nulldev or nodev', () => {
  test.each([nulldev, nodev])('counts as absent, and is reported', (access) => {
    const { result, world } = attempt(chunked([{ off: 0, len: 4 * PAGE, ops: { devmap_rev: 1, access } }]));
    expect(result).toBeGreaterThan(0);
    expect(world.findings).toEqual(['DM08']);
  });

  test('kills the C text at the first fault', () => {
    const world = new World({ quirks: { nulldevAccessCalled: true } });
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: { devmap_rev: 1, access: nulldev } }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: PAGE });
    expect(() => world.fault(as, va)).toThrow(/null/);
  });
});

describe('mmap(2) of a device', () => {
  test('MAP_PRIVATE needs devmap_access', () => {
    expect(attempt(driver([{}], 4 * PAGE), { flags: MAP_PRIVATE }).result).toBe(-EINVAL);
    expect(attempt(chunked([{ off: 0, len: 4 * PAGE, ops: { devmap_rev: 1, access: devmap_default_access } }]), { flags: MAP_PRIVATE }).result).toBeGreaterThan(0);
  });

  test('handles with different devmap_access routines are ENOTSUP', () => {
    const [a, b] = [{ devmap_rev: 1, access: (): number => 0 }, { devmap_rev: 1, access: (): number => 1 }];
    expect(attempt(chunked([{ off: 0, len: PAGE, ops: a }, { off: PAGE, len: 3 * PAGE, ops: b }])).result).toBe(-ENOTSUP);
  });

  test('a driver without any mapping entry point is ENODEV', () => {
    const world = new World();
    expect(world.mmap(world.space(), world.device({}), { len: PAGE })).toBe(-ENODEV);
  });

  test('a retired device is ENXIO', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE }]) });
    dev.snode.fenced = true;
    expect(world.mmap(world.space(), dev, { len: PAGE })).toBe(-ENXIO);
  });

  test('a programmed failure of the mapping count leaves nothing behind', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: ledger.ops }]) });
    world.tree.inject = (point) => (point === 'addmap' ? EIO : 0);
    expect(world.mmap(world.space(), dev, { len: PAGE })).toBe(-EIO);
    expect(world.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
    expect(ledger.live.size).toBe(0);
  });

  test('the segment\'s maximum protection is what its handles allow', () => {
    const world = new World();
    const dev = world.device({ devmap: (d, dhp, off, len, maplen) => {
      maplen.value = len;
      return devmap_devmem_setup(dhp, d.dip, null, 0, off, len, RWU, DEVMAP_ALLOW_REMAP);
    } });
    const addmap = world.traced(['addmap'], () => world.mmap(world.space(), dev, { len: PAGE }));
    expect(addmap[0]).toMatch(/prot=rwu maxprot=rwu type=1 result=0 mapcnt=1$/);
  });
});

describe('a devmap_map that refuses', () => {
  function refused(quirks: Partial<Quirks>): { world: World; as: ReturnType<World['space']>; result: number; ledger: Ledger } {
    const world = new World({ quirks });
    const ledger = new Ledger();
    const { map } = ledger.ops;
    const ops = { ...ledger.ops, map: ((dhp, dev, flags, off, len, pvtp) => (off > 0 ? EIO : map!(dhp, dev, flags, off, len, pvtp))) as NonNullable<typeof map> };
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops }, { off: PAGE, len: PAGE, ops }]) });
    const as = world.space();
    const result = world.mmap(as, dev, { len: 2 * PAGE, addr: 0x4000_0000, flags: 0x11 });
    return { world, as, result, ledger };
  }

  test('fails mmap with ENXIO, takes the earlier handles back and leaves no segment', () => {
    const { world, as, result, ledger } = refused({});
    expect(result).toBe(-ENXIO);
    expect(as.segs).toEqual([]);
    expect(ledger.live.size).toBe(0);
    expect(ledger.errors).toEqual([]);
    expect(world.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: 0 });
    expect(world.fault(as, 0x4000_0000)).toBe(5);
  });

  test('in the C text leaves a segment whose first touch kills the kernel', () => {
    const { world, as, result } = refused({ setupWindow: true, mapRefusedLeavesSegment: true });
    expect(result).toBe(-ENXIO);
    expect(as.segs.length).toBe(1);
    expect(() => world.fault(as, 0x4000_0000)).toThrow(/mapfunc/);
  });

  test('with the window but not the leftover, the segment goes too', () => {
    const { as, result } = refused({ setupWindow: true });
    expect(result).toBe(-ENXIO);
    expect(as.segs).toEqual([]);
  });
});

describe('fork', () => {
  test('gives the child handles of its own through devmap_dup, and no translations', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: ledger.ops }, { off: PAGE, len: PAGE, ops: ledger.ops }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    world.touchAll(as, va, 2 * PAGE);
    world.mprotect(as, va, PAGE, RU);
    const child = world.fork(as);
    if (typeof child === 'number') throw new Error('fork failed');
    expect(ledger.live.size).toBe(4);
    expect(world.entries(child)).toEqual([]);
    expect(world.fault(child, va, 1, 2)).toBe(4);
    expect(world.fault(child, va + PAGE, 1, 2)).toBe(0);
    world.exit(child);
    expect(ledger.live.size).toBe(2);
    expect(hat_probe(as.hat, va)?.pfn).toBe(0x200000);
    world.exit(as);
    expect(ledger.live.size).toBe(0);
    expect(ledger.errors).toEqual([]);
    expect(dev.snode.mapcnt).toBe(0);
  });

  test('that a driver refuses leaves the parent as it was and no trace of the child', () => {
    const world = new World();
    const ledger = new Ledger();
    const { dup } = ledger.ops;
    const second = { ...ledger.ops, dup: (): number => EIO };
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: { ...ledger.ops, dup } }, { off: PAGE, len: PAGE, ops: second }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 * PAGE });
    expect(world.fork(as)).toBe(EIO);
    expect(ledger.live.size).toBe(2);
    expect(ledger.errors).toEqual([]);
    expect(world.segdev.live).toMatchObject({ handle: 2, segdata: 1 });
    expect(world.fault(as, va)).toBe(0);
  });

  test('without devmap_dup shares the private data, and is reported', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: { ...ledger.ops, dup: undefined } }]) });
    const as = world.space();
    world.mmap(as, dev, { len: PAGE });
    world.fork(as);
    expect(world.findings).toEqual(['CB03']);
  });
});
