/** munmap(2) of the beginning of a device segment. */
import { asVaddr, PAGESIZE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { callUnmap } from './callbacks.js';
import type { DevmapHandle } from './devmap-handle.js';
import { devmap_handle_unmap } from './handles.js';
import type { SegdevData } from './segdev-data.js';
import { devmap_handle_reduce_len } from './shrink.js';
import { deref } from './state.js';

/** Cuts the first `len` bytes off the segment. */
export function* unmapHead(seg: Seg, sdp: SegdevData, len: number): Kgen<void> {
  if (sdp.vpage !== undefined) sdp.setVpage(sdp.vpage.slice(len / PAGESIZE));
  if (sdp.devmap_data !== undefined) yield* devmap_handle_unmap_head(sdp.devmap_data, len);
  sdp.offset += len;
  seg.base = asVaddr(seg.base + len);
  seg.size -= len;
}

/** Frees the handles that lie in the first `len` bytes, and cuts the front off the one that reaches beyond them. */
function* devmap_handle_unmap_head(head: DevmapHandle, len: number): Kgen<void> {
  let left = len;
  let next: DevmapHandle | undefined = head;
  let dhp: DevmapHandle = head;
  for (;;) {
    dhp = deref(next, 'head beyond the last handle');
    if (left < dhp.len) break;
    left -= dhp.len;
    next = yield* devmap_handle_unmap(dhp);
  }
  if (left === 0) return;
  yield* callUnmap(dhp, dhp.uoff, left, null, dhp);
  yield* devmap_handle_reduce_len(dhp, left);
}
