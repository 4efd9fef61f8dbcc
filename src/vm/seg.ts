/** Making and ending segments, and what most kinds of segments answer alike. */
import { ENOTSUP, HarnessBug, PAGESIZE, alignDown, alignUp, asVaddr } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { Seg, firstEndingAbove } from './address-space.js';
import type { As, SegOps } from './address-space.js';

/**
 * Makes a segment of `as` without an implementation (seg_alloc). The caller holds the address space as writer.
 * @param base rounded down to a page, `size` so that all bytes are covered.
 * @returns undefined when the range is empty, overlaps a segment or leaves the address space, or a programmed failure strikes.
 */
export function seg_alloc(as: As, base: number, size: number): Seg | undefined {
  const from = alignDown(base, PAGESIZE);
  const bytes = alignUp(base + size, PAGESIZE) - from;
  const seg = as.vm.inject('segalloc') === 0 ? place(as, from, size > 0 ? bytes : 0) : undefined;
  const { trace } = as.kernel;
  if (trace.on) trace.emit(seg === undefined ? 'seg_alloc.none' : 'seg_alloc', { as: as.name, base: from, size: bytes });
  return seg;
}

/** Puts a segment where there is room for it. */
function place(as: As, from: number, bytes: number): Seg | undefined {
  if (!(bytes > 0) || from < 0 || from + bytes > as.userlimit) return undefined;
  const at = firstEndingAbove(as, from);
  const next = as.segs[at];
  if (next !== undefined && next.base < from + bytes) return undefined;
  const seg = new Seg(as, asVaddr(from), bytes);
  as.segs.splice(at, 0, seg);
  return seg;
}

/** Takes a segment out of its address space and frees what its implementation hung on it (seg_free). */
export function* seg_free(seg: Seg): Kgen<void> {
  const { as } = seg;
  const at = as.segs.indexOf(seg, Math.max(0, firstEndingAbove(as, seg.base)));
  if (at < 0) throw new HarnessBug('a segment is freed that its address space does not have', { as: as.name, base: seg.base });
  as.segs.splice(at, 1);
  if (as.last === seg) as.last = undefined;
  const { trace } = as.kernel;
  if (trace.on) trace.emit('seg_free', { as: as.name, base: seg.base, size: seg.size });
  if (seg.data !== undefined) yield* segOps(seg).free(seg);
}

/** The operations of a segment that is set up. */
export function segOps(seg: Seg): SegOps {
  if (seg.ops === undefined) throw new HarnessBug('a segment without operations is used', { as: seg.as.name, base: seg.base });
  return seg.ops;
}

/** Page number of `addr` in its segment (seg_page). */
export const seg_page = (seg: Seg, addr: number): number => Math.floor((addr - seg.base) / PAGESIZE);
/** Pages of a segment (seg_pages). */
export const seg_pages = (seg: Seg): number => Math.ceil(seg.size / PAGESIZE);

/** For segments that do not support inherit (seg_inherit_notsup). @returns ENOTSUP. */
export const seg_inherit_notsup = (): number => ENOTSUP;
