/**
 * The page table walk: the "Virtual Address Translation Process" of the RISC-V Privileged manual for Sv39 (LEVELS = 3,
 * PTESIZE = 8), with Svade or Svadu, Svpbmt and Svnapot. `Step n` below are the manual's steps, in its order.
 *
 * Every reserved encoding fails in step 3, before anything is written, so a PTE that faults is never modified.
 * Results stay in fields and PTEs in locals: a walk allocates nothing. Generated code has a copy for the ordinary cases
 * (src/hart/page-walk.ts), which cites these steps and leaves everything else to this one.
 */
import { PADDR_END, PAGESIZE, type Pfn } from '../src/base/index.js';
import { WRITE, type Access, type Priv } from './access.js';
import {
  FAIL_BEYOND_PHYSICAL, FAIL_INVALID, FAIL_MISALIGNED, FAIL_NONE, FAIL_NOT_ACCESSED, FAIL_NOT_DIRTY, FAIL_NO_LEAF, FAIL_RESERVED_BITS, FAIL_RESERVED_NAPOT,
  FAIL_RESERVED_PBMT, FAIL_RESERVED_POINTER, FAIL_TABLE_NOT_MEMORY, FAIL_TABLE_PROTECTED, FAIL_WRITE_WITHOUT_READ,
} from './failure.js';
import { checkKind, checkUser } from './permission.js';
import {
  NAPOT_PAGES, NAPOT_PPN, PBMT_PMA, PBMT_RESERVED, PTE_A, PTE_D, PTE_G, PTE_R, PTE_SIZE, PTE_U, PTE_V, PTE_W, PTE_X,
  pteFlags, pteLeaf, pteNapot, ptePbmt, ptePpn, pteReserved,
} from './pte.js';
import { SIZE_64K } from './tlb-config.js';
import type { WalkCache } from './walk-cache.js';

/** The memory page tables lie in. */
export interface PteMemory {
  readonly u32: Uint32Array;
  /** Linear address of a frame's bytes, 0 where it is no memory. */
  hostPage(pfn: Pfn): number;
}

/** Physical memory protection as a walk meets it. A walk reads and writes PTEs as supervisor loads and stores. */
export interface PteProtection {
  /** Whether the PTE at physical address `pa` may be read, and written with `store`. */
  allows(pa: number, store: boolean): boolean;
}

/** Which extensions of Sv39 a walker implements; all can change at run time, as menvcfg can. */
export interface WalkOptions {
  /** A and D are set by hardware (Svadu); otherwise a page whose bits are clear faults (Svade). */
  hardwareAd: boolean;
  svpbmt: boolean;
  svnapot: boolean;
}

/** The first page number that is no 46-bit address any more. */
const PPN_END = PADDR_END / PAGESIZE;
const LEVELS = 3;

/** Walks page tables; the result of the last walk stands in its fields. */
export class Walker {
  readonly options: WalkOptions;
  protection: PteProtection | undefined = undefined;
  /** PTEs read by level of the PTE, 0 to 2. */
  readonly pteReads: Float64Array;
  /** PTEs whose A or D bit the hardware set. */
  adUpdates = 0;

  /** Leaf size code of the translation found: the level, or SIZE_64K. */
  size = 0;
  /** Frame of the page `vpn` itself. */
  pfn: Pfn = 0;
  /** Flags 7:0 of the leaf after the walk, with G if any PTE on the way had it. */
  flags = 0;
  /** Memory type of the leaf. */
  pbmt = 0;

  readonly #memory: PteMemory;
  readonly #cache: WalkCache;

  /** @param pteReads three zeros, which generated code may count in too */
  constructor(memory: PteMemory, cache: WalkCache, options: WalkOptions, pteReads: Float64Array) {
    this.#memory = memory;
    this.#cache = cache;
    this.options = options;
    this.pteReads = pteReads;
  }

