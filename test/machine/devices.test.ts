import { describe, expect, it } from 'vitest';
import { EACCES, EINVAL, ENXIO, asPaddr } from '../../src/base/index.js';
import type { Hardware } from '../../src/bus/index.js';
import type { CbOps, Driver } from '../../src/ddi/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { DeviceConfig } from '../../src/machine/index.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/vm/index.js';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankDriver } from '../../drivers/regbank/driver.js';
import { TemplateDevice } from '../../drivers/template/device.js';
import { templateDriver } from '../../drivers/template/driver.js';
import { Guest, LINUX } from '../process/guest-program.js';

const RW = PROT_READ | PROT_WRITE;
const template = (): DeviceConfig => ({ path: 'template0', hardware: new TemplateDevice(), driver: templateDriver });
const framebuffer = (): { hardware: FramebufferDevice; device: DeviceConfig } => {
  const hardware = new FramebufferDevice({ width: 64, height: 64 });
  return { hardware, device: { path: 'fb0', hardware, driver: framebufferDriver } };
};
const opens = (name: string, flags = 2): Guest => new Guest().data(`path: .asciz "/dev/${name}"`).sys('openat', -100, '&path', flags, 0).expect(3);

describe('a program and a device', () => {
  it('share memory: what one stores the other reads', () => {
    const { hardware, device } = framebuffer();
    const g = opens('fb0').sys('mmap', 0, 0x1000, RW, 1, 3, 0).asm('mv s0, a0\nli t0, 0x1122334455667788\nsd t0, 8(s0)\nld t1, 8(s0)').expect('t0', 't1');
    g.passes({ devices: [device] });
    expect(Buffer.from(hardware.memory.read(8, 8)).toString('hex')).toBe('8877665544332211');
  });

  it('talk through ioctl with a structure in the program\'s memory; a wrong pointer is EFAULT, a wrong command ENOTTY', () => {
    const g = opens('fb0').data('.balign 8\ngeometry: .zero 32').sys('ioctl', 3, 0x4640, '&geometry').expect(0).expectAt('geometry', 64, 4);
    g.sys('ioctl', 3, 0x4640, 8).expect(LINUX.EFAULT).sys('ioctl', 3, 0x4640, -1).expect(LINUX.EFAULT).sys('ioctl', 3, 0x9999, '&geometry').expect(LINUX.ENOTTY);
    g.passes({ devices: [framebuffer().device] });
  });

  it('cannot map more rights than the file was opened with', () => {
    const g = opens('fb0', 0).sys('mmap', 0, 0x1000, RW, 1, 3, 0).expect(LINUX.EACCES).sys('mmap', 0, 0x1000, 1, 1, 3, 0).asm('mv s0, a0\nlw t0, 0(s0)');
    g.sys('mprotect', 's0', 0x1000, RW).expect(LINUX.EACCES).sys('openat', -100, '&path', 1, 0).expect(4).sys('mmap', 0, 0x1000, 1, 1, 4, 0).expect(LINUX.EACCES);
    g.passes({ devices: [framebuffer().device] });
  });

  it('get the driver\'s refusal of what the device does not have, and read and write are not there', () => {
    const g = opens('template0').sys('mmap', 0, 0x2000, RW, 1, 3, 0).expect(-6).sys('mmap', 0, 0x1000, RW, 1, 3, 0x1000).expect(-6);
    g.sys('read', 3, '&path', 4).expect(LINUX.ENODEV).sys('write', 3, '&path', 4).expect(LINUX.ENODEV).passes({ devices: [template()] });
  });

  it('meet a bus error as SIGBUS where no register answers that width', () => {
    const device = { path: 'regs0', hardware: new RegbankDevice({}), driver: regbankDriver };
    const { result } = opens('regs0').sys('mmap', 0, 0x1000, RW, 1, 3, 0).asm('lb t0, 0(a0)').run({ devices: [device] });
    expect(result).toMatchObject({ status: 'signaled', signal: 7, report: { signalName: 'SIGBUS', code: 'BUS_ADRERR' } });
    if (result.status === 'signaled') expect(result.report.mapping).toContain('/dev/regs0');
  });

  it('keep the mapping after close; close(9E) comes with the last of both', () => {
    const calls: string[] = [];
    const driver = logging(calls);
    const g = opens('t0').sys('mmap', 0, 0x1000, RW, 1, 3, 0).asm('mv s0, a0').sys('close', 3).expect(0).asm('sw s0, 0(s0)\nlw t0, 0(s0)').sys('getpid').sys('munmap', 's0', 0x1000).expect(0).sys('getppid');
    const { trace } = g.passes({ devices: [{ path: 't0', hardware: new TemplateDevice(), driver }] });
    expect(calls).toEqual(['open', 'close']);
    const order = ['name=close result', 'name=getpid result', 'drv.close', 'name=getppid result'].map((text) => trace.findIndex((line) => line.includes(text)));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order.includes(-1)).toBe(false);
  });

  it('are shared by a child of fork: the child\'s stores reach the device and the parent', () => {
    const { hardware, device } = framebuffer();
    const g = opens('fb0').sys('mmap', 0, 0x1000, RW, 1, 3, 0).asm('mv s0, a0\nli t0, 1\nsw t0, 0(s0)').sys('clone', 17, 0, 0, 0, 0);
    g.asm('bnez a0, parent\nli t0, 2\nsw t0, 4(s0)\nli a0, 0\nli a7, 94\necall\nparent:').sys('wait4', -1, 0, 0, 0).expect(2).asm('lw t0, 4(s0)').expect(2, 't0');
    const { trace } = g.passes({ devices: [device] });
    expect([...hardware.memory.read(0, 8)]).toEqual([1, 0, 0, 0, 2, 0, 0, 0]);
    expect(trace.filter((line) => line.startsWith('drv.dup')).length).toBe(1);
    expect(trace.filter((line) => line.startsWith('drv.access.enter')).length).toBe(2);
  });

  it('stay open for the parent when a child closes its copy of the descriptor or ends', () => {
    const calls: string[] = [];
    const g = opens('t0').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent').sys('close', 3).expect(0).asm('li a0, 0\nli a7, 93\necall\nparent:');
    g.sys('wait4', -1, 0, 0, 0).expect(2).sys('getpid').sys('mmap', 0, 0x1000, RW, 1, 3, 0).asm('sltz a0, a0').expect(0);
    const { trace } = g.passes({ devices: [{ path: 't0', hardware: new TemplateDevice(), driver: logging(calls) }] });
    expect(calls).toEqual(['open', 'close']);
    expect(trace.findIndex((line) => line.startsWith('drv.close'))).toBeGreaterThan(trace.findIndex((line) => line.includes('sysret') && line.includes('getpid')));
  });

  it('take a page that is there but forbids the access for F_PROT, one that is not there for F_INVAL', () => {
    const { device } = framebuffer();
    const g = opens('fb0').sys('mmap', 0, 0x2000, 1, 1, 3, 0).asm('mv s0, a0\nlw t0, 0(s0)').sys('getpid').asm('sw t0, 0(s0)');
    const { trace, result } = g.run({ devices: [device] });
    expect(result).toMatchObject({ status: 'signaled', signal: 11, report: { code: 'SEGV_ACCERR' } });
    const types = trace.filter((line) => line.startsWith('segdev_fault ')).map((line) => / type=(\w+) rw=(\w+)/.exec(line)?.slice(1).join(' '));
    expect(types).toEqual(['INVAL READ', 'PROT WRITE']);
  });

  it('part at exit: every mapping is undone and the device closed, also when a signal ends the program', () => {
    const calls: string[] = [];
    const g = opens('t0').sys('mmap', 0, 0x1000, RW, 1, 3, 0).asm('lw t0, 0(a0)\nlw t0, 0(zero)');
    const { trace, machine } = g.run({ devices: [{ path: 't0', hardware: new TemplateDevice(), driver: logging(calls) }] });
    expect(calls).toEqual(['open', 'close']);
    expect(trace.findLast((line) => line.startsWith('delmap'))).toContain('mapcnt=0');
    expect(machine.vm.pages.locks.length).toBe(1);
  });
});

