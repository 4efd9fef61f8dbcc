import { describe, expect, it } from 'vitest';
import { EACCES, EBADF, EFAULT, EINVAL, EIO } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { Machine } from '../../src/machine/index.js';
import { userMemory } from '../../src/process/lwp.js';
import type { Process } from '../../src/process/index.js';
import { MAP_ANON, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE, hat_probe } from '../../src/vm/index.js';
import { B_READ, Uio, minphys, physio } from '../../src/sunddi.js';
import { BASE, LOCK, LOCKED_OFF, SIZE, UNLOCK, block } from './block-device.js';
import type { Block, BlockOptions } from './block-device.js';
import { Guest, LINUX } from './guest-program.js';

const RW = PROT_READ | PROT_WRITE;
const PAGE = 4096;

interface Setting extends Block {
  readonly machine: Machine;
  readonly process: Process;
  readonly fd: number;
  /** Maps the device, or without `fd` anonymous memory. */
  readonly map: (len: number, o?: { fd?: number; off?: number; prot?: number }) => number;
}

function setting(options: BlockOptions = {}): Setting {
  const made = block(options);
  const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [made.device] });
  const process = machine.createProcess('raw');
  const fd = process.open('/dev/block0');
  const map: Setting['map'] = (len, o = {}) => {
    const flags = o.fd === undefined ? MAP_PRIVATE | MAP_ANON : MAP_SHARED;
    const mapped = process.mmap({ len, prot: o.prot ?? RW, flags, ...(o.fd === undefined ? {} : { fd: o.fd, off: o.off ?? 0 }) });
    if ('errno' in mapped) throw new Error(`mmap: ${mapped.errno}`);
    return mapped.addr;
  };
  return { ...made, machine, process, fd, map };
}

/** Bytes that differ from page to page and from byte to byte. */
const pattern = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 12) * 31 + seed) & 0xff);

