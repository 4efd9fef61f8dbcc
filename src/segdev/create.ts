/** Making a device segment. */
import type { Dev } from '../ddi/index.js';
import type { Seg } from '../vm/index.js';
import { hat_unload, HAT_UNLOAD_UNMAP } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { addmap } from './mapcount.js';
import type { Mapfunc } from './segdev-data.js';
import { sdp_alloc } from './segdev-data.js';
import { isDevnullMapping } from './queries.js';
import { segdev_ops } from './segdev-ops.js';
import { segdevOf } from './state.js';

/** What a device segment is made from (struct segdev_crargs). */
export interface SegdevCrargs {
  readonly dev: Dev;
  /** Offset in the device's mapping space. */
  readonly offset: number;
  /** mmap(9E) for an old-style mapping; undefined for one made of handles. */
  readonly mapfunc: Mapfunc | undefined;
  readonly prot: number;
  readonly maxprot: number;
  /** MAP_SHARED or MAP_PRIVATE. */
  readonly type: number;
  readonly hat_attr: number;
  readonly hat_flags: number;
  /** First handle of the chain. */
  readonly devmap_data: DevmapHandle | undefined;
}

/**
 * Makes the fresh segment `seg` a device segment, under the writer lock of its address space: 0, or what counting the
 * mapping answered (EIO from a retired device).
 */
export function segdev_create(seg: Seg, a: SegdevCrargs): number {
  const state = segdevOf(seg.as.kernel);
  const sdp = sdp_alloc(state, a.dev.snode);
  sdp.mapfunc = a.mapfunc;
  sdp.offset = a.offset;
  sdp.prot = a.prot;
  sdp.maxprot = a.maxprot;
  sdp.type = a.type;
  sdp.hat_attr = a.hat_attr;
  sdp.hat_flags = a.hat_flags;
  sdp.devmap_data = a.mapfunc === undefined ? a.devmap_data : undefined;
  seg.ops = segdev_ops;
  seg.data = sdp;
  for (let dhp = sdp.devmap_data; dhp !== undefined; dhp = dhp.next) dhp.seg = seg;
  const error = addmap(sdp, seg.as, seg.base, seg.size);
  if (error === 0) {
    // Mappings of devices like /dev/null do not count towards the size of a process.
    if (isDevnullMapping(sdp.type)) seg.as.resvsize -= seg.size;
  } else {
    sdp.devmap_data = undefined;
    hat_unload(seg.as.hat, seg.base, seg.size, HAT_UNLOAD_UNMAP);
  }
  return error;
}
