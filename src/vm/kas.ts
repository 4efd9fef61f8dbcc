/**
 * The kernel's address space and heap. Kernel virtual addresses are invented: what a driver or ddi_umem_alloc(9F) gets is an
 * address in the upper half, behind which are frames of RAM; the host reads and writes them through this class. Addresses are
 * handed out upward, each followed by a page that stays free, and are never used again, so a stale one is caught.
 */
import { EFAULT, ENOMEM, HarnessBug, PAGESIZE, alignDown, alignUp, asPaddr, asVaddr, hex } from '../base/index.js';
import type { Paddr, Vaddr } from '../base/index.js';
import { As } from './address-space.js';
import { PROT_READ, PROT_WRITE } from './constants.js';
import { Hat } from './hat.js';
import { HAT_LOAD } from './hat-constants.js';
import { hat_memload } from './hat-load.js';
import { hat_entries, hat_getpfnum } from './hat-probe.js';
import { hat_unload } from './hat-unload.js';
import type { VmServices } from './services.js';

/** First address of the heap that always has its frames. */
export const KERNEL_HEAP: number = -(2 ** 38);
/** First address of the heap whose frames come with the first lock, read or write. */
export const KERNEL_PAGEABLE: number = -(2 ** 37);

/** One allocation. */
interface Arena {
  readonly base: number;
  readonly size: number;
  /** Locks of each page; undefined in the heap that is not pageable. */
  readonly locks: Uint32Array | undefined;
}

/** One of the two heaps: allocations by ascending address. */
class Heap {
  readonly arenas: Arena[] = [];
  #next: number;
  readonly #end: number;

  constructor(start: number, end: number) {
    this.#next = start;
    this.#end = end;
  }

  /** Takes the next `size` bytes of addresses; undefined when they are used up. */
  take(size: number): number | undefined {
    const base = this.#next;
    if (base + size + PAGESIZE > this.#end) return undefined;
    this.#next = base + size + PAGESIZE;
    return base;
  }

  /** The allocation that holds `va`. */
  at(va: number): Arena | undefined {
    let low = 0;
    let high = this.arenas.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.arenas[middle]!.base <= va) low = middle + 1;
      else high = middle;
    }
    const arena = this.arenas[low - 1];
    return arena !== undefined && va < arena.base + arena.size ? arena : undefined;
  }
}

/** The kernel's address space. */
export class Kas {
  readonly as: As;
  readonly hat: Hat;
  readonly #vm: VmServices;
  readonly #heap: Heap = new Heap(KERNEL_HEAP, KERNEL_PAGEABLE);
  readonly #pageable: Heap = new Heap(KERNEL_PAGEABLE, 0);

  constructor(vm: VmServices) {
    this.#vm = vm;
    this.hat = new Hat(vm, 'kas', true);
    this.as = new As(vm, this.hat, 'kas');
  }

  /** Number of live allocations. */
  get allocations(): number {
    return this.#heap.arenas.length + this.#pageable.arenas.length;
  }

  /**
   * Allocates `size` bytes of zeroed kernel memory, rounded up to pages.
   * @param pageable whether frames come only with lock, read or write.
   * @returns its first address, or undefined when memory is used up.
   * @throws RangeError when `size` is not above 0.
   */
  alloc(size: number, pageable = false): Vaddr | undefined {
    if (!(size > 0)) throw new RangeError(`kernel heap: size must be above 0, got ${size}`);
    const bytes = alignUp(size, PAGESIZE);
    const heap = pageable ? this.#pageable : this.#heap;
    // The heap with frames is filled before it is kept, so that a failure leaves nothing behind but the addresses.
    const base = heap.take(bytes);
    if (base === undefined) return undefined;
    if (!pageable && !this.#populate(base, bytes)) {
      this.#depopulate(base, bytes);
      return undefined;
    }
    heap.arenas.push({ base, size: bytes, locks: pageable ? new Uint32Array(bytes / PAGESIZE) : undefined });
    return asVaddr(base);
  }

  /**
   * Frees an allocation.
   * @throws HarnessBug when `va` is not the beginning of a live one.
   */
  free(va: number): void {
    const heap = va >= KERNEL_PAGEABLE ? this.#pageable : this.#heap;
    const arena = heap.at(va);
    if (arena === undefined || arena.base !== va) throw new HarnessBug('kernel memory is freed that is not allocated', { va: hex(va) });
    heap.arenas.splice(heap.arenas.indexOf(arena), 1);
    this.#depopulate(arena.base, arena.size);
  }

