/** The framebuffer driver on a whole machine: what it maps, what it is told, what it keeps. */
import { describe, expect, it } from 'vitest';
import { FramebufferDevice, type FramebufferOptions } from '../../drivers/framebuffer/device.js';
import { type FramebufferState, framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { FB, FBIOGEOMETRY, FB_GEOMETRY_SIZE, FB_REGISTERS_SIZE } from '../../drivers/framebuffer/registers.js';
import { TemplateDevice } from '../../drivers/template/device.js';
import { DriverKit, type DriverUnderTest, SystemCallError, unmapMatrix } from '../../src/harness/index.js';
import { ddi_get_driver_private } from '../../src/sunddi.js';

const SMALL: FramebufferOptions = { width: 64, height: 64 };
const SMALL_MEMORY = 64 * 64 * 4;

const under = (options: FramebufferOptions = SMALL): DriverUnderTest & { hardware: FramebufferDevice } => ({
  driver: framebufferDriver, hardware: new FramebufferDevice(options), path: 'fb0',
  privateData: (dip) => (ddi_get_driver_private(dip) as FramebufferState).mappings.size,
});

const kitOf = (options?: FramebufferOptions): { kit: DriverKit; hardware: FramebufferDevice } => {
  const subject = under(options);
  return { kit: new DriverKit(subject), hardware: subject.hardware };
};

describe('FBIOGEOMETRY', () => {
  it.each(['xrgb8888', 'xbgr8888', 'rgb565', 'gray8'] as const)('copies out the geometry of a %s framebuffer', (format) => {
    const { kit, hardware } = kitOf({ width: 100, height: 30, format });
    const bytes = kit.process().open('r').ioctlStruct(FBIOGEOMETRY, new Uint8Array(FB_GEOMETRY_SIZE).fill(0xee));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const { stride, format: row, memorySize } = hardware.geometry;
    expect([0, 4, 8, 12, 16, 20].map((at) => view.getUint32(at, true))).toEqual([100, 30, stride, row.code, row.bytes * 8, 0]);
    expect(view.getBigUint64(24, true)).toBe(BigInt(memorySize));
    kit.finish();
  });

  it('answers EFAULT for an address that is not the caller\'s', () => {
    const { kit } = kitOf();
    expect(() => kit.process().open().ioctl(FBIOGEOMETRY, 0x1000)).toThrow('EFAULT');
    kit.finish();
  });

  it('answers ENOTTY for any other command', () => {
    const { kit } = kitOf();
    expect(() => kit.process().open().ioctl(0x4600)).toThrow('ENOTTY');
    kit.finish();
  });
});

describe('mapping', () => {
  it('a store through the mapping is a pixel on the screen', () => {
    const { kit, hardware } = kitOf();
    const memory = kit.process().open().mmap({ len: SMALL_MEMORY });
    memory.store(3 * hardware.geometry.stride + 5 * 4, 0x00c0ffeen);
    const at = (3 * 64 + 5) * 3;
    expect([...hardware.screenshot().pixels.subarray(at, at + 3)]).toEqual([0xc0, 0xff, 0xee]);
    kit.finish();
  });

  it('an offset is an offset into the video memory', () => {
    const { kit, hardware } = kitOf();
    kit.process().open().mmap({ len: 0x1000, off: 0x2000 }).store(8, 0x11223344n);
    expect([...hardware.memory.read(0x2008, 4)]).toEqual([0x44, 0x33, 0x22, 0x11]);
    kit.finish();
  });

  it('behind the memory are the registers, in a handle of their own', () => {
    const { kit } = kitOf();
    const file = kit.process().open();
    kit.expect('mapping all of the device', () => {
      const all = file.mmap({ len: SMALL_MEMORY + FB_REGISTERS_SIZE });
      expect(all.load(SMALL_MEMORY + FB.WIDTH)).toBe(64n);
    }, [
      'devmap [0x0, 0x5000), maps [0x0, 0x4000)',
      'devmap [0x4000, 0x5000), maps [0x4000, 0x5000)',
      'map [0x0, 0x4000)',
      'map [0x4000, 0x5000)',
      'access [0x4000, 0x5000) read',
    ]);
    kit.finish();
  });

  it.each([
    [0x1000, SMALL_MEMORY + FB_REGISTERS_SIZE, 'right behind the device'],
    [SMALL_MEMORY + FB_REGISTERS_SIZE + 0x1000, 0, 'one page longer than the device'],
    [0x1000, 2 ** 40, 'far behind the device'],
  ])('%i bytes at %i, %s, are refused', (len, off) => {
    const { kit } = kitOf();
    const file = kit.process().open();
    expect(() => file.mmap({ len, off })).toThrow(SystemCallError);
    expect(() => file.mmap({ len, off })).toThrow(/ENXIO.*devmap \[.*EINVAL/);
    expect(kit.liveHandles).toBe(0);
    kit.finish();
  });

  it('a private mapping works, because the driver has devmap_access', () => {
    const { kit, hardware } = kitOf();
    kit.process().open().mmap({ len: 0x1000, type: 'private' }).store(0, 1n);
    expect(hardware.memory.read(0, 1)[0]).toBe(1);
    kit.finish();
  });

  it('a read-only mapping cannot be written', () => {
    const { kit } = kitOf();
    const mapping = kit.process().open().mmap({ len: 0x1000, prot: 'r' });
    expect(mapping.touch(0)).toBe('ok');
    expect(mapping.touch(0, 'write')).toBe('SIGSEGV SEGV_ACCERR');
    kit.finish();
  });

  it('the driver is asked once a page, and counts it', () => {
    const { kit } = kitOf();
    const mapping = kit.process().open().mmap({ len: 0x3000 });
    kit.expect('touching two pages twice', () => {
      for (const at of [0, 0x2000, 0, 0x2000]) mapping.store(at, 1n);
    }, ['access [0x0, 0x1000) write', 'access [0x2000, 0x3000) write']);
    const { mappings } = ddi_get_driver_private(kit.dip) as FramebufferState;
    expect([...mappings].map(({ off, len, accesses }) => [off, len, accesses])).toEqual([[0, 0x3000, 2]]);
    kit.finish();
  });

  it('memory may merge stores, registers keep their order', () => {
    const { kit } = kitOf();
    const all = kit.process().open().mmap({ len: SMALL_MEMORY + FB_REGISTERS_SIZE });
    all.touch(0);
    all.touch(SMALL_MEMORY);
    const attributes = kit.log.filter((line) => line.startsWith('hat_devload')).map((line) => /attr=(\S+)/.exec(line)?.[1]);
    expect(attributes).toEqual(['rwu+0x200', 'rwu']);
    kit.finish();
  });
});

describe('fork and exit', () => {
  it('parent and child share the pixels, and each handle has a record of its own', () => {
    const { kit } = kitOf();
    const parent = kit.process();
    const mapping = parent.open().mmap({ len: 0x2000 });
    let child = parent;
    kit.expect('forking', () => { child = parent.fork(); }, ['dup [0x0, 0x2000)']);
    mapping.in(child).store(0x1000, 0x77n);
    expect(mapping.load(0x1000)).toBe(0x77n);
    kit.expect('the child exits', () => child.exit(), ['unmap [0x0, 0x2000)']);
    expect(mapping.load(0x1000)).toBe(0x77n);
    kit.expect('the parent exits', () => parent.exit(), ['unmap [0x0, 0x2000)', 'close']);
    kit.finish();
  });
});

describe('large pages', () => {
  const M2 = 2 ** 21;
  const pages = (options: FramebufferOptions, len: number): Record<string, number> => {
    const { kit } = kitOf(options);
    const mapping = kit.process().open().mmap({ len });
    for (let at = 0; at < len; at += 4096) mapping.touch(at, 'write');
    const { ptesLoaded } = kit.machine.statistics();
    kit.finish();
    return { ...ptesLoaded };
  };

  it('all of a default framebuffer takes two 2M pages and nothing smaller', () => {
    expect(pages({}, 2 * M2)).toEqual({ '4K': 0, '2M': 2, '1G': 0 });
  });

  it('with align=4k and an odd page before it everything is 4K', () => {
    expect(pages({ width: 1024, height: 512, base: 0x4000_0000_00 + 4096 }, M2)).toEqual({ '4K': 512, '2M': 0, '1G': 0 });
  });
});

describe('every way of unmapping', () => {
  for (const { name, run } of unmapMatrix(under, { len: 0x4000 })) it(`pages of video memory: ${name}`, run);

  const all = { len: SMALL_MEMORY + FB_REGISTERS_SIZE, boundary: SMALL_MEMORY };
  for (const { name, run } of unmapMatrix(under, all)) it(`memory and registers: ${name}`, run);

  const large = unmapMatrix(() => under({ width: 1024, height: 512 }), { len: 2 ** 21 });
  for (const { name, run } of large.filter((situation) => /without fork|in the child/.test(situation.name))) it(`one 2M page: ${name}`, run);
});

describe('attach', () => {
  it('refuses hardware that is no framebuffer', () => {
    expect(() => new DriverKit({ driver: framebufferDriver, hardware: new TemplateDevice() })).toThrow('attach(9E)');
  });
});
