import { describe, expect, it } from 'vitest';
import type { Driver } from '../../src/ddi/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { Machine } from '../../src/machine/index.js';
import { REFAULT_LIMIT, RefaultGuard } from '../../src/process/refault.js';
import { devmap_default_access, devmap_devmem_setup, devmap_unload } from '../../src/segdev/index.js';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { assemble } from '../../guest/index.js';
import { Guest } from './guest-program.js';

const PAGE = 4096;

/** A device of which only one page is mapped at a time: whoever wants one takes the other away. */
const onePage: Driver = {
  ...framebufferDriver,
  cb_ops: {
    ...framebufferDriver.cb_ops,
    devmap: (dev, dhp, off, len, maplen) => {
      maplen.value = len;
      const attributes = { devacc_attr_version: 1, devacc_attr_endian_flags: 0, devacc_attr_dataorder: 0 };
      return devmap_devmem_setup(dhp, dev.dip, {
        devmap_rev: 1,
        access: (handle, pvtp, at, length, type, rw) => {
          devmap_unload(handle, at < PAGE ? PAGE : 0, PAGE);
          return devmap_default_access(handle, pvtp, at, length, type, rw);
        },
      }, 0, off, len, 0xf, 0, attributes);
    },
  },
};
const devices = (): { path: string; hardware: FramebufferDevice; driver: Driver }[] =>
  [{ path: 't0', hardware: new FramebufferDevice({ width: 64, height: 64 }), driver: onePage }];

const program = (access: string): Guest =>
  new Guest().data('path: .asciz "/dev/t0"').sys('openat', -100, '&path', 2, 0).sys('mmap', 0, 2 * PAGE, 3, 1, 3, 0).asm(`mv s0, a0\nli t0, 0xffc\nadd s1, s0, t0\nli s2, 0x1000\nadd s2, s2, s0\n${access}`);

describe('a load across two pages of which the driver maps only one at a time', () => {
  it('ends with a report that says so, instead of faulting for ever', () => {
    const { result } = program('ld t0, 0(s1)').run({ devices: devices() });
    expect(result).toMatchObject({ status: 'signaled', signal: 9 });
    if (result.status === 'signaled') expect(result.report.reason).toMatch(/faulted 1000 times although every fault was resolved.*0x/);
  });

  it('lets the run be stopped long before that', () => {
    const machine: Machine = createMachine({ ramSize: 2 ** 22, devices: devices() });
    machine.spawn(assemble(program('ld t0, 0(s1)').source).elf, ['stuck']);
    const faults = (): number => machine.statistics().pageFaults.load.absent;
    for (let before = 0; before < 800; ) {
      expect(machine.run({ shouldStop: () => faults() >= before + 100 })).toEqual({ status: 'interrupted' });
      expect(faults() - before - 100).toBeLessThan(20);
      before = faults();
      expect(machine.processes().length).toBe(1);
    }
    expect(machine.run()).toMatchObject({ status: 'signaled', signal: 9 });
  });

  it('does not harm accesses that take turns: each of them gets on', () => {
    program('li s3, 3000\nmore: ld t0, 0(s0)\nld t0, 0(s2)\naddi s3, s3, -1\nbnez s3, more').passes({ devices: devices() });
  });
});

describe('counting resolved faults', () => {
  it('counts those of one instruction together, whatever page and access they are of', () => {
    const guard = new RefaultGuard();
    for (let n = 1; n < REFAULT_LIMIT; n++) expect(guard.resolved(n % 2 === 0 ? 'fetch' : 'load', 0x1000 * (n % 4), 7)).toBeUndefined();
    expect(guard.resolved('store', 0x5000, 7)).toMatchObject({ info: { signal: 9, addr: 0x5000n }, fault: { access: 'store' } });
  });

  it('begins anew with every instruction done', () => {
    const guard = new RefaultGuard();
    for (let n = 0; n < 5 * REFAULT_LIMIT; n++) expect(guard.resolved('load', 0x1000, Math.floor(n / (REFAULT_LIMIT - 1)))).toBeUndefined();
  });
});
