/** What a segment of anonymous or file memory keeps. */
import { HarnessBug, PAGESIZE } from '../base/index.js';
import type { Seg } from './address-space.js';
import type { AnonMap } from './anon.js';
import { MAP_SHARED, MAP_TYPE } from './constants.js';
import type { FileObject } from './file-object.js';
import { seg_page, seg_pages } from './seg.js';

/** State of one segment. Page p of the segment is page `index + p` of `amp`, and byte `offset + p * PAGESIZE` of `file`. */
export class SegvnData {
  /** MAP_SHARED or MAP_PRIVATE, with other MAP_* bits. */
  type: number;
  /** PROT_* of all pages, unless `vpage` is there. */
  prot: number;
  maxprot: number;
  /** PROT_* of each page, once they differ. */
  vpage: Uint8Array | undefined = undefined;
  /** 1 for each page that mlock(3C) keeps in memory; pages behind the end of the array are not locked. */
  locked: Uint8Array | undefined = undefined;
  amp: AnonMap | undefined;
  index: number;
  file: FileObject | undefined;
  /** Bytes in the file at the segment's beginning. */
  offset: number;
  /** Bytes from the segment's beginning that the file gives; what lies behind is zero. */
  fileBytes: number;
  /** Softlocked pages, counted once for each lock. */
  softlockcnt = 0;

  constructor(o: {
    type: number; prot: number; maxprot: number; amp: AnonMap | undefined; index: number; file: FileObject | undefined; offset: number;
    fileBytes: number;
  }) {
    this.type = o.type;
    this.prot = o.prot;
    this.maxprot = o.maxprot;
    this.amp = o.amp;
    this.index = o.index;
    this.file = o.file;
    this.offset = o.offset;
    this.fileBytes = o.fileBytes;
  }

  /** Whether writes are seen by others. */
  get shared(): boolean {
    return (this.type & MAP_TYPE) === MAP_SHARED;
  }

  /** PROT_* of page `page` of the segment. */
  protOf(page: number): number {
    return this.vpage?.[page] ?? this.prot;
  }

  /** The same segment from its page `page` on, for the second half of a split; holds what it refers to. */
  from(page: number): SegvnData {
    const rest = new SegvnData({
      type: this.type, prot: this.prot, maxprot: this.maxprot, amp: this.amp?.hold(), index: this.index + page, file: this.file?.hold(),
      offset: this.offset + page * PAGESIZE, fileBytes: Math.max(0, this.fileBytes - page * PAGESIZE),
    });
    rest.vpage = this.vpage?.slice(page);
    rest.locked = this.locked?.slice(page);
    return rest;
  }

  /** Drops the first `page` pages. */
  dropHead(page: number): void {
    this.index += page;
    this.offset += page * PAGESIZE;
    this.fileBytes = Math.max(0, this.fileBytes - page * PAGESIZE);
    this.vpage = this.vpage?.slice(page);
    this.locked = this.locked?.slice(page);
  }
}

/** The state of a segment of this kind. */
export function segvnData(seg: Seg): SegvnData {
  if (!(seg.data instanceof SegvnData)) throw new HarnessBug('not a segvn segment', { as: seg.as.name, base: seg.base });
  return seg.data;
}

/** Calls `visit` for each run of pages in a range that have the same protection, with its first address and bytes. */
export function eachRun(seg: Seg, addr: number, len: number, visit: (addr: number, len: number, prot: number) => void): void {
  const data = segvnData(seg);
  if (data.vpage === undefined) {
    visit(addr, len, data.prot);
    return;
  }
  const last = seg_page(seg, addr + len);
  for (let page = seg_page(seg, addr); page < last; ) {
    const prot = data.protOf(page);
    let end = page + 1;
    while (end < last && data.protOf(end) === prot) end++;
    visit(seg.base + page * PAGESIZE, (end - page) * PAGESIZE, prot);
    page = end;
  }
}

/** Frees the frames of pages [page, page+count) of a segment that nobody else can see. */
export function freeAnon(data: SegvnData, page: number, count: number): void {
  const { amp } = data;
  if (amp !== undefined && (!data.shared || amp.refcount === 1)) amp.clear(data.index + page, data.index + page + count);
}

/** Gives back what the segment refers to. */
export function releaseData(seg: Seg): void {
  const data = segvnData(seg);
  freeAnon(data, 0, seg_pages(seg));
  data.amp?.release();
  data.file?.release();
}
