/** fork(2): duplicating a device segment and its handles. Translations are not copied; the child faults everything afresh. */
import type { Kgen } from '../kernel/index.js';
import type { Seg } from '../vm/index.js';
import { callDup } from './callbacks.js';
import type { DevmapHandle } from './devmap-handle.js';
import { holdDhpLock, releDhpLock } from './devmap-handle.js';
import { shareReferences } from './handles.js';
import { addmap } from './mapcount.js';
import type { SegdevData } from './segdev-data.js';
import { sdp_alloc, sdpOf } from './segdev-data.js';

/** A copy of a segment's private data, without its pages' protections, handles and softlocks. */
export function copySegdevData(sdp: SegdevData): SegdevData {
  const copy = sdp_alloc(sdp.state, sdp.vp);
  copy.mapfunc = sdp.mapfunc;
  copy.offset = sdp.offset;
  copy.pageprot = sdp.pageprot;
  copy.prot = sdp.prot;
  copy.maxprot = sdp.maxprot;
  copy.type = sdp.type;
  copy.hat_attr = sdp.hat_attr;
  copy.hat_flags = sdp.hat_flags;
  return copy;
}

/**
 * Makes `newseg` a copy of `seg`: 0, or the errno of a devmap_dup(9E) that refused, or of a retired device. After an
 * error the caller frees `newseg`, and with it the handles that were made.
 */
export function* segdev_dup(seg: Seg, newseg: Seg): Kgen<number> {
  const sdp = sdpOf(seg);
  const newsdp = copySegdevData(sdp);
  newseg.ops = seg.ops;
  newseg.data = newsdp;
  if (sdp.vpage !== undefined) newsdp.setVpage(sdp.vpage.slice());
  if (sdp.devmap_data !== undefined) {
    const error = yield* devmap_handle_dup(sdp.devmap_data, newsdp, newseg);
    if (error !== 0) return error;
  }
  return addmap(newsdp, newseg.as, newseg.base, newseg.size);
}

/** Duplicates a chain of handles: 0, or the errno of the devmap_dup(9E) that refused. */
function* devmap_handle_dup(head: DevmapHandle, newsdp: SegdevData, newseg: Seg): Kgen<number> {
  let last: DevmapHandle | undefined;
  for (let dhp: DevmapHandle | undefined = head; dhp !== undefined; dhp = dhp.next) {
    if (dhp.lock !== undefined) yield* holdDhpLock(dhp);
    const newdhp = dhp.copy(newseg);
    releDhpLock(dhp);
    if (last === undefined) newsdp.devmap_data = newdhp;
    else last.next = newdhp;
    last = newdhp;
    shareReferences(dhp, newdhp);
    const error = yield* callDup(dhp, newdhp);
    if (error !== 0) {
      // The driver knows nothing of this handle, so it must not hear of its end.
      newdhp.callbackops.unmap = undefined;
      return error;
    }
  }
  return 0;
}
