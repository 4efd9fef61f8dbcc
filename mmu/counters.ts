/** What an MMU counts, as a plain object for statistics, and the hit counts that follow from it. */
import { FAILURES, type Failure } from './failure.js';
import type { Tlb } from './tlb.js';
import type { TlbPageSize } from './tlb-config.js';
import type { Walker } from './walk.js';
import type { WalkCache } from './walk-cache.js';

/** A number for each kind of access. */
export interface ByAccess {
  readonly fetch: number;
  readonly load: number;
  readonly store: number;
}

/** The forms of sfence.vma, by what they name, and the range a kernel fences page by page. */
export const FENCE_FORMS = ['all', 'asid', 'va', 'va+asid', 'range'] as const;
/** One form of fence. */
export type FenceForm = (typeof FENCE_FORMS)[number];

/** One array of the TLB. */
export interface TlbArrayCounters {
  readonly name: string;
  readonly entries: number;
  /** Valid entries now, by page size. */
  readonly valid: Readonly<Record<TlbPageSize, number>>;
  readonly fills: number;
  readonly evictions: number;
  /** Entries dropped by fences. */
  readonly invalidated: number;
}

/** One level of the TLB. */
export interface TlbLevelCounters {
  /** Lookups that missed every array of the level. Exact. */
  readonly misses: ByAccess;
  /** Lookups that hit. Exact from the second level on; in the first, those the translation cache answered are not in it: see {@link firstLevelHits}. */
  readonly hits: ByAccess;
  readonly arrays: readonly TlbArrayCounters[];
}

/** Everything one MMU counts. */
export interface MmuCounters {
  readonly tlb: readonly TlbLevelCounters[];
  /** Walks that found a translation, by the size of the leaf. */
  readonly walks: Readonly<Record<TlbPageSize, number>>;
  /** Walks that failed. */
  readonly failedWalks: number;
  /** PTEs read, by level of the PTE. */
  readonly pteReads: readonly [number, number, number];
  /** PTEs whose A or D bit the hardware set. */
  readonly adUpdates: number;
  /** Walks that began below the root: at a level-0 table, at a level-1 table; and those that did not although there is a walk cache. */
  readonly walkCache: { readonly level0: number; readonly level1: number; readonly misses: number };
  /** Failed translations that had looked the TLB up. The accesses a hart counts do not contain them, for they did not complete. */
  readonly faultedLookups: ByAccess;
  /** Failed translations by reason, reasons that never occurred left out. */
  readonly faults: { readonly [access in keyof ByAccess]: Readonly<Partial<Record<Failure, number>>> };
  /** Fences by form, and the TLB and walk cache entries they dropped. */
  readonly fences: Readonly<Record<FenceForm, { readonly count: number; readonly dropped: number }>>;
}

/** The running counts behind {@link MmuCounters}, indexed by the numbers of the code. */
export class Tally {
  /** By leaf size code. */
  readonly walks: Float64Array;
  failedWalks = 0;
  /** By access. */
  readonly faultedLookups: Float64Array = new Float64Array(3);
  /** By access * FAILURES.length + failure. */
  readonly faults: Float64Array = new Float64Array(3 * FAILURES.length);
  /** By form. */
  readonly fences: Float64Array = new Float64Array(FENCE_FORMS.length);
  /** By form. */
  readonly dropped: Float64Array = new Float64Array(FENCE_FORMS.length);

  /** @param walks four zeros, which generated code may count in too */
  constructor(walks: Float64Array) {
    this.walks = walks;
  }
}

const byAccess = (counts: Float64Array): ByAccess => ({ fetch: counts[2]!, load: counts[0]!, store: counts[1]! });

const bySize = (counts: ArrayLike<number>): Record<TlbPageSize, number> =>
  ({ '4K': counts[0]!, '64K': counts[3]!, '2M': counts[1]!, '1G': counts[2]! });

/** A snapshot of all counts. */
export function snapshot(tally: Tally, tlb: Tlb, walker: Walker, walkCache: WalkCache): MmuCounters {
  const reasons = (access: number): Partial<Record<Failure, number>> => {
    const found: Partial<Record<Failure, number>> = {};
    FAILURES.forEach((failure, n) => {
      const count = tally.faults[access * FAILURES.length + n]!;
      if (count !== 0) found[failure] = count;
    });
    return found;
  };
  return {
    tlb: tlb.levels.map((level) => ({
      misses: byAccess(level.misses),
      hits: byAccess(level.hits),
      arrays: level.arrays.map((array) => ({
        name: array.config.name, entries: array.entries, valid: bySize(array.live),
        fills: array.fills, evictions: array.evictions, invalidated: array.invalidated,
      })),
    })),
    walks: bySize(tally.walks),
    failedWalks: tally.failedWalks,
    pteReads: [walker.pteReads[0]!, walker.pteReads[1]!, walker.pteReads[2]!],
    adUpdates: walker.adUpdates,
    walkCache: { level0: walkCache.hits[0]!, level1: walkCache.hits[1]!, misses: walkCache.misses },
    faultedLookups: byAccess(tally.faultedLookups),
    faults: { load: reasons(0), store: reasons(1), fetch: reasons(2) },
    fences: Object.fromEntries(FENCE_FORMS.map((form, n) => [form, { count: tally.fences[n]!, dropped: tally.dropped[n]! }])) as Record<FenceForm, { count: number; dropped: number }>,
  };
}

/**
 * First-level hits that follow from the accesses a hart completed under translation, for some kinds of access together:
 * every such access and every faulted lookup asked the first level once, and what did not miss hit.
 * @param kinds the kinds `accesses` counts, for example load and store for a hart's data accesses
 */
export function firstLevelHits(counters: MmuCounters, kinds: readonly (keyof ByAccess)[], accesses: number): number {
  const first = counters.tlb[0];
  if (first === undefined) return 0;
  let lookups = accesses;
  for (const kind of kinds) lookups += counters.faultedLookups[kind] - first.misses[kind];
  return lookups;
}

