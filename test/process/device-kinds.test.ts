import { describe, expect, it } from 'vitest';
import { EACCES, EFAULT, EINVAL, ENODEV, ENOTTY, ENXIO, Trace, asPaddr, traceText } from '../../src/base/index.js';
import type { DeviceMemory } from '../../src/bus/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { DeviceConfig, Machine } from '../../src/machine/index.js';
import { KernelDeadlock } from '../../src/kernel/index.js';
import type { Process } from '../../src/process/index.js';
import type { SegdevMode } from '../../src/segdev/index.js';
import {
  type CbOps, type DdiDeviceAccAttr,
  DDI_DEVICE_ATTR_V0, DDI_MERGING_OK_ACC, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DDI_SUCCESS, DEVMAP_DEFAULTS, D_DEVMAP, D_MP, PROT_ALL, B_READ, ddi_devmap_segmap,
  ddi_segmap_setup, devmap_devmem_setup, devmap_setup, minphys, nodev, nulldev, physio,
} from '../../src/sunddi.js';
import { HAT_MERGING_OK, MAP_ANON, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE, hat_probe } from '../../src/vm/index.js';
import { Guest, LINUX } from './guest-program.js';
import { LIMIT, mmDevices } from './mm-driver.js';

const RW = PROT_READ | PROT_WRITE;
const PAGE = 4096;
const BASE = 0x4000_0000;
const PAGES = 8;

interface World {
  readonly machine: Machine;
  readonly process: Process;
  readonly memory: DeviceMemory;
  readonly trace: string[];
  map(path: string, o?: { len?: number; off?: number; prot?: number; flags?: number; addr?: number }): { addr: number } | { errno: number };
}

/** A machine with the memory devices, and 8 pages of device memory at BASE under the driver to be tested. */
function world(cb_ops: CbOps = { flag: D_MP }, mode: SegdevMode = 'fixed'): World {
  const trace = new Trace();
  const lines: string[] = [];
  trace.listen((event) => lines.push(traceText(event)));
  let memory: DeviceMemory | undefined;
  const hardware: DeviceConfig['hardware'] = {
    name: 'pages', ranges: [{ kind: 'memory', name: 'pages', size: PAGES * PAGE, base: asPaddr(BASE) }], connect: (c) => (memory = c.memories.get('pages')),
  };
  const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, trace, segdev: { mode }, devices: [{ path: 'dut', hardware, driver: { name: 'dut', cb_ops } }, ...mmDevices()] });
  const process = machine.createProcess('p');
  const fds = new Map<string, number>();
  const map: World['map'] = (path, o = {}) => {
    const fd = fds.get(path) ?? process.open(`/dev/${path}`);
    fds.set(path, fd);
    return process.mmap({ len: PAGE, prot: RW, flags: MAP_SHARED, ...o, fd });
  };
  return { machine, process, memory: memory!, trace: lines, map };
}

const at = (mapped: { addr: number } | { errno: number }): number => {
  if ('errno' in mapped) throw new Error(`mmap: ${mapped.errno}`);
  return mapped.addr;
};
const events = (w: World, ...names: string[]): string[] => w.trace.map((line) => line.split(' ')[0]!).filter((name) => names.includes(name));

describe('a device like /dev/mem', () => {
  it('shows any physical address: a device\'s memory and RAM, through mmap(9E) a page at a time', () => {
    const w = world();
    w.memory.write(PAGE, Uint8Array.of(1, 2, 3, 4));
    const window = at(w.map('mem', { len: 2 * PAGE, off: BASE }));
    expect(w.process.load(window + PAGE, 4)).toEqual({ value: 0x0403_0201n });
    expect(w.process.store(window, 8, 7n)).toEqual({ value: 0n });
    expect([...w.memory.read(0, 2)]).toEqual([7, 0]);
    expect(events(w, 'ddi_map_fault')).toEqual(['ddi_map_fault', 'ddi_map_fault']);

    const own = at(w.process.mmap({ len: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANON }));
    w.process.store(own, 8, 0x1234n);
    const { pfn } = hat_probe(w.process.proc.as.hat, own)!;
    const ram = at(w.map('mem', { off: pfn * PAGE }));
    expect(w.process.load(ram, 8)).toEqual({ value: 0x1234n });
    // RAM is loaded by segdev itself, without reverse mapping: HAT_LOAD_NOCONSIST, 0x20.
    expect(w.trace.findLast((line) => line.startsWith('hat_devload'))).toMatch(/ flags=0x20$/);
    expect(w.process.segment(window + PAGE)).toMatchObject({ type: MAP_SHARED, offset: BASE + PAGE, base: window, size: 2 * PAGE });
  });

  it('refuses private mappings, and pages behind its end', () => {
    const w = world();
    expect(w.map('mem', { flags: MAP_PRIVATE })).toEqual({ errno: EINVAL });
    expect(w.map('mem', { len: 2 * PAGE, off: LIMIT - PAGE })).toEqual({ errno: ENXIO });
    const nowhere = at(w.map('mem', { off: LIMIT - PAGE }));
    expect(w.process.load(nowhere, 4)).toMatchObject({ signal: 'SIGBUS', code: 'BUS_ADRERR' });
  });

  it('is the same in a child, softlocks for /proc, and stays softlockable under mprotect of a part', () => {
    const w = world();
    const window = at(w.map('mem', { len: 2 * PAGE, off: BASE }));
    const child = w.process.fork() as Process;
    child.store(window, 4, 9n);
    expect(w.process.load(window, 4)).toEqual({ value: 9n });
    expect(w.process.mprotect(window, PAGE, PROT_NONE)).toBe(0);
    expect(w.process.load(window, 4)).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    expect(w.process.procRead(window, 4)).toEqual(Uint8Array.of(9, 0, 0, 0));
    expect(w.process.munmap(window, 2 * PAGE)).toBe(0);
    child.exit();
  });
});

