import { describe, expect, it } from 'vitest';
import { ENOMEM, LEVEL_SIZE, PAGESIZE, asVaddr } from '../../src/base/index.js';
import {
  FC_MAKE_ERR, F_INVAL, F_SOFTLOCK, HAT_LOAD, HAT_LOAD_LOCK, HAT_UNLOAD, MAP_PRIVATE, PROT_READ, PROT_USER, PROT_WRITE, S_READ, S_WRITE, as_alloc,
  as_dup, as_fault, as_free, as_map, hat_chgprot, hat_devload, hat_memload, hat_probe, hat_resident, hat_unload, hat_unlock, segvn_create,
} from '../../src/vm/index.js';
import type { As, Vm } from '../../src/vm/index.js';
import { DEVICE_PFN, world } from './world.js';

const RW = PROT_READ | PROT_WRITE | PROT_USER;
const RO = PROT_READ | PROT_USER;
const VA = 2 ** 32;
const LARGE = LEVEL_SIZE[1];
const DEVICE = Math.ceil(DEVICE_PFN / 2 ** 18) * 2 ** 18;

/** Takes every frame but `left`; the result gives them back. */
function exhaust(vm: Vm, left: number): () => void {
  const taken: number[] = [];
  for (;;) {
    const pfn = vm.pages.create(left);
    if (pfn === undefined) break;
    taken.push(pfn);
  }
  expect(vm.pages.free).toBe(left);
  return () => {
    for (const pfn of taken) vm.pages.release(pfn);
  };
}

/** An address space with one large page at VA, and whatever `body` does when no frame at all is left. Nothing may be lost. */
function withoutFrames(body: (as: As, w: ReturnType<typeof world>) => void, flags: number = HAT_LOAD): void {
  const w = world({ ramPages: 128 });
  const before = w.vm.pages.free;
  const as = as_alloc(w.vm, 'A');
  hat_devload(as.hat, VA, LARGE, DEVICE, RW, flags);
  w.look(as.hat);
  const giveBack = exhaust(w.vm, 0);
  body(as, w);
  w.look(as.hat);
  giveBack();
  w.run(() => as_free(as));
  expect(w.vm.pages.free).toBe(before);
}

describe('when no frame is left', () => {
  it('unmapping a part of a large page takes all of it, so that nothing is reached that should not be', () => {
    withoutFrames((as, w) => {
      hat_unload(as.hat, VA + PAGESIZE, PAGESIZE, HAT_UNLOAD);
      expect(w.look(as.hat)).toEqual([]);
      expect(hat_resident(as.hat)).toEqual([0, 0, 0]);
    });
  });

  it('a protection change of a part of a large page takes all of it', () => {
    withoutFrames((as, w) => {
      hat_chgprot(as.hat, VA + PAGESIZE, PAGESIZE, RO);
      expect(w.look(as.hat)).toEqual([]);
    });
  });

  it('another frame inside a large page is not mapped, and the old one no longer', () => {
    withoutFrames((as, w) => {
      hat_devload(as.hat, VA + PAGESIZE, PAGESIZE, DEVICE + 7, RW, HAT_LOAD);
      expect(w.look(as.hat)).toEqual([]);
      expect(as.hat.shortages).toBe(1);
    });
  });

  it('an unlock of a part keeps the lock of the whole, for the other part may be in use', () => {
    withoutFrames((as) => {
      hat_unlock(as.hat, VA + PAGESIZE, PAGESIZE);
      expect(hat_probe(as.hat, VA)).toMatchObject({ level: 1, locks: 1 });
      hat_unlock(as.hat, VA, LARGE);
      expect(hat_probe(as.hat, VA)).toMatchObject({ level: 1, locks: 0 });
    }, HAT_LOAD_LOCK);
  });

  it('a load goes on behind what it cannot map, and leaves no empty page table', () => {
    withoutFrames((as, w) => {
      // Below the large page a table is missing; the next large page needs none.
      hat_devload(as.hat, VA - PAGESIZE, PAGESIZE + 2 * LARGE, DEVICE - 1, RW, HAT_LOAD);
      expect(w.look(as.hat).map((leaf) => [leaf.va, leaf.level])).toEqual([[VA, 1], [VA + LARGE, 1]]);
      expect(as.hat.shortages).toBe(1);
    });
    const w = world({ ramPages: 128 });
    const as = as_alloc(w.vm, 'A');
    const { splitReserve } = w.vm.pages;
    exhaust(w.vm, splitReserve + 1);
    // One frame is enough for one of the two tables that a page needs.
    expect(hat_memload(as.hat, VA, w.vm.pages.first, RW, HAT_LOAD)).toBe(false);
    expect(w.vm.pages.free).toBe(splitReserve + 1);
    expect(w.look(as.hat)).toEqual([]);
  });

  it('the frames kept back for splits let exactly the part go', () => {
    const w = world({ ramPages: 128 });
    const as = as_alloc(w.vm, 'A');
    hat_devload(as.hat, VA, LARGE, DEVICE, RW, HAT_LOAD);
    exhaust(w.vm, w.vm.pages.splitReserve);
    hat_unload(as.hat, VA + PAGESIZE, PAGESIZE, HAT_UNLOAD);
    expect(w.look(as.hat)).toHaveLength(511);
  });
});

