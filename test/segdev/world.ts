/** A kernel with address spaces, devices and drivers, without harts: what the tests of this folder stand on. */
import type { As, FaultType } from '../../src/vm/index.js';
import {
  as_alloc, as_dup, as_fault, as_free, as_setprot, as_unmap, F_INVAL, hat_entries, hat_probe, MAP_SHARED, PROT_ALL, PROT_READ,
  PROT_USER, PROT_WRITE, S_READ, segOps, Vm, type Translation, type VmOptions,
} from '../../src/vm/index.js';
import type { TraceEvent } from '../../src/base/index.js';
import { asPaddr, asVaddr, Trace, traceText } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import type { CbOps, Dev, DevInfo, DevmapCallbackCtl, DevmapCookie, Driver, RegSpec } from '../../src/ddi/index.js';
import { D_DEVMAP, DDI_SUCCESS, DeviceTree, DEVMAP_OPS_REV, ref, spec_close, spec_open } from '../../src/ddi/index.js';
import { Kernel, settle, type KernelOptions, type Kgen } from '../../src/kernel/index.js';
import { devmap_default_access, devmap_devmem_setup, segdev_init, spec_map, type SegdevOptions, type SegdevState } from '../../src/segdev/index.js';

export const RWU: number = PROT_READ | PROT_WRITE | PROT_USER;
export const RU: number = PROT_READ | PROT_USER;

const RAM = 4 * 2 ** 20;

/** What a mapping is asked for; the rest is shared, read and write, from offset 0. */
export interface MmapRequest {
  off?: number;
  len: number;
  addr?: number;
  prot?: number;
  maxprot?: number;
  flags?: number;
}

/** A machine without processors. */
export class World {
  readonly trace: Trace = new Trace();
  readonly kernel: Kernel;
  readonly bus: Bus;
  readonly vm: Vm;
  readonly tree: DeviceTree;
  readonly segdev: SegdevState;
  readonly events: TraceEvent[] = [];
  #spaces = 0;

  constructor(options: SegdevOptions = {}, kernel: KernelOptions = {}, vm: Partial<VmOptions> = {}) {
    this.kernel = new Kernel({ trace: this.trace, ...kernel });
    this.bus = new Bus({ ramSize: RAM, reserved: 65536, poolSize: 65536 });
    this.vm = new Vm({ kernel: this.kernel, memory: this.bus, fence: { fence: () => {} }, ...vm });
    this.tree = new DeviceTree({ trace: this.trace, bus: this.bus });
    this.segdev = segdev_init(this.vm, options);
    this.trace.listen((event) => this.events.push(event));
  }

  /** Runs a kernel routine to its end. */
  run<T>(body: () => Kgen<T>): T {
    return this.kernel.runUntilDone('test', body);
  }

  /** A device of `regs` driven by `ops`, attached. */
  device(ops: Partial<CbOps>, regs: readonly RegSpec[] = [{ base: asPaddr(0x2_0000_0000), size: 0x4000_0000 }], name = 'dev'): Dev {
    const driver: Driver = { name, cb_ops: { flag: D_DEVMAP, ...ops } };
    const dip: DevInfo = this.tree.addNode({ name, regs });
    const dev = this.tree.bind(dip, driver);
    this.run(() => this.tree.attach(dip));
    return dev;
  }

  space(name = `A${++this.#spaces}`): As {
    return as_alloc(this.vm, name);
  }

  /** mmap(2): the address, or a negated errno. */
  mmap(as: As, dev: Dev, request: MmapRequest): number {
    const { off = 0, len, addr = 0, prot = RWU, maxprot = PROT_ALL, flags = MAP_SHARED } = request;
    const addrp = ref(addr);
    const error = this.run(() => spec_map(dev, off, as, addrp, len, prot, maxprot, flags));
    return error === 0 ? addrp.value : -error;
  }

  open(dev: Dev): number {
    return this.run(() => spec_open(ref(dev), 3));
  }

  close(dev: Dev): void {
    this.run(() => spec_close(dev, 3));
  }

  munmap(as: As, addr: number, len: number): number {
    return this.run(() => as_unmap(as, addr, len));
  }

  mprotect(as: As, addr: number, len: number, prot: number): number {
    return this.run(() => as_setprot(as, addr, len, prot));
  }

  /** One call of the segment's own setprot, which does not wait. */
  mprotectNow(as: As, addr: number, len: number, prot: number): number {
    const seg = as.segs.find(({ base, end }) => addr >= base && addr < end);
    return this.run(() => settle(segOps(seg!).setprot(seg!, asVaddr(addr), len, prot)));
  }

  fault(as: As, addr: number, len = 1, rw: number = S_READ, type: FaultType = F_INVAL): number {
    return this.run(() => as_fault(as, addr, len, type, rw));
  }

