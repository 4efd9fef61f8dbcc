/** The machine of model.test.ts: two devices, a driver that keeps books, and an independent look at every translation there is. */
import { expect } from 'vitest';
import { asPaddr, asVaddr, HarnessBug, LEVEL_SIZE, PAGESIZE, type Paddr } from '../../src/base/index.js';
import type { Driver } from '../../src/ddi/index.js';
import { D_DEVMAP, DDI_SUCCESS, DEVMAP_ALLOW_REMAP, DEVMAP_USE_PAGESIZE, ref } from '../../src/ddi/index.js';
import { type Machine, createMachine } from '../../src/machine/index.js';
import type { Process } from '../../src/process/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import {
  ddi_umem_alloc, DevmapHandle, devmap_devmem_setup, devmap_load, devmap_umem_setup, sdpOf, segdevOf, UmemCookie, type DdiUmemCookie, type SegdevState,
} from '../../src/segdev/index.js';
import { as_fault, F_INVAL, FC_HWERR, hat_getpfnum, PROT_ALL, segOps, type FaultType, type SegRw } from '../../src/vm/index.js';
import type { Mmu, TlbConfig } from '../../mmu/index.js';
import { walkRam } from '../vm/world.js';
import { frameOf, rights, type ChunkSpec, type DeviceSpec, type ModelHandle, type ModelPage, type ModelSpace, type Policy } from './model.js';
import { Ledger } from './world.js';

export const SMALL: DeviceSpec = {
  name: 'small', registers: 64, chunks: [
    { first: 0, pages: 3, kind: 'devmem', access: true, remap: false }, { first: 3, pages: 3, kind: 'pageable', access: false, remap: false },
    { first: 6, pages: 2, kind: 'umem', access: true, remap: false }, { first: 8, pages: 4, kind: 'devmem', access: true, remap: true },
    { first: 12, pages: 2, kind: 'umem', access: true, remap: true },
  ],
};
export const LARGE: DeviceSpec = {
  name: 'large', registers: 2760, chunks: [
    { first: 0, pages: 1030, kind: 'devmem', access: true, remap: false }, { first: 1030, pages: 1200, kind: 'devmem', access: false, remap: true },
    { first: 2230, pages: 530, kind: 'devmem', access: true, remap: false, usePagesize: true },
  ],
};
export const DEVICES: readonly DeviceSpec[] = [SMALL, LARGE];
export const devicePages = (dev: DeviceSpec): number => dev.chunks.reduce((sum, { pages }) => sum + pages, 0);

const BASES: Readonly<Record<string, Paddr>> = { small: asPaddr(0x20_0000_0000), large: asPaddr(0x20_4000_0000) };

/** Small enough for evictions, too large to hide what a fence forgot. */
const TLB: TlbConfig = {
  name: 'model', title: 'TLB of the model test', sources: [], assumed: [], walkCache: [], levels: [[
    { name: '4K', sets: 16, ways: 4, pageSizes: ['4K'], replacement: 'fifo' }, { name: '2M', sets: 2, ways: 4, pageSizes: ['2M'], replacement: 'fifo' },
  ]],
};
const SIZE_PAGES = [1, 16, 512, 512 * 512];

/** A process and what the model says about it. */
export interface Pair {
  readonly process: Process;
  readonly model: ModelSpace;
  /** Pages it has ever touched: only they can be in a TLB. */
  readonly touched: Set<number>;
}

/** A machine that many runs may use one after the other, because every run leaves it as it found it. */
export class ModelMachine {
  readonly machine: Machine = createMachine({
    ramSize: 8 * 2 ** 20, poolSize: 2 ** 24, harts: 3, tlb: TLB, devices: DEVICES.map((spec) => ({
      path: spec.name, driver: this.#driver(spec), hardware: { name: spec.name, ranges: [{ kind: 'memory', name: 'mem', size: spec.registers * PAGESIZE, base: BASES[spec.name]! }] },
    })),
  });
  readonly segdev: SegdevState = segdevOf(this.machine.kernel);
  readonly ledger: Ledger = new Ledger({ access: (dhp, _pvtp, off, len, type, rw) => this.#access(dhp as DevmapHandle, off, len, type, rw) });
  readonly policies: Record<string, Policy> = {};
  /** Memory behind umem chunks, by device and first page. */
  readonly cookies: Map<string, UmemCookie> = new Map();
  readonly trash: UmemCookie;
  /** Frame numbers of that memory, page by page. */
  readonly #frames: Map<ChunkSpec, readonly number[]> = new Map();
  /** The word each frame holds, where one was stored. */
  readonly contents: Map<string, number> = new Map();
  readonly framesUsed: number;

  constructor() {
    this.trash = this.#cookie(LARGE.registers * PAGESIZE, 4);
    for (const spec of DEVICES) for (const chunk of spec.chunks) if (chunk.kind !== 'devmem') this.#memory(spec, chunk);
    this.framesUsed = this.machine.vm.pages.used;
  }

  #memory(spec: DeviceSpec, chunk: ChunkSpec): void {
    const cookie = this.#cookie(chunk.pages * PAGESIZE, chunk.kind === 'pageable' ? 2 : 0);
    const { kas } = this.machine.vm;
    kas.write(cookie.cvaddr, new Uint8Array(cookie.size));
    this.#frames.set(chunk, Array.from({ length: chunk.pages }, (_, page) => hat_getpfnum(kas.hat, cookie.cvaddr + page * PAGESIZE)));
    this.cookies.set(`${spec.name}/${chunk.first}`, cookie);
  }

  #cookie(size: number, flags: number): UmemCookie {
    const cookie = ref<DdiUmemCookie | null>(null);
    // oxlint-disable-next-line require-yield
    this.run(function* () { ddi_umem_alloc(size, flags, cookie); });
    if (!(cookie.value instanceof UmemCookie)) throw new HarnessBug('no memory');
    return cookie.value;
  }