  /**
   * Translates page `vpn` (an int32) through the table rooted at frame `root`.
   * @returns 0 when size, pfn, flags and pbmt hold the translation; otherwise a FAIL_* number
   */
  walk(root: Pfn, asid: number, vpn: number, access: Access, priv: Priv, sum: boolean, mxr: boolean): number {
    const u32 = this.#memory.u32;
    // Step 1: let a be the root table's frame, i the top level; or what the walk cache knows of a later turn of this loop.
    let i = LEVELS - 1;
    let a = root;
    let global = 0;
    const known = this.#cache.find(vpn, asid);
    if (known >= 0) {
      i = known;
      a = this.#cache.pfn;
      global = this.#cache.global;
    }
    for (;;) {
      // Step 2: let pte be the entry at a + va.vpn[i] * PTESIZE; physical memory must be there and allow it.
      const offset = ((vpn >> (9 * i)) & 511) * PTE_SIZE;
      const host = a < PPN_END ? this.#memory.hostPage(a) : 0;
      if (host === 0) return FAIL_TABLE_NOT_MEMORY;
      if (this.protection !== undefined && !this.protection.allows(a * PAGESIZE + offset, false)) return FAIL_TABLE_PROTECTED;
      const at = (host + offset) >>> 2;
      const lo = u32[at]!;
      const hi = u32[at + 1]!;
      this.pteReads[i]!++;

      // Step 3: V = 0, W without R and all reserved bits and encodings fail.
      const malformed = this.#malformed(lo, hi, i);
      if (malformed !== FAIL_NONE) return malformed;
      global |= lo & PTE_G;

      // Step 4: R or X makes it a leaf; otherwise it points to the table of the next level.
      if (!pteLeaf(lo)) {
        if (i === 0) return FAIL_NO_LEAF;
        a = ptePpn(lo, hi);
        this.#cache.insert(i, vpn, asid, a, global);
        i--;
        continue;
      }

      // Step 5: the frame of a superpage must be aligned to it.
      const ppn = ptePpn(lo, hi);
      const span = 512 ** i;
      if (ppn % span !== 0) return FAIL_MISALIGNED;

      // Step 6: the U bit, privilege and SUM.
      const user = checkUser(lo, access, priv, sum);
      if (user !== FAIL_NONE) return user;

      // Step 7: shadow stack pages need Zicfiss, which is not implemented: their encoding failed in step 3.

      // Step 8: the R, W and X bits, with MXR.
      const kind = checkKind(lo, access, mxr);
      if (kind !== FAIL_NONE) return kind;

      // Step 9: the A and D bits.
      const missing = (access === WRITE ? PTE_A | PTE_D : PTE_A) & ~lo;
      if (missing !== 0) {
        if (!this.options.hardwareAd) return (missing & PTE_A) !== 0 ? FAIL_NOT_ACCESSED : FAIL_NOT_DIRTY;
        if (this.protection !== undefined && !this.protection.allows(a * PAGESIZE + offset, true)) return FAIL_TABLE_PROTECTED;
        u32[at] = lo | missing;
        this.adUpdates++;
      }

      // Step 10: the address is pte.ppn with the low page number bits of a superpage or Svnapot range from va.
      const napot = pteNapot(hi);
      this.size = napot ? SIZE_64K : i;
      this.pfn = napot ? ppn - NAPOT_PPN + (vpn & (NAPOT_PAGES - 1)) : ppn + (vpn & (span - 1));
      this.flags = pteFlags(lo | missing) | global;
      this.pbmt = ptePbmt(hi);
      return this.pfn < PPN_END ? FAIL_NONE : FAIL_BEYOND_PHYSICAL;
    }
  }

  /** Step 3 in full: FAIL_NONE, or what is wrong with the PTE read at level `i`. */
  #malformed(lo: number, hi: number, i: number): number {
    if ((lo & PTE_V) === 0) return FAIL_INVALID;
    if ((lo & (PTE_R | PTE_W)) === PTE_W) return FAIL_WRITE_WITHOUT_READ;
    if ((hi >>> 22) === 0 && (lo & (PTE_R | PTE_X)) !== 0) return FAIL_NONE;
    if (pteReserved(hi)) return FAIL_RESERVED_BITS;
    const pbmt = ptePbmt(hi);
    if (pbmt === PBMT_RESERVED || (pbmt !== PBMT_PMA && !this.options.svpbmt)) return FAIL_RESERVED_PBMT;
    const napot = pteNapot(hi);
    if (napot && !this.options.svnapot) return FAIL_RESERVED_NAPOT;
    if (!pteLeaf(lo)) return napot || pbmt !== PBMT_PMA || (lo & (PTE_A | PTE_D | PTE_U)) !== 0 ? FAIL_RESERVED_POINTER : FAIL_NONE;
    return napot && (i !== 0 || (lo >>> 10) % NAPOT_PAGES !== NAPOT_PPN) ? FAIL_RESERVED_NAPOT : FAIL_NONE;
  }
}

