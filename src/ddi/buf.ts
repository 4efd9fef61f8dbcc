/** buf(9S): one request of block or raw I/O, from the routine that makes it to the strategy(9E) that carries it out. */
import { EIO, PAGEOFFSET, PAGESIZE, asPaddr } from '../base/index.js';
import type { Paddr, Pfn } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import { Kcondvar, Kmutex, cv_broadcast, cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Dev } from './dev.js';

/** Flag: the request is in use. */
export const B_BUSY = 0x0001;
/** Flag: the request is finished. */
export const B_DONE = 0x0002;
/** Flag: the request failed. */
export const B_ERROR = 0x0004;
/** Flag: the memory is the user's, locked. */
export const B_PHYS = 0x0020;
/** Direction: from the device to memory. */
export const B_READ = 0x0040;
/** Direction: from memory to the device. */
export const B_WRITE = 0x0100;

/** A piece of memory that is contiguous for a device (ddi_dma_cookie(9S)). */
export interface DdiDmaCookie {
  /** Physical address. */
  readonly laddress: Paddr;
  /** Bytes. */
  readonly size: number;
}

/** A request (buf(9S)). */
export class Buf {
  /** B_* bits. */
  flags = 0;
  /** User address of the memory. */
  addr = 0;
  /** Bytes to move. */
  bcount = 0;
  /** Bytes not moved, set by who carries the request out. */
  resid = 0;
  /** Errno, see bioerror and geterror. */
  error = 0;
  /** The device. */
  edev: Dev | undefined = undefined;
  /** Offset on the device, in bytes; C has lblkno, in blocks of 512. */
  loffset = 0;
  /** For the driver. */
  private: unknown = undefined;
  /** Frames of the memory, the first one holding the first byte. */
  frames: readonly Pfn[] = [];
  readonly io: Kcondvar = new Kcondvar('b_io');
  readonly lock: Kmutex = new Kmutex('b_lock');
}

/** Marks a request as finished, for good or ill, and wakes who waits for it (biodone(9F)); may be called from anywhere. */
export function biodone(bp: Buf): void {
  bp.flags |= B_DONE;
  cv_broadcast(bp.io);
}

/** Says that a request failed with `error`, or with 0 that it did not (bioerror(9F)). */
export function bioerror(bp: Buf, error: number): void {
  if (error === 0) bp.flags &= ~B_ERROR;
  else bp.flags |= B_ERROR;
  bp.error = error;
}

/** Why a request failed: 0 when it did not, EIO when nobody said (geterror(9F)). */
export function geterror(bp: Buf): number {
  if ((bp.flags & B_ERROR) === 0) return 0;
  return bp.error === 0 ? EIO : bp.error;
}

/** Sleeps until a request is finished (biowait(9F)). Returns what geterror answers. */
export function* biowait(bp: Buf): Kgen<number> {
  yield* mutex_enter(bp.lock);
  while ((bp.flags & B_DONE) === 0) yield* cv_wait(bp.io, bp.lock);
  mutex_exit(bp.lock);
  return geterror(bp);
}

/** The memory of a request as a device sees it, in order; neighbouring frames are one piece (ddi_dma_buf_bind_handle(9F)'s cookies). */
export function bufCookies(bp: Buf): DdiDmaCookie[] {
  const cookies: { laddress: Paddr; size: number }[] = [];
  eachPage(bp, 0, bp.bcount, (pa, _done, count) => {
    const last = cookies.at(-1);
    if (last !== undefined && last.laddress + last.size === pa) last.size += count;
    else cookies.push({ laddress: asPaddr(pa), size: count });
    return true;
  });
  return cookies;
}

/** Copies `size` bytes of a request's memory, from `offset` on, to `driverbuf` (bp_copyin). Returns 0, or -1 for a bus error. */
export const bp_copyin = (bp: Buf, driverbuf: Uint8Array, offset: number, size: number): number =>
  copy(bp, driverbuf, offset, size, (bus, pa, part) => bus.read(asPaddr(pa), part) || part.every((_, at) => {
    const value = bus.load(asPaddr(pa + at), 1);
    part[at] = Number(value ?? 0n);
    return value !== undefined;
  }));

/** Copies `size` bytes of `driverbuf` to a request's memory, from `offset` on (bp_copyout). Returns 0, or -1 for a bus error. */
export const bp_copyout = (driverbuf: Uint8Array, bp: Buf, offset: number, size: number): number =>
  copy(bp, driverbuf, offset, size, (bus, pa, part) =>
    bus.write(asPaddr(pa), part) || part.every((byte, at) => bus.store(asPaddr(pa + at), 1, BigInt(byte))));

function copy(bp: Buf, driverbuf: Uint8Array, offset: number, size: number, move: (bus: Bus, pa: number, part: Uint8Array) => boolean): number {
  const bus = bp.edev?.dip.tree.bus;
  if (bus === undefined) return -1;
  return eachPage(bp, offset, size, (pa, done, count) => move(bus, pa, driverbuf.subarray(done, done + count))) ? 0 : -1;
}

/**
 * Calls `visit` with the physical address and length of each page's part of [offset, offset+size) of a request, until one answers false.
 * @throws RangeError when the request is smaller than that
 */
function eachPage(bp: Buf, offset: number, size: number, visit: (pa: number, done: number, count: number) => boolean): boolean {
  if (offset < 0 || size < 0 || offset + size > bp.bcount) throw new RangeError(`[${offset}, +${size}) leaves a buffer of ${bp.bcount} bytes`);
  const start = (bp.addr & PAGEOFFSET) + offset;
  for (let done = 0; done < size; ) {
    const at = start + done;
    const count = Math.min(size - done, PAGESIZE - (at % PAGESIZE));
    const pfn = bp.frames[Math.floor(at / PAGESIZE)]!;
    if (!visit(pfn * PAGESIZE + (at % PAGESIZE), done, count)) return false;
    done += count;
  }
  return true;
}