describe('raw I/O into memory of the process\'s own', () => {
  it('moves the bytes by physical address, at any alignment, and unlocks everything afterwards', () => {
    const s = setting();
    const buf = s.map(4 * PAGE);
    const bytes = pattern(SIZE);
    s.memory().write(0, bytes);
    expect(s.process.pread(s.fd, buf + 100, 2 * PAGE, 0x210)).toBe(2 * PAGE);
    const expected = new Uint8Array(4 * PAGE);
    expected.set(bytes.subarray(0x210, 0x210 + 2 * PAGE), 100);
    expect(Buffer.from(s.process.read(buf, 4 * PAGE)!).equals(expected)).toBe(true);
    const [{ pieces, ...request }] = s.requests as [(typeof s.requests)[0]];
    expect(request).toEqual({ off: 0x210, len: 2 * PAGE, write: false });
    // The three pages the bytes touch, as the page table has them; pieces of neighbouring frames may be one.
    const frames = [0, 1, 2].map((page) => hat_probe(s.process.proc.as.hat, buf + page * PAGE)!.pfn * PAGE);
    const touched = [frames[0]! + 100, frames[1]!, frames[2]!, frames[2]! + 99];
    expect(touched.map((pa) => pieces.some(({ laddress, size }) => pa >= laddress && pa < laddress + size))).toEqual([true, true, true, true]);
    expect(pieces.reduce((sum, { size }) => sum + size, 0)).toBe(2 * PAGE);
    expect(s.process.munmap(buf, 4 * PAGE)).toBe(0);
  });

  it('writes what the process has, also pages nobody has touched', () => {
    const s = setting();
    const buf = s.map(3 * PAGE);
    s.process.write(buf + PAGE, pattern(PAGE, 9));
    s.memory().fill(0, SIZE, Uint8Array.of(0xff));
    expect(s.process.pwrite(s.fd, buf, 3 * PAGE, PAGE)).toBe(3 * PAGE);
    expect(s.memory().read(PAGE, 3 * PAGE)).toEqual(Uint8Array.from([...new Uint8Array(PAGE), ...pattern(PAGE, 9), ...new Uint8Array(PAGE)]));
    expect([...s.memory().read(4 * PAGE, 2)]).toEqual([0xff, 0xff]);
  });

  it('gives the reader a copy of its own where the page is shared with a child', () => {
    const s = setting();
    const buf = s.map(PAGE);
    s.process.write(buf, pattern(PAGE, 3));
    const child = s.process.fork() as Process;
    s.memory().write(0, pattern(PAGE, 4));
    expect(s.process.pread(s.fd, buf, PAGE, 0)).toBe(PAGE);
    expect(s.process.read(buf, PAGE)).toEqual(pattern(PAGE, 4));
    expect(child.read(buf, PAGE)).toEqual(pattern(PAGE, 3));
  });

  it('splits what is larger than minphys lets through, and stops short at the end of the device', () => {
    const s = setting({ max: PAGE });
    const buf = s.map(4 * PAGE);
    expect(s.process.pread(s.fd, buf + 8, 3 * PAGE, SIZE - 2 * PAGE)).toBe(2 * PAGE);
    expect(s.requests.map(({ off, len }) => [off - SIZE, len])).toEqual([[-2 * PAGE, PAGE], [-PAGE, PAGE], [0, PAGE]]);
  });

  it('reports what was moved before an error, and the error when nothing was', () => {
    const s = setting({ max: PAGE, badOffset: PAGE });
    const buf = s.map(4 * PAGE);
    expect(s.process.pread(s.fd, buf, 3 * PAGE, 0)).toBe(PAGE);
    expect(s.process.pread(s.fd, buf, PAGE, PAGE)).toBe(-EIO);
    expect(s.process.munmap(buf, 4 * PAGE)).toBe(0);
  });

  it('refuses memory that is not there, or does not allow what the device would do to it; no request is made', () => {
    const s = setting();
    const [readOnly, none] = [s.map(PAGE, { prot: PROT_READ }), s.map(PAGE, { prot: PROT_NONE })];
    const half = s.map(2 * PAGE);
    s.process.munmap(half + PAGE, PAGE);
    expect(s.process.pread(s.fd, readOnly, 8, 0)).toBe(-EACCES);
    expect(s.process.pwrite(s.fd, readOnly, 8, 0)).toBe(8);
    expect(s.process.pwrite(s.fd, none, 8, 0)).toBe(-EACCES);
    expect(s.process.pread(s.fd, half, 2 * PAGE, 0)).toBe(-EFAULT);
    for (const addr of [0, 2 ** 38 - 4, -8, 2 ** 60, NaN]) expect(s.process.pread(s.fd, addr, 8, 0)).toBe(-EFAULT);
    expect(s.process.pread(77, half, 8, 0)).toBe(-EBADF);
    expect(s.requests.length).toBe(1);
    expect(s.process.munmap(half, PAGE)).toBe(0);
  });
});

