/** devmap_device: finds the place of a mapping made of handles, and makes its segment. */
import { ENOMEM, PAGESIZE } from '../base/index.js';
import type { Ref } from '../ddi/index.js';
import { DEVMAP_MAPPING_INVALID } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { settle } from '../kernel/index.js';
import type { As, Seg } from '../vm/index.js';
import { as_map, as_rangelock, as_rangeunlock, hat_unload, HAT_UNLOAD_UNMAP, MAP_FIXED, MAP_TYPE, PROT_ALL } from '../vm/index.js';
import { chooseAddress } from './choose.js';
import type { SegdevCrargs } from './create.js';
import { segdev_create } from './create.js';
import type { DevmapHandle } from './devmap-handle.js';
import { dhp_is_devmem, dhp_is_pmem } from './devmap-handle.js';
import { mapHandles } from './map-handles.js';
import { delmap } from './mapcount.js';
import { isDevnullMapping } from './queries.js';
import { sdpOf } from './segdev-data.js';
import type { SegdevState } from './state.js';
import { deref } from './state.js';

/** The longest handle of a chain; of equal ones the last. */
function longest(head: DevmapHandle): DevmapHandle {
  let max = head;
  for (let dhp = head.next; dhp !== undefined; dhp = dhp.next) if (dhp.len >= max.len) max = dhp;
  return max;
}

/** The address with which the mapping's virtual address should agree, for the sake of its longest handle's large pages. */
function alignedOffset(head: DevmapHandle): number {
  const dhp = longest(head);
  const before = dhp.uoff - head.uoff;
  if ((dhp.flags & DEVMAP_MAPPING_INVALID) !== 0) return 0;
  if (dhp_is_devmem(dhp)) return dhp.pfn * PAGESIZE - before;
  if (dhp_is_pmem(dhp)) return deref(deref(dhp.pcookie, 'dh_pcookie').pparray[dhp.roff / PAGESIZE], 'page of a pmem cookie') * PAGESIZE - before;
  return dhp.cvaddr - before;
}

/** The segment's maximum protection: the least restrictive of its handles. */
function segmentMaxprot(state: SegdevState, head: DevmapHandle): number {
  if (state.quirks.segmentMaxprotAll) return PROT_ALL;
  let maxprot = 0;
  for (let dhp: DevmapHandle | undefined = head; dhp !== undefined; dhp = dhp.next) maxprot |= dhp.maxprot;
  return maxprot;
}

/**
 * Maps the chain `head` into `as`, at `addrp` (MAP_FIXED, which ends what was there) or at an address it chooses and
 * stores there: 0; ENOMEM without room; ENXIO when devmap_map(9E) refuses, and then `refusal` is it too; what counting the
 * mapping answered.
 */
export function* devmap_device(
  state: SegdevState, head: DevmapHandle, as: As, addrp: Ref<number>, off: number, len: number, flags: number, refusal: Ref<number>,
): Kgen<number> {
  yield* as_rangelock(as);
  if ((flags & MAP_FIXED) !== 0) {
    yield* state.unmap(as, addrp.value, len);
  } else {
    const va = chooseAddress(as, head.dev.dip.tree, len, alignedOffset(head), flags);
    if (va === undefined) {
      yield* as_rangeunlock(as);
      return ENOMEM;
    }
    addrp.value = va;
  }
  const args: SegdevCrargs = {
    dev: head.dev, offset: off, mapfunc: undefined, prot: head.prot, maxprot: segmentMaxprot(state, head), type: flags & MAP_TYPE,
    hat_attr: 0, hat_flags: 0, devmap_data: head,
  };
  const error = yield* as_map(as, addrp.value, len, (seg) => (state.quirks.setupWindow ? settle(segdev_create(seg, args)) : createMapped(seg, args, flags, refusal)));
  yield* as_rangeunlock(as);
  return error === 0 ? refusal.value : error;
}

/** Makes the segment together with its handles' addresses and devmap_map(9E), so that nobody sees it half made. */
function* createMapped(seg: Seg, args: SegdevCrargs, flags: number, refusal: Ref<number>): Kgen<number> {
  const error = segdev_create(seg, args);
  if (error !== 0) return error;
  const sdp = sdpOf(seg);
  const refused = yield* mapHandles(deref(args.devmap_data, 'handles'), seg.base, args.offset, flags);
  refusal.value = refused;
  if (refused === 0 || sdp.state.quirks.mapRefusedLeavesSegment) return 0;
  if (isDevnullMapping(sdp.type)) seg.as.resvsize += seg.size;
  hat_unload(seg.as.hat, seg.base, seg.size, HAT_UNLOAD_UNMAP);
  const closing = delmap(sdp, seg.as, args.offset, seg.base, seg.size);
  if (closing !== undefined) yield* closing;
  return refused;
}
