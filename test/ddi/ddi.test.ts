import { describe, expect, test } from 'vitest';
import { asPaddr, Trace } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import type { CbOps, DdiAccHandle, DdiDeviceAccAttr, Dev, DevInfo, NexusRange, RegSpec } from '../../src/ddi/index.js';
import {
  accAttrToHat, cbOps, DDI_FAILURE, DDI_ME_INVAL, DDI_ME_REGSPEC_RANGE, DDI_ME_RNUMBER_RANGE, DDI_SUCCESS, ddi_copyin, ddi_copyout, ddi_dev_nregs,
  ddi_dev_regsize, ddi_get_driver_private, ddi_get32, ddi_get8, ddi_map, ddi_put32, ddi_put64, ddi_get64, ddi_regs_map_free, ddi_regs_map_setup, ddi_set_driver_private,
  DeviceTree, FKIOCTL, i_ddi_cacheattr_to_hatacc, i_ddi_check_cache_attr, IOMEM_DATA_CACHED, IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED,
  makedevice, protText, ref, setupFlagsText, spec_addmap, spec_close, spec_delmap, spec_ioctl, spec_open, spec_read, spec_write, Uio, uiomove, UIO_READ, UIO_WRITE,
} from '../../src/ddi/index.js';
import { Kernel, type Kgen } from '../../src/kernel/index.js';

const strict: DdiDeviceAccAttr = { devacc_attr_version: 1, devacc_attr_endian_flags: 0, devacc_attr_dataorder: 0 };
const order = (devacc_attr_dataorder: number): DdiDeviceAccAttr => ({ ...strict, devacc_attr_dataorder });

function setup(ops: Partial<CbOps> = {}, regs: readonly RegSpec[] = []): { tree: DeviceTree; dip: DevInfo; dev: Dev; kernel: Kernel; bus: Bus; log: string[] } {
  const trace = new Trace();
  const bus = new Bus({ ramSize: 65536, reserved: 1, poolSize: 65536 });
  const tree = new DeviceTree({ trace, bus });
  const kernel = new Kernel({ trace });
  const dip = tree.addNode({ name: 'toy', regs });
  const log: string[] = [];
  const dev = tree.bind(dip, { name: 'toy', cb_ops: { flag: 0, ...ops }, attach: () => (log.push('attach'), DDI_SUCCESS), detach: () => DDI_SUCCESS });
  expect(kernel.runUntilDone('attach', () => tree.attach(dip))).toBe(DDI_SUCCESS);
  return { tree, dip, dev, kernel, bus, log };
}

