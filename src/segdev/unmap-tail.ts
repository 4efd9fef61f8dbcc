/** munmap(2) of the end of a device segment. */
import { PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { callUnmap } from './callbacks.js';
import type { DevmapHandle } from './devmap-handle.js';
import { devmap_find_handle, devmap_handle_unmap } from './handles.js';
import type { SegdevData } from './segdev-data.js';

/** Cuts the segment off at `addr`; `off` is the device offset there. */
export function* unmapTail(seg: Seg, sdp: SegdevData, addr: number, len: number, off: number): Kgen<void> {
  if (sdp.vpage !== undefined) sdp.setVpage(sdp.vpage.slice(0, (seg.size - len) / PAGESIZE));
  seg.size -= len;
  if (sdp.devmap_data !== undefined) yield* devmap_handle_unmap_tail(sdp, sdp.devmap_data, addr, off);
}

/** Shortens the handle that holds `addr` (or drops it when it begins there) and frees all behind it. */
function* devmap_handle_unmap_tail(sdp: SegdevData, head: DevmapHandle, addr: number, off: number): Kgen<void> {
  let dhp = devmap_find_handle(head, addr);
  if (dhp === undefined) return;
  const from = sdp.state.quirks.tailUnmapFromHead ? head : dhp;
  let maplen = addr - from.uvaddr;
  while (dhp !== undefined) {
    if (maplen === 0) {
      dhp = yield* devmap_handle_unmap(dhp);
      continue;
    }
    yield* callUnmap(dhp, off, dhp.len - maplen, dhp, null);
    dhp.len = maplen;
    maplen = 0;
    if (sdp.state.quirks.tailUnmapFromHead) {
      const { next }: DevmapHandle = dhp;
      dhp.next = undefined;
      dhp = next;
    } else {
      dhp = dhp.next;
    }
  }
}