describe('raw I/O into a mapping of a device', () => {
  it('softlocks the mapping for the time of the request: LOCK and UNLOCK reach the driver with the same range', () => {
    const s = setting({ access: true });
    const window = s.map(2 * PAGE, { fd: s.fd, off: 4 * PAGE });
    s.memory().write(0, pattern(2 * PAGE));
    expect(s.process.pread(s.fd, window + 16, PAGE, 0)).toBe(PAGE);
    expect(s.memory().read(4 * PAGE + 16, PAGE)).toEqual(pattern(PAGE));
    expect(s.requests[0]!.pieces).toEqual([{ laddress: BASE + 4 * PAGE + 16, size: PAGE }]);
    // The device writes to memory: S_WRITE, 2.
    expect(s.accesses).toEqual([`LOCK ${4 * PAGE} ${2 * PAGE} 2`, `UNLOCK ${4 * PAGE} ${2 * PAGE} 2`]);
    expect(s.process.munmap(window, 2 * PAGE)).toBe(0);
  });

  it('goes on where one mapping ends and another begins', () => {
    const s = setting();
    const window = s.map(2 * PAGE, { fd: s.fd });
    const anon = s.process.mmap({ addr: window + PAGE, len: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANON | 0x10 });
    expect(anon).toEqual({ addr: window + PAGE });
    s.memory().write(8 * PAGE, pattern(2 * PAGE));
    expect(s.process.pread(s.fd, window, 2 * PAGE, 8 * PAGE)).toBe(2 * PAGE);
    expect(s.memory().read(0, PAGE)).toEqual(pattern(2 * PAGE).subarray(0, PAGE));
    expect(s.process.read(window + PAGE, PAGE)).toEqual(pattern(2 * PAGE).subarray(PAGE));
    expect(s.process.munmap(window, 2 * PAGE)).toBe(0);
  });

  it('is refused for a mapping that may be remapped (FC_NOSUPPORT), and for one that is read-only', () => {
    const s = setting({ remap: true });
    const window = s.map(PAGE, { fd: s.fd });
    expect(s.process.pread(s.fd, window, 8, 0)).toBe(-EFAULT);
    expect(s.process.pwrite(s.fd, window, 8, 0)).toBe(-EFAULT);
    expect(s.process.munmap(window, PAGE)).toBe(0);
    const t = setting();
    const readOnly = t.map(PAGE, { fd: t.fd, prot: PROT_READ });
    expect(t.process.pread(t.fd, readOnly, 8, 0)).toBe(-EACCES);
    expect(t.process.pwrite(t.fd, readOnly, 8, 0)).toBe(8);
  });

  it('holds munmap back until the request is done', () => {
    const s = setting({ ticks: 3, access: true });
    const window = s.map(PAGE, { fd: s.fd });
    const order: string[] = [];
    const { kernel } = s.machine;
    const data = { userMemory: userMemory(() => s.process.proc.as) };
    kernel.spawn('reader', function* reader() {
      order.push(`read ${yield* s.process.calls.pread(s.fd, window, 64, 0)}`);
    }, { data });
    kernel.spawn('unmapper', function* unmapper() {
      order.push(`munmap ${yield* s.process.calls.munmap(window, PAGE)}`);
    });
    kernel.run();
    expect(order).toEqual(['read 64', 'munmap 0']);
    expect(s.process.proc.as.segs).toEqual([]);
  });
});

describe('ddi_umem_lock from an ioctl(9E)', () => {
  const lock = (s: Setting, addr: number, len: number, flags = 0): number => {
    const args = s.map(PAGE);
    s.process.write(args, new Uint8Array(BigInt64Array.of(BigInt(addr), BigInt(len), BigInt(flags)).buffer));
    return s.process.ioctl(s.fd, LOCK, args);
  };

  it('locks memory of the caller, which the driver can then map elsewhere', () => {
    const s = setting();
    const buf = s.map(2 * PAGE);
    s.process.write(buf, pattern(2 * PAGE, 5));
    expect(lock(s, buf, 2 * PAGE)).toBe(0);
    const again = s.map(PAGE, { fd: s.fd, off: LOCKED_OFF + PAGE });
    expect(s.process.read(again, PAGE)).toEqual(pattern(2 * PAGE, 5).subarray(PAGE));
    expect(s.process.store(again, 4, 0x1234_5678n)).toEqual({ value: 0n });
    expect(s.process.load(buf + PAGE, 4)).toEqual({ value: 0x1234_5678n });
    expect(s.process.munmap(again, PAGE)).toBe(0);
    expect(s.process.ioctl(s.fd, UNLOCK)).toBe(0);
    expect(s.process.munmap(buf, 2 * PAGE)).toBe(0);
  });

  it('softlocks a mapping of a device, which then has no page list but the right frames', () => {
    const s = setting({ access: true });
    const window = s.map(4 * PAGE, { fd: s.fd });
    s.memory().write(0, pattern(4 * PAGE, 6));
    expect(lock(s, window, 4 * PAGE)).toBe(0);
    expect(s.accesses).toEqual([`LOCK 0 ${4 * PAGE} 2`]);
    expect((s.cookie.value as unknown as { pparray: unknown }).pparray).toBeUndefined();
    expect(s.process.ioctl(s.fd, UNLOCK)).toBe(0);
    expect(s.process.munmap(window, 4 * PAGE)).toBe(0);
    expect(s.accesses.at(-1)).toBe(`UNLOCK 0 ${4 * PAGE} 2`);
  });

  it('refuses bad flags and ranges, gaps, and mappings that may be remapped', () => {
    const s = setting({ remap: true });
    const [buf, window] = [s.map(PAGE), s.map(PAGE, { fd: s.fd })];
    for (const [addr, len, flags] of [[buf + 1, PAGE, 0], [buf, 100, 0], [buf, 0, 0], [buf, PAGE, 4], [buf, PAGE, 9]] as const) expect(lock(s, addr, len, flags)).toBe(-EINVAL);
    expect(lock(s, 0x1000, PAGE)).toBe(-EFAULT);
    expect(lock(s, window, PAGE)).toBe(-EFAULT);
    expect(s.cookie.value).toBeNull();
  });
});

