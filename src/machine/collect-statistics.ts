/** Gathering the counters of all parts of a machine into one plain object. */
import type { Hart } from '../hart/index.js';
import type { System } from '../process/index.js';
import type { Vm } from '../vm/index.js';
import { firstLevelHits } from '../../mmu/index.js';
import type { ByAccess, MmuCounters } from '../../mmu/index.js';
import type { MachineStatistics, TlbCount } from './statistics.js';

/** The parts of a machine that count. */
export interface Counting {
  readonly system: System;
  readonly harts: readonly Hart[];
  readonly vm: Vm;
  /** Calls of driver entry points by name. */
  readonly driverCallbacks: ReadonlyMap<string, number>;
}

/** Counters with sorted names, so that two equal runs print equal text. */
const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Lookups that hit some level, and those that missed every level. */
function tlbCount(counters: MmuCounters, kinds: readonly (keyof ByAccess)[], accesses: number): TlbCount {
  const levels = counters.tlb;
  const sum = (of: ByAccess | undefined): number => (of === undefined ? 0 : kinds.reduce((total, kind) => total + of[kind], 0));
  const lookups = firstLevelHits(counters, kinds, accesses) + sum(levels[0]?.misses);
  const misses = levels.length === 0 ? accesses : sum(levels[levels.length - 1]?.misses);
  return { hits: Math.max(0, lookups - misses), misses };
}

const add = (a: TlbCount, b: TlbCount): TlbCount => ({ hits: a.hits + b.hits, misses: a.misses + b.misses });

/** Everything a machine has counted. */
export function collectStatistics({ system, harts, vm, driverCallbacks }: Counting): MachineStatistics {
  const { counters } = system;
  let data: TlbCount = { hits: 0, misses: 0 };
  let instruction: TlbCount = { hits: 0, misses: 0 };
  for (const [i, hart] of harts.entries()) {
    const host = i === 0 ? counters.hostAccesses : { data: 0, fetch: 0 };
    const mmu = hart.mmu.counters;
    data = add(data, tlbCount(mmu, ['load', 'store'], hart.dataAccesses + hart.extraDataLookups + host.data));
    instruction = add(instruction, tlbCount(mmu, ['fetch'], hart.fetchLookups + host.fetch));
  }
  const [small, medium, large] = vm.counters.loaded;
  const { load, store, fetch } = counters.pageFaults;
  return {
    instructions: counters.instructions,
    virtualNs: system.kernel.clock.now,
    dataAccesses: harts.reduce((total, hart) => total + hart.dataAccesses, 0),
    syscalls: sorted(counters.syscalls),
    pageFaults: { load: { ...load }, store: { ...store }, fetch: { ...fetch } },
    segdevFaults: counters.segdevFaults,
    driverCallbacks: sorted(driverCallbacks),
    ptesLoaded: { '4K': small, '2M': medium, '1G': large },
    tlb: { data, instruction },
    forks: counters.forks,
    signals: sorted(counters.signals),
    notes: [...counters.notes],
  };
}