describe('when memory is used up', () => {
  /** A mapped but untouched megabyte at VA. */
  const mapped = (w: ReturnType<typeof world>): As => {
    const as = as_alloc(w.vm, 'A');
    expect(w.run(() => as_map(as, VA, 2 ** 20, segvn_create({ prot: RW, type: MAP_PRIVATE })))).toBe(0);
    return as;
  };

  it('a fault without a frame for the page table answers ENOMEM, and a softlock leaves nothing locked', () => {
    const w = world({ ramPages: 128 });
    const as = mapped(w);
    const giveBack = exhaust(w.vm, w.vm.pages.reserve);
    // Memory for the page itself is there already: what is missing is only the page table.
    expect(w.run(() => as_fault(as, asVaddr(VA), PAGESIZE, F_INVAL, S_WRITE))).toBe(FC_MAKE_ERR(ENOMEM));
    expect(w.run(() => as_fault(as, asVaddr(VA), 2 * PAGESIZE, F_SOFTLOCK, S_READ))).toBe(FC_MAKE_ERR(ENOMEM));
    giveBack();
    expect(w.run(() => as_fault(as, asVaddr(VA), PAGESIZE, F_INVAL, S_WRITE))).toBe(0);
    expect(hat_probe(as.hat, VA)).toMatchObject({ locks: 0 });
    w.run(() => as_free(as));
  });

  it('another address space is refused: a copy with ENOMEM, a new one with an exception', () => {
    const w = world({ ramPages: 128 });
    const as = mapped(w);
    const giveBack = exhaust(w.vm, w.vm.pages.reserve);
    expect(w.run(() => as_dup(as, 'B'))).toBe(ENOMEM);
    expect(() => as_alloc(w.vm, 'B')).toThrow(RangeError);
    expect(() => as_alloc(w.vm, 'B')).toThrow(/memory is used up.*B/);
    giveBack();
    const free = w.vm.pages.free;
    const copy = w.run(() => as_dup(as, 'B'));
    if (typeof copy === 'number') throw new Error('refused with memory left');
    w.run(() => as_free(copy));
    expect(w.vm.pages.free).toBe(free);
  });

  it('kernel memory is refused and gives its frames back', () => {
    const w = world({ ramPages: 128 });
    const giveBack = exhaust(w.vm, w.vm.pages.splitReserve);
    const free = w.vm.pages.free;
    expect(w.vm.kas.alloc(PAGESIZE)).toBeUndefined();
    expect(w.vm.pages.free).toBe(free);
    giveBack();
    expect(w.vm.kas.alloc(PAGESIZE)).toBeDefined();
  });
});
