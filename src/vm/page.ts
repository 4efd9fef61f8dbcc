/**
 * Physical page frames of RAM. A frame lives while somebody refers to it (a page table, an anonymous page, the kernel
 * heap) or has it locked (I/O); it is handed out zeroed.
 */
import { HarnessBug, PAGESIZE, pfnOf } from '../base/index.js';
import type { Paddr, Pfn } from '../base/index.js';

/** What the allocator needs of the bus. */
export interface PageMemory {
  readonly ramBase: Paddr;
  readonly ramSize: number;
  /** Makes all bytes of a frame zero. */
  zeroPage(pfn: Pfn): unknown;
  /** Has the host give a frame that it has not backed yet its memory. */
  touchPage(pfn: Pfn): unknown;
}

/** How many frames may be kept back for page tables. */
const MAX_RESERVE = 256;
/** Frames whose counts have room from the start. */
const FIRST_FRAMES = 1024;

/** The frames of RAM, handed out upward first, then most recently freed first. */
export class PagePool {
  /** First frame of RAM. */
  readonly first: Pfn;
  /** Frames of RAM. */
  readonly total: number;
  /** Frames that memory does not get, so that a process that eats all of it fails in its own faults, and others can still map. */
  readonly reserve: number;
  /** Frames that new translations do not get either: they are for the splits that an unmapping or a protection change needs. */
  readonly splitReserve: number;
  readonly #memory: PageMemory;
  // Both grow with the frames that were ever handed out.
  #references: Uint32Array = new Uint32Array(FIRST_FRAMES);
  #locks: Uint16Array = new Uint16Array(FIRST_FRAMES);
  readonly #freed: number[] = [];
  #untouched = 0;

  constructor(memory: PageMemory) {
    this.#memory = memory;
    this.first = pfnOf(memory.ramBase);
    this.total = Math.floor(memory.ramSize / PAGESIZE);
    this.reserve = Math.min(MAX_RESERVE, this.total >> 4);
    this.splitReserve = this.reserve >> 1;
  }

  /** Frames nobody has. */
  get free(): number {
    return this.total - this.#untouched + this.#freed.length;
  }

  /** Frames somebody has. */
  get used(): number {
    return this.total - this.free;
  }

  /** Whether `pfn` is a frame of RAM. */
  isRam(pfn: Pfn): boolean {
    return pfn >= this.first && pfn < this.first + this.total;
  }

  /**
   * Hands out a zeroed frame with one reference.
   * @param kept how many frames must stay free: `reserve` for memory, `splitReserve` for the page table of a new translation, 0
   *     for a split.
   * @returns undefined when memory is used up.
   */
  create(kept: number = this.reserve): Pfn | undefined {
    if (this.free <= kept) return undefined;
    const reused = this.#freed.pop();
    const index = reused ?? this.#untouched++;
    const pfn = this.first + index;
    // A frame that was never handed out is still as the host made it: zero.
    if (reused === undefined) this.#memory.touchPage(pfn);
    else this.#memory.zeroPage(pfn);
    if (index >= this.#references.length) this.#grow();
    this.#references[index] = 1;
    return pfn;
  }

  #grow(): void {
    const references = new Uint32Array(2 * this.#references.length);
    const locks = new Uint16Array(references.length);
    references.set(this.#references);
    locks.set(this.#locks);
    this.#references = references;
    this.#locks = locks;
  }

  /** Number of references to a frame. */
  references(pfn: Pfn): number {
    return this.#references[this.#index(pfn)] ?? 0;
  }

  /** Number of locks on a frame. */
  locks(pfn: Pfn): number {
    return this.#locks[this.#index(pfn)] ?? 0;
  }

  /** Adds a reference to a frame that has one. */
  share(pfn: Pfn): void {
    const index = this.#index(pfn);
    if (!this.#references[index]) throw new HarnessBug('a free frame is shared', { pfn });
    this.#references[index] += 1;
  }

  /** Gives a reference back; the frame is free when it was the last and nobody has it locked. */
  release(pfn: Pfn): void {
    const index = this.#index(pfn);
    if (!this.#references[index]) throw new HarnessBug('a frame is released twice', { pfn });
    this.#references[index] -= 1;
    this.#collect(index);
  }

  /** Locks a frame, so that it stays when its last reference goes. */
  lock(pfn: Pfn): void {
    const index = this.#index(pfn);
    if (!this.#references[index] && !this.#locks[index]) throw new HarnessBug('a free frame is locked', { pfn });
    this.#locks[index]! += 1;
  }

  /** Takes a lock back. */
  unlock(pfn: Pfn): void {
    const index = this.#index(pfn);
    if (!this.#locks[index]) throw new HarnessBug('a frame is unlocked twice', { pfn });
    this.#locks[index] -= 1;
    this.#collect(index);
  }

  #collect(index: number): void {
    if (this.#references[index] === 0 && this.#locks[index] === 0) this.#freed.push(index);
  }

  #index(pfn: Pfn): number {
    const index = pfn - this.first;
    if (!(index >= 0 && index < this.total)) throw new HarnessBug('not a frame of RAM', { pfn });
    return index;
  }
}
