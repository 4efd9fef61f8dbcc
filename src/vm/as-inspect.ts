/** Looking at mappings through their segment operations: what /proc shows, and what the rest of a kernel asks a segment about. */
import { PAGESIZE, alignDown, asVaddr } from '../base/index.js';
import { RW_READER, rw_enter, rw_exit, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_segat } from './address-space.js';
import type { As, Memid, Seg } from './address-space.js';
import { S_CAPABILITY_NOMINFLT } from './faultcode.js';
import { segOps } from './seg.js';

/** One segment as its own operations describe it at an address. */
export interface SegmentFacts {
  readonly base: number;
  readonly size: number;
  /** PROT_* of the page (getprot). */
  readonly prot: number;
  /** MAP_SHARED, MAP_PRIVATE, or 0 for a mapping like that of /dev/null (gettype). */
  readonly type: number;
  /** Offset of the page in what is mapped, in bytes (getoffset). */
  readonly offset: number;
  /** What is mapped; undefined for anonymous memory (getvp). */
  readonly object: unknown;
  /** Identity of the page's memory, or an errno (getmemid). */
  readonly memid: Memid | number;
  /** Where memory for it should lie; undefined: no wishes (getpolicy). */
  readonly policy: unknown;
  /** Whether locked pages cause no minor faults (capable). */
  readonly nominflt: boolean;
}

/** Describes the mapping of the page at `addr`; undefined where nothing is mapped. */
export function* as_inspect(as: As, addr: number): Kgen<SegmentFacts | undefined> {
  yield* rw_enter(as.lock, RW_READER);
  const seg = as_segat(as, addr);
  const facts = seg === undefined ? undefined : yield* inspect(seg, alignDown(addr, PAGESIZE));
  rw_exit(as.lock);
  return facts;
}

function* inspect(seg: Seg, page: number): Kgen<SegmentFacts> {
  const ops = segOps(seg);
  const at = asVaddr(page);
  const prot = new Uint8Array(1);
  yield* settle(ops.getprot(seg, at, 0, prot));
  return {
    base: seg.base, size: seg.size, prot: prot[0]!, type: ops.gettype(seg, at), offset: ops.getoffset(seg, at), object: ops.getvp(seg, at),
    memid: ops.getmemid(seg, at), policy: ops.getpolicy(seg, at), nominflt: ops.capable(seg, S_CAPABILITY_NOMINFLT) !== 0,
  };
}

/** Whether the page at `addr` may be read together with the one `delta` bytes away, as a file system asks before it reads ahead; -1 where nothing is mapped. */
export function* as_kluster(as: As, addr: number, delta: number): Kgen<number> {
  yield* rw_enter(as.lock, RW_READER);
  const seg = as_segat(as, addr);
  const answer = seg === undefined ? -1 : segOps(seg).kluster(seg, asVaddr(alignDown(addr, PAGESIZE)), delta);
  rw_exit(as.lock);
  return answer;
}

/** Swaps out what can be (as_swapout): segments without that operation are passed over. @returns the bytes swapped out. */
export function* as_swapout(as: As): Kgen<number> {
  yield* rw_enter(as.lock, RW_READER);
  let bytes = 0;
  for (const seg of as.segs) bytes += segOps(seg).swapout?.(seg) ?? 0;
  rw_exit(as.lock);
  return bytes;
}

/** Adds every segment to a dump of the system (dump_as). */
export function* dump_as(as: As): Kgen<void> {
  yield* rw_enter(as.lock, RW_READER);
  for (const seg of as.segs) segOps(seg).dump(seg);
  rw_exit(as.lock);
}