describe('ddi_map', () => {
  const regs: RegSpec[] = [{ base: asPaddr(0x1_0000_0000), size: 0x4000 }, { base: asPaddr(0x300), size: 0x100, io: true }, { base: asPaddr(0x9000), size: 0 }];
  const map = (dip: DevInfo, rnumber: number, off: number, len: number, accattr?: DdiDeviceAccAttr): [number, number, number] => {
    const [pfn, attr] = [ref(-1), ref(-1)];
    return [ddi_map(dip, { rnumber, prot: 3, accattr }, off, len, pfn, attr), pfn.value, attr.value];
  };

  test.each([
    ['the frame of an offset', 0, 0x1000, 0x1000, [DDI_SUCCESS, 0x10_0001, 0]],
    ['the whole set for length 0', 0, 0, 0, [DDI_SUCCESS, 0x10_0000, 0]],
    ['up to the last byte', 0, 0x3000, 0x1000, [DDI_SUCCESS, 0x10_0003, 0]],
    ['not beyond the set', 0, 0x3000, 0x1001, [DDI_ME_REGSPEC_RANGE, -1, -1]],
    ['not before the set', 0, -0x1000, 0x1000, [DDI_ME_REGSPEC_RANGE, -1, -1]],
    ['not behind the set with length 0', 0, 0x5000, 0, [DDI_ME_REGSPEC_RANGE, -1, -1]],
    ['no set of that number', 3, 0, 0x1000, [DDI_ME_RNUMBER_RANGE, -1, -1]],
    ['no I/O space', 1, 0, 0x10, [DDI_ME_INVAL, -1, -1]],
    ['no empty set', 2, 0, 0, [DDI_ME_INVAL, -1, -1]],
  ])('answers %s', (_name, rnumber, off, len, answer) => {
    expect(map(setup({}, regs).dip, rnumber, off, len)).toEqual(answer);
  });

  test('turns the order of the access attributes into those of translations, and refuses unknown orders', () => {
    const { dip } = setup({}, regs);
    expect([0, 1, 2, 3, 4].map((n) => map(dip, 0, 0, 0, order(n))[2])).toEqual([0, 0x100, 0x200, 0x300, 0x400]);
    expect(map(dip, 0, 0, 0, order(5))[0]).toBe(DDI_ME_INVAL);
    expect(accAttrToHat(undefined)).toBe(0);
  });

  test('climbs through the ranges of every nexus, and stops where one does not pass the address on', () => {
    const { tree } = setup();
    const range = (child: number, parent: number, size: number): NexusRange => ({ child: asPaddr(child), parent: asPaddr(parent), size });
    const bridge = tree.addNode({ name: 'bridge', ranges: [range(0x10_0000, 0x2_0000_0000, 0x1_0000), range(0x20_0000, 0x3_0000_0000, 0x1_0000)] });
    const below = tree.addNode({ name: 'below', parent: bridge, ranges: [range(0, 0x20_0000, 0x1_0000)] });
    const leaf = tree.addNode({ name: 'leaf', parent: below, regs: [{ base: asPaddr(0x1000), size: 0x2000 }, { base: asPaddr(0xf000), size: 0x2000 }] });
    expect(map(leaf, 0, 0x1000, 0x1000)).toEqual([DDI_SUCCESS, 0x30_0002, 0]);
    expect(map(leaf, 1, 0, 0x1000)[0]).toBe(DDI_SUCCESS);
    expect(map(leaf, 1, 0, 0x2000)[0]).toBe(DDI_ME_REGSPEC_RANGE);
  });
});

describe('registers', () => {
  test('are read and written through an access handle, in its range and while it lives', () => {
    const { dip, bus } = setup({}, [{ base: asPaddr(0x2_0000_0000), size: 0x2000 }]);
    bus.attachMemory({ name: 'regs', base: asPaddr(0x2_0000_0000), size: 0x2000 });
    const [addr, handle] = [ref(0), ref<DdiAccHandle | null>(null)];
    expect(ddi_regs_map_setup(dip, 0, addr, 0x1000, 0, strict, handle)).toBe(DDI_SUCCESS);
    const acc = handle.value!;
    ddi_put32(acc, addr.value + 4, 0xdead_beef);
    expect([ddi_get32(acc, addr.value + 4), ddi_get8(acc, addr.value + 7)]).toEqual([0xdead_beef, 0xde]);
    ddi_put64(acc, addr.value + 8, -1n);
    expect(ddi_get64(acc, addr.value + 8)).toBe(2n ** 64n - 1n);
    expect(() => ddi_get32(acc, addr.value - 4)).toThrow(/outside its access handle/);
    expect(() => ddi_get32(acc, addr.value + 0xffe)).toThrow(/outside its access handle/);
    expect(() => ddi_get32(acc, addr.value + 2)).toThrow(/bus error/);
    ddi_regs_map_free(handle);
    expect(handle.value).toBeNull();
    expect(() => ddi_get32(acc, addr.value)).toThrow(/outside its access handle/);
  });

  test('that do not exist are DDI_FAILURE', () => {
    const { dip } = setup({}, [{ base: asPaddr(0x2_0000_0000), size: 0x2000 }]);
    for (const [rnumber, off, len] of [[1, 0, 0], [0, 0x2000, 0], [0, 0, 0x2001], [0, -1, 4]] as const) {
      expect(ddi_regs_map_setup(dip, rnumber, ref(0), off, len, strict, ref<DdiAccHandle | null>(null))).toBe(DDI_FAILURE);
    }
    const [count, size] = [ref(0), ref(0)];
    expect([ddi_dev_nregs(dip, count), count.value]).toEqual([DDI_SUCCESS, 1]);
    expect([ddi_dev_regsize(dip, 0, size), size.value, ddi_dev_regsize(dip, 1, size)]).toEqual([DDI_SUCCESS, 0x2000, DDI_FAILURE]);
  });
});

