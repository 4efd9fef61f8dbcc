/** Memory that must stay: mlock(3C), and what respects it, msync(3C) and madvise(3C), on segments of anonymous and file memory. */
import { EAGAIN, EBUSY, ENOMEM, PAGESIZE } from '../base/index.js';
import type { Seg } from './address-space.js';
import { IE_NOMEM, MADV_FREE, MADV_PURGE, MC_LOCK, MS_INVALIDATE, PROT_EXEC, PROT_READ, PROT_WRITE } from './constants.js';
import { FC_ERRNO, F_SOFTLOCK, S_EXEC, S_READ, S_WRITE } from './faultcode.js';
import { HAT_UNLOAD } from './hat-constants.js';
import { hat_unload } from './hat-unload.js';
import { seg_page, seg_pages } from './seg.js';
import { freeAnon, segvnData } from './segvn-data.js';
import type { SegvnData } from './segvn-data.js';
import { faultPages, unlockPages } from './segvn-fault.js';

/** Whether a page of [first, last) is locked by mlock(3C). */
const anyLocked = (data: SegvnData, first: number, last: number): boolean => data.locked?.subarray(first, last).includes(1) === true;

/**
 * MC_LOCK brings pages into memory, with a frame of their own where they can be written, and marks them; MC_UNLOCK takes the mark away.
 * Nothing is ever paged out here, so there is no more to it.
 * A page that allows no access, such as a guard page, is only marked.
 * @returns 0; IE_NOMEM when memory is used up; ENOMEM for a page behind the end of its file. Pages below the failing one are locked.
 */
export function segvn_lockop(seg: Seg, addr: number, len: number, _attr: number, op: number): number {
  const data = segvnData(seg);
  const first = seg_page(seg, addr);
  const last = first + len / PAGESIZE;
  if (op !== MC_LOCK) {
    data.locked?.fill(0, first, last);
    return 0;
  }
  for (let page = first; page < last; page++) {
    const error = lockPage(seg, data, page);
    if (error !== 0) return error;
  }
  return 0;
}

function lockPage(seg: Seg, data: SegvnData, page: number): number {
  const prot = data.protOf(page);
  const rw = prot & PROT_WRITE ? S_WRITE : prot & PROT_READ ? S_READ : S_EXEC;
  const { hat } = seg.as;
  const at = seg.base + page * PAGESIZE;
  if ((prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) !== 0) {
    const fault = faultPages(hat, seg, at, PAGESIZE, F_SOFTLOCK, rw);
    if (fault !== 0) return FC_ERRNO(fault) === ENOMEM ? IE_NOMEM : ENOMEM;
    unlockPages(hat, seg, at, PAGESIZE);
  }
  marks(seg, data)[page] = 1;
  return 0;
}

/** The marks of a segment, one for each of its pages: a heap may have grown since there were some. */
function marks(seg: Seg, data: SegvnData): Uint8Array {
  const pages = seg_pages(seg);
  if (data.locked === undefined || data.locked.length < pages) {
    const grown = new Uint8Array(pages);
    grown.set(data.locked ?? []);
    data.locked = grown;
  }
  return data.locked;
}

/** Gives a file back what a shared mapping has changed; other pages are in memory only. @returns 0, or EBUSY for MS_INVALIDATE of locked pages. */
export function segvn_sync(seg: Seg, addr: number, len: number, _attr: number, flags: number): number {
  const data = segvnData(seg);
  const first = seg_page(seg, addr);
  if (data.shared) data.file?.flush();
  return (flags & MS_INVALIDATE) !== 0 && anyLocked(data, first, first + len / PAGESIZE) ? EBUSY : 0;
}

/**
 * MADV_FREE and MADV_PURGE drop private anonymous pages that are not locked; other advice changes nothing.
 * @returns 0, or EAGAIN while pages are softlocked.
 */
export function segvn_advise(seg: Seg, addr: number, len: number, behav: number): number {
  const data = segvnData(seg);
  if ((behav !== MADV_FREE && behav !== MADV_PURGE) || data.shared) return 0;
  if (data.softlockcnt > 0) return EAGAIN;
  const first = seg_page(seg, addr);
  const last = first + len / PAGESIZE;
  hat_unload(seg.as.hat, addr, len, HAT_UNLOAD);
  if (!anyLocked(data, first, last)) freeAnon(data, first, last - first);
  else for (let page = first; page < last; page++) if (data.locked?.[page] !== 1) freeAnon(data, page, 1);
  return 0;
}
