/** Room in an address space: as_gap, map_addr, choose_addr, and the claim on a chosen gap. */
import { PAGESIZE, asVaddr, isAligned } from '../base/index.js';
import type { Vaddr } from '../base/index.js';
import { cv_broadcast, cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { largestPageSize } from './address-space.js';
import type { As } from './address-space.js';
import { as_unmap } from './as-map.js';
import { AH_CONTAIN, AH_HI, AS_CLAIMGAP, MAP_ALIGN, MAP_FIXED } from './constants.js';

/** An unmapped range. */
export interface Gap {
  readonly base: number;
  readonly len: number;
}

/** The unmapped ranges between `low` and `high`, ascending. */
function* gaps(as: As, low: number, high: number): Generator<Gap, void, void> {
  let at = low;
  for (const seg of as.segs) {
    if (seg.base >= high) break;
    if (seg.base > at) yield { base: at, len: seg.base - at };
    if (seg.end > at) at = seg.end;
  }
  if (at < high) yield { base: at, len: high - at };
}

/**
 * Finds an unmapped range of at least `minlen` bytes inside [base, base+len) (as_gap).
 * @param flags AH_LO: the lowest; AH_HI: the highest; AH_CONTAIN: the one that contains `addr`.
 * @returns the whole hole, clipped to the range; undefined when there is none.
 */
export function as_gap(as: As, minlen: number, base: number, len: number, flags: number, addr = 0): Gap | undefined {
  let found: Gap | undefined;
  for (const gap of gaps(as, Math.max(base, 0), Math.min(base + len, as.userlimit))) {
    if (gap.len < minlen) continue;
    if (flags & AH_CONTAIN) {
      if (addr >= gap.base && addr < gap.base + gap.len) return gap;
    } else {
      found = gap;
      if ((flags & AH_HI) === 0) return gap;
    }
  }
  return found;
}

const floorMod = (n: number, m: number): number => ((n % m) + m) % m;

/**
 * Chooses an address for `len` bytes (map_addr). The address agrees with `off` modulo the largest page size that `len` reaches,
 * so that large pages can be used; nothing is mapped yet, see as_rangelock.
 * @param off offset or physical address the mapping will show at its beginning, in bytes.
 * @param align a larger alignment the caller asks for (a power of two), 0 for none.
 * @returns undefined when no gap is large enough.
 */
export function map_addr(as: As, len: number, off: number, align = 0, flags = 0): Vaddr | undefined {
  const { addressPolicy, hatPolicy, kernel } = as.vm;
  const wanted = largestPageSize(len, hatPolicy.maxLevel);
  const alignment = flags & MAP_ALIGN || align > 0 ? Math.max(wanted, align) : wanted;
  const va = placeIn(as, len, floorMod(off, alignment), alignment);
  if (kernel.trace.on && va !== undefined) kernel.trace.emit('map_addr', { len, off, align: alignment, va });
  return va === undefined || va + len > addressPolicy.high ? undefined : asVaddr(va);
}

function placeIn(as: As, len: number, phase: number, align: number): number | undefined {
  const { direction, low, high, redzone } = as.vm.addressPolicy;
  let chosen: number | undefined;
  for (const gap of gaps(as, low, Math.min(high, as.userlimit))) {
    const from = gap.base + redzone;
    const to = gap.base + gap.len - redzone - len;
    if (to < from) continue;
    const va = direction === 'upward' ? from + floorMod(phase - from, align) : to - floorMod(to - phase, align);
    if (va < from || va > to) continue;
    if (direction === 'upward') return va;
    chosen = va;
  }
  return chosen;
}

/**
 * Settles where a mapping goes (choose_addr): MAP_FIXED unmaps the range at `hint`, else `hint` is taken when it is free, else
 * map_addr chooses. The caller holds the range lock.
 * @param vacalign ADDR_VACALIGN to agree with `off`, ADDR_NOVACALIGN when any page will do.
 * @returns undefined when there is no room (ENOMEM), or a fixed range could not be unmapped.
 */
export function* choose_addr(as: As, hint: number, len: number, off: number, vacalign: number, flags: number): Kgen<Vaddr | undefined> {
  if (flags & MAP_FIXED) return (yield* as_unmap(as, hint, len)) === 0 ? asVaddr(hint) : undefined;
  if (hint > 0 && isAligned(hint, PAGESIZE) && (flags & MAP_ALIGN) === 0 && fits(as, hint, len)) return asVaddr(hint);
  return map_addr(as, len, vacalign === 0 ? 0 : off, 0, flags);
}

const fits = (as: As, addr: number, len: number): boolean => {
  const gap = as_gap(as, len, addr, len, AH_CONTAIN, addr);
  return gap !== undefined && gap.base === addr && gap.len === len;
};

/** Claims the right to choose an address in `as` and map there (as_rangelock); sleeps while another has it. */
export function* as_rangelock(as: As): Kgen<void> {
  yield* mutex_enter(as.contents);
  while ((as.flags & AS_CLAIMGAP) !== 0) yield* cv_wait(as.cv, as.contents);
  as.flags |= AS_CLAIMGAP;
  mutex_exit(as.contents);
}

/** Gives that right back (as_rangeunlock). */
export function* as_rangeunlock(as: As): Kgen<void> {
  yield* mutex_enter(as.contents);
  as.flags &= ~AS_CLAIMGAP;
  cv_broadcast(as.cv);
  mutex_exit(as.contents);
}
