/** Giving the handles of a new mapping their addresses, and telling the driver (devmap_map(9E)). */
import { ENXIO } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { callMap, callUnmap } from './callbacks.js';
import type { DevmapHandle } from './devmap-handle.js';
import { dhp_is_devmem } from './devmap-handle.js';
import { free_devmap_handle } from './handles.js';
import { devmap_devmem_large_page_setup } from './large-page.js';
import { sdpOf } from './segdev-data.js';
import { deref } from './state.js';

/**
 * Places the chain at `addr` and calls devmap_map(9E) of each handle. When one refuses, those before it hear
 * devmap_unmap(9E), the chain is freed, and the answer is ENXIO. Used under the quirk `setupWindow`, after the mapping exists.
 */
export function* mapHandles(head: DevmapHandle, addr: number, off: number, flags: number): Kgen<number> {
  const { largePagesBeforeAddress } = head.state.quirks;
  let at = 0;
  for (let dhp: DevmapHandle | undefined = head; dhp !== undefined; dhp = dhp.next) {
    dhp.uvaddr = addr + at;
    if (!largePagesBeforeAddress && dhp_is_devmem(dhp)) devmap_devmem_large_page_setup(dhp);
    const error = yield* callMap(dhp, flags, off + at);
    if (error !== 0) {
      yield* takeBack(head, dhp, off);
      sdpOf(deref(head.seg, 'dh_seg')).devmap_data = undefined;
      free_devmap_handle(head);
      return ENXIO;
    }
    at += dhp.len;
  }
  return 0;
}

/** Tells the driver that the handles before `refused` go again. */
function* takeBack(head: DevmapHandle, refused: DevmapHandle, off: number): Kgen<void> {
  let at = off;
  for (let dhp: DevmapHandle | undefined = head; dhp !== undefined && dhp !== refused; dhp = dhp.next) {
    yield* callUnmap(dhp, at, dhp.len, null, null);
    at += dhp.len;
  }
}
