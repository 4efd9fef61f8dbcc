/**
 * A hart's MMU: TLB lookup, walk, TLB fill, fences, and the translation cache kept inside what the TLB knows.
 *
 * Generated code asks the translation cache itself and calls `translate` on a miss; see translation-cache.ts for why
 * that does not change one count. Addresses and frames are numbers throughout, nothing is allocated.
 */
import { PADDR_END, PAGESIZE, Trace, USER_END, hex, type LinearMemory, type Pfn, type Vaddr } from '../src/base/index.js';
import { ACCESS_NAME, EXEC, PRIV_M, PRIV_S, PRIV_U, READ, WRITE, accessFaultCause, pageFaultCause, type Access, type Priv } from './access.js';
import { CellMemory, type Cells } from './cells.js';
import { Tally, snapshot, type MmuCounters } from './counters.js';
import { FAILURES, FAIL_BEYOND_PHYSICAL, FAIL_NONE, FAIL_NON_CANONICAL, FAIL_NOT_DIRTY, isAccessFault, type Failure } from './failure.js';
import { checkKind, checkUser } from './permission.js';
import { PTE_D, PTE_R, PTE_W, PTE_X } from './pte.js';
import { SATP_BARE, type SatpMode } from './satp.js';
import { Tlb } from './tlb.js';
import { WORD_ASID_SHIFT, WORD_ORIGIN_SHIFT, WORD_PBMT_SHIFT, sizeOf, WORD_SIZE_SHIFT, type TlbArray } from './tlb-array.js';
import { SIZE_SHIFT, type TlbConfig } from './tlb-config.js';
import type { TranslationCache } from './translation-cache.js';
import { Walker, type PteMemory, type WalkOptions } from './walk.js';
import { WalkCache } from './walk-cache.js';
import { plainDataArrays, TALLY_BYTES, TALLY_PTE_READS, WalkCells, WalkState, type Ram } from './walk-cells.js';

/** The last translation must not enter the translation cache. */
const UNCACHED = -1;
/** The last translation may enter it, and no TLB entry answers for it: the address is not translated. */
const UNTRANSLATED = -2;
const WORD_FLAGS = 0xff;

/** Everything a hart's MMU is made from. */
export interface MmuOptions {
  readonly hartId: number;
  readonly memory: PteMemory;
  readonly cache: TranslationCache;
  readonly tlb: TlbConfig;
  /** Who keeps A and D: software, by page faults (Svade), or the walker (Svadu). */
  readonly ad: 'svade' | 'svadu';
  /** Whether PBMT is implemented; default true. */
  readonly svpbmt?: boolean;
  /** Whether 64 KiB ranges are implemented; default true. */
  readonly svnapot?: boolean;
  readonly trace?: Trace;
  /** What lets generated code answer misses of the translation cache; without it every miss comes here. */
  readonly shared?: SharedWalk;
}

/** What an MMU shares with generated code. */
export interface SharedWalk {
  /** The memory the translation cache lies in. */
  readonly memory: LinearMemory;
  /** Linear address and bytes, zero, for the TLB; where it does not fit, generated code goes without. */
  readonly at: number;
  readonly bytes: number;
  readonly ram: Ram;
  /** Whether loads and stores inside a page need not be aligned. */
  readonly misaligned: boolean;
}

/** Physical memory protection of data and code, as PMP is. Page tables are protected by `walker.protection`. */
export interface PhysicalProtection {
  /** Whether every byte of a frame may be accessed so: only then does the page enter the translation cache. */
  allowsPage(pfn: Pfn, access: Access, priv: Priv): boolean;
  /** Whether `size` bytes at physical address `pa` may be accessed so. */
  allows(pa: number, size: number, access: Access, priv: Priv): boolean;
}

/** A hart's MMU. */
export class Mmu {
  readonly hartId: number;
  readonly cache: TranslationCache;
  readonly tlb: Tlb;
  readonly walker: Walker;
  readonly walkCache: WalkCache;
  /** Exception code of the last translation that failed: 1, 5, 7 access fault, 12, 13, 15 page fault. */
  cause = 0;
  /** FAIL_* number of the last translation that failed. */
  failure: number = FAIL_NONE;
  readonly #tally: Tally;
  readonly #trace: Trace;
  /** Where generated code can walk. */
  readonly #walkCells: WalkCells | undefined;
  #protection: PhysicalProtection | undefined = undefined;
  #mode: SatpMode = SATP_BARE;
  #asid = 0;
  #root: Pfn = 0;
  #priv: Priv = PRIV_U;
  #dataPriv: Priv = PRIV_U;
  #sum = false;
  #mxr = false;
  /** Entry of tlb.found in the first level that answers for the last translation, or one of the two above. */
  #entry = UNCACHED;

