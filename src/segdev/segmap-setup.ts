/** Old mmap(9E) mappings, page by page without handles: spec_segmap and ddi_segmap_setup. */
import { EINVAL, ENODEV, ENOMEM, ENXIO, KernelPanic, PAGESIZE, PFN_INVALID } from '../base/index.js';
import type { Cred, DdiAsHandle, DdiDeviceAccAttr, Dev, Ref } from '../ddi/index.js';
import { accAttrToHat, cbOps, nodev, ref } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { settle } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import { as_map, as_rangelock, as_rangeunlock, MAP_FIXED, MAP_SHARED, MAP_TYPE } from '../vm/index.js';
import { asOf } from './as-of.js';
import { chooseAddress, isFree } from './choose.js';
import { cdev_mmap } from './cdev-mmap.js';
import { segdev_create } from './create.js';
import type { Mapfunc } from './segdev-data.js';
import { segdevOf } from './state.js';

const INT_MAX = 0x7fff_ffff;

/** What a mapping is asked for. */
interface OldMapping {
  readonly dev: Dev;
  readonly mapfunc: Mapfunc;
  readonly off: number;
  readonly len: number;
  readonly prot: number;
  readonly maxprot: number;
  readonly flags: number;
  readonly hat_attr: number;
  /** Physical or file offset the address should agree with. */
  readonly aligned: number;
}

/** mmap(9E) of a device, for old mappings: undefined when it is nodev or missing. */
function mapfuncOf(dev: Dev): Mapfunc | undefined {
  const { mmap } = cbOps(dev);
  return mmap === undefined || (mmap as unknown) === nodev ? undefined : mmap;
}

/** Asks mmap(9E) about every page: the first frame, or PFN_INVALID when the driver does not have them all. */
function firstFrame(as: As, dev: Dev, mapfunc: Mapfunc, off: number, len: number, maxprot: number): number {
  if (len > INT_MAX && segdevOf(as.kernel).quirks.intLengthLoop) throw new KernelPanic('hang', 'an int counts the bytes of a mapping of 2 GiB');
  const first = cdev_mmap(mapfunc, dev, off, maxprot);
  if (first === PFN_INVALID) return PFN_INVALID;
  for (let at = PAGESIZE; at < len; at += PAGESIZE) {
    if (cdev_mmap(mapfunc, dev, off + at, maxprot) === PFN_INVALID) return PFN_INVALID;
  }
  return first;
}

/** Finds a place and makes the segment. */
function* place(as: As, addrp: Ref<number>, m: OldMapping): Kgen<number> {
  yield* as_rangelock(as);
  let va: number | undefined;
  if ((m.flags & MAP_FIXED) !== 0) {
    yield* segdevOf(as.kernel).unmap(as, addrp.value, m.len);
    va = addrp.value;
  } else if (addrp.value > 0 && isFree(as, addrp.value, m.len)) {
    va = addrp.value;
  } else {
    va = chooseAddress(as, m.dev.dip.tree, m.len, m.aligned, m.flags);
  }
  if (va === undefined) {
    yield* as_rangeunlock(as);
    return ENOMEM;
  }
  addrp.value = va;
  const error = yield* as_map(as, va, m.len, (seg) => settle(segdev_create(seg, {
    dev: m.dev, offset: m.off, mapfunc: m.mapfunc, prot: m.prot, maxprot: m.maxprot, type: m.flags & MAP_TYPE, hat_attr: m.hat_attr,
    hat_flags: 0, devmap_data: undefined,
  })));
  yield* as_rangeunlock(as);
  return error;
}

/**
 * The special file system's own segmap for drivers with mmap(9E) only.
 * Returns 0; ENODEV without mmap(9E); EINVAL unless MAP_SHARED; ENXIO when a page is not the driver's; ENOMEM without room.
 */
export function* spec_segmap(
  dev: Dev, off: number, as: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number,
): Kgen<number> {
  const mapfunc = mapfuncOf(dev);
  if (mapfunc === undefined) return ENODEV;
  if ((flags & MAP_TYPE) !== MAP_SHARED) return EINVAL;
  const space = asOf(as);
  if (firstFrame(space, dev, mapfunc, off, len, maxprot) === PFN_INVALID) return ENXIO;
  return yield* place(space, addrp, { dev, mapfunc, off, len, prot, maxprot, flags, hat_attr: 0, aligned: off });
}

/**
 * Whether register set `rnumber` may be mapped with the attributes `accattrp`; leaves the translation attributes in
 * `hatAttrp` (ddi_device_mapping_check). Returns 0 or -1.
 */
export function ddi_device_mapping_check(dev: Dev, accattrp: DdiDeviceAccAttr | undefined, rnumber: number, hatAttrp: Ref<number>): number {
  const result = mappingCheck(dev, accattrp, rnumber, hatAttrp);
  const { trace } = dev.dip.tree;
  if (trace.on) trace.emit('ddi_device_mapping_check', { dev: dev.label, rnumber, result });
  return result;
}

function mappingCheck(dev: Dev, accattrp: DdiDeviceAccAttr | undefined, rnumber: number, hatAttrp: Ref<number>): number {
  if (dev.dip.tree.inject('mapcheck') !== 0) return -1;
  const spec = dev.dip.regs[rnumber];
  const attr = accAttrToHat(accattrp);
  if (spec === undefined || spec.io === true || attr === undefined) return -1;
  hatAttrp.value = attr;
  return 0;
}

/**
 * Makes an old mmap(9E) mapping with access attributes, from a driver's segmap(9E) (ddi_segmap_setup(9F)).
 * Returns 0; ENODEV without mmap(9E); EINVAL unless MAP_SHARED; ENXIO when the registers cannot be mapped so, the length
 * is 0 or a page is not the driver's; ENOMEM without room.
 */
export function* ddi_segmap_setup(
  dev: Dev, off: number, as: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number, _cred: Cred,
  accattrp: DdiDeviceAccAttr | null | undefined, rnumber: number,
): Kgen<number> {
  const mapfunc = mapfuncOf(dev);
  if (mapfunc === undefined) return ENODEV;
  if ((flags & MAP_TYPE) !== MAP_SHARED) return EINVAL;
  const attr = ref(0);
  if (ddi_device_mapping_check(dev, accattrp ?? undefined, rnumber, attr) === -1 || len === 0) return ENXIO;
  const space = asOf(as);
  const pfn = firstFrame(space, dev, mapfunc, off, len, maxprot);
  if (pfn === PFN_INVALID) return ENXIO;
  return yield* place(space, addrp, {
    dev, mapfunc, off, len, prot, maxprot, flags, hat_attr: attr.value, aligned: pfn * PAGESIZE,
  });
}
