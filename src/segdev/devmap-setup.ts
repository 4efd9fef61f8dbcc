/** devmap_setup: from mmap(2) of a device to a mapping made of handles. */
import { EINVAL, ENOTSUP, ENXIO } from '../base/index.js';
import type { Cred, DdiAsHandle, Dev, Ref } from '../ddi/index.js';
import { absent, cbOps, D_DEVMAP, nulldev, ref } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_unmap, MAP_PRIVATE } from '../vm/index.js';
import { asOf } from './as-of.js';
import { cdev_devmap } from './callbacks.js';
import { devmap_device } from './devmap-device.js';
import { DevmapHandle } from './devmap-handle.js';
import { free_devmap_handle, takeSoftlockAndContext } from './handles.js';
import { mapLengthError } from './map-length.js';
import { mapHandles } from './map-handles.js';
import { isNoAccess } from './setup-checks.js';
import type { SegdevState } from './state.js';
import { deref, segdevOf } from './state.js';

/** What a mapping is asked for. */
interface Request {
  readonly dev: Dev;
  readonly off: number;
  readonly len: number;
  readonly prot: number;
  readonly maxprot: number;
  readonly flags: number;
}

/**
 * Maps [off, off+len) of a device with devmap(9E) (devmap_setup(9F)). `addrp` holds the address for MAP_FIXED and
 * receives the one chosen. `off` and `len` are whole pages.
 *
 * Returns 0; EINVAL when the driver has no devmap(9E), answers a bad length, or gets MAP_PRIVATE without devmap_access;
 * ENXIO when devmap(9E) or devmap_map(9E) refuses; ENOTSUP for handles with different devmap_access routines; ENOMEM
 * without room; what counting the mapping answered.
 */
export function* devmap_setup(
  dev: Dev, off: number, as: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number,
  _cred?: Cred,
): Kgen<number> {
  const space = asOf(as);
  const state = segdevOf(space.kernel);
  const ops = cbOps(dev);
  if (absent(ops.devmap)) return EINVAL;
  if ((ops.flag & D_DEVMAP) === 0 && (ops.mmap === undefined || (ops.mmap as unknown) === nulldev)) return EINVAL;

  const head = ref<DevmapHandle | undefined>(undefined);
  const error = yield* makeHandles(state, { dev, off, len, prot, maxprot, flags }, head);
  if (error !== 0 || head.value === undefined) {
    free_devmap_handle(head.value);
    if (error === 0 && state.quirks.emptyMapCrash) deref(head.value, 'handles of an empty mapping');
    return error === 0 ? EINVAL : error;
  }
  const { setupWindow, asMapFailureFreesTwice, mapRefusedLeavesSegment } = state.quirks;
  const refusal = ref(0);
  const failed = yield* devmap_device(state, head.value, space, addrp, off, len, flags, refusal);
  if (failed !== 0) {
    // The segment may have taken the handles with it, as a devmap_map(9E) that refuses does.
    if (!head.value.freed || (asMapFailureFreesTwice && refusal.value === 0)) free_devmap_handle(head.value);
    return failed;
  }
  if (!setupWindow) return 0;
  const refused = yield* mapHandles(head.value, addrp.value, off, flags);
  if (refused !== 0 && !mapRefusedLeavesSegment) yield* as_unmap(space, addrp.value, len);
  return refused;
}

/** Asks the driver for one handle after the other until the length is covered: 0 or an errno, with the chain in `head`. */
function* makeHandles(state: SegdevState, request: Request, head: Ref<DevmapHandle | undefined>): Kgen<number> {
  const { dev, off, len, flags } = request;
  let last: DevmapHandle | undefined;
  let first: DevmapHandle | undefined;
  const maplen = ref(0);
  let handles = 0;
  for (let total = 0; total < len; total += maplen.value) {
    const dhp = new DevmapHandle(state, dev, off + total, request.prot, request.maxprot);
    if (last === undefined) head.value = dhp;
    else last.next = dhp;
    last = dhp;
    maplen.value = 0;
    const refused = yield* cdev_devmap(dev, dhp, off + total, len - total, maplen);
    if (refused !== 0) return ENXIO;
    const error = mapLengthError(dhp, maplen.value, len - total, ++handles);
    if (error !== 0) return error;
    const { access } = dhp.callbackops;
    if (access === undefined || isNoAccess(access)) {
      if ((flags & MAP_PRIVATE) !== 0) return EINVAL;
      continue;
    }
    takeSoftlockAndContext(dhp, access);
    // Faults take one softlock for the whole range, so all handles must have the same.
    first ??= dhp;
    if (first.softlock !== dhp.softlock) return ENOTSUP;
  }
  return 0;
}

/** devmap_setup(9F) for segmap(9E) entry points (ddi_devmap_segmap(9F)). */
export const ddi_devmap_segmap = (
  dev: Dev, off: number, as: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number, cred?: Cred,
): Kgen<number> => devmap_setup(dev, off, as, addrp, len, prot, maxprot, flags, cred);
