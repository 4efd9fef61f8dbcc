/** The page size a process would like for a range: as_setpagesize (memcntl(2) MC_HAT_ADVISE). */
import { EAGAIN, EINVAL, ENOMEM, ENOTSUP, LEVEL_SIZE, asVaddr, isAligned } from '../base/index.js';
import type { PageLevel } from '../base/index.js';
import { RW_WRITER, rw_enter, rw_exit, settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_segat } from './address-space.js';
import type { As } from './address-space.js';
import { IE_NOMEM } from './constants.js';
import { segOps } from './seg.js';

/**
 * Asks the segments of a range to use pages of size code `szc`: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB.
 * @returns 0; EINVAL when address or size are not multiples of that page, or a segment has no choice of page sizes; ENOMEM where nothing is
 *     mapped; EAGAIN when memory is short.
 */
export function* as_setpagesize(as: As, addr: number, size: number, szc: PageLevel): Kgen<number> {
  const page = LEVEL_SIZE[szc];
  if (!isAligned(addr, page) || !isAligned(size, page)) return EINVAL;
  yield* rw_enter(as.lock, RW_WRITER);
  let error = 0;
  for (let at = addr; at < addr + size && error === 0; ) {
    const seg = as_segat(as, at);
    if (seg === undefined) {
      error = ENOMEM;
      break;
    }
    const bytes = Math.min(addr + size, seg.end) - at;
    error = yield* settle(segOps(seg).setpagesize(seg, asVaddr(at), bytes, szc));
    at += bytes;
  }
  rw_exit(as.lock);
  if (error === IE_NOMEM) return EAGAIN;
  return error === ENOTSUP ? EINVAL : error;
}
