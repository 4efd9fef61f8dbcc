/** Faults on anonymous and file memory: demand zero, copy on write, locking. */
import { ENOMEM, PAGESIZE } from '../base/index.js';
import type { Pfn } from '../base/index.js';
import type { Seg } from './address-space.js';
import { AnonMap } from './anon.js';
import { PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from './constants.js';
import { FC_MAKE_ERR, FC_PROT, F_SOFTLOCK, S_EXEC, S_READ, S_READ_NOCOW, S_WRITE } from './faultcode.js';
import type { FaultType, SegRw } from './faultcode.js';
import type { Hat } from './hat.js';
import { HAT_LOAD, HAT_LOAD_LOCK, HAT_LOAD_REMAP, HAT_STORECACHING_OK } from './hat-constants.js';
import { hat_memload } from './hat-load.js';
import { hat_unlock } from './hat-unload.js';
import { seg_page } from './seg.js';
import { segvnData } from './segvn-data.js';
import type { SegvnData } from './segvn-data.js';

const ANY_ACCESS = PROT_READ | PROT_WRITE | PROT_EXEC;

/** What an access of kind `rw` needs: all of the bits, but any one of them for S_OTHER. */
function allowed(prot: number, rw: SegRw): boolean {
  switch (rw) {
    case S_READ:
    case S_READ_NOCOW:
      return (prot & PROT_READ) !== 0;
    case S_WRITE:
      return (prot & PROT_WRITE) !== 0;
    case S_EXEC:
      return (prot & PROT_EXEC) !== 0;
    default:
      return (prot & ANY_ACCESS) !== 0;
  }
}

/** F_INVAL, F_PROT and F_SOFTLOCK on a range of a segment. @returns a fault code; after a failure nothing of it is locked. */
export function faultPages(hat: Hat, seg: Seg, addr: number, len: number, type: FaultType, rw: SegRw): number {
  const data = segvnData(seg);
  const first = seg_page(seg, addr);
  const pages = len / PAGESIZE;
  for (let page = first; page < first + pages; page++) {
    if (!allowed(data.protOf(page), rw)) return FC_PROT;
  }
  const lock = type === F_SOFTLOCK;
  for (let page = first; page < first + pages; page++) {
    const error = faultPage(hat, seg, data, page, rw === S_WRITE, lock);
    if (error === 0) continue;
    if (lock) unlockPages(hat, seg, addr, (page - first) * PAGESIZE);
    return FC_MAKE_ERR(error);
  }
  return 0;
}

/** F_SOFTUNLOCK of a range whose pages were locked. */
export function unlockPages(hat: Hat, seg: Seg, addr: number, len: number): void {
  if (len === 0) return;
  hat_unlock(hat, addr, len);
  segvnData(seg).softlockcnt -= len / PAGESIZE;
}

/** Resolves one page. @returns an errno. */
function faultPage(hat: Hat, seg: Seg, data: SegvnData, page: number, write: boolean, lock: boolean): number {
  const prot = data.protOf(page);
  const answer = data.shared ? sharedFrame(seg, data, page) : privateFrame(seg, data, page, write);
  if (answer < 0) return -answer;
  const { pages } = seg.as.vm;
  // A private frame that somebody else refers to as well is mapped without write, so that the first write faults.
  const own = data.shared || (data.amp?.get(data.index + page) === answer && pages.references(answer) === 1);
  const attr = (own ? prot : prot & ~PROT_WRITE) | PROT_USER | HAT_STORECACHING_OK;
  if (!hat_memload(hat, seg.base + page * PAGESIZE, answer, attr, (lock ? HAT_LOAD_LOCK : HAT_LOAD) | HAT_LOAD_REMAP)) return ENOMEM;
  if (lock) data.softlockcnt++;
  return 0;
}

/** The frame of a page of shared memory, made at first touch; negative errno. */
function sharedFrame(seg: Seg, data: SegvnData, page: number): number {
  if (data.file !== undefined) return data.file.page(data.offset + page * PAGESIZE);
  return data.amp!.get(data.index + page) ?? newFrame(seg, data, page, undefined, 0);
}

/** The frame of a page of private memory: for a write it is the segment's own; negative errno. */
function privateFrame(seg: Seg, data: SegvnData, page: number, write: boolean): number {
  const { pages } = seg.as.vm;
  const present = data.amp?.get(data.index + page);
  if (present !== undefined) {
    return write && pages.references(present) > 1 ? newFrame(seg, data, page, present, PAGESIZE) : present;
  }
  const fromFile = Math.min(PAGESIZE, data.fileBytes - page * PAGESIZE);
  if (data.file === undefined || fromFile <= 0) return newFrame(seg, data, page, undefined, 0);
  const cached = data.file.page(data.offset + page * PAGESIZE);
  if (cached < 0) return cached;
  // A page that ends in zeroes of its own cannot be the file's.
  return write || fromFile < PAGESIZE ? newFrame(seg, data, page, cached, fromFile) : cached;
}

/** Gives the page a frame of its own, with the first `bytes` bytes of frame `source`; negative errno. */
function newFrame(seg: Seg, data: SegvnData, page: number, source: Pfn | undefined, bytes: number): number {
  const { memory, pages } = seg.as.vm;
  const pfn = pages.create();
  if (pfn === undefined) return -ENOMEM;
  if (source !== undefined) {
    const from = memory.hostPage(source);
    memory.write((pfn * PAGESIZE) as Parameters<typeof memory.write>[0], memory.u8.subarray(from, from + bytes));
  }
  data.amp ??= new AnonMap(pages);
  data.amp.set(data.index + page, pfn);
  return pfn;
}

/** Gives every page in memory that somebody else refers to a frame of its own. @returns an errno. */
export function ownPages(seg: Seg, data: SegvnData): number {
  const { pages } = seg.as.vm;
  const shared: [number, Pfn][] = [];
  data.amp?.each(data.index, data.index + seg.size / PAGESIZE, (index, pfn) => {
    if (pages.references(pfn) > 1) shared.push([index - data.index, pfn]);
  });
  for (const [page, pfn] of shared) {
    const answer = newFrame(seg, data, page, pfn, PAGESIZE);
    if (answer < 0) return -answer;
  }
  return 0;
}