  /** @throws RangeError when the TLB configuration is not sound */
  constructor(o: MmuOptions) {
    this.hartId = o.hartId;
    this.cache = o.cache;
    const cells = new CellMemory(o.shared);
    const tally = cells.take(TALLY_BYTES);
    const [walks, pteReads] = [tally.at / 8, (tally.at + TALLY_PTE_READS) / 8] as const;
    this.#tally = new Tally(tally.f64.subarray(walks, walks + 4));
    this.tlb = new Tlb(o.tlb, o.cache, cells);
    this.walkCache = new WalkCache(o.tlb.walkCache);
    const options = { hardwareAd: o.ad === 'svadu', svpbmt: o.svpbmt ?? true, svnapot: o.svnapot ?? true };
    this.walker = new Walker(o.memory, this.walkCache, options, tally.f64.subarray(pteReads, pteReads + 3));
    this.#walkCells = o.shared && shareWalk(this.tlb, o.cache, cells, o.shared, tally);
    this.#trace = o.trace ?? new Trace();
  }

  /** Which extensions walks follow; may be changed at any time, as menvcfg may. */
  get options(): WalkOptions {
    return this.walker.options;
  }

  /** Why the last translation failed, by name. */
  get failureName(): Failure {
    return FAILURES[this.failure]!;
  }

