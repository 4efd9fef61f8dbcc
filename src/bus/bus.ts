/**
 * The physical address space of a machine: RAM, device memory, register windows.
 *
 * All bytes live in one WebAssembly.Memory of fixed size, so its views never detach and generated code addresses them
 * directly; the operating system commits pages when they are touched. It is declared shared, though one thread uses it:
 * V8 takes the size of any other for garbage that must be watched, and collects at every machine's birth. Linear layout:
 *
 *     0            reserved for generated code's own state (the hart room)
 *     ramHost      RAM, contiguous: linear address = pa - ramBase + ramHost
 *     after RAM    the pool of pages that back device memory on first touch
 */
import { PADDR_END, PAGESIZE, alignUp, asPaddr, FitError, hex, isAligned, pfnOf, type LinearMemory, type Paddr, type Pfn } from '../base/index.js';
import { BackingPool, DeviceMemory } from './device-memory.js';
import { ACCESS_SIZES, regionText, type AccessSize, type Region, type RegisterWindow } from './region.js';

/** Bytes in one page of WebAssembly memory. */
const WASM_PAGE = 65536;
/** Where RAM begins when nothing else is said: the usual place on RISC-V boards. */
export const DEFAULT_RAM_BASE: Paddr = asPaddr(0x8000_0000);
/** Bytes of backing for device memory when nothing else is said. */
export const DEFAULT_POOL_SIZE: number = 256 * 2 ** 20;

/** A register window where it was attached. */
export interface RegisterRegion extends Region {
  readonly kind: 'registers';
  readonly sizes: readonly AccessSize[];
  readonly window: RegisterWindow;
}

type AnyRegion = (Region & { readonly kind: 'ram' }) | DeviceMemory | RegisterRegion;

/** The physical address space. */
export class Bus {
  readonly memory: LinearMemory;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly view: DataView;
  /** First physical address of RAM. */
  readonly ramBase: Paddr;
  /** Bytes of RAM. */
  readonly ramSize: number;
  /** Linear address of the first byte of RAM. */
  readonly ramHost: number;
  /** Backs device memory. */
  readonly pool: BackingPool;
  /** Told about every host-side write to memory (linear address, bytes), so that decoded code can be dropped. */
  onWrite: ((host: number, length: number) => void) | undefined = undefined;
  readonly #regions: AnyRegion[] = [];
  #last: AnyRegion;

  /**
   * @param o.ramBase first address of RAM, page aligned; default {@link DEFAULT_RAM_BASE}
   * @param o.ramSize bytes of RAM, a positive multiple of PAGESIZE
   * @param o.reserved bytes at linear address 0 that belong to the hart room; at least 1, so that 0 is no page's address
   * @param o.poolSize bytes that can back device memory; default {@link DEFAULT_POOL_SIZE}
   * @throws RangeError when a size is no whole number of pages or all of it exceeds the 4 GiB of a WebAssembly memory
   */
  constructor(o: { ramBase?: Paddr; ramSize: number; reserved: number; poolSize?: number }) {
    this.ramBase = o.ramBase ?? DEFAULT_RAM_BASE;
    this.ramSize = o.ramSize;
    const poolSize = o.poolSize ?? DEFAULT_POOL_SIZE;
    checkRange('RAM', this.ramBase, this.ramSize);
    checkPages('RAM', this.ramBase, this.ramSize);
    if (!Number.isInteger(o.reserved) || o.reserved < 1) throw new RangeError(`reserved: ${o.reserved} is not a positive number of bytes`);
    if (!Number.isInteger(poolSize) || poolSize < 0 || !isAligned(poolSize, PAGESIZE)) throw new RangeError(`poolSize: ${poolSize} is not a whole number of pages`);
    this.ramHost = alignUp(o.reserved, WASM_PAGE);
    const end = this.ramHost + this.ramSize + poolSize;
    const pages = Math.ceil(end / WASM_PAGE);
    if (pages > 65536) throw new FitError(`ramSize ${this.ramSize} and poolSize ${poolSize} together exceed the 4 GiB one machine can hold`);
    this.memory = allocate(pages);
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.view = new DataView(buffer);
    this.pool = new BackingPool(this.ramHost + this.ramSize, poolSize);
    this.#last = { kind: 'ram', name: 'RAM', base: this.ramBase, size: this.ramSize };
    this.#regions.push(this.#last);
  }

  /** Everything attached, by ascending address. */
  get regions(): readonly Region[] {
    return this.#regions;
  }

  /** What answers at `pa`; undefined where nothing does. */
  regionAt(pa: Paddr): Region | undefined {
    return this.#find(pa);
  }

