import { describe, expect, test } from 'vitest';
import type { DevmapAccess } from '../../src/ddi/index.js';
import { devmap_default_access, devmap_load, devmap_unload, quirksOf, QUIRK_NAMES, QUIRKS } from '../../src/segdev/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import { F_PROT, FC_HWERR, FC_MAKE_ERR, FC_PROT, hat_probe, S_EXEC, S_OTHER, S_READ, S_WRITE } from '../../src/vm/index.js';
import { chunked, Ledger, RU, RWU, World } from './world.js';

const PAGE = 4096;

function mapped(access: DevmapAccess | undefined, options = {}, prot = RWU): { world: World; as: ReturnType<World['space']>; va: number } {
  const world = new World(options);
  const ops = { devmap_rev: 1, ...(access === undefined ? {} : { access }) };
  const dev = world.device({ devmap: chunked([{ off: 0, len: 4 * PAGE, ops }]) });
  const as = world.space();
  return { world, as, va: world.mmap(as, dev, { len: 4 * PAGE, prot }) };
}

describe('a fault', () => {
  test('without devmap_access loads the page with all rights of the mapping', () => {
    const { world, as, va } = mapped(undefined);
    expect(world.fault(as, va + PAGE, 1, S_READ)).toBe(0);
    expect(hat_probe(as.hat, va + PAGE)).toMatchObject({ prot: RWU, pfn: 0x200001, locks: 0 });
    expect(hat_probe(as.hat, va)).toBeUndefined();
  });

  test.each([[S_WRITE, RU, FC_PROT], [S_READ, RU, 0], [S_EXEC, RWU, FC_PROT], [S_OTHER, RU, 0]])(
    'of kind %i on protection %i answers %i',
    (rw, prot, code) => {
      for (const access of [undefined, devmap_default_access]) {
        const { world, as, va } = mapped(access, {}, prot);
        expect(world.fault(as, va, 1, rw)).toBe(code);
      }
    },
  );

  test('on a translation that lacks the right is refused without asking the driver', () => {
    const { world, as, va } = mapped(devmap_default_access);
    const asked = world.traced(['drv.access.enter'], () => expect(world.fault(as, va, 1, S_WRITE, F_PROT)).toBe(FC_PROT));
    expect(asked).toEqual([]);
  });

  test('tells the driver device offsets, and a driver may be plain or sleep', () => {
    const seen: number[][] = [];
    const sleepy: DevmapAccess = function* (dhp, _pvtp, off, len, type, rw): Kgen<number> {
      seen.push([off, len, type, rw]);
      yield 'preempt';
      return yield* devmap_load(dhp, off, len, type, rw);
    };
    const { world, as, va } = mapped(sleepy);
    expect(world.fault(as, va + PAGE, 2 * PAGE, S_WRITE)).toBe(0);
    expect(seen).toEqual([[PAGE, 2 * PAGE, 0, 2]]);
    expect(world.entries(as).length).toBe(2);
  });

  test('across several handles asks each for its own part', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 2 * PAGE, ops: ledger.ops }, { off: 2 * PAGE, len: 2 * PAGE, ops: ledger.ops }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 4 * PAGE });
    const asked = world.traced(['drv.access.enter'], () => expect(world.fault(as, va + PAGE, 2 * PAGE)).toBe(0));
    expect(asked.map((line) => line.replace(/ pvt=\S+/, ''))).toEqual([
      'drv.access.enter handle=h1 off=0x1000 len=0x1000 type=INVAL rw=READ', 'drv.access.enter handle=h2 off=0x2000 len=0x1000 type=INVAL rw=READ',
    ]);
  });
});

describe('what devmap_access answers', () => {
  test.each([[FC_PROT, FC_PROT], [FC_HWERR, FC_HWERR], [FC_MAKE_ERR(14), FC_MAKE_ERR(14)], [-1, FC_HWERR], [22, FC_MAKE_ERR(22)]])(
    '%i becomes fault code %i',
    (answer, code) => {
      const { world, as, va } = mapped(() => answer);
      expect(world.fault(as, va)).toBe(code);
      expect(world.findings).toEqual(answer === -1 || answer === 22 ? ['AC04'] : []);
    },
  );

  test('is wrapped again by the C text, so that a protection fault becomes EINTR and repeats for ever', () => {
    const { world, as, va } = mapped(devmap_default_access, { quirks: { faultcodeWrappedTwice: true } }, RU);
    expect(world.fault(as, va, 1, S_WRITE)).toBe(FC_MAKE_ERR(4));
  });

  test('after a handle without devmap_access passes as an errno with the sticky quirk', () => {
    const make = (stickyFaultcode: boolean): number => {
      const world = new World({ quirks: { stickyFaultcode, faultcodeWrappedTwice: true } });
      const refuse = { devmap_rev: 1, access: (): number => 19 };
      const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE }, { off: PAGE, len: PAGE, ops: refuse }]) });
      const as = world.space();
      return world.fault(as, world.mmap(as, dev, { len: 2 * PAGE }), 2 * PAGE);
    };
    expect(make(true)).toBe(19);
    expect(make(false)).toBe(FC_MAKE_ERR(19));
  });

  test('0 without loading lets the access fault again', () => {
    const { world, as, va } = mapped(() => 0);
    expect(world.fault(as, va)).toBe(0);
    expect(hat_probe(as.hat, va)).toBeUndefined();
  });
});