  /** Privilege mode of fetches, loads and stores: 0 user, 1 supervisor, 3 machine. */
  get priv(): Priv {
    return this.#priv;
  }
  set priv(priv: Priv) {
    if (this.#priv === priv && this.#dataPriv === priv) return;
    this.#priv = priv;
    this.#dataPriv = priv;
    this.#contextChanged();
  }

  /** Privilege mode of loads and stores alone, for mstatus.MPRV; setting `priv` sets it too. */
  get dataPriv(): Priv {
    return this.#dataPriv;
  }
  set dataPriv(priv: Priv) {
    if (this.#dataPriv === priv) return;
    this.#dataPriv = priv;
    this.#contextChanged();
  }

  /** mstatus.SUM: supervisor loads and stores may use user pages. */
  get sum(): boolean {
    return this.#sum;
  }
  set sum(sum: boolean) {
    if (this.#sum === sum) return;
    this.#sum = sum;
    this.#contextChanged();
  }

  /** mstatus.MXR: executable pages are readable. */
  get mxr(): boolean {
    return this.#mxr;
  }
  set mxr(mxr: boolean) {
    if (this.#mxr === mxr) return;
    this.#mxr = mxr;
    this.#contextChanged();
  }

  /** satp.MODE in force. */
  get mode(): SatpMode {
    return this.#mode;
  }
  /** satp.ASID in force. */
  get asid(): number {
    return this.#asid;
  }
  /** satp.PPN in force. */
  get rootPfn(): Pfn {
    return this.#root;
  }

  /**
   * Writes satp. The TLB keeps what it holds, as the manual says, and so does the translation cache.
   * @param asid 0 to 65535
   */
  setSatp(mode: SatpMode, asid: number, rootPfn: Pfn): void {
    const same = mode === this.#mode && asid === this.#asid;
    this.#mode = mode;
    this.#asid = asid;
    this.#root = rootPfn;
    if (!same) this.#contextChanged();
    else this.#publish();
  }

  /** Physical memory protection, undefined for none. Setting it, or calling this again after it has changed, forgets what was allowed. */
  get protection(): PhysicalProtection | undefined {
    return this.#protection;
  }
  set protection(protection: PhysicalProtection | undefined) {
    this.#protection = protection;
    this.cache.flush();
  }

  /** Whether every byte of a frame may be accessed so. */
  allowsPage(pfn: Pfn, access: Access): boolean {
    return this.#protection?.allowsPage(pfn, access, access === EXEC ? this.#priv : this.#dataPriv) ?? true;
  }

  /** Whether `size` bytes at `pa` may be accessed so; `cause` is the access fault where they may not. */
  allows(pa: number, size: number, access: Access): boolean {
    const allowed = this.#protection?.allows(pa, size, access, access === EXEC ? this.#priv : this.#dataPriv) ?? true;
    if (!allowed) this.cause = accessFaultCause(access);
    return allowed;
  }

  /**
   * Lets generated code answer misses of the translation cache from now on where that changes nothing, or (false) none.
   * To be called before generated code is entered: whether anybody traces or protects memory is asked here.
   */
  openWalk(allowed: boolean): void {
    if (this.#walkCells === undefined) return;
    this.#walkCells.state = !(allowed && this.#unobserved) ? WalkState.Off : this.translates(READ) ? WalkState.Translated : WalkState.Untranslated;
  }

  /** Whether loads and stores (or fetches) are translated now. */
  translates(access: Access): boolean {
    return this.#mode !== SATP_BARE && (access === EXEC ? this.#priv : this.#dataPriv) !== PRIV_M;
  }

  /**
   * Translates one access.
   * @param va a canonical address as a signed number, or NaN for one that is not; where translation is off, the physical address
   * @returns the physical address, or -1: then `cause` and `failure` say why.
   */
  translate(va: Vaddr, access: Access): number {
    const priv = access === EXEC ? this.#priv : this.#dataPriv;
    if (this.#mode === SATP_BARE || priv === PRIV_M) {
      this.#entry = UNTRANSLATED;
      return va >= 0 && va < PADDR_END ? va : this.#fail(FAIL_BEYOND_PHYSICAL, access);
    }
    if (!(va >= -USER_END && va < USER_END)) return this.#fail(FAIL_NON_CANONICAL, access);
    const vpn = Math.floor(va / PAGESIZE) | 0;
    const entry = this.tlb.lookup(vpn, this.#asid, access, !this.walker.options.hardwareAd);
    if (entry < 0) return this.#walk(va, vpn, access, priv);
    const array = this.tlb.found!;
    const word = array.word(entry);
    const refused = this.#refused(word, access, priv);
    if (refused !== FAIL_NONE) return this.#faulted(refused, access);
    const size = sizeOf(word);
    const pfn = array.pfn(entry) + (vpn & ((1 << SIZE_SHIFT[size]!) - 1));
    this.#entry = this.tlb.foundLevel === 0 ? entry : this.#refill(array, entry, vpn, pfn, access);
    return pfn * PAGESIZE + (va - vpn * PAGESIZE);
  }

  /**
   * Whether the entry that answered the last successful `translate` of a load or store would answer `other`, the other of the two, alike:
   * the default TLB has one for both. Never while somebody traces or protects memory.
   */
  answersToo(other: Access): boolean {
    if (this.#entry < 0 || this.#walkCells === undefined || !this.#unobserved) return false;
    const flags = this.tlb.found!.word(this.#entry);
    if (other === WRITE) return (flags & (PTE_W | PTE_D)) === (PTE_W | PTE_D);
    return (flags & (this.#mxr ? PTE_R | PTE_X : PTE_R)) !== 0;
  }

  get #unobserved(): boolean {
    return !this.#trace.on && this.#protection === undefined && this.walker.protection === undefined;
  }

  /**
   * Enters the page of the last successful `translate` in the translation cache, where the TLB model allows it.
   * @param va the address that was translated
   * @param host linear address of its page
   */
  cacheFill(va: Vaddr, access: Access, host: number): void {
    if (this.#entry === UNCACHED) return;
    if (this.#entry >= 0) this.tlb.found!.noteTag(this.#entry, Math.floor(va / PAGESIZE));
    this.cache.fill(va, access, host);
  }

  /**
   * sfence.vma in its four forms: of one page or (undefined) all, for one ASID but its global pages or (undefined) for all.
   * A `va` that is NaN, no valid address, has no effect, as the manual says.
   */
  sfenceVma(va: Vaddr | undefined, asid: number | undefined): void {
    if (va !== undefined && !(va >= -USER_END && va < USER_END)) return;
    if (this.#trace.on) this.#traceFence(va === undefined ? 'all' : hex(va), asid);
    if (va === undefined) {
      const form = asid === undefined ? 0 : 1;
      this.#count(form, this.tlb.invalidate(undefined, asid) + this.walkCache.invalidate(asid));
    } else {
      this.#count(asid === undefined ? 2 : 3, this.tlb.invalidate(Math.floor(va / PAGESIZE) | 0, asid));
    }
  }

  /**
   * Fences [va, va + len) as a kernel does that may have taken page tables out of use there: every page, and the address
   * space's pointers to page tables, which a fence of pages alone would leave in the page-walk cache. Counted as one fence.
   * @param va page aligned, canonical
   * @param len bytes, positive; the range does not leave its half of the address space
   */
  fenceRange(va: Vaddr, len: number, asid: number | undefined): void {
    if (this.#trace.on) this.#traceFence(`${hex(va)}+${hex(len)}`, asid);
    const first = Math.floor(va / PAGESIZE);
    const last = first + Math.ceil(len / PAGESIZE) - 1;
    this.#count(4, this.tlb.invalidateRange(first, last, asid) + this.walkCache.invalidate(asid));
  }

  /** A snapshot of everything counted. */
  get counters(): MmuCounters {
    return snapshot(this.#tally, this.tlb, this.walker, this.walkCache);
  }

  /** Tells the translation cache the context in force: whatever besides the TLB decides what an access finds. */
  #contextChanged(): void {
    this.#publish();
    const dataPriv = this.#dataPriv;
    const modes = this.#priv | (dataPriv << 2);
    const translated = this.#mode !== SATP_BARE && (this.#priv !== PRIV_M || dataPriv !== PRIV_M);
    if (!translated) this.cache.use(modes);
    else this.cache.use(modes | (this.#sum && dataPriv === PRIV_S ? 16 : 0) | (this.#mxr ? 32 : 0) | 64 | (this.#asid << 7));
  }

  #publish(): void {
    this.#walkCells?.publish({ asid: this.#asid, rootPfn: this.#root, priv: this.#dataPriv, sum: this.#sum, mxr: this.#mxr });
  }

  #walk(va: number, vpn: number, access: Access, priv: Priv): number {
    const walker = this.walker;
    const failure = walker.walk(this.#root, this.#asid, vpn, access, priv, this.#sum, this.#mxr);
    if (failure !== FAIL_NONE) {
      this.#tally.failedWalks++;
      return this.#faulted(failure, access);
    }
    this.#tally.walks[walker.size]!++;
    const word = walker.flags | (walker.size << WORD_ORIGIN_SHIFT) | (walker.pbmt << WORD_PBMT_SHIFT) | (this.#asid << WORD_ASID_SHIFT);
    this.#entry = this.tlb.fill(this.tlb.levels.length, vpn, access, walker.size, walker.pfn, word);
    if (this.#trace.on) this.#traceFill(vpn, walker.size, walker.pfn, access);
    return walker.pfn * PAGESIZE + (va - vpn * PAGESIZE);
  }

  #refill(from: TlbArray, entry: number, vpn: number, pfn: Pfn, access: Access): number {
    const word = from.word(entry);
    return this.tlb.fill(this.tlb.foundLevel, vpn, access, sizeOf(word), pfn, word & ~(3 << WORD_SIZE_SHIFT));
  }

  #refused(word: number, access: Access, priv: Priv): number {
    const flags = word & WORD_FLAGS;
    const user = checkUser(flags, access, priv, this.#sum);
    if (user !== FAIL_NONE) return user;
    const kind = checkKind(flags, access, this.#mxr);
    if (kind !== FAIL_NONE) return kind;
    return access === WRITE && (flags & PTE_D) === 0 ? FAIL_NOT_DIRTY : FAIL_NONE;
  }

  #faulted(failure: number, access: Access): -1 {
    this.#tally.faultedLookups[access]!++;
    return this.#fail(failure, access);
  }

  #fail(failure: number, access: Access): -1 {
    this.#entry = UNCACHED;
    this.#tally.faults[access * FAILURES.length + failure]!++;
    this.failure = failure;
    this.cause = isAccessFault(failure) ? accessFaultCause(access) : pageFaultCause(access);
    return -1;
  }

  #count(form: number, dropped: number): void {
    this.#tally.fences[form]!++;
    this.#tally.dropped[form]! += dropped;
  }

  #traceFence(va: string, asid: number | undefined): void {
    this.#trace.emit('mmu.fence', { hart: this.hartId, va, asid: asid === undefined ? 'all' : String(asid) });
  }

  #traceFill(vpn: number, size: number, pfn: Pfn, access: Access): void {
    const pages = 2 ** SIZE_SHIFT[size]!;
    this.#trace.emit('mmu.fill', {
      hart: this.hartId, va: Math.floor(vpn / pages) * pages * PAGESIZE, level: size === 3 ? 0 : size,
      pa: Math.floor(pfn / pages) * pages * PAGESIZE, access: ACCESS_NAME[access],
    });
  }
}

/** Describes the TLB to generated code, where it is one that generated code can use and lies where it can reach it. */
function shareWalk(tlb: Tlb, cache: TranslationCache, cells: CellMemory, { memory, ram, misaligned }: SharedWalk, tally: Cells): WalkCells | undefined {
  const arrays = plainDataArrays(tlb);
  const counts = tlb.levels[0]?.counts;
  if (arrays === undefined || counts === undefined || ![...arrays.flatMap((array) => array?.cells ?? []), counts, tally].every((some) => cells.holds(some))) return undefined;
  return new WalkCells({ memory, at: cache.at, ram, arrays, counts: counts.at, tally: tally.at, misaligned });
}