  /**
   * Adds device memory, which gets its bytes on first touch.
   * @param o.base first address, page aligned
   * @param o.size bytes, a positive multiple of PAGESIZE
   * @throws RangeError on overlap, misalignment or when it does not fit below PADDR_END; the message names what is in the way
   */
  attachMemory(o: { name: string; base: Paddr; size: number }): DeviceMemory {
    checkRange(o.name, o.base, o.size);
    checkPages(o.name, o.base, o.size);
    const memory = new DeviceMemory({ name: o.name, base: o.base, size: o.size, store: { u8: this.u8, pool: this.pool, wrote: (host, length) => this.onWrite?.(host, length) } });
    this.#insert(memory);
    return memory;
  }

  /**
   * Adds a register window. It need be no page: windows may share a page with each other, not with memory.
   * @param o.base first address, a multiple of the widest declared size
   * @param o.size bytes, positive
   * @param o.sizes the access widths the window answers; any other is a bus error
   * @throws RangeError on overlap, misalignment, no or unknown sizes, or when it does not fit below PADDR_END
   */
  attachRegisters(o: { name: string; base: Paddr; size: number; sizes: readonly AccessSize[]; window: RegisterWindow }): void {
    checkRange(o.name, o.base, o.size);
    if (o.sizes.length === 0 || o.sizes.some((size) => !ACCESS_SIZES.includes(size))) {
      throw new RangeError(`${o.name}: access sizes ${o.sizes.join(', ')} are not a non-empty choice of ${ACCESS_SIZES.join(', ')}`);
    }
    const widest = Math.max(...o.sizes);
    if (!isAligned(o.base, widest)) throw new FitError(`${o.name}: base ${hex(o.base)} is not a multiple of its widest access, ${widest}`);
    this.#insert({ kind: 'registers', name: o.name, base: o.base, size: o.size, sizes: [...o.sizes], window: o.window });
  }

  /**
   * Linear address of the bytes of a page; device memory is backed by this.
   * @returns 0 where the page is not memory.
   * @throws BackingExhausted when device memory cannot be backed.
   */
  hostPage(pfn: Pfn): number {
    const pa = pfn * PAGESIZE;
    const inRam = pa - this.ramBase;
    if (inRam >= 0 && inRam < this.ramSize) return this.ramHost + inRam;
    const region = this.#find(pa);
    return region?.kind === 'memory' ? region.page(pfn - pfnOf(region.base)) : 0;
  }

  /**
   * One naturally aligned read of `size` bytes.
   * @returns the value, zero-extended; undefined is a bus error: nothing there, unaligned, or a size the window does not declare.
   */
  load(pa: Paddr, size: AccessSize): bigint | undefined {
    if (pa % size !== 0) return undefined;
    const region = this.#find(pa);
    if (region === undefined) return undefined;
    if (region.kind === 'registers') return answers(region, pa, size) ? region.window.read(pa - region.base, size) : undefined;
    const page = this.hostPage(pfnOf(pa));
    const at = page + (pa % PAGESIZE);
    switch (size) {
      case 1: return BigInt(this.view.getUint8(at));
      case 2: return BigInt(this.view.getUint16(at, true));
      case 4: return BigInt(this.view.getUint32(at, true));
      case 8: return this.view.getBigUint64(at, true);
    }
  }

  /**
   * One naturally aligned write of the low `size` bytes of `value`.
   * @returns false for a bus error: nothing there, unaligned, or a size the window does not declare.
   */
  store(pa: Paddr, size: AccessSize, value: bigint): boolean {
    if (pa % size !== 0) return false;
    const region = this.#find(pa);
    if (region === undefined) return false;
    if (region.kind === 'registers') {
      return answers(region, pa, size) && region.window.write(pa - region.base, size, BigInt.asUintN(size * 8, value)) !== false;
    }
    const at = this.hostPage(pfnOf(pa)) + (pa % PAGESIZE);
    switch (size) {
      case 1: this.view.setUint8(at, Number(BigInt.asUintN(8, value))); break;
      case 2: this.view.setUint16(at, Number(BigInt.asUintN(16, value)), true); break;
      case 4: this.view.setUint32(at, Number(BigInt.asUintN(32, value)), true); break;
      case 8: this.view.setBigUint64(at, BigInt.asUintN(64, value), true); break;
    }
    this.onWrite?.(at, size);
    return true;
  }

  /**
   * Copies memory from `pa` into `bytes`, as many as it holds; untouched device memory reads as zero.
   * @returns false, with nothing copied, when the range is not inside one memory region.
   */
  read(pa: Paddr, bytes: Uint8Array): boolean {
    const region = this.#memoryRange(pa, bytes.length);
    if (region === undefined) return false;
    if (region.kind === 'memory') {
      region.readInto(pa - region.base, bytes);
    } else {
      const at = pa - this.ramBase + this.ramHost;
      bytes.set(this.u8.subarray(at, at + bytes.length));
    }
    return true;
  }