describe('a device like /dev/null', () => {
  it('reserves addresses: nothing can be touched, protected or read there, and no memory is counted', () => {
    const w = world();
    const { as } = w.process.proc;
    const before = as.resvsize;
    const room = at(w.map('nothing', { len: 4 * PAGE }));
    expect(as.resvsize).toBe(before);
    expect(w.process.segment(room)).toMatchObject({ type: 0, prot: PROT_NONE });
    expect(w.process.maps()).toMatch(/ ---- 0000000000 \/dev\/nothing$/);
    for (const touch of ['read', 'write', 'exec'] as const) expect(w.process.touch(room, touch)).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    expect(w.process.mprotect(room, PAGE, PROT_READ)).toBe(EACCES);
    expect(w.process.procRead(room, 4)).toEqual({ errno: 5 });
    expect(w.process.munmap(room, 4 * PAGE)).toBe(0);
  });

  it('lets other mappings be put into the room it keeps', () => {
    const w = world();
    const room = at(w.map('nothing', { len: 4 * PAGE }));
    expect(w.map('mem', { addr: room + PAGE, off: BASE, flags: MAP_SHARED | MAP_FIXED })).toEqual({ addr: room + PAGE });
    w.memory.write(0, Uint8Array.of(5));
    expect(w.process.load(room + PAGE, 1)).toEqual({ value: 5n });
    expect(w.process.maps().split('\n').map((line) => line.split(' ')[1])).toEqual(['----', 'rw-s', '----']);
  });
});

describe('a device like /dev/zero', () => {
  it('gives memory of one\'s own, private or shared with children', () => {
    const w = world();
    const [mine, ours] = [at(w.map('zeroes', { flags: MAP_PRIVATE })), at(w.map('zeroes'))];
    for (const va of [mine, ours]) expect(w.process.load(va, 8)).toEqual({ value: 0n });
    const child = w.process.fork() as Process;
    for (const va of [mine, ours]) child.store(va, 8, 3n);
    expect([w.process.load(mine, 8), w.process.load(ours, 8)]).toEqual([{ value: 0n }, { value: 3n }]);
  });

  it('is there for programs as /dev/zero; /dev/null cannot be mapped by them', () => {
    const g = new Guest().data('zeroes: .asciz "/dev/zero"\nnothing: .asciz "/dev/null"').sys('openat', -100, '&zeroes', 2, 0).expect(3).sys('mmap', 0, 8192, 3, 2, 3, 4096);
    g.asm('mv s0, a0\nld t0, 0(s0)').expect(0, 't0').asm('sd s0, 0(s0)\nld t0, 0(s0)').expect('s0', 't0').sys('openat', -100, '&nothing', 2, 0).expect(4).sys('mmap', 0, 4096, 3, 1, 4, 0).expect(LINUX.ENODEV);
    g.passes();
  });
});

const frame = (_dev: unknown, off: number): number => (off >= 0 && off < PAGES * PAGE ? (BASE + off) / PAGE : -1);

