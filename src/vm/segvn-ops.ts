/** The operations of segments of anonymous and file memory. */
import { EACCES, ENOTSUP, KernelPanic, PAGESIZE } from '../base/index.js';
import type { Pfn } from '../base/index.js';
import { immediate } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Memid, Seg, SegOps } from './address-space.js';
import { as_unlocked } from './as-wait.js';
import { PROT_USER, SEG_PAGE_ANON, SEG_PAGE_INCORE, SEG_PAGE_LOCKED, SEG_PAGE_SOFTLOCK, SEG_PAGE_VNODE } from './constants.js';
import { FC_ERRNO, FC_PROT, F_SOFTLOCK, F_SOFTUNLOCK, L_PAGELOCK } from './faultcode.js';
import type { FaultType, SegRw } from './faultcode.js';
import type { Hat } from './hat.js';
import { hat_getpfnum } from './hat-probe.js';
import { seg_inherit_notsup, seg_page } from './seg.js';
import { segvn_dup, segvn_setprot, segvn_unmap } from './segvn-change.js';
import { eachRun, releaseData, segvnData } from './segvn-data.js';
import { faultPages, unlockPages } from './segvn-fault.js';
import { segvn_advise, segvn_lockop, segvn_sync } from './segvn-lock.js';

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
  const softlocked = data.softlockcnt > 0 ? SEG_PAGE_SOFTLOCK : 0;
  for (let at = 0; at < len / PAGESIZE; at++) {
    const page = seg_page(seg, addr) + at;
    const locked = softlocked | (data.locked?.[page] === 1 ? SEG_PAGE_LOCKED : 0);
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
  sync: segvn_sync,
  incore: segvn_incore,
  lockop: segvn_lockop,
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