describe('opening and closing', () => {
  const counting = (): { calls: string[]; ops: Partial<CbOps> } => {
    const calls: string[] = [];
    return { calls, ops: { open: () => (calls.push('open'), 0), close: () => (calls.push('close'), 0) } };
  };

  test('close(9E) comes once, with the last of several files', () => {
    const { calls, ops } = counting();
    const { dev, kernel } = setup(ops);
    kernel.runUntilDone('t', function* () {
      yield* spec_open(ref(dev), 1);
      yield* spec_open(ref(dev), 1);
      yield* spec_close(dev, 1);
      expect(calls).toEqual(['open', 'open']);
      yield* spec_close(dev, 1);
    });
    expect(calls).toEqual(['open', 'open', 'close']);
  });

  test('close(9E) waits for the last mapped page of a closed file', () => {
    const { calls, ops } = counting();
    const { dev, kernel } = setup(ops);
    kernel.runUntilDone('t', function* () {
      yield* spec_open(ref(dev), 1);
      expect(spec_addmap(dev.snode, 0x2000)).toBe(0);
      yield* spec_close(dev, 1);
      expect(spec_delmap(dev.snode, 0x1000)).toBeUndefined();
      expect(calls).toEqual(['open']);
      const closing = spec_delmap(dev.snode, 0x1000);
      if (closing !== undefined) yield* closing;
    });
    expect(calls).toEqual(['open', 'close']);
  });

  test('a cloning open opens another minor of the same node', () => {
    const { dev, kernel } = setup({ open: (devp) => ((devp.value = makedevice(devp.value, 7)), 0) });
    const devp = ref(dev);
    expect(kernel.runUntilDone('t', () => spec_open(devp, 1))).toBe(0);
    expect([devp.value.minor, devp.value.major, devp.value.dip, devp.value.label]).toEqual([7, dev.major, dev.dip, 'toy0:7']);
    expect(makedevice(dev, 7)).toBe(devp.value);
    expect([dev.snode.count, devp.value.snode.count]).toEqual([0, 1]);
  });

  test('an open that the driver refuses, or of a retired or detached device, counts nothing', () => {
    const refused = setup({ open: (devp) => ((devp.value = makedevice(devp.value, 1)), 5) });
    const devp = ref(refused.dev);
    expect(refused.kernel.runUntilDone('t', () => spec_open(devp, 1))).toBe(5);
    expect([devp.value, refused.dev.snode.count]).toEqual([refused.dev, 0]);
    const { dev, kernel, tree, dip } = setup();
    dev.snode.fenced = true;
    expect(kernel.runUntilDone('t', () => spec_open(ref(dev), 1))).toBe(6);
    expect(spec_addmap(dev.snode, 4096)).toBe(5);
    dev.snode.fenced = false;
    expect(kernel.runUntilDone('t', () => tree.detach(dip))).toBe(DDI_SUCCESS);
    expect(kernel.runUntilDone('t', () => spec_open(ref(dev), 1))).toBe(6);
  });

  test('a device in use is not detached', () => {
    const { dev, kernel, tree, dip } = setup();
    kernel.runUntilDone('t', () => spec_open(ref(dev), 1));
    expect(kernel.runUntilDone('t', () => tree.detach(dip))).toBe(DDI_FAILURE);
  });

  test('entry points that are missing answer as the system calls do', () => {
    const { dev, kernel } = setup();
    expect(kernel.runUntilDone('t', () => spec_ioctl(dev, 1, 2, 0))).toBe(25);
    expect(kernel.runUntilDone('t', () => spec_read(dev, new Uio(0, 1, 0)))).toBe(19);
    expect(kernel.runUntilDone('t', () => spec_write(dev, new Uio(0, 1, 0)))).toBe(19);
    expect(() => cbOps({} as Dev)).toThrow(TypeError);
    expect(() => new DeviceTree({ trace: new Trace() }).device(dev.dip, 0)).toThrow(/no driver is bound/);
  });
});