/** The template's driver with an open and a close that say so. */
function logging(calls: string[]): Driver {
  const note = (name: string) => (): number => {
    calls.push(name);
    return 0;
  };
  const cb_ops: CbOps = { ...templateDriver.cb_ops, open: note('open'), close: note('close') };
  return { name: 'template', cb_ops };
}

describe('a process driven by the host', () => {
  it('opens, maps, stores, loads, protects, unmaps; each step answers what a system call would', () => {
    const { hardware, device } = framebuffer();
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [device] });
    const process = machine.createProcess('host');
    expect(process.open('/dev/nothing')).toBe(-2);
    const fd = process.open('/dev/fb0');
    expect(fd).toBe(3);
    const mapped = process.mmap({ len: 0x4000, prot: RW, flags: MAP_SHARED, fd });
    if ('errno' in mapped) throw new Error(String(mapped.errno));
    expect(process.store(mapped.addr + 0x2004, 4, 0xffff_ffff_8765_4321n)).toEqual({ value: 0n });
    expect(process.load(mapped.addr + 0x2004, 4)).toEqual({ value: 0x8765_4321n });
    expect([...hardware.memory.read(0x2004, 4)]).toEqual([0x21, 0x43, 0x65, 0x87]);
    expect(process.mprotect(mapped.addr, 0x4000, PROT_READ)).toBe(0);
    expect(process.store(mapped.addr, 4, 1n)).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR', addr: mapped.addr });
    expect(process.munmap(mapped.addr, 0x1000)).toBe(0);
    expect(process.touch(mapped.addr, 'read')).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_MAPERR' });
    expect(process.load(mapped.addr + 0x1001, 4)).toMatchObject({ signal: 'SIGBUS', code: 'BUS_ADRALN' });
    expect(process.maps()).toBe(`${(mapped.addr + 0x1000).toString(16).padStart(10, '0')}-${(mapped.addr + 0x4000).toString(16).padStart(10, '0')} r--s 0000001000 /dev/fb0`);
    expect(process.close(fd)).toBe(0);
    expect(process.close(fd)).toBe(9);
    process.exit(5);
    expect(process.exitCode).toBe(5);
    expect(() => process.load(mapped.addr, 4)).toThrow(TypeError);
  });

  it('answers every bad request with its illumos errno', () => {
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [template()] });
    const process = machine.createProcess();
    const fd = process.open('/dev/template0', 'r');
    const map = (o: object): unknown => process.mmap({ len: 0x1000, prot: PROT_READ, flags: MAP_SHARED, fd, ...o });
    expect(map({ len: 0 })).toEqual({ errno: EINVAL });
    expect(map({ off: 1 })).toEqual({ errno: EINVAL });
    expect(map({ flags: 0 })).toEqual({ errno: EINVAL });
    expect(map({ flags: MAP_SHARED | 0x4000 })).toEqual({ errno: EINVAL });
    expect(map({ fd: 77 })).toEqual({ errno: 9 });
    expect(map({ prot: RW })).toEqual({ errno: EACCES });
    expect(map({ prot: 0x40 })).toEqual({ errno: EACCES });
    expect(map({ off: 0x1000 })).toEqual({ errno: ENXIO });
    expect(process.munmap(1, 4096)).toBe(EINVAL);
    expect(process.mprotect(0x1000, 4096, 99)).toBe(EINVAL);
    expect(process.ioctl(fd, 1)).toBe(-25);
    expect(process.ioctl(99, 1)).toBe(-9);
    for (const va of [-8, 2 ** 38, 2 ** 60, 0]) expect(process.load(va, 8)).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_MAPERR' });
    expect(map({ flags: MAP_PRIVATE })).toEqual({ errno: EINVAL });
  });

  it('forks: the child has the mapping and the descriptors of its own', () => {
    const { device } = framebuffer();
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [device] });
    const parent = machine.createProcess('parent');
    const fd = parent.open('/dev/fb0');
    const mapped = parent.mmap({ len: 0x1000, prot: RW, flags: MAP_SHARED, fd });
    const child = parent.fork();
    if ('errno' in child || 'errno' in mapped) throw new Error('no child');
    child.store(mapped.addr, 4, 42n);
    expect(parent.load(mapped.addr, 4)).toEqual({ value: 42n });
    expect(child.munmap(mapped.addr, 0x1000)).toBe(0);
    expect(parent.load(mapped.addr, 4)).toEqual({ value: 42n });
    expect(child.close(fd)).toBe(0);
    child.exit();
    expect(parent.close(fd)).toBe(0);
  });

  it('copies in and out, and says EFAULT where there is nothing', () => {
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20 });
    const process = machine.createProcess();
    const mapped = process.mmap({ len: 0x2000, prot: RW, flags: MAP_PRIVATE | 0x100 });
    if ('errno' in mapped) throw new Error('no memory');
    expect(process.write(mapped.addr + 0xffe, Uint8Array.of(1, 2, 3, 4))).toBe(0);
    expect([...(process.read(mapped.addr + 0xffd, 6) ?? [])]).toEqual([0, 1, 2, 3, 4, 0]);
    expect(process.read(mapped.addr + 0x1ffe, 4)).toBeUndefined();
    for (const va of [-1, NaN, 1.5, 2 ** 38, 2 ** 70]) expect(process.write(va, Uint8Array.of(1))).toBe(14);
  });
});

