/** The device a scenario scripts: its register sets, the chunks of its mapping space, and the driver that serves them. */
import { alignUp, asPaddr, ENXIO, errnoName, hex, PAGESIZE } from '../../base/index.js';
import type { CbOps, DdiDeviceAccAttr, Dev, DevInfo, DevmapAccess, DevmapCookie, Driver, RegSpec } from '../../ddi/index.js';
import { D_DEVMAP, D_MP, nodev, nulldev, protText, setupFlagsText } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import {
  ddi_devmap_segmap, ddi_segmap_setup, devmap_devmem_setup, devmap_pmem_setup, devmap_setup, devmap_umem_setup, DevmapHandle, DevmapPmemCookie, UmemCookie,
} from '../../segdev/index.js';
import type { CallbackSet } from './callback-set.js';
import { ddiText, errnoText } from './names.js';

/** What is behind a part of a device's mapping space. */
export interface MockChunk {
  readonly kind: 'devmem' | 'umem' | 'pmem' | 'none';
  readonly off: number;
  readonly len: number;
  readonly rn: number;
  readonly roff: number;
  /** Looked up when used: cookies come and go. */
  readonly cookie: string;
  readonly maxprot: number;
  readonly flags: number;
  readonly acc: number | undefined;
  readonly cb: string | undefined;
  readonly ret: number | undefined;
  readonly maplen: number | undefined;
  readonly setlen: number | undefined;
  readonly twice: boolean;
}

/** How a `device` line describes an entry point. */
export type EntryKind = 'yes' | 'none' | 'null' | 'nodev' | 'nulldev';

/** What a `device` line says. */
export interface MockDeviceSpec {
  readonly devmap: EntryKind;
  readonly mmap: EntryKind;
  readonly segmap: 'none' | 'devmap' | 'setup' | 'regs';
  readonly rn: number;
  readonly acc: number | undefined;
  readonly devmapFlag: boolean;
}

/** What the driver needs of the scenario. */
export interface DeviceHost {
  /** Adds a line to the trace. */
  say(line: string): void;
  /** The kernel memory a script has called so; undefined where it has not. */
  cookie(name: string): UmemCookie | DevmapPmemCookie | undefined;
  /** The set of callbacks a script has called so; undefined where it has not. */
  callbackSet(name: string): CallbackSet | undefined;
  /** The frame behind byte `off` of a cookie; -1 when there is none. */
  frameOf(cookie: string, off: number): number;
  /** Remembers which set a handle was set up with. */
  belongs(dhp: DevmapHandle, set: CallbackSet): void;
  readonly accessFunctions: readonly DevmapAccess[];
}

/** The access attributes of an order; none when the script gives none. */
export const attributes = (order: number | undefined): DdiDeviceAccAttr | null =>
  order === undefined ? null : { devacc_attr_version: 1, devacc_attr_endian_flags: 0, devacc_attr_dataorder: order };

/** One scripted device. */
export class MockDevice {
  readonly chunks: MockChunk[] = [];
  readonly dev: Dev;
  readonly dip: DevInfo;
  readonly #answered = new Map<number, Set<number>>();
  readonly #host: DeviceHost;
  readonly #spec: MockDeviceSpec;

