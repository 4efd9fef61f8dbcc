/** munmap(2) on a device segment: takes translations away, counts, and leaves the rest to one of four cases. */
import { EAGAIN, EINVAL, ENOMEM, isAligned, KernelPanic, PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { hat_unload, HAT_UNLOAD_UNMAP, seg_free } from '../vm/index.js';
import { delmap } from './mapcount.js';
import { isDevnullMapping } from './queries.js';
import { sdpOf, softlocked } from './segdev-data.js';
import { unmapHead } from './unmap-head.js';
import { splitSegment, unmapHole } from './unmap-hole.js';
import { unmapTail } from './unmap-tail.js';
import { unloadWholeHandles } from './whole-handles.js';

/**
 * Ends [addr, addr+len) of a device segment, under the writer lock of the address space. Drivers hear of every handle
 * that goes or changes (devmap_unmap(9E)).
 *
 * Returns 0; EAGAIN while pages are softlocked; EINVAL for a range that is not page aligned or leaves the segment; ENOMEM
 * when there is no second segment for what lies behind a hole. After an error nothing has changed.
 */
export function* segdev_unmap(seg: Seg, addr: number, len: number): Kgen<number> {
  const sdp = sdpOf(seg);
  const { quirks } = sdp.state;
  if (softlocked(sdp)) return EAGAIN;
  if (addr < seg.base || addr + len > seg.base + seg.size || !isAligned(len, PAGESIZE) || !isAligned(addr, PAGESIZE)) {
    if (quirks.unmapPanics) throw new KernelPanic('panic', 'segdev_unmap');
    return EINVAL;
  }
  const end = seg.base + seg.size;
  const hole = addr > seg.base && addr + len < end;
  const upper = hole && !quirks.unmapPanics ? splitSegment(seg, addr, addr + len) : undefined;
  if (hole && upper === undefined && !quirks.unmapPanics) return ENOMEM;
  const { hat } = seg.as;
  if (!quirks.largeUnloadsWholeHandles || !unloadWholeHandles(hat, sdp, addr, len, HAT_UNLOAD_UNMAP)) {
    hat_unload(hat, addr, len, HAT_UNLOAD_UNMAP);
  }
  // Such mappings were taken off the reserved size when they were made; the caller takes them off again.
  if (isDevnullMapping(sdp.type)) seg.as.resvsize += len;
  const off = sdp.offset + (addr - seg.base);
  const closing = delmap(sdp, seg.as, off, addr, len);
  if (closing !== undefined && quirks.closeBeforeUnmapCallback) yield* closing;
  if (hole) yield* unmapHole(seg, upper, sdp, addr, len, off);
  else if (addr === seg.base && addr + len === end) yield* seg_free(seg);
  else if (addr === seg.base) yield* unmapHead(seg, sdp, len);
  else yield* unmapTail(seg, sdp, addr, len, off);
  if (closing !== undefined && !quirks.closeBeforeUnmapCallback) yield* closing;
  return 0;
}