  /** Faults every page of a range that has no translation yet; the number of faults that took. */
  touchAll(as: As, addr: number, len: number): number {
    return this.run(function* () {
      let faults = 0;
      for (let at = addr; at < addr + len; ) {
        let there = hat_probe(as.hat, at);
        if (there === undefined) {
          faults++;
          const code = yield* as_fault(as, at, 1, F_INVAL, S_READ);
          if (code !== 0) throw new Error(`fault code ${code} at 0x${at.toString(16)}`);
          there = hat_probe(as.hat, at);
          if (there === undefined) throw new Error('a fault that succeeded loaded nothing');
        }
        at = there.base + [0x1000, 0x20_0000, 0x4000_0000][there.level]!;
      }
      return faults;
    });
  }

  fork(as: As): As | number {
    return this.run(() => as_dup(as, `A${++this.#spaces}`));
  }

  exit(as: As): void {
    this.run(() => as_free(as));
  }

  entries(as: As): Translation[] {
    return hat_entries(as.hat);
  }

  /** Leaf PTEs of the space by size: 4K, 2M, 1G. */
  ptes(as: As): number[] {
    const counts = [0, 0, 0];
    for (const { level } of this.entries(as)) counts[level]!++;
    return counts;
  }

  /** The events of `kinds` that `action` causes, as text. */
  traced(kinds: readonly string[], action: () => void): string[] {
    const from = this.events.length;
    action();
    return this.events.slice(from).filter(({ kind }) => kinds.includes(kind)).map(traceText);
  }

  /** Rules broken so far. */
  get findings(): string[] {
    return this.events.filter(({ kind }) => kind === 'finding').map(({ fields }) => (fields as { rule: string }).rule);
  }
}

/** A piece of a device's mapping space and what is behind it. */
export interface Chunk {
  readonly off: number;
  readonly len: number;
  readonly roff?: number;
  readonly rnumber?: number;
  readonly flags?: number;
  readonly ops?: DevmapCallbackCtl;
}

/** devmap(9E) of a device that consists of chunks, one handle each. */
export const chunked = (chunks: readonly Chunk[]): NonNullable<CbOps['devmap']> => (dev, dhp, off, len, maplen) => {
  const chunk = chunks.find((c) => off >= c.off && off < c.off + c.len);
  if (chunk === undefined) return 6;
  const inside = off - chunk.off;
  const bytes = Math.min(len, chunk.len - inside);
  const result = devmap_devmem_setup(dhp, dev.dip, chunk.ops, chunk.rnumber ?? 0, (chunk.roff ?? chunk.off) + inside, bytes, PROT_ALL, chunk.flags ?? 0);
  maplen.value = bytes;
  return result === DDI_SUCCESS ? 0 : 6;
};

/** Callbacks that keep a record for every live handle and give each one its own private data. */
export class Ledger {
  readonly live: Map<DevmapCookie, { id: number; off: number; len: number }> = new Map();
  readonly errors: string[] = [];
  #next = 0;
  readonly ops: DevmapCallbackCtl;

  constructor(more: Partial<DevmapCallbackCtl> = {}) {
    this.ops = {
      devmap_rev: DEVMAP_OPS_REV,
      map: (dhp, _dev, _flags, off, len, pvtp) => {
        pvtp.value = this.#add(dhp, off, len);
        return 0;
      },
      access: devmap_default_access,
      dup: (dhp, pvtp, new_dhp, new_pvtp) => {
        const old = this.#check(dhp, pvtp);
        new_pvtp.value = this.#add(new_dhp, old.off, old.len);
        return 0;
      },
      unmap: (dhp, pvtp, off, len, new_dhp1, new_pvtp1, new_dhp2, new_pvtp2) => {
        const old = this.#check(dhp, pvtp);
        if (off < old.off || off + len > old.off + old.len || len <= 0) this.errors.push(`unmap [${off}, +${len}) of [${old.off}, +${old.len})`);
        this.live.delete(dhp);
        if (new_dhp1 !== null && new_pvtp1 !== null) new_pvtp1.value = this.#add(new_dhp1, old.off, off - old.off);
        if (new_dhp2 !== null && new_pvtp2 !== null) new_pvtp2.value = this.#add(new_dhp2, off + len, old.off + old.len - off - len);
        if (new_dhp1 === null && new_dhp2 === null && (off !== old.off || len !== old.len)) this.errors.push('a handle went only in part');
      },
      ...more,
    };
  }

  /** Sum of the bytes behind live handles. */
  get bytes(): number {
    return [...this.live.values()].reduce((sum, { len }) => sum + len, 0);
  }

  #add(dhp: DevmapCookie, off: number, len: number): object {
    if (this.live.has(dhp)) this.errors.push('a handle came twice');
    const record = { id: ++this.#next, off, len };
    this.live.set(dhp, record);
    return record;
  }

  #check(dhp: DevmapCookie, pvtp: unknown): { off: number; len: number } {
    const record = this.live.get(dhp);
    if (record === undefined || record !== pvtp) this.errors.push('a callback with private data that is not its handle\'s');
    return record ?? { off: 0, len: 0 };
  }
}

/** A register set. */
export const reg = (base: number, size: number): RegSpec => ({ base: asPaddr(base), size });
