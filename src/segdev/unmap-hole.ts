/** munmap(2) in the middle of a device segment: it becomes two, and so does a handle that spans the hole. */
import { KernelPanic, PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { seg_alloc } from '../vm/index.js';
import { callUnmap } from './callbacks.js';
import type { DevmapHandle } from './devmap-handle.js';
import { holdDhpLock, releDhpLock } from './devmap-handle.js';
import { copySegdevData } from './dup.js';
import { devmap_handle_unmap, shareReferences } from './handles.js';
import type { SegdevData } from './segdev-data.js';
import { devmap_handle_reduce_len } from './shrink.js';

/** What is cut out, and where the part behind it goes. */
interface Hole {
  readonly addr: number;
  readonly end: number;
  /** Device offset of `addr`. */
  readonly off: number;
  readonly nseg: Seg;
  readonly nsdp: SegdevData;
}

/** Lets `seg` end at `addr` and makes a segment of what lies from `end` on; undefined, and nothing changed, when that fails. */
export function splitSegment(seg: Seg, addr: number, end: number): Seg | undefined {
  const { size } = seg;
  seg.size = addr - seg.base;
  const nseg = seg_alloc(seg.as, end, seg.base + size - end);
  if (nseg === undefined) seg.size = size;
  return nseg;
}

/**
 * Cuts [addr, addr+len) out: `seg` keeps what lies before, a new segment gets what lies behind: `upper`, where that was made before,
 * while nothing was changed yet.
 */
export function* unmapHole(seg: Seg, upper: Seg | undefined, sdp: SegdevData, addr: number, len: number, off: number): Kgen<void> {
  const end = addr + len;
  const nseg = upper ?? splitSegment(seg, addr, end);
  if (nseg === undefined) throw new KernelPanic('panic', 'segdev_unmap seg_alloc');
  const nsdp = copySegdevData(sdp);
  nseg.ops = seg.ops;
  nseg.data = nsdp;
  nsdp.offset = sdp.offset + (nseg.base - seg.base);
  if (sdp.vpage !== undefined) {
    const old = sdp.vpage;
    const keep = seg.size / PAGESIZE;
    sdp.takeVpage(old.slice(0, keep));
    nsdp.takeVpage(old.slice(keep + len / PAGESIZE));
    sdp.state.freedVpage(old);
  }
  const hole: Hole = { addr, end, off, nseg, nsdp };
  let dhp = sdp.devmap_data;
  while (dhp !== undefined) dhp = yield* cutHandle(dhp, hole);
}

/** Deals with one handle of the old chain and answers the next. */
function* cutHandle(dhp: DevmapHandle, hole: Hole): Kgen<DevmapHandle | undefined> {
  const { addr, end, nseg, nsdp } = hole;
  const dhpEnd = dhp.uvaddr + dhp.len;
  if (addr === dhpEnd) return endChain(dhp);
  if (addr > dhpEnd) return dhp.next;
  if (addr > dhp.uvaddr && end < dhpEnd) return yield* splitHandle(dhp, hole);
  if (addr > dhp.uvaddr) {
    // The hole begins in this handle and reaches its end or beyond.
    yield* callUnmap(dhp, hole.off, dhpEnd - addr, dhp, null);
    dhp.len = addr - dhp.uvaddr;
    return (nsdp.devmap_data = endChain(dhp));
  }
  if (end >= dhpEnd) {
    // The handle lies in the hole.
    dhp.seg = nseg;
    nsdp.devmap_data = dhp;
    return (nsdp.devmap_data = yield* devmap_handle_unmap(dhp));
  }
  if (end > dhp.uvaddr) {
    // The hole ends in this handle.
    const cut = end - dhp.uvaddr;
    yield* callUnmap(dhp, dhp.uoff, cut, null, dhp);
    yield* devmap_handle_reduce_len(dhp, cut);
    nsdp.devmap_data = dhp;
  }
  dhp.seg = nseg;
  return dhp.next;
}

/** Makes `dhp` the last of its chain; answers the handle that followed. */
function endChain(dhp: DevmapHandle): DevmapHandle | undefined {
  const { next } = dhp;
  dhp.next = undefined;
  return next;
}

/** The hole lies inside one handle, which becomes two; the driver sees both. */
function* splitHandle(dhp: DevmapHandle, hole: Hole): Kgen<DevmapHandle | undefined> {
  const { addr, end, off, nseg, nsdp } = hole;
  const { quirks } = dhp.state;
  if (dhp.lock !== undefined) yield* holdDhpLock(dhp);
  const newdhp = dhp.copy(nseg);
  releDhpLock(dhp);
  newdhp.next = dhp.next;
  shareReferences(dhp, newdhp);
  const cut = end - dhp.uvaddr;
  if (quirks.splitCallbackBeforeFields) {
    yield* callUnmap(dhp, off, end - addr, dhp, newdhp);
    yield* devmap_handle_reduce_len(newdhp, cut);
    nsdp.devmap_data = newdhp;
    dhp.len = addr - dhp.uvaddr;
    return endChain(dhp);
  }
  yield* devmap_handle_reduce_len(newdhp, cut);
  nsdp.devmap_data = newdhp;
  dhp.len = addr - dhp.uvaddr;
  const next = endChain(dhp);
  yield* callUnmap(dhp, off, end - addr, dhp, newdhp);
  return next;
}
