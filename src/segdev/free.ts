/** Freeing a device segment. */
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { devmap_handle_unmap } from './handles.js';
import { sdpOf } from './segdev-data.js';

/** Frees what hangs on a device segment: tells the driver of every handle (devmap_unmap) and frees them. */
export function* segdev_free(seg: Seg): Kgen<void> {
  const sdp = sdpOf(seg);
  let dhp = sdp.devmap_data;
  while (dhp !== undefined) dhp = yield* devmap_handle_unmap(dhp);
  sdp.setVpage(undefined);
  sdp.state.live.segdata--;
  sdp.state.kmem('kmem_free', 'segdata', 80);
}
