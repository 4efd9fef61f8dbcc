/** Where ddi_umem_alloc gets kernel memory from, and what segdev asks about it. */
import type { Pfn } from '../base/index.js';

/** Kernel memory by kernel address. Sizes are multiples of the page size. */
export interface UmemArena {
  /** Zeroed memory that stays (umem_np_arena): its address, or undefined when there is none. */
  alloc(size: number): number | undefined;
  /** Gives memory of `alloc` back. */
  free(addr: number, size: number): void;
  /** Zeroed memory that may be paged out (segkp_get): its address, or undefined. */
  pageableAlloc(size: number): number | undefined;
  /** Gives memory of `pageableAlloc` back (segkp_release). */
  pageableFree(addr: number, size: number): void;
  /** Brings pageable memory in and keeps it (F_SOFTLOCK on segkp), for an access of kind `rw` (S_*): 0 or a fault code. */
  pageableLock(addr: number, size: number, rw: number): number;
  /** Ends `pageableLock`. */
  pageableUnlock(addr: number, size: number): void;
  /** The frame behind a kernel address (hat_getpfnum(kas.a_hat)); PFN_INVALID when none is. */
  pfn(addr: number): Pfn;
  /** One zeroed frame of page memory; undefined when there is none. */
  page(): Pfn | undefined;
  /** Gives a frame of `page` back. */
  freePage(pfn: Pfn): void;
  /** The page every UMEM_TRASH mapping shows. */
  readonly trash: Pfn;
}