describe('a driver with mmap(9E) only', () => {
  const old: CbOps = { flag: D_MP, mmap: frame };

  it('is asked about every page at mmap(2), and about each again when it is touched', () => {
    const w = world(old);
    const window = at(w.map('dut', { len: 3 * PAGE, off: 2 * PAGE }));
    expect(events(w, 'drv.mmap').length).toBe(3);
    expect(w.process.store(window + PAGE, 4, 6n)).toEqual({ value: 0n });
    expect(events(w, 'drv.mmap').length).toBe(4);
    expect([...w.memory.read(3 * PAGE, 1)]).toEqual([6]);
    expect(events(w, 'drv.devmap', 'drv.segmap.enter')).toEqual([]);
    expect(w.process.munmap(window, 3 * PAGE)).toBe(0);
  });

  it('refuses private mappings, and ranges it does not have all pages of', () => {
    const w = world(old);
    expect(w.map('dut', { flags: MAP_PRIVATE })).toEqual({ errno: EINVAL });
    expect(w.map('dut', { len: 2 * PAGE, off: (PAGES - 1) * PAGE })).toEqual({ errno: ENXIO });
    expect(w.process.maps()).toBe('');
  });

  it('that changes its mind answers a fault with SIGBUS', () => {
    let there = true;
    const w = world({ flag: D_MP, mmap: (dev, off) => (there ? frame(dev, off) : -1) });
    const window = at(w.map('dut'));
    there = false;
    expect(w.process.load(window, 4)).toMatchObject({ signal: 'SIGBUS', code: 'BUS_OBJERR' });
    expect(w.process.munmap(window, PAGE)).toBe(0);
  });
});

describe('raw I/O into a mapping whose mmap(9E) has nothing any more', () => {
  const vanishing = (mode: SegdevMode): { w: World; window: number; read: () => number } => {
    let there = true;
    const w = world({ flag: D_MP, mmap: (dev, off) => (there ? frame(dev, off) : -1), read: (dev, uio) => physio(() => 0, null, dev, B_READ, minphys, uio) }, mode);
    const window = at(w.map('dut'));
    there = false;
    return { w, window, read: () => w.process.pread(w.process.open('/dev/dut'), window, 64, 0) };
  };

  it('fails with EFAULT, and leaves a mapping that can be undone', () => {
    const { w, window, read } = vanishing('fixed');
    expect(read()).toBe(-EFAULT);
    expect(w.process.munmap(window, PAGE)).toBe(0);
  });

  it('leaves in mode illumos a page counted as locked for good: munmap never returns', () => {
    const { w, window, read } = vanishing('illumos');
    expect(read()).toBe(-EFAULT);
    expect(() => w.process.munmap(window, PAGE)).toThrow(KernelDeadlock);
  });
});

describe('a program', () => {
  const opens = (path: string): Guest => new Guest().data(`path: .asciz "/dev/${path}"\n.balign 8\nword: .dword 0`).sys('openat', -100, '&path', 2, 0).expect(3);

  it('maps physical memory, and is refused what is none', () => {
    const g = opens('mem').sys('mmap', 0, 0x2000, 3, 1, 3, 0x8000_0000).asm('mv s0, a0\nld t0, 0(s0)').sys('mmap', 0, 0x1000, 3, 2, 3, 0x8000_0000).expect(LINUX.EINVAL);
    g.sys('mmap', 0, 0x2000, 3, 1, 3, LIMIT - 4096).expect(-6).sys('munmap', 's0', 0x2000).expect(0).passes({ devices: mmDevices() });
  });

  it('keeps room with a mapping of nothing, where a touch is SIGSEGV', () => {
    const g = opens('nothing').sys('mmap', 0, 0x2000, 3, 1, 3, 0).asm('mv s0, a0').sys('mprotect', 's0', 0x1000, 1).expect(LINUX.EACCES).sys('write', 1, 's0', 4).expect(LINUX.EFAULT).asm('ld t0, 0(s0)');
    expect(g.run({ devices: mmDevices() }).result).toMatchObject({ status: 'signaled', signal: 11, report: { code: 'SEGV_ACCERR' } });
  });

  it('maps an old driver\'s pages, and one that maps by itself', () => {
    const hardware: DeviceConfig['hardware'] = { name: 'pages', ranges: [{ kind: 'memory', name: 'pages', size: PAGES * PAGE, base: asPaddr(BASE) }] };
    const kinds: CbOps[] = [{ flag: D_MP, mmap: frame }, { flag: D_MP | D_DEVMAP, devmap, segmap: ddi_devmap_segmap }];
    for (const cb_ops of kinds) {
      const g = opens('dut').sys('mmap', 0, 0x2000, 3, 1, 3, 0).asm('mv s0, a0\nli t0, 0x77\nsd t0, 8(s0)').sys('mmap', 0, 0x1000, 3, 1, 3, 0x8000).expect(-6);
      g.sys('mmap', 0, 0x1000, 1, 1, 3, 0).asm('ld t0, 8(a0)').expect(0x77, 't0').passes({ devices: [{ path: 'dut', hardware, driver: { name: 'dut', cb_ops } }] });
    }
  });
});

const accattr = (order: number): DdiDeviceAccAttr =>
  ({ devacc_attr_version: DDI_DEVICE_ATTR_V0, devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC, devacc_attr_dataorder: order });
