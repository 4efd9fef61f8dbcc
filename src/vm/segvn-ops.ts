/** The operations of segments of anonymous and file memory. */
import { EACCES, EAGAIN, ENOTSUP, KernelPanic, PAGESIZE } from '../base/index.js';
import type { Pfn } from '../base/index.js';
import { immediate } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Memid, Seg, SegOps } from './address-space.js';
import { as_unlocked } from './as-wait.js';
import { MADV_FREE, MADV_PURGE, PROT_USER, SEG_PAGE_ANON, SEG_PAGE_INCORE, SEG_PAGE_SOFTLOCK, SEG_PAGE_VNODE } from './constants.js';
import { FC_ERRNO, FC_PROT, F_SOFTLOCK, F_SOFTUNLOCK, L_PAGELOCK } from './faultcode.js';
import type { FaultType, SegRw } from './faultcode.js';
import type { Hat } from './hat.js';
import { HAT_UNLOAD } from './hat-constants.js';
import { hat_getpfnum } from './hat-probe.js';
import { hat_unload } from './hat-unload.js';
import { seg_inherit_notsup, seg_page } from './seg.js';
import { segvn_dup, segvn_setprot, segvn_unmap } from './segvn-change.js';
import { eachRun, freeAnon, releaseData, segvnData } from './segvn-data.js';
import { faultPages, unlockPages } from './segvn-fault.js';

function segvn_fault(hat: Hat, seg: Seg, addr: number, len: number, type: FaultType, rw: SegRw): Kgen<number> {
  if (type !== F_SOFTUNLOCK) return immediate(faultPages(hat, seg, addr, len, type, rw));
  unlockPages(hat, seg, addr, len);
  return wakeUnmappers(seg);
}

function* wakeUnmappers(seg: Seg): Kgen<number> {
  if (segvnData(seg).softlockcnt === 0) yield* as_unlocked(seg.as);
  return 0;
}

function segvn_checkprot(seg: Seg, addr: number, len: number, prot: number): number {
  let error = 0;
  eachRun(seg, addr, len, (_addr, _len, has) => {
    if ((prot & ~PROT_USER & ~has) !== 0) error = EACCES;
  });
  return error;
}

function segvn_incore(seg: Seg, addr: number, len: number, vec: Uint8Array): number {
  const data = segvnData(seg);
  const locked = data.softlockcnt > 0 ? SEG_PAGE_SOFTLOCK : 0;
  for (let at = 0; at < len / PAGESIZE; at++) {
    const page = seg_page(seg, addr) + at;
    const inFile = page * PAGESIZE < data.fileBytes && data.file?.resident(data.offset + page * PAGESIZE) === true;
    if (data.amp?.get(data.index + page) !== undefined) vec[at] = SEG_PAGE_INCORE | SEG_PAGE_ANON | locked;
    else vec[at] = inFile ? SEG_PAGE_INCORE | SEG_PAGE_VNODE | locked : 0;
  }
  return len;
}

/** Fills `protv` for pages of [addr, addr+len], the end being inclusive as in the C routine: callers pass len - 1. */
function segvn_getprot(seg: Seg, addr: number, len: number, protv: Uint8Array): number {
  const first = seg_page(seg, addr);
  const last = seg_page(seg, addr + len);
  for (let page = first; page <= last; page++) protv[page - first] = segvnData(seg).protOf(page);
  return 0;
}

/** MADV_FREE and MADV_PURGE drop private anonymous pages; other advice changes nothing. @returns 0, or EAGAIN while pages are softlocked. */
function segvn_advise(seg: Seg, addr: number, len: number, behav: number): number {
  const data = segvnData(seg);
  if ((behav !== MADV_FREE && behav !== MADV_PURGE) || data.shared) return 0;
  if (data.softlockcnt > 0) return EAGAIN;
  hat_unload(seg.as.hat, addr, len, HAT_UNLOAD);
  freeAnon(data, seg_page(seg, addr), len / PAGESIZE);
  return 0;
}

function* segvn_pagelock(seg: Seg, addr: number, len: number, type: number, rw: SegRw, pages: Pfn[]): Kgen<number> {
  const { hat } = seg.as;
  if (type !== L_PAGELOCK) {
    unlockPages(hat, seg, addr, len);
    return yield* wakeUnmappers(seg);
  }
  const fault = faultPages(hat, seg, addr, len, F_SOFTLOCK, rw);
  if (fault !== 0) return fault === FC_PROT ? EACCES : FC_ERRNO(fault);
  for (let at = addr; at < addr + len; at += PAGESIZE) pages.push(hat_getpfnum(hat, at));
  return 0;
}

function segvn_getmemid(seg: Seg, addr: number): Memid {
  const data = segvnData(seg);
  if (!data.shared) return { object: seg.as, offset: addr };
  const inSegment = addr - seg.base;
  return data.file === undefined
    ? { object: data.amp, offset: data.index * PAGESIZE + inSegment }
    : { object: data.file, offset: data.offset + inSegment };
}

/** The table. */
export const segvn_ops: SegOps = {
  dup: segvn_dup,
  unmap: segvn_unmap,
  free: (seg) => {
    releaseData(seg);
    return immediate(undefined);
  },
  fault: segvn_fault,
  faulta: () => 0,
  setprot: segvn_setprot,
  checkprot: segvn_checkprot,
  kluster: () => {
    throw new KernelPanic('panic', 'segvn_kluster: nothing is clustered here');
  },
  sync: () => 0,
  incore: segvn_incore,
  lockop: () => 0,
  getprot: segvn_getprot,
  getoffset: (seg, addr) => segvnData(seg).offset + (addr - seg.base),
  gettype: (seg) => segvnData(seg).type,
  getvp: (seg) => segvnData(seg).file,
  advise: segvn_advise,
  dump: () => undefined,
  pagelock: segvn_pagelock,
  setpagesize: () => ENOTSUP,
  getmemid: segvn_getmemid,
  getpolicy: () => undefined,
  capable: () => 0,
  inherit: seg_inherit_notsup,
};
