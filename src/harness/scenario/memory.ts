/**
 * The memory of a scenario's machine: page tables are real, what frames contain is not, and frames of kernel memory are
 * handed out in an order that scripts can rely on (upward from 0x1000, the trash page first, never twice).
 */
import type { Pfn } from '../../base/index.js';
import { asPaddr, KernelPanic, PAGESIZE } from '../../base/index.js';
import type { Paddr, Trace } from '../../base/index.js';
import type { FaultInjector } from '../../ddi/index.js';
import type { UmemArena } from '../../segdev/index.js';
import { FC_MAKE_ERR, type VmMemory } from '../../vm/index.js';

/** Frames below this one are memory, the rest are devices. */
export const MEMORY_FRAMES = 0x80000;
/** Frames page tables may take. They have the lowest numbers; that data frames have some of these numbers too does not matter, they have no contents. */
const TABLE_FRAMES = 0x1000;
/** Frames of page tables that have bytes from the start; few scripts need more. */
const FIRST_TABLES = 64;
/** First data frame. */
const FIRST_FRAME = 0x1000;

/** Kernel addresses: memory that stays, and memory that may be paged out. */
const HEAP = -(2 ** 40);
const PAGEABLE = -(2 ** 41);

/** Backs page tables; data frames have no contents. Its bytes grow with the tables: nobody may keep a view. */
export class ScenarioMemory implements VmMemory {
  readonly ramBase: Paddr = asPaddr(0);
  readonly ramSize: number = MEMORY_FRAMES * PAGESIZE;
  u8: Uint8Array = new Uint8Array((FIRST_TABLES + 1) * PAGESIZE);
  u32: Uint32Array = new Uint32Array(this.u8.buffer);

  zeroPage(pfn: Pfn): void {
    if (pfn >= TABLE_FRAMES) return;
    const at = this.hostPage(pfn);
    this.u8.fill(0, at, at + PAGESIZE);
  }

  touchPage(): void {}

  /** @throws KernelPanic when page tables have taken all frames there are for them */
  hostPage(pfn: Pfn): number {
    if (!(pfn >= 0 && pfn < TABLE_FRAMES)) throw new KernelPanic('panic', 'out of memory: no frame for a page table');
    const at = (pfn + 1) * PAGESIZE;
    if (at >= this.u8.length) this.#grow(at);
    return at;
  }

  #grow(at: number): void {
    const larger = new Uint8Array(Math.max(2 * this.u8.length, at + PAGESIZE));
    larger.set(this.u8);
    this.u8 = larger;
    this.u32 = new Uint32Array(larger.buffer);
  }

  load(): bigint | undefined {
    return 0n;
  }

  store(): boolean {
    return true;
  }

  read(_pa: Paddr, bytes: Uint8Array): boolean {
    bytes.fill(0);
    return true;
  }

  write(): boolean {
    return true;
  }
}

/** Kernel memory with invented addresses. */
export class ScenarioArena implements UmemArena {
  readonly trash: Pfn;
  readonly #trace: Trace;
  readonly #frames = new Map<number, Pfn>();
  readonly #loaded = new Set<number>();
  readonly #pages = new Set<Pfn>();
  /** Strikes programmed failures; set once the machine exists. */
  inject: FaultInjector = () => 0;
  #nextFrame = FIRST_FRAME;
  #heap = HEAP;
  #pageable = PAGEABLE;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.trash = this.#nextFrame++;
  }

  /** Frames somebody has, beside the trash page. */
  get used(): number {
    return this.#frames.size + this.#pages.size;
  }

  /** Pages of pageable memory that are locked. */
  get locked(): number {
    return this.#loaded.size;
  }

  alloc(size: number): number | undefined {
    if (!this.#room(size)) return undefined;
    const at = this.#heap;
    this.#heap += size + PAGESIZE;
    this.#fill(at, size);
    return at;
  }

  free(addr: number, size: number): void {
    if (this.#trace.on) this.#trace.emit('hat_unload', { as: 'kas', va: addr, len: size, flags: 4 });
    for (let at = addr; at < addr + size; at += PAGESIZE) {
      this.inject('upgrade');
      this.#frames.delete(at);
    }
  }

  pageableAlloc(size: number): number | undefined {
    if (!this.#room(size)) return undefined;
    const at = this.#pageable;
    this.#pageable += size + PAGESIZE;
    this.#fill(at, size);
    return at;
  }

  pageableFree(addr: number, size: number): void {
    for (let at = addr; at < addr + size; at += PAGESIZE) this.#frames.delete(at);
  }

  pageableLock(addr: number, size: number): number {
    const error = this.inject('segkpfault');
    if (error !== 0) return FC_MAKE_ERR(error);
    for (let at = addr; at < addr + size; at += PAGESIZE) this.#loaded.add(at);
    return 0;
  }

  pageableUnlock(addr: number, size: number): void {
    for (let at = addr; at < addr + size; at += PAGESIZE) this.#loaded.delete(at);
  }

  pfn(addr: number): Pfn {
    // Pageable memory has translations only while it is locked.
    if (addr < HEAP && !this.#loaded.has(addr)) return -1;
    return this.#frames.get(addr) ?? -1;
  }

  /** The frame behind a kernel address, loaded or not. */
  frame(addr: number): Pfn | undefined {
    return this.#frames.get(addr);
  }

  page(): Pfn | undefined {
    if (!this.#room(PAGESIZE)) return undefined;
    this.#pages.add(this.#nextFrame);
    return this.#nextFrame++;
  }

  freePage(pfn: Pfn): void {
    this.#pages.delete(pfn);
  }

  /** Whether there are frames for `size` more bytes. */
  #room(size: number): boolean {
    return this.#nextFrame + size / PAGESIZE <= MEMORY_FRAMES;
  }

  #fill(addr: number, size: number): void {
    for (let at = addr; at < addr + size; at += PAGESIZE) this.#frames.set(at, this.#nextFrame++);
  }
}
