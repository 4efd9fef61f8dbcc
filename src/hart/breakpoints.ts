/**
 * Breakpoints and watchpoints of one machine: virtual addresses of address spaces.
 *
 * A breakpoint is planted into the decoded entry of its instruction when a hart fetches from its page, so it costs nothing
 * elsewhere. The entry belongs to a physical page, which other address spaces may execute too: a hart that arrives there asks
 * `stopsAt`, and where the breakpoint is not its own it executes the instruction as if nothing were planted. A watchpoint
 * keeps its pages out of the translation caches for the kinds of access it watches, so every such access takes the slow
 * path, which asks `watched`.
 */
import type { Pfn } from '../base/index.js';
import { type Mmu, READ, SATP_BARE, WRITE, type Access as MmuAccess } from '../../mmu/index.js';
import { Access } from './access.js';
import type { DecodedPages } from './decoded-pages.js';
import { State } from './layout.js';
import type { WatchedHart } from './store-watch.js';

/** An address space, named by the frame of its root page table; or EVERY_SPACE, translated or not. */
export type BreakSpace = Pfn;
/** Breakpoints of this space stop every hart that reaches the virtual address. */
export const EVERY_SPACE: BreakSpace = -1;

/** Bytes that are watched. */
export interface Watchpoint {
  readonly space: BreakSpace;
  /** First address, canonical. */
  readonly va: number;
  /** Bytes, positive. */
  readonly length: number;
  /** Which accesses stop: loads, stores, or both. AMOs, and an sc whether it stores or not, are both. */
  readonly kind: 'read' | 'write' | 'access';
}

/** What breakpoints must reach of each hart. */
export interface BreakableHart extends WatchedHart {
  readonly mmu: Mmu;
}

const PAGE = 4096;
const pageOf = (va: number): number => Math.floor(va / PAGE);

/** Whether the hart executes in `space` now. */
const isIn = (mmu: Mmu, space: BreakSpace): boolean => space === EVERY_SPACE || (mmu.mode !== SATP_BARE && mmu.rootPfn === space);

/** The breakpoints and watchpoints of one engine. */
export class Breakpoints {
  /** Whether any watchpoint exists: the slow path asks this first. */
  watching = false;
  readonly #decoded: DecodedPages;
  readonly #harts: readonly BreakableHart[];
  /** Breakpoints by page number of their address. */
  readonly #pages: Map<number, { readonly space: BreakSpace; readonly va: number }[]> = new Map();
  #watchpoints: Watchpoint[] = [];

  /** `harts` is the list of all harts, to which more may be added. */
  constructor(decoded: DecodedPages, harts: readonly BreakableHart[]) {
    this.#decoded = decoded;
    this.#harts = harts;
  }

  /**
   * Makes harts stop before the instruction at `va` of a space; without effect where they already do.
   * @param va a canonical address
   * @throws RangeError where no instruction can start: an odd address or none at all
   */
  add(space: BreakSpace, va: number): void {
    if (!Number.isSafeInteger(va) || va % 2 !== 0) throw new RangeError(`va: no instruction starts at ${va}`);
    const page = this.#pages.get(pageOf(va)) ?? [];
    if (page.some((known) => known.space === space && known.va === va)) return;
    this.#pages.set(pageOf(va), [...page, { space, va }]);
    this.#replant();
  }

  /** Removes a breakpoint; false where there was none. */
  remove(space: BreakSpace, va: number): boolean {
    const page = this.#pages.get(pageOf(va)) ?? [];
    const rest = page.filter((known) => known.space !== space || known.va !== va);
    if (rest.length === page.length) return false;
    if (rest.length === 0) this.#pages.delete(pageOf(va));
    else this.#pages.set(pageOf(va), rest);
    this.#replant();
    return true;
  }

  /** Removes all breakpoints and watchpoints of a space. */
  removeSpace(space: BreakSpace): void {
    for (const [page, points] of this.#pages) {
      const rest = points.filter((point) => point.space !== space);
      if (rest.length === 0) this.#pages.delete(page);
      else this.#pages.set(page, rest);
    }
    this.#watchpoints = this.#watchpoints.filter((point) => point.space !== space);
    this.watching = this.#watchpoints.length > 0;
    this.#replant();
  }

  /**
   * Makes harts stop before accesses to some bytes, as address triggers do (RISC-V Debug Specification, Sdtrig); without effect where they already do.
   * @throws RangeError for a length that is no positive integer
   */
  watch(point: Watchpoint): void {
    if (!Number.isSafeInteger(point.length) || point.length <= 0) throw new RangeError(`length: ${point.length} is not a number of bytes`);
    if (this.#watchpoints.some((known) => isSame(known, point))) return;
    this.#watchpoints.push(point);
    this.watching = true;
    this.#flush();
  }

  /** Removes a watchpoint; false where there was none. */
  unwatch(point: Watchpoint): boolean {
    const at = this.#watchpoints.findIndex((known) => isSame(known, point));
    if (at < 0) return false;
    this.#watchpoints.splice(at, 1);
    this.watching = this.#watchpoints.length > 0;
    return true;
  }

  /** Whether a hart must stop before the instruction at `va`. */
  stopsAt(mmu: Mmu, va: number): boolean {
    return this.#pages.get(pageOf(va))?.some((point) => point.va === va && isIn(mmu, point.space)) ?? false;
  }

  /** Plants the breakpoints of the page of `va`, which a hart is about to execute at linear address `host`. */
  plant(mmu: Mmu, va: number, host: number): void {
    if (this.#pages.size === 0) return;
    const points = this.#pages.get(pageOf(va)) ?? [];
    for (const point of points) if (isIn(mmu, point.space)) this.#decoded.setBreak((host & -PAGE) + (point.va - pageOf(point.va) * PAGE));
  }

  /** The first watchpoint that an access of `size` bytes at `va` touches. `kind` is an Access. */
  watched(mmu: Mmu, va: number, size: number, kind: number): Watchpoint | undefined {
    return this.#watchpoints.find((point) => va < point.va + point.length && point.va < va + size && concerns(point, kind) && isIn(mmu, point.space));
  }

  /** Whether the page of `va` must stay out of the translation cache for loads or for stores. */
  keepsOut(mmu: Mmu, va: number, how: MmuAccess): boolean {
    const page = pageOf(va);
    return this.#watchpoints.some((point) =>
      page >= pageOf(point.va) && page <= pageOf(point.va + point.length - 1) && isIn(mmu, point.space)
      && (point.kind === 'access' || how === WRITE || (how === READ && point.kind === 'read')));
  }

  /** Makes what is planted agree with what is wanted: here for the pages being executed, elsewhere at the next fetch. */
  #replant(): void {
    this.#decoded.clearBreaks();
    this.#flush();
    for (const { state, mmu } of this.#harts) {
      const page = state.cell(State.page);
      if (page !== 0) this.plant(mmu, state.address(State.pageVa), this.#decoded.hostOf(page));
    }
  }

  #flush(): void {
    for (const { cache } of this.#harts) cache.flush();
  }
}

const isSame = (a: Watchpoint, b: Watchpoint): boolean => a.space === b.space && a.va === b.va && a.length === b.length && a.kind === b.kind;

function concerns(point: Watchpoint, kind: number): boolean {
  switch (kind) {
    case Access.Load: case Access.LoadReserved: return point.kind !== 'write';
    case Access.Store: return point.kind !== 'read';
    default: return true;
  }
}
