/** Asking for the protection of a device segment. */
import { EACCES, PAGESIZE } from '../base/index.js';
import type { Seg } from '../vm/index.js';
import { seg_page } from '../vm/index.js';
import { sdpOf } from './segdev-data.js';

/** What the bytes behind an allocation read as. */
const RED_ZONE = 0xbb;

/** Whether every page of [addr, addr+len) allows `prot`: 0 or EACCES. */
export function segdev_checkprot(seg: Seg, addr: number, len: number, prot: number): number {
  const sdp = sdpOf(seg);
  if (!sdp.pageprot || sdp.vpage === undefined) return (sdp.prot & prot) === prot ? 0 : EACCES;
  const pages = sdp.vpage.subarray(seg_page(seg, addr), seg_page(seg, addr + len));
  return pages.every((has) => (has & prot) === prot) ? 0 : EACCES;
}

/**
 * Writes the protection of each page of [addr, addr+len] to `protv`, where `len` is one less than the bytes asked about,
 * as all callers of this operation pass it: a length that is a multiple of the page size reports one page more. Answers 0.
 */
export function segdev_getprot(seg: Seg, addr: number, len: number, protv: Uint8Array): number {
  const sdp = sdpOf(seg);
  const first = seg_page(seg, addr);
  const asked = seg_page(seg, addr + len) - first + 1;
  // The C text reads on behind the array, where this allocator's red zone lies.
  const beyond = sdp.state.quirks.getprotReadsBeyond ? RED_ZONE : 0;
  const pages = beyond === 0 ? Math.min(asked, protv.length, seg.size / PAGESIZE - first) : asked;
  for (let page = 0; page < pages; page++) {
    protv[page] = sdp.pageprot && sdp.vpage !== undefined ? (sdp.vpage[first + page] ?? beyond) : sdp.prot;
  }
  return 0;
}
