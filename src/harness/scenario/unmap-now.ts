/** Unmapping without waiting for softlocks. */
import { alignDown, alignUp, asVaddr, EAGAIN, PAGESIZE } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { RW_WRITER, rw_enter, rw_exit } from '../../kernel/index.js';
import type { As, Seg } from '../../vm/index.js';
import { AS_UNMAPWAIT, as_findseg, as_segnext, segOps } from '../../vm/index.js';

/** Unmaps what lies in a range, or says that it would have to wait for softlocks. */
export function* unmapNow(as: As, addr: number, len: number): Kgen<number> {
  const from = alignDown(addr, PAGESIZE);
  const to = alignUp(addr + len, PAGESIZE);
  yield* rw_enter(as.lock, RW_WRITER);
  let error = 0;
  for (let seg = as_findseg(as, from); seg !== undefined && seg.base < to && error === 0; ) {
    const next: Seg | undefined = as_segnext(seg);
    const start = Math.max(from, seg.base);
    const bytes = Math.min(to, seg.end) - start;
    error = yield* segOps(seg).unmap(seg, asVaddr(start), bytes);
    if (error === 0) {
      as.size -= bytes;
      as.resvsize -= bytes;
    }
    seg = next;
  }
  if (error === EAGAIN) as.flags |= AS_UNMAPWAIT;
  rw_exit(as.lock);
  return error;
}
