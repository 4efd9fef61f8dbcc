/**
 * Memory of a process as /proc reaches it, whatever its protections: each page is locked (F_SOFTLOCK), copied and unlocked with the
 * address space held as writer, so that nothing of it changes meanwhile. Device pages are copied by the device's own means.
 */
import { EIO, ENXIO, PAGESIZE, alignDown, asPaddr, asVaddr } from '../base/index.js';
import type { Vaddr } from '../base/index.js';
import { RW_WRITER, rw_enter, rw_exit, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { segdev_copyfrom, segdev_copyto, segdev_ops } from '../segdev/index.js';
import {
  F_SOFTLOCK, F_SOFTUNLOCK, IE_RETRY, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE, S_READ, S_READ_NOCOW, S_WRITE, as_segat, hat_getpfnum, segOps,
} from '../vm/index.js';
import type { As, Seg } from '../vm/index.js';
import { isUserRange } from './lwp.js';

/** What was moved, and why no more: 0 when all was. */
export interface ProcTransfer {
  readonly moved: number;
  readonly error: number;
}

/** Reads memory of `as` at `addr` into `bytes` (uread). The error is EIO where nothing is mapped or what is there cannot be read. */
export const uread = (as: As, addr: number, bytes: Uint8Array): Kgen<ProcTransfer> => transfer(as, addr, bytes, false);

/** Writes `bytes` to memory of `as` at `addr` (uwrite), also to pages it may not write itself; otherwise as uread. */
export const uwrite = (as: As, addr: number, bytes: Uint8Array): Kgen<ProcTransfer> => transfer(as, addr, bytes, true);

function* transfer(as: As, addr: number, bytes: Uint8Array, writing: boolean): Kgen<ProcTransfer> {
  if (!isUserRange(addr, 0)) return { moved: 0, error: EIO };
  for (let moved = 0; moved < bytes.length; ) {
    const at = addr + moved;
    const part = bytes.subarray(moved, moved + PAGESIZE - (at % PAGESIZE));
    yield* rw_enter(as.lock, RW_WRITER);
    const error = yield* copyPage(as, at, part, writing);
    rw_exit(as.lock);
    if (error !== 0) return { moved, error: EIO };
    moved += part.length;
  }
  return { moved: bytes.length, error: 0 };
}

/** Copies a part of one page (urw). A page whose protection forbids it gets the right for the time of the copy. */
function* copyPage(as: As, addr: number, part: Uint8Array, writing: boolean): Kgen<number> {
  const page = asVaddr(alignDown(addr, PAGESIZE));
  const seg = as_segat(as, page);
  if (seg === undefined || isNothing(seg, page)) return ENXIO;
  const right = writing ? PROT_WRITE : PROT_READ;
  const prot = yield* protAt(seg, page);
  if ((prot & right) !== 0) return yield* copyLocked(as, seg, addr, part, writing);
  const error = yield* settle(segOps(seg).setprot(seg, page, PAGESIZE, prot | right));
  if (error === IE_RETRY) return yield* copyPage(as, addr, part, writing);
  if (error !== 0) return ENXIO;
  const result = yield* copyLocked(as, seg, addr, part, writing);
  yield* settle(segOps(seg).setprot(seg, page, PAGESIZE, prot));
  return result;
}

/** Whether there is nothing behind a mapping: that of a device like /dev/null. */
const isNothing = (seg: Seg, page: Vaddr): boolean =>
  seg.ops === segdev_ops && (segOps(seg).gettype(seg, page) & (MAP_SHARED | MAP_PRIVATE)) === 0;

function* protAt(seg: Seg, page: Vaddr): Kgen<number> {
  const prot = new Uint8Array(1);
  yield* settle(segOps(seg).getprot(seg, page, 0, prot));
  return prot[0]!;
}

function* copyLocked(as: As, seg: Seg, addr: number, part: Uint8Array, writing: boolean): Kgen<number> {
  const page = asVaddr(alignDown(addr, PAGESIZE));
  const device = seg.ops === segdev_ops;
  // Nobody can write while the address space is ours, so a shared frame need not be copied to be read.
  const rw = writing ? S_WRITE : device ? S_READ : S_READ_NOCOW;
  if ((yield* segOps(seg).fault(as.hat, seg, page, PAGESIZE, F_SOFTLOCK, rw)) !== 0) return ENXIO;
  const error = device ? copyDevice(seg, addr, part, writing) : copyMemory(as, addr, part, writing);
  yield* segOps(seg).fault(as.hat, seg, page, PAGESIZE, F_SOFTUNLOCK, writing ? S_WRITE : S_READ);
  return error;
}

const copyDevice = (seg: Seg, addr: number, part: Uint8Array, writing: boolean): number =>
  (writing ? segdev_copyto(seg, addr, part) : segdev_copyfrom(seg, addr, part)) === 0 ? 0 : ENXIO;

function copyMemory(as: As, addr: number, part: Uint8Array, writing: boolean): number {
  const pa = asPaddr(hat_getpfnum(as.hat, alignDown(addr, PAGESIZE)) * PAGESIZE + (addr % PAGESIZE));
  const { memory } = as.vm;
  return (writing ? memory.write(pa, part) : memory.read(pa, part)) ? 0 : EIO;
}
