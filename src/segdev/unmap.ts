/** munmap(2) on a device segment: takes translations away, counts, and leaves the rest to one of four cases. */
import { EAGAIN, EINVAL, isAligned, KernelPanic, PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { hat_unload, HAT_UNLOAD_UNMAP, seg_free } from '../vm/index.js';
import { delmap } from './mapcount.js';
import type { SegdevData } from './segdev-data.js';
import { sdpOf, softlocked } from './segdev-data.js';
import { unmapHead } from './unmap-head.js';
import { unmapHole } from './unmap-hole.js';
import { unmapTail } from './unmap-tail.js';
import { unloadWholeHandles } from './whole-handles.js';

/**
 * Ends [addr, addr+len) of a device segment, under the writer lock of the address space. Drivers hear of every handle
 * that goes or changes (devmap_unmap(9E)).
 *
 * Returns 0; EAGAIN while pages are softlocked; EINVAL for a range that is not page aligned or leaves the segment.
 */
export function* segdev_unmap(seg: Seg, addr: number, len: number): Kgen<number> {
  const sdp = sdpOf(seg);
  const { quirks } = sdp.state;
  if (softlocked(sdp)) return EAGAIN;
  if (addr < seg.base || addr + len > seg.base + seg.size || !isAligned(len, PAGESIZE) || !isAligned(addr, PAGESIZE)) {
    if (quirks.unmapPanics) throw new KernelPanic('panic', 'segdev_unmap');
    return EINVAL;
  }
  const { hat } = seg.as;
  if (!quirks.largeUnloadsWholeHandles || !unloadWholeHandles(hat, sdp, addr, len, HAT_UNLOAD_UNMAP)) {
    hat_unload(hat, addr, len, HAT_UNLOAD_UNMAP);
  }
  const off = sdp.offset + (addr - seg.base);
  const closing = delmap(sdp, seg.as, off, addr, len);
  if (closing !== undefined && quirks.closeBeforeUnmapCallback) yield* closing;
  yield* cut(seg, sdp, addr, len, off);
  if (closing !== undefined && !quirks.closeBeforeUnmapCallback) yield* closing;
  return 0;
}

/** Shrinks, splits or frees the segment; `off` is the device offset of `addr`. */
function* cut(seg: Seg, sdp: SegdevData, addr: number, len: number, off: number): Kgen<void> {
  const end = seg.base + seg.size;
  if (addr === seg.base && addr + len === end) yield* seg_free(seg);
  else if (addr === seg.base) yield* unmapHead(seg, sdp, len);
  else if (addr + len === end) yield* unmapTail(seg, sdp, addr, len, off);
  else yield* unmapHole(seg, sdp, addr, len, off);
}
