/** Device contexts: who may use the device, with hysteresis (struct devmap_ctx). */
import type { DevInfo, DevmapAccess } from '../ddi/index.js';
import type { TimeoutId } from '../kernel/index.js';
import { cv_signal, Kcondvar, Kmutex, untimeout } from '../kernel/index.js';

/** One per (node, devmap_access routine) while handles of it exist. The key differs from the softlock's: node, not device. */
export class DevmapCtx {
  readonly dip: DevInfo;
  readonly id: DevmapAccess;
  readonly lock: Kmutex;
  readonly cv: Kcondvar;
  refcnt = 0;
  /** Whether somebody has the context. */
  oncpu = false;
  /** Who took it last: the number of the taking, so that a late timeout knows its own. */
  taken = 0;
  /** The armed timeout that will free it; 0 for none. */
  timeout: TimeoutId = 0;

  constructor(dip: DevInfo, id: DevmapAccess) {
    this.dip = dip;
    this.id = id;
    this.lock = new Kmutex(`context of ${dip.label}`);
    this.cv = new Kcondvar(`context of ${dip.label}`);
  }
}

/** Finds or makes the context of (dip, id) in `list` and takes a reference. */
export function devmap_ctxinit(list: DevmapCtx[], dip: DevInfo, id: DevmapAccess): DevmapCtx {
  let devctx = list.find((other) => other.dip === dip && other.id === id);
  if (devctx === undefined) list.unshift((devctx = new DevmapCtx(dip, id)));
  devctx.refcnt++;
  return devctx;
}

/** Drops a reference; the last one cancels the timeout and removes the context from `list`. */
export function devmap_ctx_rele(list: DevmapCtx[], devctx: DevmapCtx): void {
  if (--devctx.refcnt > 0) return;
  if (devctx.timeout !== 0) untimeout(devctx.timeout);
  devctx.timeout = 0;
  devctx.oncpu = false;
  cv_signal(devctx.cv);
  list.splice(list.indexOf(devctx), 1);
}