describe('a machine refuses', () => {
  const at = (base: number): Hardware => ({ name: 'block', ranges: [{ kind: 'memory', name: 'm', size: 0x1000, base: asPaddr(base) }] });

  it('hardware that overlaps, naming both', () => {
    const devices = [0, 0x1000, 0].map((offset, i) => ({ path: `d${i}`, hardware: at(0x2000_0000 + offset), driver: templateDriver }));
    expect(() => createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices })).toThrow(/block\.m.*overlaps.*block\.m/);
    expect(() => createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [{ path: 'd', hardware: at(0x8000_0000), driver: templateDriver }] })).toThrow(/RAM/);
  });

  it('two devices of one name, names with slashes, and drivers that do not attach', () => {
    expect(() => createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [template(), template()] })).toThrow(/two devices are named template0/);
    expect(() => createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [{ ...template(), path: 'a/b' }] })).toThrow(/device name "a\/b"/);
    const driver: Driver = { ...templateDriver, attach: () => -1 };
    expect(() => createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [{ ...template(), driver }] })).toThrow(/template0: the attach\(9E\)/);
  });

  it('numbers out of range, each by its name', () => {
    for (const harts of [0, 33, 1.5]) expect(() => createMachine({ harts })).toThrow(/harts/);
    for (const quantum of [0, -1, NaN]) expect(() => createMachine({ quantum, ramSize: 2 ** 22 })).toThrow(/quantum/);
    expect(() => createMachine({ ramSize: 12345 })).toThrow(RangeError);
    expect(() => createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20 }).run()).toThrow(/spawn a program first/);
  });
});
