/** Cookies of kernel and user memory that a driver exports: struct ddi_umem_cookie and its kinds. */
import type { Pfn } from '../base/index.js';
import type { As } from '../vm/index.js';

/** Kernel memory that may be paged out (ddi_umem_alloc with DDI_UMEM_PAGEABLE). */
export const KMEM_PAGEABLE = 0x100;
/** Kernel memory that stays (ddi_umem_alloc). */
export const KMEM_NON_PAGEABLE = 0x200;
/** Memory of a process (ddi_umem_lock). */
export const UMEM_LOCKED = 0x400;
/** No memory: the shared trash page (DDI_UMEM_TRASH). */
export const UMEM_TRASH = 0x800;

/** A memory cookie as drivers see it (ddi_umem_cookie_t). */
export interface DdiUmemCookie {
  readonly opaque: 'ddi_umem_cookie_t';
}

/** The cookie behind it. */
export class UmemCookie implements DdiUmemCookie {
  readonly opaque = 'ddi_umem_cookie_t';
  /** KMEM_PAGEABLE, KMEM_NON_PAGEABLE, UMEM_LOCKED or UMEM_TRASH. */
  readonly type: number;
  /** Bytes, a multiple of the page size. */
  readonly size: number;
  /** Kernel address, or the process's address for UMEM_LOCKED; 0 for the trash page. */
  readonly cvaddr: number;
  /** Pages of pending faults and softlocks on pageable memory. */
  locked = 0;
  /** Frames of locked user memory, when the locked range had a page list. */
  pparray: readonly Pfn[] | undefined = undefined;
  /** The address space of locked user memory. */
  asp: As | undefined = undefined;
  /** DDI_UMEMLOCK_* of locked user memory. */
  flags = 0;
  /** The pages were locked by whoever made the cookie, who also unlocks them. */
  external = false;
  /** Handles that map it. */
  handles = 0;
  /** ddi_umem_free or ddi_umem_unlock was called. */
  freed = false;
  /** What gives the memory back once the last handle is gone; set when it was freed while mapped. */
  release: (() => void) | undefined = undefined;

  constructor(type: number, size: number, cvaddr: number) {
    this.type = type;
    this.size = size;
    this.cvaddr = cvaddr;
  }
}

/** Page memory of devmap_pmem_alloc (struct devmap_pmem_cookie). */
export class DevmapPmemCookie {
  readonly opaque = 'devmap_pmem_cookie_t';
  /** The frames, in order. */
  readonly pparray: readonly Pfn[];
  /** Handles that map it. */
  handles = 0;
  /** devmap_pmem_free was called. */
  freed = false;
  /** What gives the pages back once the last handle is gone; set when they were freed while mapped. */
  release: (() => void) | undefined = undefined;

  constructor(pparray: readonly Pfn[]) {
    this.pparray = pparray;
  }

  /** Number of pages. */
  get npages(): number {
    return this.pparray.length;
  }
}
