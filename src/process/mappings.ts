/** Looking at what is mapped. */
import { HarnessBug, PAGESIZE, alignDown, alignUp, asVaddr, hex } from '../base/index.js';
import { Snode } from '../ddi/index.js';
import { FileObject, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE, as_findseg, segOps } from '../vm/index.js';
import type { As, Seg } from '../vm/index.js';
import type { Proc } from './proc.js';

/** Whether anything is mapped in [addr, addr + len). */
export function isMapped(as: As, addr: number, len: number): boolean {
  const [from, to] = [alignDown(addr, PAGESIZE), alignUp(addr + len, PAGESIZE)];
  const seg = as_findseg(as, from);
  return seg !== undefined && seg.base < to;
}

const RIGHTS = PROT_READ | PROT_WRITE | PROT_EXEC;

/** The protection of the page at `addr` inside `seg`: PROT_READ, PROT_WRITE, PROT_EXEC. */
export const protOf = (seg: Seg, addr: number): number => protsOf(seg, alignDown(addr, PAGESIZE), 1)[0] ?? 0;

/** The protections of `pages` pages from `addr` on. */
function protsOf(seg: Seg, addr: number, pages: number): Uint8Array {
  const prots = new Uint8Array(pages + 1);
  // getprot takes the distance to the last byte, not a length.
  const answer = segOps(seg).getprot(seg, asVaddr(addr), pages * PAGESIZE - 1, prots);
  if (typeof answer !== 'number' && answer.next().done !== true) throw new HarnessBug('getprot sleeps', { as: seg.as.name, addr });
  return prots.map((prot) => prot & RIGHTS);
}

/** "rw-". */
export const protText = (prot: number): string =>
  `${(prot & PROT_READ) === 0 ? '-' : 'r'}${(prot & PROT_WRITE) === 0 ? '-' : 'w'}${(prot & PROT_EXEC) === 0 ? '-' : 'x'}`;

const address = (n: number): string => hex(n).slice(2).padStart(10, '0');

/** "s", "p", or "-" for a mapping with nothing behind it. */
const typeText = (type: number): string => ((type & MAP_SHARED) !== 0 ? 's' : (type & MAP_PRIVATE) !== 0 ? 'p' : '-');

/** What is mapped, where nobody has named it: the device, the file, or nothing. */
function objectName(object: unknown): string {
  if (object instanceof Snode) return object.dev.label;
  return object instanceof FileObject ? object.name : 'anonymous memory';
}

/**
 * The mappings of a process like /proc/PID/maps, all of it as the segments say themselves: range, protection and type, offset in what is
 * mapped (0 for anonymous memory), name; a line for each run of pages with one protection.
 */
export function mapsText(proc: Proc): string {
  const lines: string[] = [];
  for (const seg of proc.as.segs) {
    const ops = segOps(seg);
    const pages = seg.size / PAGESIZE;
    const prots = protsOf(seg, seg.base, pages);
    for (let page = 0; page < pages;) {
      let end = page + 1;
      while (end < pages && prots[end] === prots[page]) end++;
      const [from, to] = [asVaddr(seg.base + page * PAGESIZE), seg.base + end * PAGESIZE];
      const object = ops.getvp(seg, from);
      const offset = object === undefined ? 0 : ops.getoffset(seg, from);
      const rights = `${protText(prots[page] ?? 0)}${typeText(ops.gettype(seg, from))}`;
      lines.push(`${address(from)}-${address(to)} ${rights} ${address(offset)} ${proc.labels.at(from) ?? objectName(object)}`);
      page = end;
    }
  }
  return lines.join('\n');
}
