/** The register bank's driver on a whole machine: mapped registers, fills by ioctl, errors. */
import { describe, expect, it } from 'vitest';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { RegbankDevice, type RegbankOptions } from '../../drivers/regbank/device.js';
import { type RegbankState, regbankDriver } from '../../drivers/regbank/driver.js';
import { RB, RBIOCFILL, RBIOCRESET, RB_FILL_SIZE, STATUS_DONE } from '../../drivers/regbank/registers.js';
import { TemplateDevice } from '../../drivers/template/device.js';
import { DriverKit, type DriverUnderTest, unmapMatrix } from '../../src/harness/index.js';
import { ddi_get_driver_private } from '../../src/sunddi.js';

interface Setup { readonly kit: DriverKit; readonly fb: FramebufferDevice; readonly bank: RegbankDevice }

const under = (options: RegbankOptions = {}): DriverUnderTest & { fb: FramebufferDevice; hardware: RegbankDevice } => {
  const fb = new FramebufferDevice({ width: 20, height: 10, format: 'gray8' });
  return {
    driver: regbankDriver, hardware: new RegbankDevice(options, fb), path: 'regs0', fb,
    others: [{ path: 'fb0', hardware: fb, driver: framebufferDriver }],
    privateData: (dip) => (ddi_get_driver_private(dip) as RegbankState).mappings.size,
  };
};

const setUp = (options?: RegbankOptions): Setup => {
  const subject = under(options);
  return { kit: new DriverKit(subject), fb: subject.fb, bank: subject.hardware };
};

const request = (...words: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(RB_FILL_SIZE);
  words.forEach((word, i) => new DataView(bytes.buffer).setUint32(4 * i, word, true));
  return bytes;
};

const lit = (fb: FramebufferDevice): number => fb.screenshot().pixels.reduce((n, v) => n + (v === 0 ? 0 : 1), 0);

describe('mapped registers', () => {
  it('are read and written through the mapping, by name in the trace', () => {
    const { kit } = setUp();
    const regs = kit.process().open().mmap({ len: 0x1000 });
    regs.store(RB.SCRATCH, 0xabcdn);
    expect([regs.load(RB.ID), regs.load(RB.SCRATCH)]).toEqual([0x4252_4453n, 0xabcdn]);
    expect(kit.log).toContain('reg.write device=regbank register=SCRATCH size=0x4 value=0xabcd');
    kit.finish();
  });

  it('start the engine, which draws on the framebuffer by itself', () => {
    const { kit, fb } = setUp();
    const regs = kit.process().open().mmap({ len: 0x1000 });
    for (const [offset, value] of [[RB.FILL_X, 2n], [RB.FILL_Y, 3n], [RB.FILL_WIDTH, 5n], [RB.FILL_HEIGHT, 4n], [RB.FILL_COLOUR, 0x80n], [RB.FILL_START, 1n]] as const) {
      regs.store(offset, value);
    }
    expect(regs.load(RB.STATUS)).toBe(BigInt(STATUS_DONE));
    expect(lit(fb)).toBe(20);
    kit.finish();
  });

  it.each([[RB.SCRATCH, 1], [RB.SCRATCH, 2], [RB.ID, 8], [0x100, 4]] as const)('an access at %i of %i bytes is SIGBUS, not a silent 0', (offset, size) => {
    const { kit } = setUp();
    const regs = kit.process().open().mmap({ len: 0x1000 });
    expect(() => regs.load(offset, size)).toThrow('SIGBUS BUS_ADRERR');
    kit.finish();
  });

  it('are one page: more is refused', () => {
    const { kit } = setUp();
    expect(() => kit.process().open().mmap({ len: 0x2000 })).toThrow(/ENXIO.*EINVAL/);
    kit.finish();
  });

  it('a touch of the page reads no register', () => {
    const { kit } = setUp();
    const regs = kit.process().open().mmap({ len: 0x1000 });
    const before = kit.log.filter((line) => line.startsWith('reg.')).length;
    expect(regs.touch(RB.COUNTER_LO)).toBe('ok');
    expect(kit.log.filter((line) => line.startsWith('reg.'))).toHaveLength(before);
    kit.finish();
  });
});

