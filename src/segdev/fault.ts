/**
 * segdev_fault: the segment's page fault. Handle by handle, it asks the driver (devmap_access) or loads the pages itself
 * (faultpages.ts), and keeps softlocks and other faults of one device apart meanwhile (softlock.ts).
 */
import type { Kgen } from '../kernel/index.js';
import { PAGESIZE } from '../base/index.js';
import { DEVMAP_ALLOW_REMAP } from '../ddi/index.js';
import type { Hat, Seg } from '../vm/index.js';
import {
  F_INVAL, F_PROT, F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, FC_NOMAP, FC_NOSUPPORT, FC_PROT, faultcodeText, faultTypeText, rwText,
} from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { faultHandles, widened } from './fault-handles.js';
import { segdev_faultpages } from './faultpages.js';
import { devmap_find_handle } from './handles.js';
import { devmap_get_large_pgsize } from './large-page.js';
import type { SegdevData } from './segdev-data.js';
import { sdpOf } from './segdev-data.js';
import { devmap_softlock_enter } from './softlock.js';
import type { DevmapSoftlock } from './softlock.js';
import { forgetSoftlock, noteSoftlock, slockExit, wakeUnmappers } from './softunlock.js';
import { deref } from './state.js';

/**
 * Makes [addr, addr+len) of a device segment accessible (F_INVAL), or so and locked (F_SOFTLOCK), or ends such a lock
 * (F_SOFTUNLOCK). The caller holds the address space lock; `addr` and `len` are page aligned.
 *
 * Returns 0, or a fault code: FC_NOMAP no handle there; FC_PROT an access the mapping does not allow; FC_NOSUPPORT a
 * softlock of a mapping that may be remapped; FC_MAKE_ERR(EINTR) a signal ended a wait; what the driver answered.
 */
export function* segdev_fault(hat: Hat, seg: Seg, addr: number, len: number, type: number, rw: number): Kgen<number> {
  const sdp = sdpOf(seg);
  const { trace } = sdp.state;
  if (trace.on) trace.emit('segdev_fault', { as: seg.as.name, va: addr, len, type: faultTypeText(type), rw: rwText(rw) });
  const code = sdp.devmap_data === undefined
    ? yield* segdev_faultpages(hat, seg, addr, len, type, rw, undefined)
    : yield* faultDevmap(hat, seg, sdp, addr, len, type, rw);
  if (trace.on) trace.emit('segdev_fault.done', { as: seg.as.name, va: addr, result: faultcodeText(code) });
  return code;
}

function* faultDevmap(hat: Hat, seg: Seg, sdp: SegdevData, addr: number, len: number, type: number, rw: number): Kgen<number> {
  const dhp = devmap_find_handle(sdp.devmap_data, addr);
  if (dhp === undefined) return FC_NOMAP;
  // Translations are always loaded with all rights the mapping has, so there is nothing more to give.
  if (type === F_PROT) return FC_PROT;
  if (type === F_SOFTUNLOCK) return yield* endSoftlock(hat, seg, sdp, dhp, addr, len, rw);

  let slock: DevmapSoftlock | undefined;
  let slpage = 0;
  let at = addr;
  const end = addr + len;
  for (let next: DevmapHandle | undefined = dhp; at < end; ) {
    const here: DevmapHandle = deref(next, 'fault beyond the last handle');
    if (type === F_SOFTLOCK && (here.flags & DEVMAP_ALLOW_REMAP) !== 0) return FC_NOSUPPORT;
    const mlen = Math.min(end - at, here === dhp ? here.len - (addr - here.uvaddr) : here.len);
    if (here.callbackops.access !== undefined) {
      slpage += pagesWidened(sdp, here, at, mlen);
      slock = here.softlock;
    }
    at += mlen;
    next = here.next;
  }
  const error = yield* devmap_softlock_enter(slock, slpage, type);
  if (error !== 0) return FC_MAKE_ERR(error);

  const code = yield* faultHandles(hat, seg, sdp, dhp, addr, len, type, rw, slock, slpage);
  if (code !== 0) return code;
  if (type === F_INVAL) slockExit(sdp, slock, slpage, type);
  else noteSoftlock(sdp, addr, len, slock, slpage);
  return 0;
}

/** Pages of a fault of [at, at+len), widened to large ones where the handle uses them. */
const pagesWidened = (sdp: SegdevData, dhp: DevmapHandle, at: number, len: number): number =>
  (widened(sdp, dhp) ? devmap_get_large_pgsize(dhp, len, at) : len) / PAGESIZE;

/** The unlock takes the same road as the lock, so that drivers and the HAT see the same ranges. */
function* endSoftlock(hat: Hat, seg: Seg, sdp: SegdevData, dhp: DevmapHandle, addr: number, len: number, rw: number): Kgen<number> {
  const held = forgetSoftlock(sdp, addr, len);
  if (held === undefined) return 0;
  const code = yield* faultHandles(hat, seg, sdp, dhp, addr, len, F_SOFTUNLOCK, rw, undefined, 0);
  slockExit(sdp, held.slock, held.slpage, F_SOFTLOCK);
  yield* wakeUnmappers(seg, sdp);
  return code;
}
