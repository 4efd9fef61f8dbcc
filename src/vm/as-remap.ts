/**
 * Growing and moving a mapping of anonymous or file memory: what Linux' mremap(2) needs; illumos has none. Frames go along, translations do
 * not: the new place is faulted in.
 */
import { EAGAIN, EFAULT, EINVAL, ENOMEM, PAGESIZE } from '../base/index.js';
import { RW_WRITER, rw_enter, rw_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_findseg, as_segat } from './address-space.js';
import type { As, Seg } from './address-space.js';
import { as_map, as_unmap } from './as-map.js';
import { seg_page } from './seg.js';
import { SegvnData, segvnData } from './segvn-data.js';
import { segvn_ops } from './segvn-ops.js';

/** A part of one mapping; page aligned. */
export interface RemapRange {
  readonly addr: number;
  readonly len: number;
}

/**
 * Lets a mapping grow at its end, where nothing else is.
 * @returns 0; ENOMEM where something is in the way or the mapping goes on behind the range; or what as_remap answers.
 */
export function* as_grow(as: As, { addr, len }: RemapRange, newLen: number): Kgen<number> {
  yield* rw_enter(as.lock, RW_WRITER);
  const seg = remappable(as, addr, len);
  const error = typeof seg === 'number' ? seg : growSegment(as, seg, addr + len, addr + newLen);
  rw_exit(as.lock);
  return error;
}

/**
 * Moves a range to `to`, where `newLen` bytes are free, and lets it grow to that.
 * @returns 0; EFAULT unless one mapping covers the range; EINVAL for a device's; EAGAIN while pages are softlocked; ENOMEM when the place is
 *     taken. The old range is as it was then.
 */
export function* as_remap(as: As, { addr, len }: RemapRange, to: number, newLen: number): Kgen<number> {
  const error = yield* as_map(as, to, newLen, function* create(moved) {
    const seg = remappable(as, addr, len);
    if (typeof seg === 'number') return seg;
    moved.ops = segvn_ops;
    moved.data = movedData(segvnData(seg), seg_page(seg, addr), len / PAGESIZE, newLen / PAGESIZE);
    return 0;
  });
  if (error !== 0) return error;
  return (yield* as_unmap(as, addr, len)) === 0 ? 0 : EFAULT;
}

/** The segment of memory that covers the range, or why it cannot be moved. */
function remappable(as: As, addr: number, len: number): Seg | number {
  const seg = as_segat(as, addr);
  if (seg === undefined || addr + len > seg.end) return EFAULT;
  if (seg.ops !== segvn_ops) return EINVAL;
  return segvnData(seg).softlockcnt > 0 ? EAGAIN : seg;
}

function growSegment(as: As, seg: Seg, end: number, newEnd: number): number {
  const next = as_findseg(as, end);
  if (seg.end !== end || newEnd > as.userlimit || (next !== undefined && next.base < newEnd)) return ENOMEM;
  const data = segvnData(seg);
  const pages = seg.size / PAGESIZE;
  // The pages behind may belong to a segment that this one was once part of.
  if (!data.shared && data.amp !== undefined && data.amp.refcount > 1) ownMap(data, pages);
  data.vpage = extended(data.vpage, pages, (newEnd - seg.base) / PAGESIZE);
  seg.size = newEnd - seg.base;
  as.size += newEnd - end;
  as.resvsize += newEnd - end;
  return 0;
}

/** Gives a segment a map of its own for its pages. */
function ownMap(data: SegvnData, pages: number): void {
  const { amp, index } = data;
  if (amp === undefined) return;
  data.amp = amp.clone(index, index + pages);
  amp.clear(index, index + pages);
  amp.release();
}

/** What a segment for `newPages` pages needs that begins as page `page` of another one and has `pages` of its pages. */
function movedData(from: SegvnData, page: number, pages: number, newPages: number): SegvnData {
  const first = from.index + page;
  const data = new SegvnData({
    type: from.type, prot: from.prot, maxprot: from.maxprot, index: first, file: from.file?.hold(), offset: from.offset + page * PAGESIZE,
    fileBytes: Math.max(0, from.fileBytes - page * PAGESIZE), amp: from.shared ? from.amp?.hold() : from.amp?.clone(first, first + pages),
  });
  data.vpage = extended(from.vpage?.slice(page, page + pages), pages, newPages);
  data.locked = from.locked?.slice(page, page + pages);
  return data;
}

/** Protections of more pages, the new ones with that of the last. */
function extended(vpage: Uint8Array | undefined, pages: number, newPages: number): Uint8Array | undefined {
  if (vpage === undefined) return undefined;
  const longer = new Uint8Array(newPages).fill(vpage[pages - 1] ?? 0);
  longer.set(vpage.subarray(0, Math.min(pages, newPages)));
  return longer;
}