describe('ioctl', () => {
  it('RBIOCFILL draws and returns', () => {
    const { kit, fb } = setUp();
    kit.process().open().ioctlStruct(RBIOCFILL, request(0, 0, 20, 10, 0xff));
    expect(lit(fb)).toBe(200);
    kit.finish();
  });

  it('RBIOCFILL sleeps for as long as the engine is busy', () => {
    const { kit, fb } = setUp({ fillns: 1_000_000 });
    kit.process().open().ioctlStruct(RBIOCFILL, request(0, 0, 10, 10, 0xff));
    expect(kit.machine.kernel.clock.now).toBeGreaterThanOrEqual(100 * 1_000_000);
    expect(lit(fb)).toBe(100);
    kit.finish();
  });

  it('RBIOCFILL waits for the fill of a mapped program and leaves its own outcome', () => {
    const { kit, fb } = setUp({ fillns: 1_000_000 });
    const file = kit.process().open();
    const regs = file.mmap({ len: 0x1000 });
    regs.store(RB.FILL_WIDTH, 10n);
    regs.store(RB.FILL_HEIGHT, 1n);
    regs.store(RB.FILL_COLOUR, 1n);
    regs.store(RB.FILL_START, 1n);
    expect(regs.load(RB.FILL_STATE)).toBe(1n);
    file.ioctlStruct(RBIOCFILL, request(0, 5, 10, 1, 0xff));
    expect(regs.load(RB.STATUS)).toBe(BigInt(STATUS_DONE));
    expect(lit(fb)).toBe(20);
    kit.finish();
  });

  it.each([
    ['a rectangle outside', request(19, 0, 2, 1, 0xff), 'EINVAL'],
    ['a rectangle that wraps', request(0xffff_ffff, 0, 2, 1, 0xff), 'EINVAL'],
  ])('%s is %s', (_what, bytes, errno) => {
    const { kit, fb } = setUp();
    expect(() => kit.process().open().ioctlStruct(RBIOCFILL, bytes)).toThrow(errno);
    expect(lit(fb)).toBe(0);
    kit.finish();
  });

  it('a fill while fills are disabled is ENXIO', () => {
    const { kit } = setUp();
    const file = kit.process().open();
    file.mmap({ len: 0x1000 }).store(RB.CONTROL, 1n);
    expect(() => file.ioctlStruct(RBIOCFILL, request(0, 0, 1, 1, 0))).toThrow('ENXIO');
    kit.finish();
  });

  it('RBIOCRESET resets the bank', () => {
    const { kit } = setUp();
    const file = kit.process().open();
    const regs = file.mmap({ len: 0x1000 });
    regs.store(RB.SCRATCH, 5n);
    file.ioctl(RBIOCRESET);
    expect(regs.load(RB.SCRATCH)).toBe(0n);
    kit.finish();
  });

  it('a descriptor that is not open for writing gets EBADF and changes nothing', () => {
    const { kit, fb } = setUp();
    const process = kit.process();
    const file = process.open('r');
    expect(() => file.ioctl(RBIOCRESET)).toThrow('EBADF');
    expect(() => file.ioctlStruct(RBIOCFILL, request(0, 0, 1, 1, 0xff))).toThrow('EBADF');
    expect(lit(fb)).toBe(0);
    kit.finish();
  });

  it('a bad address is EFAULT, an unknown command ENOTTY', () => {
    const { kit } = setUp();
    const file = kit.process().open();
    expect(() => file.ioctl(RBIOCFILL, 8)).toThrow('EFAULT');
    expect(() => file.ioctl(0x5203)).toThrow('ENOTTY');
    kit.finish();
  });
});

describe('every way of unmapping', () => {
  for (const { name, run } of unmapMatrix(under, { len: 0x1000 })) it(name, run);
});

describe('attach', () => {
  it('refuses hardware that does not identify as a register bank', () => {
    expect(() => new DriverKit({ driver: regbankDriver, hardware: new TemplateDevice() })).toThrow('attach(9E)');
  });
});
