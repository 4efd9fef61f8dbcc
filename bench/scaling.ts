/** What must not grow: the cost of mapping with the length, the cost of a fault with the number of segments and of processes. */
import { PAGESIZE, asVaddr } from '../src/base/index.js';
import { type Machine, createMachine } from '../src/index.js';
import { as_fault, F_INVAL, S_WRITE } from '../src/vm/index.js';
import { DDI_DEVICE_ATTR_V0, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, D_DEVMAP, DEVMAP_DEFAULTS, DEVMAP_OPS_REV, PROT_ALL, devmap_devmem_setup, devmap_load, type Driver } from '../src/sunddi.js';
import { milliseconds, spread } from './measure.js';

const BAR = 64 * 2 ** 30;
const FAULTS = 512;
const PROT_RW = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANON = 0x100;
const MAP_FIXED = 0x10;
const ADDRESS = 0x10_0000_0000;

const accattr = { devacc_attr_version: DDI_DEVICE_ATTR_V0, devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC, devacc_attr_dataorder: DDI_STRICTORDER_ACC };

/** A driver of a large window, with devmap_access. */
const driver: Driver = {
  name: 'bar',
  cb_ops: {
    flag: D_DEVMAP,
    devmap: (dev, dhp, off, len, maplen) => {
      maplen.value = len;
      const callbacks = { devmap_rev: DEVMAP_OPS_REV, access: (h: Parameters<typeof devmap_load>[0], _pvt: unknown, at: number, n: number, type: number, rw: number) => devmap_load(h, at, n, type, rw) };
      return devmap_devmem_setup(dhp, dev.dip, callbacks, 0, off, len, PROT_ALL, DEVMAP_DEFAULTS, accattr);
    },
  },
};

const makeMachine = (): Machine =>
  createMachine({ ramSize: 64 * 2 ** 20, devices: [{ path: 'bar0', hardware: { name: 'bar', ranges: [{ kind: 'memory', name: 'bar', size: BAR }] }, driver }] });

/** Median microseconds of one mmap of `bytes` and its munmap. */
export function mapMicroseconds(bytes: number): number {
  const process = makeMachine().createProcess('bench');
  const fd = process.open('/dev/bar0');
  return spread(Array.from({ length: 400 }, () => milliseconds(() => {
    const mapped = process.mmap({ len: bytes, prot: PROT_RW, flags: MAP_SHARED, fd, off: 0 });
    if (!('addr' in mapped)) throw new Error(`mmap: errno ${mapped.errno}`);
    process.munmap(mapped.addr, bytes);
  }) * 1000)).median;
}

/** Median microseconds of a 4K device fault in an address space of `segments` more segments, among `processes` more processes. */
export function faultMicroseconds(segments: number, processes: number): number {
  const machine = makeMachine();
  for (let i = 0; i < processes; i++) machine.createProcess(`other ${i}`);
  const process = machine.createProcess('bench');
  // Every other page, so that neighbours do not become one segment.
  for (let i = 0; i < segments; i++) process.mmap({ addr: 0x1000_0000 + 2 * i * PAGESIZE, len: PAGESIZE, prot: PROT_RW, flags: MAP_PRIVATE | MAP_ANON | MAP_FIXED });
  const fd = process.open('/dev/bar0');
  const mapped = process.mmap({ addr: ADDRESS, len: FAULTS * PAGESIZE, prot: PROT_RW, flags: MAP_SHARED | MAP_FIXED, fd, off: PAGESIZE });
  if (!('addr' in mapped)) throw new Error(`mmap: errno ${mapped.errno}`);
  const each: number[] = [];
  machine.kernel.runUntilDone('bench', function* () {
    for (let i = 0; i < FAULTS; i++) {
      const start = performance.now();
      const code = yield* as_fault(process.proc.as, asVaddr(ADDRESS + i * PAGESIZE), 1, F_INVAL, S_WRITE);
      each.push((performance.now() - start) * 1000);
      if (code !== 0) throw new Error(`as_fault: ${code}`);
    }
  });
  return spread(each).median;
}
