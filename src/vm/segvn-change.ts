/** Unmapping, copying (fork) and protecting segments of anonymous or file memory. */
import { EACCES, EAGAIN, ENOMEM, HarnessBug, KernelPanic, PAGESIZE, asVaddr, hex, isAligned } from '../base/index.js';
import { immediate } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Seg } from './address-space.js';
import { PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from './constants.js';
import { HAT_UNLOAD, HAT_UNLOAD_UNMAP } from './hat-constants.js';
import { hat_chgprot } from './hat-protect.js';
import { hat_unload } from './hat-unload.js';
import { seg_alloc, seg_free, seg_page, seg_pages } from './seg.js';
import { SegvnData, eachRun, freeAnon, segvnData } from './segvn-data.js';
import { ownPages } from './segvn-fault.js';

/** Ends part or all of a segment. @returns 0, or EAGAIN while pages of it are softlocked. */
export function* segvn_unmap(seg: Seg, addr: number, len: number): Kgen<number> {
  if (!isAligned(addr, PAGESIZE) || !isAligned(len, PAGESIZE) || len <= 0 || addr < seg.base || addr + len > seg.end) {
    throw new KernelPanic('panic', `segvn_unmap: addr=${hex(addr)} len=${hex(len)} is not in the segment at ${hex(seg.base)}`);
  }
  const data = segvnData(seg);
  if (data.softlockcnt > 0) return EAGAIN;
  hat_unload(seg.as.hat, addr, len, HAT_UNLOAD_UNMAP);
  if (len === seg.size) {
    yield* seg_free(seg);
    return 0;
  }
  const page = seg_page(seg, addr);
  const pages = len / PAGESIZE;
  freeAnon(data, page, pages);
  if (page === 0) unmapHead(seg, data, pages);
  else if (addr + len === seg.end) unmapTail(seg, data, page);
  else unmapHole(seg, data, page, pages);
  return 0;
}

function unmapHead(seg: Seg, data: SegvnData, pages: number): void {
  seg.base = asVaddr(seg.base + pages * PAGESIZE);
  seg.size -= pages * PAGESIZE;
  data.dropHead(pages);
}

function unmapTail(seg: Seg, data: SegvnData, page: number): void {
  seg.size = page * PAGESIZE;
  data.vpage = data.vpage?.slice(0, page);
  data.locked = data.locked?.slice(0, page);
}

function unmapHole(seg: Seg, data: SegvnData, page: number, pages: number): void {
  const { as, base, end } = seg;
  const rest = data.from(page + pages);
  unmapTail(seg, data, page);
  const from = base + (page + pages) * PAGESIZE;
  const upper = seg_alloc(as, from, end - from);
  if (upper === undefined) throw new HarnessBug('no room for the upper half of a segment that was there', { as: as.name, from });
  upper.ops = seg.ops;
  upper.data = rest;
}

/** Makes the child's segment: private pages are referred to by both until one writes, shared ones are the same memory. */
export function segvn_dup(seg: Seg, newseg: Seg): Kgen<number> {
  const data = segvnData(seg);
  const copy = new SegvnData({
    type: data.type, prot: data.prot, maxprot: data.maxprot, index: data.index, file: data.file?.hold(), offset: data.offset,
    fileBytes: data.fileBytes, amp: data.shared ? data.amp?.hold() : data.amp?.clone(data.index, data.index + seg_pages(seg)),
  });
  copy.vpage = data.vpage?.slice();
  newseg.ops = seg.ops;
  newseg.data = copy;
  if (data.shared) return immediate(0);
  // Frames under I/O stay the parent's: the child gets its copies now. All others are copied by who writes first.
  if (data.softlockcnt > 0) return immediate(ownPages(newseg, copy) === 0 ? 0 : ENOMEM);
  eachRun(seg, seg.base, seg.size, (addr, len, prot) => {
    if (prot & PROT_WRITE) hat_chgprot(seg.as.hat, addr, len, prot & ~PROT_WRITE);
  });
  return immediate(0);
}

/** Changes the protection. @returns 0; EACCES beyond maxprot; EAGAIN while pages are softlocked. */
export function segvn_setprot(seg: Seg, addr: number, len: number, prot: number): number {
  const data = segvnData(seg);
  const wanted = prot | PROT_USER;
  if ((wanted & data.maxprot) !== wanted) return EACCES;
  if (data.softlockcnt > 0) return EAGAIN;
  if (len === seg.size) {
    data.vpage = undefined;
    data.prot = wanted;
  } else {
    data.vpage ??= new Uint8Array(seg_pages(seg)).fill(data.prot);
    data.vpage.fill(wanted, seg_page(seg, addr), seg_page(seg, addr + len));
  }
  if ((wanted & (PROT_READ | PROT_WRITE | PROT_EXEC)) === 0) hat_unload(seg.as.hat, addr, len, HAT_UNLOAD);
  // A private page may be somebody else's as well; the first write faults and finds out.
  else hat_chgprot(seg.as.hat, addr, len, data.shared ? wanted : wanted & ~PROT_WRITE);
  return 0;
}
