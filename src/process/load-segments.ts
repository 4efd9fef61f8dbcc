/**
 * The segments of a program in memory. Linkers let segments share a page (`-z noseparate-code`, `-N`): as under Linux, such a page has
 * the bytes of all of them, and the protection of the last.
 */
import { ENOMEM, PAGESIZE, alignDown, alignUp } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from '../vm/index.js';
import type { ElfSegment } from '../../guest/index.js';
import { STACK_BASE } from './layout.js';
import { isMapped } from './mappings.js';
import { mapPieces } from './map-anonymous.js';
import type { Mapped } from './map-anonymous.js';

/**
 * Maps `segments`, which are in ascending order and overlap in no byte, under the name `path`. Pages are filled when they are touched.
 * @returns 0; ENOMEM where something is mapped already, the stack is in the way, or all of it is larger than the machine's memory.
 */
export function* loadSegments(to: Mapped, segments: readonly ElfSegment[], path: string): Kgen<number> {
  const bytes = segments.reduce((sum, { size }) => sum + size, 0);
  if (bytes > to.as.vm.pages.total * PAGESIZE) return ENOMEM;
  for (const [i, segment] of segments.entries()) {
    const base = alignDown(segment.address, PAGESIZE);
    const next = segments[i + 1];
    const end = Math.min(alignUp(endOf(segment), PAGESIZE), next === undefined ? Infinity : alignDown(next.address, PAGESIZE));
    if (end > STACK_BASE - PAGESIZE) return ENOMEM;
    if (end === base) continue;
    if (isMapped(to.as, base, end - base)) return ENOMEM;
    const pieces = segments.slice(0, i + 1).filter((s) => endOf(s) > base).map((s) => ({ at: s.address, bytes: s.data }));
    const error = yield* mapPieces(to, { base, size: end - base, prot: protOf(segment), name: path }, pieces);
    if (error !== 0) return error;
  }
  return 0;
}

const endOf = (segment: ElfSegment): number => segment.address + segment.size;

const protOf = ({ readable, writable, executable }: ElfSegment): number =>
  PROT_USER | (readable || writable ? PROT_READ : 0) | (writable ? PROT_WRITE : 0) | (executable ? PROT_EXEC : 0);
