/**
 * The hardware address translation layer of one address space: an Sv39 page table in emulated RAM. This file has its life, its
 * identity and its fences; hat-load, hat-unload, hat-protect and hat-probe have what is done with it.
 *
 * Fence protocol: a change that can leave a stale translation is noted with `touch(vpn, pages)` while it is made; the
 * public routine ends with `flush()`, which sends one fence for the whole range and only then gives freed page table frames back.
 *
 * When memory is used up: a load that finds no frame for a page table leaves its pages without a translation and counts in
 * `shortages`, which as_fault reports as ENOMEM. A large page that cannot be split goes as a whole instead, for a translation
 * may always be missing: the next access faults it in again. So nothing here fails that cannot say so.
 */
import { FitError, PAGESIZE, asVaddr } from '../base/index.js';
import type { Pfn } from '../base/index.js';
import { KERNEL_ASID } from './asid.js';
import type { AsidLease } from './asid.js';
import { PageTable } from './page-table.js';
import type { VmServices } from './services.js';

/** The translations of one address space. */
export class Hat {
  /** Name of the address space, for traces. */
  readonly name: string;
  readonly services: VmServices;
  readonly root: PageTable;
  /** Whether this is the kernel's: global translations, no user bit. */
  readonly kernel: boolean;
  /** Leaves present, by level. */
  readonly resident: [number, number, number] = [0, 0, 0];
  /** Set between hat_free_start and hat_free_end. */
  freeing = false;
  /** Loads that left pages without a translation because no frame was left for a page table. */
  shortages = 0;
  readonly #lease: AsidLease | undefined;
  #from = Infinity;
  #to = -Infinity;
  #dead: PageTable[] = [];

  /**
   * Address spaces are made by as_alloc.
   * @throws FitError when no frame is left for the root page table.
   */
  constructor(services: VmServices, name: string, kernel = false) {
    this.services = services;
    this.name = name;
    this.kernel = kernel;
    const frame = services.pages.create();
    if (frame === undefined) throw new FitError(`memory is used up: no frame for the page table of ${name}`);
    this.root = new PageTable(services, frame, 2, undefined, 0);
    this.#lease = kernel ? undefined : services.asids.take();
  }

  /** The identifier for `satp`; load it each time user mode is entered, since it may be another one after a rollover. */
  get asid(): number {
    const lease = this.#lease;
    if (lease === undefined) return KERNEL_ASID;
    if (lease.generation !== this.services.asids.generation) this.services.asids.renew(lease);
    return lease.asid;
  }

  /** Frame of the root page table, for `satp`. */
  get rootPfn(): Pfn {
    return this.root.pfn;
  }

  /** Notes that translations of `pages` pages from page number `vpn` changed. */
  touch(vpn: number, pages: number): void {
    if (vpn < this.#from) this.#from = vpn;
    if (vpn + pages > this.#to) this.#to = vpn + pages;
  }

  /** Notes that a page table is no longer reachable. */
  bury(table: PageTable): void {
    this.#dead.push(table);
  }

  /**
   * Sends the fence for what was noted, if anything, and gives buried frames back. While the address space is being freed
   * nobody runs in it any more, so all of that waits for the one fence of `destroy`, or for whoever must sleep meanwhile (`now`).
   */
  flush(now = false): void {
    if (this.freeing && !now) return;
    if (this.#from < this.#to) {
      this.#fence(this.#from * PAGESIZE, (this.#to - this.#from) * PAGESIZE);
      this.#from = Infinity;
      this.#to = -Infinity;
    }
    if (this.#dead.length > 0) this.#burial();
  }

  /** Ends the translations of the whole address space: one fence for all of it, then every page table frame is free. */
  destroy(): void {
    const { services } = this;
    this.#from = Infinity;
    this.#to = -Infinity;
    if (this.#fenceNeeded()) {
      services.counters.fences++;
      services.fence.fence(this.#lease?.asid ?? KERNEL_ASID, undefined, 0);
    }
    this.#collect(this.root);
    this.#burial();
    if (this.#lease !== undefined) services.asids.give(this.#lease);
  }

  #collect(table: PageTable): void {
    for (const child of table.children ?? []) if (child !== undefined) this.#collect(child);
    this.#dead.push(table);
  }

  #burial(): void {
    const { pages, counters } = this.services;
    for (const table of this.#dead) pages.release(table.pfn);
    counters.tablesFreed += this.#dead.length;
    this.#dead = [];
  }

  // Every fence drops everything of an older generation, so a lease of one has nothing left to drop.
  #fenceNeeded(): boolean {
    return this.#lease === undefined || this.#lease.generation === this.services.asids.generation;
  }

  #fence(va: number, len: number): void {
    if (!this.#fenceNeeded()) return;
    this.services.counters.fences++;
    this.services.fence.fence(this.#lease?.asid ?? KERNEL_ASID, asVaddr(va), len);
  }
}

/**
 * Makes the translations of a new address space.
 * @throws FitError when no frame is left for the root page table.
 */
export const hat_alloc = (services: VmServices, name: string): Hat => new Hat(services, name);

/** Says that the address space is about to go, so that its translations need not outlive its segments. */
export function hat_free_start(hat: Hat): void {
  hat.freeing = true;
}

/** Ends the translations of an address space and frees its page tables. */
export function hat_free_end(hat: Hat): void {
  hat.destroy();
}

/** Prepares an address range of a segment for translations; nothing to do here, as on i86pc. */
export function hat_map(_hat: Hat, _addr: number, _len: number, _flags: number): void {}

/** Copies translations to a child; nothing is copied, as on i86pc: the child faults everything afresh. @returns 0. */
export function hat_dup(_hat: Hat, _newhat: Hat, _flags: number): number {
  return 0;
}
