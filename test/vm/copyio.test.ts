import { describe, expect, it } from 'vitest';
import { EFAULT, EIO, ENAMETOOLONG, PAGESIZE, USER_END, asPaddr } from '../../src/base/index.js';
import { immediate } from '../../src/kernel/index.js';
import { FC_MAKE_ERR, HAT_LOAD, MAP_PRIVATE, PROT_READ, PROT_USER, PROT_WRITE, as_alloc, as_map, copyin, copyinstr, copyout, hat_devload, segvn_create } from '../../src/vm/index.js';
import { fakeSegment } from './fake-segment.js';
import { world } from './world.js';

const K4 = PAGESIZE;
const AT = 0x10_0000;
const RWU = PROT_READ | PROT_WRITE | PROT_USER;
const setup = (prot = RWU) => {
  const w = world();
  const as = as_alloc(w.vm, 'A1');
  w.run(() => as_map(as, AT, 3 * K4, segvn_create({ type: MAP_PRIVATE, prot })));
  return { ...w, as };
};
const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe('copyin and copyout', () => {
  it('cross pages, faulting each in', () => {
    const { as, run } = setup();
    const data = Uint8Array.from({ length: 2 * K4 }, (_, index) => index % 251);
    expect(run(() => copyout(as, AT + 100, data))).toBe(0);
    const back = new Uint8Array(data.length);
    expect(run(() => copyin(as, AT + 100, back))).toBe(0);
    expect(back).toEqual(data);
  });

  it('refuse addresses outside user memory, gaps and protections', () => {
    const { as, run } = setup(PROT_READ | PROT_USER);
    const one = new Uint8Array(1);
    for (const addr of [-1, USER_END, USER_END - 1, AT - 1, 0.5, NaN, Infinity]) expect(run(() => copyin(as, addr, one))).toBe(EFAULT);
    expect(run(() => copyin(as, AT, one))).toBe(0);
    expect(run(() => copyout(as, AT, one))).toBe(EFAULT);
    expect(run(() => copyin(as, AT + 3 * K4 - 1, new Uint8Array(2)))).toBe(EFAULT);
  });

  it('write what lies below the page that fails', () => {
    const { as, run } = setup();
    expect(run(() => copyout(as, AT + 3 * K4 - 2, Uint8Array.of(1, 2, 3)))).toBe(EFAULT);
    const back = new Uint8Array(2);
    run(() => copyin(as, AT + 3 * K4 - 2, back));
    expect([...back]).toEqual([1, 2]);
  });

  it('answer the errno of an object, and EFAULT instead of asking a driver for ever that loads nothing', () => {
    const { as, run } = setup();
    run(() => as_map(as, 0x20_0000, K4, fakeSegment({ fault: () => immediate(FC_MAKE_ERR(EIO)) })));
    let asked = 0;
    run(() => as_map(as, 0x30_0000, K4, fakeSegment({ fault: () => {
      asked++;
      return immediate(0);
    } })));
    expect(run(() => copyin(as, 0x20_0000, new Uint8Array(1)))).toBe(EIO);
    expect(run(() => copyin(as, 0x30_0000, new Uint8Array(1)))).toBe(EFAULT);
    expect(asked).toBeLessThan(1000);
  });

  it('reach registers byte by byte, and answer EFAULT where the bus does', () => {
    const { as, run, bus, vm } = setup();
    const written: [number, bigint][] = [];
    bus.attachRegisters({
      name: 'registers', base: asPaddr(2 ** 44), size: 8, sizes: [1],
      window: { read: (offset) => BigInt(offset + 1), write: (offset, _size, value) => void written.push([offset, value]) },
    });
    expect(vm.pages.isRam(2 ** 32)).toBe(false);
    hat_devload(as.hat, 0x40_0000, K4, 2 ** 32, RWU, HAT_LOAD);
    const bytes = new Uint8Array(3);
    expect(run(() => copyin(as, 0x40_0002, bytes))).toBe(0);
    expect([...bytes]).toEqual([3, 4, 5]);
    expect(run(() => copyout(as, 0x40_0006, Uint8Array.of(8, 9)))).toBe(0);
    expect(written).toEqual([[6, 8n], [7, 9n]]);
    expect(run(() => copyin(as, 0x40_0006, bytes))).toBe(EFAULT);
  });
});

describe('copyinstr', () => {
  it('reads up to the zero byte, across a page boundary and up to the end of the mapping', () => {
    const { as, run } = setup();
    run(() => copyout(as, AT + K4 - 3, text('/dev/fb0\0')));
    expect(run(() => copyinstr(as, AT + K4 - 3, 100))).toBe('/dev/fb0');
    run(() => copyout(as, AT + 3 * K4 - 3, text('ä\0')));
    expect(run(() => copyinstr(as, AT + 3 * K4 - 3, 100))).toBe('ä');
  });

  it('says when the string is too long or runs out of the mapping', () => {
    const { as, run } = setup();
    run(() => copyout(as, AT, text('12345678')));
    expect(run(() => copyinstr(as, AT, 8))).toBe(ENAMETOOLONG);
    expect(run(() => copyinstr(as, AT, 9))).toBe('12345678');
    run(() => copyout(as, AT + 3 * K4 - 1, text('x')));
    expect(run(() => copyinstr(as, AT + 3 * K4 - 1, 9))).toBe(EFAULT);
  });
});