  /**
   * Copies `bytes` to memory at `pa`.
   * @returns false, with nothing copied, when the range is not inside one memory region.
   * @throws BackingExhausted when device memory cannot be backed.
   */
  write(pa: Paddr, bytes: Uint8Array): boolean {
    const region = this.#memoryRange(pa, bytes.length);
    if (region === undefined) return false;
    if (region.kind === 'memory') {
      region.write(pa - region.base, bytes);
    } else {
      const at = pa - this.ramBase + this.ramHost;
      this.u8.set(bytes, at);
      this.onWrite?.(at, bytes.length);
    }
    return true;
  }

  /**
   * Zeroes one page of memory.
   * @returns false when the frame is not memory.
   */
  zeroPage(pfn: Pfn): boolean {
    const region = this.#memoryRange(asPaddr(pfn * PAGESIZE), PAGESIZE);
    if (region === undefined) return false;
    const host = region.kind === 'memory' ? region.pageIfBacked(pfn - pfnOf(region.base)) : this.hostPage(pfn);
    if (host !== 0) {
      this.clear(host, PAGESIZE);
      this.onWrite?.(host, PAGESIZE);
    }
    return true;
  }

  /**
   * Writes to a page of RAM that is still zero, which changes nothing but its host page: one that is read first is mapped to zeroes that
   * all share, and its first write then costs a second host fault and an interrupt of the other cores.
   * @returns false when the frame is not RAM.
   */
  touchPage(pfn: Pfn): boolean {
    const at = pfn * PAGESIZE - this.ramBase;
    if (!(at >= 0 && at < this.ramSize)) return false;
    this.u8[this.ramHost + at] = 0;
    return true;
  }

  /**
   * Zeroes bytes of linear memory; nobody is told. Eight at a time, because V8 fills shared memory element by element.
   * @param host linear address, a multiple of 8
   * @param length bytes, a multiple of 8
   */
  clear(host: number, length: number): void {
    this.i64.fill(0n, host / 8, (host + length) / 8);
  }

  #memoryRange(pa: Paddr, length: number): Exclude<AnyRegion, RegisterRegion> | undefined {
    const region = this.#find(pa);
    if (region === undefined || region.kind === 'registers') return undefined;
    return pa + length <= region.base + region.size ? region : undefined;
  }

  #find(pa: number): AnyRegion | undefined {
    const last = this.#last;
    if (pa >= last.base && pa < last.base + last.size) return last;
    let low = 0;
    let high = this.#regions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#regions[middle]!.base <= pa) low = middle + 1;
      else high = middle;
    }
    const region = this.#regions[low - 1];
    if (region === undefined || pa >= region.base + region.size) return undefined;
    return (this.#last = region);
  }

  #insert(region: AnyRegion): void {
    const at = this.#regions.findIndex((other) => other.base > region.base);
    const index = at < 0 ? this.#regions.length : at;
    for (const other of [this.#regions[index - 1], this.#regions[index]]) {
      if (other !== undefined && region.base < other.base + other.size && other.base < region.base + region.size) {
        throw new FitError(`${regionText(region)} overlaps ${regionText(other)}`);
      }
    }
    this.#regions.splice(index, 0, region);
  }
}

/** Whether an aligned access lies inside a window and has a size the window declares. */
function answers(region: RegisterRegion, pa: number, size: AccessSize): boolean {
  return region.sizes.includes(size) && pa + size <= region.base + region.size;
}

function checkRange(name: string, base: number, size: number): void {
  if (!Number.isInteger(base) || base < 0) throw new FitError(`${name}: base ${base} is not a physical address`);
  if (!Number.isInteger(size) || size <= 0) throw new FitError(`${name}: size ${size} is not a positive number of bytes`);
  if (base + size > PADDR_END) throw new FitError(`${name}: [${hex(base)}, ${hex(base + size)}) does not fit below the end of physical memory, ${hex(PADDR_END)}`);
}

function checkPages(name: string, base: number, size: number): void {
  if (!isAligned(base, PAGESIZE)) throw new FitError(`${name}: base ${hex(base)} is not page aligned`);
  if (!isAligned(size, PAGESIZE)) throw new FitError(`${name}: size ${hex(size)} is not a whole number of pages`);
}

/** Memory of `pages` WebAssembly pages; an engine that has no room for it answers with a RangeError. */
function allocate(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    if (error instanceof RangeError) throw new FitError(`this computer has no room for a machine of ${Math.ceil(pages / 16)} MiB`);
    throw error;
  }
}