  constructor(host: DeviceHost, spec: MockDeviceSpec, dip: DevInfo, bind: (driver: Driver) => Dev) {
    this.#host = host;
    this.#spec = spec;
    this.dip = dip;
    this.dev = bind({ name: dip.label, cb_ops: this.#entries() });
  }

  /** Places a register set. */
  register(rn: number, base: number, size: number, io: boolean): void {
    while (this.dip.regs.length < rn) this.dip.regs.push({ base: asPaddr(0), size: 0 });
    const spec: RegSpec = { base: asPaddr(base), size, io };
    this.dip.regs[rn] = spec;
  }

  /** The chunk that holds a device offset. */
  chunkAt(off: number): MockChunk | undefined {
    return this.chunks.find((chunk) => off >= chunk.off && off < chunk.off + chunk.len);
  }

  /** Whether mmap(9E) ever answered this frame for the page at `off`. */
  answered(off: number, pfn: number): boolean {
    return this.#spec.mmap === 'nulldev' ? pfn === 0 : this.#answered.get(off)?.has(pfn) === true;
  }

  #entries(): CbOps {
    const { devmap, mmap, segmap, devmapFlag } = this.#spec;
    return {
      flag: D_MP | (devmapFlag ? D_DEVMAP : 0),
      ...(devmap === 'none' || devmap === 'null' ? {} : { devmap: devmap === 'yes' ? this.#devmap : devmap === 'nodev' ? nodev : nulldev }),
      ...(mmap === 'none' || mmap === 'null' ? {} : { mmap: mmap === 'yes' ? this.#mmap : mmap === 'nodev' ? nodev : nulldev }),
      ...(segmap === 'none' ? {} : { segmap: this.#segmap }),
    };
  }

  readonly #devmap: NonNullable<CbOps['devmap']> = (dev, cookie, off, len, maplen) => {
    const say = (text: string): void => this.#host.say(text);
    const chunk = this.chunkAt(off);
    const asked = `  drv.devmap ${dev.label} ${cookie instanceof DevmapHandle ? `h${cookie.id}` : '-'} off=${hex(off)} len=${hex(len)}`;
    if (chunk === undefined) {
      say(`${asked} -> ENXIO`);
      return ENXIO;
    }
    const delta = off - chunk.off;
    const part = Math.min(alignUp(len, PAGESIZE), chunk.len - delta);
    maplen.value = chunk.maplen ?? part;
    let result = 0;
    if (chunk.ret === undefined && chunk.kind !== 'none') {
      for (let times = chunk.twice ? 2 : 1; times > 0; times--) result = this.#setup(cookie, chunk, delta, chunk.setlen ?? part);
    }
    const error = chunk.ret ?? (result === 0 ? 0 : -1);
    say(`${asked} maplen=${hex(maplen.value)} -> ${errnoText(error)}`);
    return error;
  };

  #setup(cookie: DevmapCookie, chunk: MockChunk, delta: number, len: number): number {
    const host = this.#host;
    const off = chunk.roff + delta;
    const set = chunk.cb === undefined ? undefined : host.callbackSet(chunk.cb);
    if (set !== undefined && cookie instanceof DevmapHandle) host.belongs(cookie, set);
    const control = set?.control(host.accessFunctions);
    const acc = attributes(chunk.acc);
    const memory = host.cookie(chunk.cookie);
    const { maxprot, flags } = chunk;
    const result = chunk.kind === 'devmem'
      ? devmap_devmem_setup(cookie, this.dip, control, chunk.rn, off, len, maxprot, flags, acc)
      : chunk.kind === 'umem'
        ? devmap_umem_setup(cookie, this.dip, control, memory instanceof UmemCookie ? memory : null, off, len, maxprot, flags, acc)
        : devmap_pmem_setup(cookie, this.dip, control, memory instanceof DevmapPmemCookie ? memory : null, off, len, maxprot, flags, acc);
    host.say(
      `  drv.setup h${(cookie as DevmapHandle).id} ${chunk.kind} off=${hex(off)} len=${hex(len)} maxprot=${protText(maxprot)} flags=${setupFlagsText(flags)} -> ${ddiText(result)}`,
    );
    return result;
  }

  readonly #mmap: NonNullable<CbOps['mmap']> = (dev, off, prot) => {
    const pfn = this.#frame(off);
    const answers = this.#answered.get(off) ?? new Set();
    this.#answered.set(off, answers.add(pfn));
    this.#host.say(`  drv.mmap ${dev.label} off=${hex(off)} prot=${protText(prot)} -> ${hex(pfn)}`);
    return pfn;
  };

  #frame(off: number): number {
    const chunk = this.chunkAt(off);
    if (chunk === undefined) return -1;
    const at = chunk.roff + (off - chunk.off);
    if (chunk.kind !== 'devmem') return this.#host.frameOf(chunk.cookie, at);
    const set = this.dip.regs[chunk.rn];
    return set === undefined ? -1 : Math.floor((set.base + at) / PAGESIZE);
  }

  readonly #segmap: NonNullable<CbOps['segmap']> = (dev, off, asp, addrp, len, prot, maxprot, flags, credp) =>
    this.#segmapped([dev, off, asp, addrp, len, prot, maxprot, flags, credp]);

  *#segmapped(args: Parameters<NonNullable<CbOps['segmap']>>): Kgen<number> {
    const [dev, off, asp, addrp, len, prot, maxprot, flags, credp] = args;
    const say = (text: string): void => this.#host.say(text);
    say(`  drv.segmap enter ${dev.label} off=${hex(off)} len=${hex(len)} prot=${protText(prot)} maxprot=${protText(maxprot)} flags=${hex(flags)}`);
    let error: number;
    switch (this.#spec.segmap) {
      case 'devmap': error = yield* ddi_devmap_segmap(dev, off, asp, addrp, len, prot, maxprot, flags, credp); break;
      case 'regs': error = yield* ddi_segmap_setup(dev, off, asp, addrp, len, prot, maxprot, flags, credp, attributes(this.#spec.acc), this.#spec.rn); break;
      case 'none': case 'setup': error = yield* devmap_setup(dev, off, asp, addrp, len, prot, maxprot, flags, credp);
    }
    say(`  drv.segmap leave ${dev.label} -> ${error <= 0 ? String(error) : errnoName(error)}`);
    return error;
  }
}