const devmap: NonNullable<CbOps['devmap']> = (dev, dhp, off, len, maplen) => {
  maplen.value = len;
  return devmap_devmem_setup(dhp, dev.dip, null, 0, off, len, PROT_ALL, DEVMAP_DEFAULTS, accattr(DDI_STRICTORDER_ACC)) === DDI_SUCCESS ? 0 : ENXIO;
};

describe('a driver with segmap(9E)', () => {
  const segmaps: readonly (readonly [string, CbOps, string])[] = [
    ['ddi_devmap_segmap', { flag: D_MP | D_DEVMAP, devmap, segmap: (dev, off, as, addrp, len, prot, maxprot, flags, cred) => ddi_devmap_segmap(dev, off, as, addrp, len, prot, maxprot, flags, cred) }, 'drv.devmap'],
    ['devmap_setup', { flag: D_MP | D_DEVMAP, devmap, segmap: (dev, off, as, addrp, len, prot, maxprot, flags, cred) => devmap_setup(dev, off, as, addrp, len, prot, maxprot, flags, cred) }, 'drv.devmap'],
    ['ddi_segmap_setup', { flag: D_MP, mmap: frame, segmap: (dev, off, as, addrp, len, prot, maxprot, flags, cred) =>
      ddi_segmap_setup(dev, off, as, addrp, len, prot, maxprot, flags, cred, accattr(DDI_MERGING_OK_ACC), 0) }, 'drv.mmap'],
  ];

  it.each(segmaps)('maps through %s', (_name, cb_ops, asked) => {
    const w = world(cb_ops);
    const window = at(w.map('dut', { off: PAGE }));
    expect(events(w, 'drv.segmap.enter', 'drv.devmap', 'drv.mmap', 'drv.segmap.leave')).toEqual(['drv.segmap.enter', asked, 'drv.segmap.leave']);
    w.process.store(window, 4, 8n);
    expect([...w.memory.read(PAGE, 1)]).toEqual([8]);
    expect(w.map('dut', { off: PAGES * PAGE })).toEqual({ errno: ENXIO });
    expect(w.process.munmap(window, PAGE)).toBe(0);
  });

  it('gives ddi_segmap_setup\'s access attributes to every page', () => {
    const w = world(segmaps[2]![1]);
    const window = at(w.map('dut'));
    w.process.touch(window, 'read');
    expect(hat_probe(w.process.proc.as.hat, window)!.attr & 0x700).toBe(HAT_MERGING_OK);
    expect(w.map('dut', { flags: MAP_PRIVATE })).toEqual({ errno: EINVAL });
  });

  it('may refuse, and its errno is what mmap(2) answers', () => {
    const w = world({ flag: D_MP, segmap: () => ENOTTY });
    expect(w.map('dut')).toEqual({ errno: ENOTTY });
    expect(w.process.maps()).toBe('');
  });
});

describe('mmap(2) of a device takes the road its entry points say', () => {
  const roads: readonly (readonly [string, CbOps, string | number])[] = [
    ['nothing at all', { flag: D_MP }, ENODEV],
    ['mmap(9E) that is nodev', { flag: D_MP, mmap: nodev }, ENODEV],
    ['segmap(9E) that is nulldev, and mmap(9E)', { flag: D_MP, segmap: nulldev, mmap: frame }, 'drv.mmap'],
    ['segmap(9E) that is nodev, and devmap(9E)', { flag: D_MP | D_DEVMAP, segmap: nodev, devmap }, 'drv.devmap'],
    ['devmap(9E) and mmap(9E), with D_DEVMAP', { flag: D_MP | D_DEVMAP, mmap: frame, devmap }, 'drv.devmap'],
    ['devmap(9E) and mmap(9E), without D_DEVMAP', { flag: D_MP, mmap: frame, devmap }, 'drv.mmap'],
    ['D_DEVMAP without devmap(9E), and mmap(9E)', { flag: D_MP | D_DEVMAP, mmap: frame }, ENODEV],
    ['devmap(9E) without D_DEVMAP', { flag: D_MP, devmap }, EINVAL],
  ];

  it.each(roads)('%s', (_name, cb_ops, expected) => {
    const w = world(cb_ops);
    const mapped = w.map('dut');
    if (typeof expected === 'number') expect(mapped).toEqual({ errno: expected });
    else expect([at(mapped) > 0, events(w, 'drv.mmap', 'drv.devmap')]).toEqual([true, [expected]]);
  });

  it('is ENXIO once the device is retired', () => {
    const w = world({ flag: D_MP | D_DEVMAP, devmap });
    const window = at(w.map('dut'));
    w.machine.system.devices.get('dut')!.snode.fenced = true;
    expect(w.map('dut')).toEqual({ errno: ENXIO });
    expect(w.process.munmap(window, PAGE)).toBe(0);
  });
});
