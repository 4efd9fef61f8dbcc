import { describe, expect, it } from 'vitest';
import { EFAULT, ENOMEM, PAGESIZE, PFN_INVALID } from '../../src/base/index.js';
import { KERNEL_HEAP, KERNEL_PAGEABLE, hat_getpfnum } from '../../src/vm/index.js';
import { world } from './world.js';

const K4 = PAGESIZE;

describe('the kernel heap', () => {
  it('hands out zeroed pages in the upper half, each allocation followed by a page that stays free', () => {
    const { vm: { kas } } = world();
    const first = kas.alloc(5)!;
    const second = kas.alloc(2 * K4)!;
    expect([first, second]).toEqual([KERNEL_HEAP, KERNEL_HEAP + 2 * K4]);
    const bytes = new Uint8Array(3).fill(7);
    expect(kas.read(first, bytes)).toBe(0);
    expect([...bytes]).toEqual([0, 0, 0]);
    expect(hat_getpfnum(kas.hat, first + K4)).toBe(PFN_INVALID);
    expect(hat_getpfnum(kas.hat, second + K4)).not.toBe(hat_getpfnum(kas.hat, second));
  });

  it('reads back what was written, across pages, from both heaps', () => {
    const { vm: { kas } } = world();
    for (const pageable of [false, true]) {
      const va = kas.alloc(3 * K4, pageable)!;
      const data = Uint8Array.from({ length: K4 + 9 }, (_, index) => index);
      expect(kas.write(va + K4 - 4, data)).toBe(0);
      const back = new Uint8Array(data.length);
      expect(kas.read(va + K4 - 4, back)).toBe(0);
      expect(back).toEqual(data);
    }
  });

  it('refuses addresses that are not allocated, are freed, or reach out of their allocation', () => {
    const { vm: { kas } } = world();
    const va = kas.alloc(2 * K4)!;
    expect([kas.read(va - 1, new Uint8Array(2)), kas.write(va + 2 * K4 - 1, new Uint8Array(2)), kas.read(0, new Uint8Array(1))]).toEqual([EFAULT, EFAULT, EFAULT]);
    expect(() => kas.free(va + K4)).toThrow(/not allocated/);
    kas.free(va);
    expect(kas.read(va, new Uint8Array(1))).toBe(EFAULT);
    expect(() => kas.free(va)).toThrow(/not allocated/);
    expect(kas.alloc(K4)).not.toBe(va);
    expect(() => kas.alloc(0)).toThrow(RangeError);
  });

  it('gives pageable memory its frames with the first lock, and counts locks by page', () => {
    const { vm } = world();
    const { kas } = vm;
    const va = kas.alloc(4 * K4, true)!;
    expect(va).toBe(KERNEL_PAGEABLE);
    expect(kas.frames).toBe(0);
    expect(kas.lock(va + K4, 2 * K4)).toBe(0);
    expect(kas.lock(va + 2 * K4, K4)).toBe(0);
    expect([0, 1, 2, 3].map((page) => kas.locks(va + page * K4))).toEqual([0, 1, 2, 0]);
    const frame = hat_getpfnum(kas.hat, va + K4);
    kas.unlock(va + K4, 2 * K4);
    expect(hat_getpfnum(kas.hat, va + K4)).toBe(frame);
    expect(() => kas.unlock(va + K4, K4)).toThrow(/not locked/);
    expect(kas.lock(va, 5 * K4)).toBe(EFAULT);
    const used = vm.pages.used;
    kas.free(va);
    expect(vm.pages.used).toBeLessThanOrEqual(used - 2);
    expect(kas.allocations).toBe(0);
  });

  it('answers with nothing, and keeps nothing, when memory is used up', () => {
    const { vm } = world({ ramPages: 64 });
    const { kas } = vm;
    const keep = kas.alloc(K4)!;
    const used = vm.pages.used;
    expect(kas.alloc(100 * K4)).toBeUndefined();
    expect(vm.pages.used).toBe(used);
    const pageable = kas.alloc(100 * K4, true)!;
    expect(kas.lock(pageable, 100 * K4)).toBe(ENOMEM);
    expect(kas.locks(pageable)).toBe(0);
    expect(kas.read(keep, new Uint8Array(1))).toBe(0);
    expect(kas.alloc(2 ** 38)).toBeUndefined();
  });
});
