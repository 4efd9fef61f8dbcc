/** Unloading the way seg_dev.c does when large pages may be about: whole handles, also outside the range. */
import type { Hat } from '../vm/index.js';
import { hat_unload } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { DEVMAP_FLAG_LARGE } from './devmap-handle.js';
import { devmap_find_handle } from './handles.js';
import type { SegdevData } from './segdev-data.js';
import { deref } from './state.js';

/**
 * Unloads every handle that [addr, addr+len) touches, completely, if the first of them or any later handle of the chain
 * uses large pages. Answers whether it did.
 */
export function unloadWholeHandles(hat: Hat, sdp: SegdevData, addr: number, len: number, flags: number): boolean {
  const first = devmap_find_handle(sdp.devmap_data, addr);
  let large: DevmapHandle | undefined = first;
  while (large !== undefined && (large.flags & DEVMAP_FLAG_LARGE) === 0) large = large.next;
  if (first === undefined || large === undefined) return false;
  let off = addr - first.uvaddr;
  let left = len;
  for (let next: DevmapHandle | undefined = first; left !== 0; ) {
    const dhp: DevmapHandle = deref(next, 'unload beyond the last handle');
    const mlen = Math.min(left, dhp.len - off);
    hat_unload(hat, dhp.uvaddr, dhp.len, flags);
    next = dhp.next;
    left -= mlen;
    off = 0;
  }
  return true;
}