describe('copying between user memory and a driver', () => {
  const memory = new Uint8Array(16).map((_, i) => i);
  const userMemory = {
    *copyin(from: number, to: Uint8Array): Kgen<number> {
      yield 'preempt';
      if (from + to.length > memory.length) return 14;
      to.set(memory.subarray(from, from + to.length));
      return 0;
    },
    *copyout(from: Uint8Array, to: number): Kgen<number> {
      yield 'preempt';
      if (to + from.length > memory.length) return 14;
      memory.set(from, to);
      return 0;
    },
  };
  const run = <T>(body: () => Kgen<T>, data: unknown = { userMemory }): T => {
    const outcome = new Kernel().tryUntilDone('t', body, { data });
    if (outcome.status !== 'done') throw new Error(outcome.status);
    return outcome.value;
  };

  test('moves the bytes, and answers -1 for bad addresses, kernel callers and threads without a process', () => {
    const bytes = new Uint8Array(4);
    expect(run(() => ddi_copyin(3, bytes, 3, 0))).toBe(0);
    expect([...bytes]).toEqual([3, 4, 5, 0]);
    expect(run(() => ddi_copyout(new Uint8Array([9, 9]), 0, 2, 0))).toBe(0);
    expect([...memory.subarray(0, 3)]).toEqual([9, 9, 2]);
    expect(run(() => ddi_copyin(14, bytes, 4, 0))).toBe(-1);
    expect(run(() => ddi_copyout(bytes, 14, 4, 0))).toBe(-1);
    expect(run(() => ddi_copyin(0, bytes, 4, FKIOCTL))).toBe(-1);
    expect(run(() => ddi_copyin(0, bytes, 4, 0), null)).toBe(-1);
  });

  test('uiomove advances the request and stops at its end', () => {
    const uio = new Uio(10, 4, 100);
    expect(run(() => uiomove(new Uint8Array([1, 2, 3]), UIO_READ, uio))).toBe(0);
    expect([uio.base, uio.resid, uio.loffset]).toEqual([13, 1, 103]);
    const got = new Uint8Array(3);
    expect(run(() => uiomove(got, UIO_WRITE, uio))).toBe(0);
    expect([[...got], uio.resid]).toEqual([[13, 0, 0], 0]);
    expect(run(() => uiomove(got, UIO_READ, new Uio(15, 3, 0)))).toBe(14);
  });
});

describe('attributes and flags', () => {
  test('cache attributes exclude each other, and a platform may know only one', () => {
    for (const flags of [0, IOMEM_DATA_CACHED, IOMEM_DATA_UNCACHED, IOMEM_DATA_UC_WR_COMBINE]) {
      expect(i_ddi_check_cache_attr(flags)).toBe(true);
      expect(i_ddi_check_cache_attr(flags, true)).toBe(flags === 0 || flags === IOMEM_DATA_CACHED);
    }
    expect(i_ddi_check_cache_attr(IOMEM_DATA_CACHED | IOMEM_DATA_UNCACHED)).toBe(false);
    expect(i_ddi_check_cache_attr(0x80000)).toBe(false);
  });

  test('become order and platform bits of a translation', () => {
    const bits = [0, IOMEM_DATA_CACHED, IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED].map((flags) => i_ddi_cacheattr_to_hatacc(flags, 0x400));
    expect(bits).toEqual([0x100, 0x100, 0x10_0200, 0x10_0000]);
  });

  test('print as words', () => {
    expect([protText(0), protText(11), protText(0x10_0209)]).toEqual(['-', 'rwu', 'ru+0x100200']);
    expect([setupFlagsText(0), setupFlagsText(7), setupFlagsText(IOMEM_DATA_UC_WR_COMBINE)]).toEqual(['0', 'invalid+remap+pagesize', 'wc']);
  });

  test('a node keeps its driver\'s private data', () => {
    const { dip } = setup();
    expect(ddi_get_driver_private(dip)).toBeUndefined();
    ddi_set_driver_private(dip, 5);
    expect(ddi_get_driver_private(dip)).toBe(5);
  });
});