  /**
   * Gives every page of a range its frame and one lock each; nothing to do in the heap that is not pageable.
   * @returns 0; ENOMEM when memory is used up and EFAULT outside live allocations, and then nothing is locked.
   */
  lock(va: number, len: number): number {
    if (!this.#live(va, len)) return EFAULT;
    if (va < KERNEL_PAGEABLE) return 0;
    if (!this.#populate(alignDown(va, PAGESIZE), alignUp(va + len, PAGESIZE) - alignDown(va, PAGESIZE))) return ENOMEM;
    this.#eachLock(va, len, 1);
    return 0;
  }

  /**
   * Takes one lock off every page of a range; the frames stay.
   * @throws HarnessBug when one has none.
   */
  unlock(va: number, len: number): void {
    if (va >= KERNEL_PAGEABLE) this.#eachLock(va, len, -1);
  }

  /** Locks on the page at `va`; 0 in the heap that is not pageable. */
  locks(va: number): number {
    const arena = this.#pageable.at(va);
    return arena?.locks?.[Math.floor((va - arena.base) / PAGESIZE)] ?? 0;
  }

  /** Copies kernel memory at `va` to `bytes`. @returns 0; EFAULT outside live allocations; ENOMEM. */
  read(va: number, bytes: Uint8Array): number {
    return this.#copy(va, bytes, (pa, part) => this.#vm.memory.read(pa, part));
  }

  /** Copies `bytes` to kernel memory at `va`. @returns 0; EFAULT outside live allocations; ENOMEM. */
  write(va: number, bytes: Uint8Array): number {
    return this.#copy(va, bytes, (pa, part) => this.#vm.memory.write(pa, part));
  }

  #copy(va: number, bytes: Uint8Array, move: (pa: Paddr, part: Uint8Array) => boolean): number {
    if (!this.#live(va, bytes.length)) return EFAULT;
    for (let done = 0; done < bytes.length; ) {
      const page = alignDown(va + done, PAGESIZE);
      const offset = va + done - page;
      const count = Math.min(bytes.length - done, PAGESIZE - offset);
      if (!this.#populate(page, PAGESIZE)) return ENOMEM;
      move(asPaddr(hat_getpfnum(this.hat, page) * PAGESIZE + offset), bytes.subarray(done, done + count));
      done += count;
    }
    return 0;
  }

  /** Whether a range lies inside one live allocation. */
  #live(va: number, len: number): boolean {
    const arena = (va >= KERNEL_PAGEABLE ? this.#pageable : this.#heap).at(va);
    return arena !== undefined && va + len <= arena.base + arena.size;
  }

  #eachLock(va: number, len: number, change: 1 | -1): void {
    for (let at = alignDown(va, PAGESIZE); at < va + len; at += PAGESIZE) {
      const arena = this.#pageable.at(at);
      const index = arena === undefined ? 0 : (at - arena.base) / PAGESIZE;
      const count = (arena?.locks?.[index] ?? 0) + change;
      if (arena?.locks === undefined || count < 0) throw new HarnessBug('kernel memory is unlocked that is not locked', { va: hex(at) });
      arena.locks[index] = count;
    }
  }

  /** Maps frames where there are none; false when memory is used up. */
  #populate(base: number, size: number): boolean {
    for (let at = base; at < base + size; at += PAGESIZE) {
      if (hat_getpfnum(this.hat, at) >= 0) continue;
      const pfn = this.#vm.pages.create();
      if (pfn === undefined) return false;
      if (hat_memload(this.hat, at, pfn, PROT_READ | PROT_WRITE, HAT_LOAD)) continue;
      this.#vm.pages.release(pfn);
      return false;
    }
    return true;
  }

  #depopulate(base: number, size: number): void {
    const frames: number[] = [];
    for (let at = base; at < base + size; at += PAGESIZE) {
      const pfn = hat_getpfnum(this.hat, at);
      if (pfn >= 0) frames.push(pfn);
    }
    hat_unload(this.hat, base, size, 0);
    for (const pfn of frames) this.#vm.pages.release(pfn);
  }

  /** Frames the heaps have at present. */
  get frames(): number {
    return hat_entries(this.hat).length;
  }
}
