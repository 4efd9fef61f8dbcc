/** segdev_copyfrom and segdev_copyto: /proc reads and writes device memory of a process, by the device's own means. */
import { alignDown, asPaddr, EFAULT, PAGESIZE, PFN_INVALID } from '../base/index.js';
import type { Seg } from '../vm/index.js';
import { hat_getpfnum } from '../vm/index.js';
import type { SegdevData } from './segdev-data.js';
import { sdpOf } from './segdev-data.js';

/** The offset the device is told. */
const deviceOffset = (seg: Seg, sdp: SegdevData, addr: number): number =>
  addr - seg.base + (sdp.state.quirks.copydevSegmentOffset ? 0 : sdp.offset);

/**
 * Copies device memory at user address `addr` of a segment to `bytes`; the pages are loaded (softlocked) and the range lies
 * inside the segment. Returns 0, or EFAULT where no page is loaded or the bus answers an error.
 */
export function segdev_copyfrom(seg: Seg, addr: number, bytes: Uint8Array): number {
  const sdp = sdpOf(seg);
  const { trace } = sdp.state;
  if (trace.on) trace.emit('copyfromdev', { dev: sdp.vp.dev.label, off: deviceOffset(seg, sdp, addr), len: bytes.length });
  return eachPage(seg, addr, bytes, (pa, part) => seg.as.vm.memory.read(asPaddr(pa), part) || part.every((_, at) => {
    const value = seg.as.vm.memory.load(asPaddr(pa + at), 1);
    part[at] = Number(value ?? 0n);
    return value !== undefined;
  }));
}

/** Copies `bytes` to device memory at user address `addr` of a segment; otherwise as segdev_copyfrom. */
export function segdev_copyto(seg: Seg, addr: number, bytes: Uint8Array): number {
  const sdp = sdpOf(seg);
  const { trace } = sdp.state;
  if (trace.on) trace.emit('copytodev', { dev: sdp.vp.dev.label, off: deviceOffset(seg, sdp, addr), len: bytes.length });
  const { memory } = seg.as.vm;
  return eachPage(seg, addr, bytes, (pa, part) =>
    memory.write(asPaddr(pa), part) || part.every((byte, at) => memory.store(asPaddr(pa + at), 1, BigInt(byte))));
}

/** Calls `move` for the part of `bytes` on each page: 0, or EFAULT when one is not there or fails. */
function eachPage(seg: Seg, addr: number, bytes: Uint8Array, move: (pa: number, part: Uint8Array) => boolean): number {
  for (let done = 0; done < bytes.length; ) {
    const at = addr + done;
    const page = alignDown(at, PAGESIZE);
    const count = Math.min(bytes.length - done, page + PAGESIZE - at);
    const pfn = hat_getpfnum(seg.as.hat, page);
    if (pfn === PFN_INVALID || !move(pfn * PAGESIZE + (at - page), bytes.subarray(done, done + count))) return EFAULT;
    done += count;
  }
  return 0;
}
