/** The operations of a device segment (segdev_ops): 24 entries, in the order of struct seg_ops. */
import { ENOTSUP, KernelPanic } from '../base/index.js';
import type { Seg, SegOps } from '../vm/index.js';
import { seg_inherit_notsup } from '../vm/index.js';
import { segdev_dup } from './dup.js';
import { segdev_fault } from './fault.js';
import { segdev_free } from './free.js';
import { segdev_checkprot, segdev_getprot } from './getprot.js';
import { segdev_getmemid, segdev_getoffset, segdev_gettype, segdev_getvp, segdev_incore } from './queries.js';
import { sdpOf } from './segdev-data.js';
import { segdev_setprot } from './setprot.js';
import { segdev_unmap } from './unmap.js';

/** Reading ahead is for memory with a disk behind it. @returns -1: not worth while */
function segdev_kluster(seg: Seg): number {
  if (sdpOf(seg).state.quirks.klusterPanics) throw new KernelPanic('panic', 'segdev_badop');
  return -1;
}

/** seg_dev's vector. Device pages are always in memory and never written back, so most of the rest succeeds by doing nothing. */
export const segdev_ops: SegOps = {
  dup: segdev_dup,
  unmap: segdev_unmap,
  free: segdev_free,
  fault: segdev_fault,
  faulta: () => 0,
  setprot: segdev_setprot,
  checkprot: segdev_checkprot,
  kluster: segdev_kluster,
  // swapout: a null pointer
  sync: () => 0,
  incore: segdev_incore,
  lockop: () => 0,
  getprot: segdev_getprot,
  getoffset: segdev_getoffset,
  gettype: segdev_gettype,
  getvp: segdev_getvp,
  advise: () => 0,
  dump: () => {},
  pagelock: () => ENOTSUP,
  setpagesize: () => ENOTSUP,
  getmemid: segdev_getmemid,
  getpolicy: () => undefined,
  capable: () => 0,
  inherit: seg_inherit_notsup,
};