  #driver(spec: DeviceSpec): Driver {
    return { name: spec.name, cb_ops: { flag: D_DEVMAP, devmap: (dev, dhp, off, len, maplen) => {
      const chunk = spec.chunks.find((c) => off >= c.first * PAGESIZE && off < (c.first + c.pages) * PAGESIZE);
      if (chunk === undefined) return 6;
      const inside = off - chunk.first * PAGESIZE;
      const bytes = Math.min(len, chunk.pages * PAGESIZE - inside);
      const { ops } = this.ledger;
      const callbacks = chunk.access ? ops : { ...ops, access: undefined };
      const flags = (chunk.remap ? DEVMAP_ALLOW_REMAP : 0) | (chunk.usePagesize === true ? DEVMAP_USE_PAGESIZE : 0);
      maplen.value = bytes;
      const result = chunk.kind === 'devmem'
        ? devmap_devmem_setup(dhp, dev.dip, callbacks, 0, off, bytes, PROT_ALL, flags)
        : devmap_umem_setup(dhp, dev.dip, callbacks, this.cookies.get(`${spec.name}/${chunk.first}`)!, inside, bytes, PROT_ALL, flags);
      return result === DDI_SUCCESS ? 0 : 6;
    } } };
  }

  /** devmap_access of both devices. Softlocks are served as they come, so that lock and unlock agree. */
  *#access(dhp: DevmapHandle, off: number, len: number, type: number, rw: number): Kgen<number> {
    const policy = this.policies[dhp.dev.dip.name] ?? 'default';
    if (policy === 'refuse' && type !== 3) return FC_HWERR;
    if (policy === 'whole' && type === F_INVAL) return yield* devmap_load(dhp, dhp.uoff, 0, type, rw);
    return yield* devmap_load(dhp, off, len, type, rw);
  }

  run<T>(body: () => Kgen<T>): T {
    return this.machine.kernel.runUntilDone('model', body);
  }

  fault({ process }: Pair, vpn: number, pages: number, type: FaultType, rw: SegRw): number {
    return this.run(() => as_fault(process.proc.as, vpn * PAGESIZE, pages * PAGESIZE, type, rw));
  }

  /** munmap of a page as its segment itself answers it, without waiting. */
  unmapNow({ process }: Pair, vpn: number): number {
    const seg = process.proc.as.segs.find(({ base, end }) => vpn * PAGESIZE >= base && vpn * PAGESIZE < end)!;
    return this.run(() => segOps(seg).unmap(seg, asVaddr(vpn * PAGESIZE), PAGESIZE));
  }

  /** The real handle of a handle of the model: the driver knows it by its address and space. */
  handle({ process }: Pair, handle: ModelHandle): DevmapHandle {
    const found = [...this.ledger.live.keys()].find((dhp) => dhp instanceof DevmapHandle && dhp.uvaddr === handle.vpn * PAGESIZE && dhp.seg?.as === process.proc.as);
    if (!(found instanceof DevmapHandle)) return expect.fail(`no handle at page ${handle.vpn}`);
    return found;
  }

  /** The translation two more harts would use for an address that was just accessed. */
  translateElsewhere({ process }: Pair, vpn: number, write: boolean): void {
    for (const cpu of this.machine.system.cpus.cpus.slice(1)) {
      cpu.use(process.proc.as.hat);
      if (cpu.hart.mmu.translate(asVaddr(vpn * PAGESIZE), write ? 1 : 0) < 0) expect.fail(`hart ${cpu.hart.id} has no translation of page ${vpn}`);
    }
  }

  /** Looks at every translation of page tables and TLBs, the driver's books, and counts. */
  verify(pairs: readonly Pair[]): void {
    for (const pair of pairs) {
      const { hat } = pair.process.proc.as;
      for (const { va, level, pfn, flags } of walkRam(this.machine.bus, hat.rootPfn).leaves) {
        this.#permitted(pair, va / PAGESIZE, LEVEL_SIZE[level] / PAGESIZE, pfn, flags, 'page table');
      }
      for (const { hart } of this.machine.system.cpus.cpus) this.#checkTlb(pair, hart.mmu, hat.asid);
    }
    expect(this.ledger.errors).toEqual([]);
    const wanted = pairs.flatMap(({ model }) => model.handles.map(({ off, pages }) => `${off}+${pages}`));
    const live = [...this.ledger.live.values()].map(({ off, len }) => `${off / PAGESIZE}+${len / PAGESIZE}`);
    expect(live.toSorted()).toEqual(wanted.toSorted());
    expect(this.segdev.live.handle).toBe(wanted.length);
    expect(this.segdev.live.segdata).toBe(pairs.reduce((sum, pair) => sum + this.#checkSegments(pair), 0));
  }

  /** Segments of a process; each is counted as softlocked exactly while one of its pages is. */
  #checkSegments({ model, process }: Pair): number {
    const segs = new Map([...model.pages.values()].map(({ seg }) => [seg, 0]));
    for (const { seg, locks } of model.pages.values()) if (locks > 0) segs.set(seg, 1);
    const { segs: real } = process.proc.as;
    if (real.filter((seg) => sdpOf(seg).softlockcnt > 0).length !== [...segs.values()].filter((locked) => locked === 1).length) expect.fail('wrong segments count softlocked pages');
    return segs.size;
  }

  #checkTlb(pair: Pair, mmu: Mmu, asid: number): void {
    for (const array of mmu.tlb.levels[0]!.arrays) {
      for (const size of [0, 2]) {
        if (array.live[size] === 0) continue;
        for (const vpn of pair.touched) {
          const entry = array.find(size, vpn, asid);
          if (entry >= 0) this.#permitted(pair, vpn - (vpn % SIZE_PAGES[size]!), SIZE_PAGES[size]!, array.pfn(entry), array.word(entry) & 0xff, `TLB of hart ${mmu.hartId}`);
        }
      }
    }
  }

  /** Fails unless the model allows each page of a translation, its frame and its rights. */
  #permitted({ model, process }: Pair, vpn: number, pages: number, pfn: number, flags: number, where: string): void {
    for (let i = 0; i < pages; i++) {
      const page = model.pages.get(vpn + i);
      const wrong = this.#wrong(vpn + i, page, pfn + i, flags);
      if (wrong !== '') expect.fail(`${where}: process ${process.pid}, page 0x${(vpn + i).toString(16)}, frame 0x${(pfn + i).toString(16)}: ${wrong}`);
    }
  }

  #wrong(vpn: number, page: ModelPage | undefined, pfn: number, flags: number): string {
    if (page === undefined) return 'nothing is mapped there';
    if (!page.loaded) return 'it was taken away';
    if (pfn !== this.#frame(vpn, page.handle)) return `should show ${frameOf(vpn, page)}`;
    if ((flags & 4) !== 0 && (rights(page) & 2) === 0) return 'may be written';
    if ((rights(page) & 3) === 0) return 'may not be accessed';
    return (flags & 16) === 0 || (flags & 8) !== 0 ? 'not a user page, or executable' : '';
  }

  #frame(vpn: number, { backing, dev, chunk, vpn: first }: ModelHandle): number | undefined {
    switch (backing.kind) {
      case 'registers': return BASES[dev.name]! / PAGESIZE + backing.frame + vpn - first;
      case 'memory': return this.#frames.get(chunk)?.[backing.frame + vpn - first];
      case 'trash': return this.segdev.arena!.trash;
      default: return undefined;
    }
  }

  /** What must be true once every process has ended. */
  expectNothingLeft(): void {
    expect(this.segdev.live).toEqual({ handle: 0, segdata: 0, vpage: 0, cookie: this.cookies.size + 1 });
    expect([this.segdev.slist, this.segdev.ctxlist]).toEqual([[], []]);
    expect(this.ledger.live.size).toBe(0);
    for (const cookie of [this.trash, ...this.cookies.values()]) expect(cookie).toMatchObject({ handles: 0, locked: 0 });
    for (const dev of this.machine.system.devices.values()) expect(dev.snode).toMatchObject({ mapcnt: 0 });
    expect(this.machine.vm.pages.used).toBe(this.framesUsed);
    expect(this.machine.kernel.threads).toEqual([]);
    expect(this.machine.system.procs.size).toBe(0);
  }
}
