/** One store to a device page, followed through the six steps that ARCHITECTURE.md tells, by its trace alone. */
import { describe, expect, it } from 'vitest';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankDriver } from '../../drivers/regbank/driver.js';
import { RB } from '../../drivers/regbank/registers.js';
import { Guest } from '../process/guest-program.js';
import type { Finished } from '../process/guest-program.js';

const O_RDWR = 2;
const [PROT_RW, MAP_SHARED] = [3, 1];

/** A guest that maps `len` bytes of a device and stores s1 at `offset`, between two marks in the trace. */
function storing(device: string, len: number, offset: number): Guest {
  return new Guest().data(`path: .asciz "/dev/${device}"`)
    .sys('openat', -100, '&path', O_RDWR, 0).expect(3).sys('mmap', 0, len, PROT_RW, MAP_SHARED, 3, 0).asm('mv s0, a0\nsltz a0, a0').expect(0)
    .asm(`li t0, ${offset}\nadd s0, s0, t0\nli s1, 0x11223344`).sys('getpid').asm('store: sw s1, 0(s0)').sys('getppid');
}

/** The events between the marks, without those about the program's own code and stack. */
const between = ({ trace }: Finished): string[] => {
  const from = trace.findIndex((line) => line.startsWith('guest.sysret') && line.includes('getpid'));
  const to = trace.findIndex((line) => line.startsWith('guest.syscall') && line.includes('getppid'));
  return trace.slice(from + 1, to);
};
const kinds = (events: readonly string[]): string[] => events.map((line) => line.split(' ')[0] ?? '');
const field = (events: readonly string[], kind: string, name: string): string | undefined =>
  events.find((line) => line.startsWith(`${kind} `))?.match(new RegExp(` ${name}=(\\S+)`))?.[1];

describe('one store', () => {
  it('to a framebuffer: trap, address space, segment, driver, translation, then the bytes', () => {
    const hardware = new FramebufferDevice({ width: 64, height: 64 });
    const finished = storing('fb0', 0x4000, 0x1008).passes({ devices: [{ path: 'fb0', hardware, driver: framebufferDriver }] });
    const events = between(finished);

    expect(kinds(events)).toEqual([
      'guest.trap', // 1, 2: no translation; the hart leaves with a precise fault
      'segdev_fault', // 3: F_INVAL reaches the segment
      'drv.access.enter', // 4: the driver is asked
      'hat_devload', 'hat_pte', // 5: the translation is written
      'drv.load', 'drv.access.leave', 'segdev_fault.done', 'as_fault',
      'mmu.fill', // 6: the store runs again
    ]);

    const va = field(events, 'guest.trap', 'tval');
    expect(field(events, 'guest.trap', 'cause')).toBe('storePage');
    const page = Number(va) - 8;
    expect(page % 4096).toBe(0);
    expect([field(events, 'segdev_fault', 'type'), field(events, 'segdev_fault', 'rw')]).toEqual(['INVAL', 'WRITE']);
    expect(Number(field(events, 'segdev_fault', 'va'))).toBe(page);
    expect(Number(field(events, 'drv.access.enter', 'off'))).toBe(0x1000);
    expect(Number(field(events, 'hat_pte', 'va'))).toBe(page);
    expect(Number(field(events, 'mmu.fill', 'va'))).toBe(page);
    expect(Number(field(events, 'hat_devload', 'pfn')) * 4096).toBe(hardware.memory.base + 0x1000);
    expect(field(events, 'as_fault', 'result')).toBe('0');
    expect([...hardware.memory.read(0x1008, 4)]).toEqual([0x44, 0x33, 0x22, 0x11]);
    expect(hardware.memory.backedPages).toBe(1);
  });

  it('to a register: the same way, and then the device sees it by the register\'s name', () => {
    const hardware = new RegbankDevice({});
    const finished = storing('regs0', 0x1000, RB.SCRATCH).passes({ devices: [{ path: 'regs0', hardware, driver: regbankDriver }] });
    const events = between(finished);
    expect(kinds(events).slice(0, 2)).toEqual(['guest.trap', 'segdev_fault']);
    expect(kinds(events).slice(-2)).toEqual(['mmu.fill', 'reg.write']);
    expect(events.at(-1)).toMatch(/register=SCRATCH size=0x4 value=0x11223344/);
  });

  it('the second store to the page takes none of these steps', () => {
    const hardware = new FramebufferDevice({ width: 64, height: 64 });
    const g = storing('fb0', 0x4000, 0x1008).asm('sw s1, 4(s0)\nsw s1, 8(s0)').sys('getuid');
    const { trace } = g.passes({ devices: [{ path: 'fb0', hardware, driver: framebufferDriver }] });
    const from = trace.findIndex((line) => line.includes('sysret') && line.includes('getppid'));
    const to = trace.findIndex((line) => line.includes('syscall') && line.includes('getuid'));
    expect(trace.slice(from + 1, to)).toEqual([]);
  });
});
