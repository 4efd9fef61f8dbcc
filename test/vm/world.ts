/**
 * A machine's memory without harts, for tests of the virtual memory: real bus, real kernel, and a fence port that stands for the worst
 * TLB there can be: one that keeps every translation it could ever have seen until a fence drops it.
 */
import { expect } from 'vitest';
import { LEVEL_SIZE, PAGESIZE, asPaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { Kernel } from '../../src/kernel/index.js';
import type { Kgen, KernelOptions } from '../../src/kernel/index.js';
import { Vm } from '../../src/vm/index.js';
import type { FencePort, Hat, VmOptions } from '../../src/vm/index.js';

/** First frame of the device memory that tests map. */
export const DEVICE_PFN = 0x14_0000;

/** A leaf as the bytes of RAM have it. */
export interface Leaf {
  readonly va: number;
  readonly level: 0 | 1 | 2;
  readonly pfn: number;
  /** PTE bits 7:0. */
  readonly flags: number;
  readonly pbmt: number;
}

/**
 * All leaves below a root, read from RAM with bigint as the privileged manual says, and nothing of the product. Fails the test
 * on an entry the manual reserves.
 */
export function walkRam(bus: Bus, root: number): { leaves: Leaf[]; tables: number[] } {
  const leaves: Leaf[] = [];
  const tables: number[] = [];
  const malformed = (what: string, pte: bigint): never => expect.fail(`${what}: PTE ${pte.toString(16)}`);
  const visit = (table: number, level: number, base: bigint): void => {
    tables.push(table);
    const bytes = new Uint8Array(PAGESIZE);
    expect(bus.read(asPaddr(table * PAGESIZE), bytes)).toBe(true);
    const ptes = new BigUint64Array(bytes.buffer);
    for (let index = 0; index < 512; index++) {
      const pte = ptes[index]!;
      if (pte === 0n) continue;
      const va = base + (BigInt(index) << BigInt(12 + 9 * level));
      const flags = Number(pte & 0xffn);
      const [v, r, w, x] = [1, 2, 4, 8].map((bit) => (flags & bit) !== 0);
      const ppn = (pte >> 10n) & ((1n << 44n) - 1n);
      if (!v) malformed('neither zero nor valid', pte);
      if (((pte >> 54n) & 0x7fn) !== 0n) malformed('reserved bits', pte);
      if (!r && !x) {
        if ((pte & 0x3fen) !== 0n) malformed('a pointer has flags', pte);
        if (level === 0) malformed('a pointer in the last level', pte);
        visit(Number(ppn), level - 1, va);
        continue;
      }
      if (w && !r) malformed('write without read', pte);
      if (ppn % (1n << BigInt(9 * level)) !== 0n) malformed('misaligned large page', pte);
      if ((flags & 0xc0) !== 0xc0) malformed('not accessed and dirty', pte);
      leaves.push({ va: Number(BigInt.asIntN(39, va)), level: level as 0 | 1 | 2, pfn: Number(ppn), flags, pbmt: Number((pte >> 61n) & 3n) });
    }
  };
  visit(root, 2, 0n);
  return { leaves, tables };
}

/** The worst TLB: nothing leaves it but by a fence. */
export class WorstTlb implements FencePort {
  readonly fences: { asid: number; va: number | undefined; len: number }[] = [];
  /** By address space, then by address and level as one number. */
  readonly #entries: Map<number, Map<number, Leaf>> = new Map();

  fence(asid: number, va: number | undefined, len: number): void {
    this.fences.push({ asid, va, len });
    if (asid < 0) this.#entries.clear();
    const entries = this.#entries.get(asid);
    if (entries === undefined) return;
    if (va === undefined) entries.clear();
    else for (const [key, leaf] of entries) if (leaf.va < va + len && va < leaf.va + LEVEL_SIZE[leaf.level]) entries.delete(key);
  }

  /** Fails when a translation it still has is no longer what the page table says; then takes in all that are there now. */
  observe(asid: number, leaves: readonly Leaf[]): void {
    const now = new Map(leaves.map((leaf) => [leaf.va + leaf.level, leaf]));
    const entries = this.#entries.get(asid) ?? new Map<number, Leaf>();
    for (const [key, leaf] of entries) {
      const other = now.get(key);
      if (other === undefined || other.pfn !== leaf.pfn || other.flags !== leaf.flags || other.pbmt !== leaf.pbmt) {
        expect(other, `stale translation of ${leaf.va.toString(16)}`).toEqual(leaf);
      }
    }
    for (const [key, leaf] of now) entries.set(key, leaf);
    this.#entries.set(asid, entries);
  }
}

/** Everything a test needs. */
export interface World {
  readonly bus: Bus;
  readonly kernel: Kernel;
  readonly vm: Vm;
  readonly tlb: WorstTlb;
  /** Runs kernel code to its end. */
  run<T>(body: () => Kgen<T>): T;
  /** Reads the page table from RAM, checks it against the worst TLB, and answers its leaves. */
  look(hat: Hat): Leaf[];
}

/** Makes a world with `ramPages` frames of RAM and a 64 GiB device at frame DEVICE_PFN. */
export function world(options: { ramPages?: number; vm?: Partial<VmOptions>; kernel?: KernelOptions } = {}): World {
  const bus = new Bus({ ramSize: (options.ramPages ?? 1024) * PAGESIZE, reserved: 4096, poolSize: 2 ** 20 });
  bus.attachMemory({ name: 'device', base: asPaddr(DEVICE_PFN * PAGESIZE), size: 2 ** 36 });
  const kernel = new Kernel(options.kernel);
  const tlb = new WorstTlb();
  const vm = new Vm({ kernel, memory: bus, fence: tlb, ...options.vm });
  return {
    bus, kernel, vm, tlb,
    run: (body) => kernel.runUntilDone('test', body),
    look: (hat) => {
      const { leaves } = walkRam(bus, hat.rootPfn);
      tlb.observe(hat.asid, leaves);
      return leaves;
    },
  };
}

/** The frame an independent walk finds for a base page; undefined when there is none. */
export function frameAt(leaves: readonly Leaf[], va: number): { pfn: number; flags: number } | undefined {
  const leaf = leaves.find((candidate) => va >= candidate.va && va < candidate.va + LEVEL_SIZE[candidate.level]);
  return leaf === undefined ? undefined : { pfn: leaf.pfn + Math.floor((va - leaf.va) / PAGESIZE), flags: leaf.flags };
}
