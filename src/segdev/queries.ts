/** What a device segment answers about itself. */
import { PAGESIZE } from '../base/index.js';
import type { Snode } from '../ddi/index.js';
import type { Memid, Seg } from '../vm/index.js';
import { SEG_PAGE_INCORE } from '../vm/index.js';
import { sdpOf } from './segdev-data.js';

/** Device pages are always in core: fills `vec` with 1 for each page and answers `len` rounded up to pages. */
export function segdev_incore(_seg: Seg, _addr: number, len: number, vec: Uint8Array): number {
  const pages = Math.ceil(len / PAGESIZE);
  vec.fill(SEG_PAGE_INCORE, 0, pages);
  return pages * PAGESIZE;
}

/** Offset of `addr` in the device's mapping space. */
export const segdev_getoffset = (seg: Seg, addr: number): number => sdpOf(seg).offset + (addr - seg.base);

/** MAP_SHARED or MAP_PRIVATE. */
export const segdev_gettype = (seg: Seg, _addr: number): number => sdpOf(seg).type;

/** The common vnode of the device. */
export const segdev_getvp = (seg: Seg, _addr: number): Snode => sdpOf(seg).vp;

/** Identity of the memory at `addr`: the device and the offset in it, as if it were always mapped shared. */
export const segdev_getmemid = (seg: Seg, addr: number): Memid => ({ object: sdpOf(seg).vp, offset: segdev_getoffset(seg, addr) });

/** Whether a segment is a mapping of a device like /dev/null, which has no mapping type (SEG_IS_DEVNULL_MAPPING). */
export const isDevnullMapping = (type: number): boolean => (type & 3) === 0;