describe('devmap_load and devmap_unload', () => {
  test('load widens an unaligned request to every byte it names', () => {
    const { world, as, va } = mapped((dhp, _p, _off, _len, type, rw) => devmap_load(dhp, 0x800, PAGE, type, rw));
    expect(world.fault(as, va)).toBe(0);
    expect(world.entries(as).map(({ base }) => base)).toEqual([va, va + PAGE]);
    const c = mapped((dhp, _p, _off, _len, type, rw) => devmap_load(dhp, 0x800, PAGE, type, rw), { quirks: { offsetSlop: true } });
    expect(c.world.fault(c.as, c.va)).toBe(0);
    expect(c.world.entries(c.as).length).toBe(1);
  });

  test('length 0 means up to the end of the handle', () => {
    const { world, as, va } = mapped((dhp, _p, _off, _len, type, rw) => devmap_load(dhp, PAGE, 0, type, rw));
    expect(world.fault(as, va + PAGE)).toBe(0);
    expect(world.entries(as).length).toBe(3);
  });

  test.each([[-PAGE, PAGE], [4 * PAGE, PAGE], [3 * PAGE, 2 * PAGE], [0, 5 * PAGE]])('a range outside the handle (%i, %i) is EINVAL', (off, len) => {
    const { world, as, va } = mapped((dhp, _p, _off, _len, type, rw) => devmap_load(dhp, off, len, type, rw));
    expect(world.fault(as, va)).toBe(FC_MAKE_ERR(22));
  });

  test('load needs the address space lock of the handle, held by the caller', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: ledger.ops }]) });
    const as = world.space();
    world.mmap(as, dev, { len: PAGE });
    const [dhp] = ledger.live.keys();
    expect(world.run(() => devmap_load(dhp!, 0, PAGE, 0, 1))).toBe(FC_MAKE_ERR(22));
  });

  test('unload takes pages away in any process, exactly the ones named, also out of a large page', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 2 ** 21, ops: ledger.ops }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 ** 21 });
    expect(world.fault(as, va)).toBe(0);
    const [dhp] = ledger.live.keys();
    expect(devmap_unload(dhp!, 8 * PAGE, PAGE)).toBe(0);
    expect(hat_probe(as.hat, va + 8 * PAGE)).toBeUndefined();
    expect(hat_probe(as.hat, va + 9 * PAGE)?.pfn).toBe(0x200009);
    expect(devmap_unload(dhp!, 0, 0)).toBe(0);
    expect(world.entries(as)).toEqual([]);
  });

  test('a handle that is gone, or none, is refused and reported', () => {
    const world = new World();
    const ledger = new Ledger();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE, ops: ledger.ops }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: PAGE });
    const [dhp] = ledger.live.keys();
    world.munmap(as, va, PAGE);
    expect(devmap_unload(dhp!, 0, PAGE)).toBe(FC_MAKE_ERR(22));
    expect(world.run(() => devmap_load({ opaque: 'devmap_cookie_t' }, 0, PAGE, 0, 1))).toBe(FC_MAKE_ERR(22));
    expect(world.findings).toEqual(['AC11', 'AC11']);
  });
});

describe('protection', () => {
  test('taking write away reaches loaded device translations at once', () => {
    const { world, as, va } = mapped(undefined);
    world.fault(as, va, 4 * PAGE);
    expect(world.mprotect(as, va, 4 * PAGE, RU)).toBe(0);
    expect(world.entries(as).map(({ prot }) => prot)).toEqual([RU, RU, RU, RU]);
    expect(world.fault(as, va, 1, S_WRITE)).toBe(FC_PROT);
  });

  test('of a part holds for that part only, and the whole makes the segment uniform again', () => {
    const { world, as, va } = mapped(undefined);
    expect(world.mprotect(as, va + PAGE, PAGE, RU)).toBe(0);
    expect([0, 1, 2].map((page) => world.fault(as, va + page * PAGE, 1, S_WRITE))).toEqual([0, FC_PROT, 0]);
    expect(world.mprotect(as, va, 4 * PAGE, RWU)).toBe(0);
    expect(world.fault(as, va + PAGE, 1, S_WRITE)).toBe(0);
    expect(world.segdev.live.vpage).toBe(0);
  });

  test('beyond what the handle or the file allows is EACCES', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: PAGE }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: PAGE, prot: RU, maxprot: RU });
    expect(world.mprotect(as, va, PAGE, RWU)).toBe(13);
  });

  test('none at all unloads', () => {
    const { world, as, va } = mapped(undefined);
    world.fault(as, va, 4 * PAGE);
    expect(world.mprotect(as, va, 2 * PAGE, 8)).toBe(0);
    expect(world.entries(as).length).toBe(2);
    expect(world.fault(as, va)).toBe(FC_PROT);
  });

  test('a large page keeps its untouched part when a page of it is protected', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 2 ** 21 }]) });
    const as = world.space();
    const va = world.mmap(as, dev, { len: 2 ** 21 });
    world.fault(as, va);
    expect(world.mprotect(as, va + PAGE, PAGE, RU)).toBe(0);
    expect([0, 1, 2].map((page) => hat_probe(as.hat, va + page * PAGE)?.prot)).toEqual([RWU, RU, RWU]);
  });
});

describe('the table of quirks', () => {
  test('names lines of the C text and both behaviours for each, and every mode sets all of them', () => {
    for (const name of QUIRK_NAMES) {
      const { c, fixed, lines } = QUIRKS[name];
      expect(c.length > 20 && fixed.length > 3 && /^(\d|pmem\.c)/.test(lines), name).toBe(true);
      expect(quirksOf('illumos')[name]).toBe(true);
      expect(quirksOf('fixed')[name]).toBe(false);
      expect(quirksOf('fixed', { [name]: true })[name]).toBe(true);
    }
  });
});
