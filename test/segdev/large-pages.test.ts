import { describe, expect, test } from 'vitest';
import { chunked, reg, World } from './world.js';

const MiB = 2 ** 20;

/** How many leaf PTEs of each size map the space: 4K, 2M, 1G. */
function touch(world: World, base: number, len: number, off: number, addr?: number): { faults: number; ptes: number[] } {
  const dev = world.device({ devmap: chunked([{ off, len, roff: 0 }]) }, [reg(base, len)]);
  const as = world.space();
  const va = world.mmap(as, dev, addr === undefined ? { off, len } : { off, len, addr, flags: 0x11 });
  expect(va).toBeGreaterThan(0);
  const faults = world.touchAll(as, va, len);
  const ptes = world.ptes(as);
  world.exit(as);
  return { faults, ptes };
}

describe('a device window maps with the largest pages its addresses allow', () => {
  test('a large BAR at an address that is only 2M aligned: 1,029 faults, not 28,623', () => {
    const len = 0xdf9e00000;
    expect(touch(new World(), 0x40006000000, len, 0)).toEqual({ faults: 1029, ptes: [0, 975, 54] });
  });

  test('a 16 MiB framebuffer at 2M + 4K: 512 small and 7 large pages', () => {
    expect(touch(new World(), 2 ** 33 + 2 * MiB + 4096, 16 * MiB, 0)).toEqual({ faults: 519, ptes: [512, 7, 0] });
  });

  test('the C text decides before it knows the address, and maps the same framebuffer with 4096 small pages', () => {
    const world = new World({ mode: 'illumos' });
    expect(touch(world, 2 ** 33 + 2 * MiB + 4096, 16 * MiB, 0).faults).toBe(4096);
  });

  test('the C text maps the large BAR with 2M pages only', () => {
    const world = new World({ mode: 'illumos' });
    expect(touch(world, 0x40006000000, 0xdf9e00000, 0).faults).toBe(28_623);
  });

  test('one quirk makes the difference', () => {
    const world = new World({ quirks: { largePagesBeforeAddress: true } });
    expect(touch(world, 2 ** 33 + 2 * MiB + 4096, 16 * MiB, 0).faults).toBe(4096);
  });

  test('an aligned 2 GiB window is two 1G pages', () => {
    expect(touch(new World(), 2 ** 34, 2 ** 31, 0)).toEqual({ faults: 2, ptes: [0, 0, 2] });
  });

  test('an 8 MiB window off by a page has 2M pages in the middle', () => {
    expect(touch(new World(), 2 ** 34 + 4096, 8 * MiB, 0)).toEqual({ faults: 512 + 3, ptes: [512, 3, 0] });
  });

  test('a fixed address that does not agree with the physical one gets small pages', () => {
    expect(touch(new World(), 2 ** 34, 4 * MiB, 0, 0x10_0000_1000)).toEqual({ faults: 1024, ptes: [1024, 0, 0] });
  });

  test('DEVMAP_USE_PAGESIZE keeps to small pages even for ranges', () => {
    const world = new World();
    const dev = world.device({ devmap: chunked([{ off: 0, len: 4 * MiB, flags: 4 }]) }, [reg(2 ** 34, 4 * MiB)]);
    const as = world.space();
    const va = world.mmap(as, dev, { len: 4 * MiB });
    expect(world.fault(as, va, 4 * MiB)).toBe(0);
    expect(world.ptes(as)).toEqual([1024, 0, 0]);
  });
});
