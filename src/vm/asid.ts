/**
 * Address space identifiers. They are handed out upward and again once freed; when none is left, a new generation begins with a
 * fence of everything, and every address space takes a new one when it is next used. So whoever enters user mode must load `satp`
 * from `hat.asid` each time.
 */
import type { Vaddr } from '../base/index.js';

/** Brings changes of page tables to every hart. */
export interface FencePort {
  /**
   * Drops translations as `sfence.vma` does, on all harts.
   * @param asid the address space; -1 for all of them.
   * @param va first address; undefined for the whole address space (then `len` is 0).
   * @param len bytes from `va`.
   */
  fence(asid: number, va: Vaddr | undefined, len: number): void;
}

/** `asid` of a fence that concerns all address spaces. */
export const ALL_ASIDS = -1;
/** The identifier of the kernel's own address space. */
export const KERNEL_ASID = 0;

/** An identifier and the generation it belongs to. */
export interface AsidLease {
  asid: number;
  generation: number;
}

/** Hands out identifiers 1 .. 2^bits-1. */
export class AsidAllocator {
  /** Counts the times all identifiers were used up. */
  generation = 0;
  readonly #last: number;
  readonly #fence: FencePort;
  #next = 1;
  #freed: number[] = [];

  /**
   * @param bits implemented ASID bits, 1 to 16.
   * @throws RangeError
   */
  constructor(bits: number, fence: FencePort) {
    if (!Number.isInteger(bits) || bits < 1 || bits > 16) throw new RangeError(`asidBits: an integer in 1..16, got ${bits}`);
    this.#last = 2 ** bits - 1;
    this.#fence = fence;
  }

  /** A new lease. */
  take(): AsidLease {
    return { asid: this.#number(), generation: this.generation };
  }

  /** Makes a lease of an older generation valid again, with another identifier. */
  renew(lease: AsidLease): void {
    lease.asid = this.#number();
    lease.generation = this.generation;
  }

  /** Takes a lease back. The caller has fenced its identifier. */
  give(lease: AsidLease): void {
    if (lease.generation === this.generation) this.#freed.push(lease.asid);
  }

  #number(): number {
    const freed = this.#freed.pop();
    if (freed !== undefined) return freed;
    if (this.#next > this.#last) {
      this.generation++;
      this.#next = 1;
      this.#freed = [];
      this.#fence.fence(ALL_ASIDS, undefined, 0);
    }
    return this.#next++;
  }
}
