/** Dumps of address spaces: segments, page protections, handles, translations. */
import { hex, LEVEL_SIZE, PAGESIZE } from '../../base/index.js';
import { DEVMAP_ALLOW_REMAP, DEVMAP_MAPPING_INVALID, DEVMAP_USE_PAGESIZE, protText } from '../../ddi/index.js';
import type { DevmapHandle, SegdevData } from '../../segdev/index.js';
import { DEVMAP_DEVMEM_COOKIE, DEVMAP_FLAG_LARGE, DEVMAP_LOCK_INITED, DEVMAP_PMEM_COOKIE, DEVMAP_SETUP_DONE, SegdevData as Sdp } from '../../segdev/index.js';
import type { As, Translation } from '../../vm/index.js';
import { AS_ISUNMAPWAIT, attrText, hat_entries } from '../../vm/index.js';

const FLAGS: readonly (readonly [number, string])[] = [
  [DEVMAP_MAPPING_INVALID, 'invalid'], [DEVMAP_ALLOW_REMAP, 'remap'], [DEVMAP_USE_PAGESIZE, 'pagesize'], [DEVMAP_SETUP_DONE, 'setup'],
  [DEVMAP_LOCK_INITED, 'lockinit'], [DEVMAP_FLAG_LARGE, 'large'],
];

function handleLine(dhp: DevmapHandle, cookieName: (cookie: unknown) => string): string {
  const flags = FLAGS.filter(([bit]) => (dhp.flags & bit) !== 0).map(([, word]) => word).join('+');
  const cookie = dhp.cookie === DEVMAP_DEVMEM_COOKIE ? 'devmem' : dhp.cookie === DEVMAP_PMEM_COOKIE ? 'pmem' : cookieName(dhp.cookie);
  const slock = dhp.softlock === undefined ? '-' : `${dhp.softlock.refcnt}/${dhp.softlock.softlocked}`;
  const ctx = dhp.ctx === undefined ? '-' : `${dhp.ctx.refcnt}/${dhp.ctx.oncpu ? 1 : 0}`;
  const pvt = typeof dhp.pvtp.value === 'string' ? dhp.pvtp.value : '-';
  return `    handle h${dhp.id} uv=${hex(dhp.uvaddr)} len=${hex(dhp.len)} uoff=${hex(dhp.uoff)} roff=${hex(dhp.roff)} cv=${hex(dhp.cvaddr)} `
    + `pfn=${hex(dhp.pfn)} cookie=${cookie} flags=${flags === '' ? '0' : flags} prot=${protText(dhp.prot)} maxprot=${protText(dhp.maxprot)} `
    + `omaxprot=${protText(dhp.orig_maxprot)} level=${dhp.mmulevel} hat=${hex(dhp.hat_attr)} timeout=${dhp.timeout_length} pvt=${pvt} slock=${slock} ctx=${ctx}`;
}

function vpageLines(sdp: SegdevData): string[] {
  const lines: string[] = [];
  const pages = sdp.vpage ?? new Uint8Array(0);
  for (let from = 0; from < pages.length; ) {
    let to = from;
    while (to + 1 < pages.length && pages[to + 1] === pages[from]) to++;
    lines.push(`    vpage ${from}..${to} prot=${protText(pages[from] ?? 0)}`);
    from = to + 1;
  }
  return lines;
}

/** The `as`, `seg`, `vpage` and `handle` lines of a space. */
export function segmentLines(as: As, cookieName: (cookie: unknown) => string): string[] {
  const lines = [`  as ${as.name} size=${hex(as.size)} resv=${hex(as.resvsize)} unmapwait=${AS_ISUNMAPWAIT(as) ? 1 : 0}`];
  for (const seg of as.segs) {
    const sdp = seg.data;
    if (!(sdp instanceof Sdp)) continue;
    lines.push(
      `  seg base=${hex(seg.base)} size=${hex(seg.size)} dev=${sdp.vp.dev.label} off=${hex(sdp.offset)} prot=${protText(sdp.prot)} `
      + `maxprot=${protText(sdp.maxprot)} type=${sdp.type} pageprot=${sdp.pageprot ? 1 : 0} softlock=${BigInt.asUintN(64, BigInt(sdp.softlockcnt))} `
      + `hatattr=${hex(sdp.hat_attr)} kind=${sdp.mapfunc !== undefined ? 'mmap' : sdp.devmap_data === undefined ? 'bare' : 'devmap'}`,
      ...vpageLines(sdp),
    );
    for (let dhp = sdp.devmap_data; dhp !== undefined; dhp = dhp.next) lines.push(handleLine(dhp, cookieName));
  }
  return lines;
}

/** The `pte` lines of a space: runs of translations that continue each other. */
export function translationLines(as: As): string[] {
  const lines: string[] = [];
  const entries = hat_entries(as.hat);
  for (let from = 0; from < entries.length; ) {
    const first = entries[from]!;
    let to = from + 1;
    while (to < entries.length && continues(first, entries[to]!, to - from)) to++;
    lines.push(`  pte va=${hex(first.base)} pgsz=${hex(LEVEL_SIZE[first.level])} n=${to - from} pfn=${hex(signedFrame(first.pfn))} attr=${attrText(first.attr)} lock=${first.locks}`);
    from = to;
  }
  return lines;
}

/** A frame number as it was before a page table entry cut it to 44 bits: those from 2^43 on were negative. */
export const signedFrame = (pfn: number): number => (pfn >= 2 ** 43 ? pfn - 2 ** 44 : pfn);

function continues(first: Translation, other: Translation, distance: number): boolean {
  const size = LEVEL_SIZE[first.level];
  return other.level === first.level && other.base === first.base + distance * size && signedFrame(other.pfn) === signedFrame(first.pfn) + distance * (size / PAGESIZE)
    && other.attr === first.attr && other.locks === first.locks;
}