describe('a program that has the driver lock its memory', () => {
  it('shares what it locked through the device, its own memory or a mapping of the device', () => {
    const g = new Guest().data('path: .asciz "/dev/block0"\n.balign 8\nargs: .dword 0, 4096, 0\n.balign 4096\nown: .zero 4096\n.balign 4096').sys('openat', -100, '&path', 2, 0).expect(3);
    g.sys('mmap', 0, 0x1000, 3, 1, 3, 0x2000).asm('mv s1, a0');
    for (const what of ['la s2, own', 'mv s2, s1']) {
      g.asm(`${what}\nla t0, args\nsd s2, 0(t0)\nsd s2, 16(s2)`).sys('ioctl', 3, LOCK, '&args').expect(0).sys('mmap', 0, 0x1000, 3, 1, 3, LOCKED_OFF).asm('mv s0, a0\nld t0, 16(s0)').expect('s2', 't0');
      g.asm('sd s0, 24(s0)\nld t0, 24(s2)').expect('s0', 't0').sys('munmap', 's0', 0x1000).expect(0).sys('ioctl', 3, UNLOCK, 0).expect(0);
    }
    g.sys('ioctl', 3, LOCK, 8).expect(LINUX.EINVAL).sys('munmap', 's1', 0x1000).expect(0).passes({ devices: [block().device] });
  });
});

describe('physio itself', () => {
  it('answers EFAULT for a thread without a process and EINVAL for a direction that is none', () => {
    const s = setting();
    const dev = s.machine.system.devices.get('block0')!;
    const ask = (rw: number): number => s.machine.kernel.runUntilDone('kernel', () => physio(() => 0, null, dev, rw, minphys, new Uio(0x1000, 8, 0)));
    expect(ask(B_READ)).toBe(EFAULT);
    expect(ask(3)).toBe(EINVAL);
  });

  it('stops the kernel for a mincnt that leaves nothing', () => {
    const s = setting({ max: 0 });
    const buf = s.map(PAGE);
    expect(() => s.process.pread(s.fd, buf, 8, 0)).toThrow(/mincnt of block0 leaves 0 bytes/);
  });
});

describe('a program', () => {
  it('reads and writes a raw device at offsets, into memory and into its mapping of the device', () => {
    const made = block();
    const g = new Guest().data('path: .asciz "/dev/block0"\n.balign 4096\nbuf: .zero 8192');
    g.sys('openat', -100, '&path', 2, 0).expect(3).sys('mmap', 0, 0x2000, 3, 1, 3, 0x1000).asm('mv s0, a0\nli t0, 0x1122334455667788\nsd t0, 8(s0)');
    g.sys('pread64', 3, '&buf', 4096, 0x1000).expect(4096).expectAt('buf + 8', 0x1122334455667788n);
    g.sys('lseek', 3, 0x3000, 0).expect(0x3000).sys('write', 3, '&buf', 4096).expect(4096).sys('lseek', 3, -8, 1).expect(0x4000 - 8);
    // From the file's offset into the mapping: the last 8 bytes of page 3 and what lies behind.
    g.sys('lseek', 3, 0x3008, 0).expect(0x3008).asm('li t0, 0x1000\nadd s1, s0, t0').sys('read', 3, 's1', 8).expect(8).asm('ld t1, 0(s1)').expect(0x1122334455667788n, 't1');
    g.sys('read', 3, 64, 8).expect(LINUX.EFAULT).sys('pread64', 3, '&buf', 8, -1).expect(LINUX.EINVAL).sys('pread64', 0, '&buf', 8, 0).expect(LINUX.ESPIPE);
    g.sys('lseek', 3, 0, 2).expect(LINUX.EINVAL).sys('lseek', 3, -1, 0).expect(LINUX.EINVAL).sys('lseek', 99, 0, 0).expect(LINUX.EBADF);
    g.passes({ devices: [made.device] });
    expect(Buffer.from(made.memory().read(0x2000, 8)).toString('hex')).toBe('8877665544332211');
  });
});
