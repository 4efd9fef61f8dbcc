import { describe, expect, it } from 'vitest';
import { Trace, asPaddr } from '../../src/base/index.js';
import { Bus, DeviceSpace, naturalAlign, placeHardware, type Hardware, type HardwareConnection } from '../../src/bus/index.js';

const window = { read: () => 0n, write: () => undefined };
const make = (): { bus: Bus; space: DeviceSpace } => {
  const bus = new Bus({ ramSize: 0x1_0000, reserved: 1, poolSize: 4096 });
  return { bus, space: new DeviceSpace(bus) };
};

describe('placeHardware', () => {
  it('attaches every range in order and connects the device to its memories', () => {
    const { bus, space } = make();
    let got: HardwareConnection | undefined;
    const trace = new Trace();
    const hardware: Hardware = {
      name: 'fb',
      ranges: [{ kind: 'registers', name: 'regs', size: 0x40, sizes: [4], window }, { kind: 'memory', name: 'vram', size: 3 * 2 ** 20 }, { kind: 'memory', name: 'rom', size: 4096, base: asPaddr(0x7000_0000) }],
      connect: (connection) => { got = connection; },
    };
    const placed = placeHardware(bus, hardware, space, { now: () => 42, trace });
    expect(placed).toEqual([
      { name: 'regs', kind: 'registers', base: 0x1000_0000, size: 0x40 },
      { name: 'vram', kind: 'memory', base: 0x1020_0000, size: 3 * 2 ** 20 },
      { name: 'rom', kind: 'memory', base: 0x7000_0000, size: 4096 },
    ]);
    expect([...got!.memories.keys()]).toEqual(['vram', 'rom']);
    expect(got!.memories.get('vram')!.name).toBe('fb.vram');
    expect([got!.now(), got!.trace === trace]).toEqual([42, true]);
    expect(bus.regionAt(asPaddr(0x1000_0000))?.name).toBe('fb.regs');
  });

  it('puts each device beside the others, windows on pages of their own', () => {
    const { bus, space } = make();
    const small = (name: string): Hardware => ({ name, ranges: [{ kind: 'registers', name: 'regs', size: 8, sizes: [8], window }] });
    const bases = ['a', 'b', 'c'].map((name) => placeHardware(bus, small(name), space)[0]!.base);
    expect(bases).toEqual([0x1000_0000, 0x1000_1000, 0x1000_2000]);
  });

  it('puts what does not fit below RAM high above it, on a 1G boundary when it is that large', () => {
    const { bus, space } = make();
    const placed = placeHardware(bus, { name: 'gpu', ranges: [{ kind: 'memory', name: 'bar', size: 57 * 2 ** 30 }, { kind: 'memory', name: 'small', size: 4096 }] }, space);
    expect(placed.map((range) => range.base)).toEqual([2 ** 38, 0x1000_0000]);
  });

  it('says whose range does not fit', () => {
    const { bus, space } = make();
    expect(() => placeHardware(bus, { name: 'gpu', ranges: [{ kind: 'memory', name: 'bar', size: 2 ** 46 }] }, space)).toThrow(/gpu\.bar: no 0x400000000000 bytes are free/);
    expect(() => placeHardware(bus, { name: 'x', ranges: [{ kind: 'memory', name: 'm', size: 4096, base: asPaddr(0x8000_0000) }] }, space)).toThrow(/x\.m .*overlaps RAM/);
    expect(() => space.allocate('x', 0)).toThrow(/size 0/);
    expect(() => space.allocate('x', 4096, 3)).toThrow(/align 3/);
  });
});

describe('naturalAlign', () => {
  it('is the largest page size the range fills', () => {
    expect([4096, 2 ** 21 - 4096, 2 ** 21, 2 ** 30 - 4096, 2 ** 30, 2 ** 36].map(naturalAlign)).toEqual([4096, 4096, 2 ** 21, 2 ** 21, 2 ** 30, 2 ** 30]);
  });
});
