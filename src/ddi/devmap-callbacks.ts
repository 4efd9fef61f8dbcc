/** The driver's side of a devmap mapping: the callbacks of devmap_callback_ctl(9S) in their man pages' argument order. */
import type { MaybeKgen } from '../kernel/index.js';
import type { Dev } from './dev.js';
import type { Ref } from './ref.js';

/**
 * A mapping handle as drivers see it (devmap_cookie_t): something to hand back, with nothing to look into. It is live
 * from devmap(9E) until the callback devmap_unmap(9E) that names it returns.
 */
export interface DevmapCookie {
  readonly opaque: 'devmap_cookie_t';
}

/** An address space as drivers see it (ddi_as_handle_t). */
export interface DdiAsHandle {
  readonly name: string;
}

/** Credentials (cred(9S)): who asks. */
export interface Cred {
  readonly uid: number;
  readonly gid: number;
}

/** devmap_map(9E): 0, or an errno that refuses the mapping. */
export type DevmapMap = (
  dhp: DevmapCookie, dev: Dev, flags: number, off: number, len: number, pvtp: Ref<unknown>,
) => MaybeKgen<number>;

/** devmap_access(9E): what devmap_default_access, devmap_do_ctxmgt or devmap_load answered; 0 without loading retries the access. */
export type DevmapAccess = (
  dhp: DevmapCookie, pvtp: unknown, off: number, len: number, type: number, rw: number,
) => MaybeKgen<number>;

/** devmap_contextmgt(9E), given to devmap_do_ctxmgt(9F): 0, or not 0 when the context could not be made. */
export type DevmapContextmgt = DevmapAccess;

/** devmap_dup(9E): 0, or an errno that makes fork(2) fail. */
export type DevmapDup = (
  dhp: DevmapCookie, pvtp: unknown, new_dhp: DevmapCookie, new_pvtp: Ref<unknown>,
) => MaybeKgen<number>;

/**
 * devmap_unmap(9E). Both new handles null: all of `dhp` goes. Only `new_dhp1`: its tail goes. Only `new_dhp2`: its head
 * goes. Both: a hole, `new_dhp1` keeps what lies before `off`, `new_dhp2` what lies behind `off + len`.
 */
export type DevmapUnmap = (
  dhp: DevmapCookie, pvtp: unknown, off: number, len: number,
  new_dhp1: DevmapCookie | null, new_pvtp1: Ref<unknown> | null,
  new_dhp2: DevmapCookie | null, new_pvtp2: Ref<unknown> | null,
) => MaybeKgen<void>;

/** devmap_callback_ctl(9S). Absent callbacks are the C structure's NULL. */
export interface DevmapCallbackCtl {
  /** DEVMAP_OPS_REV. */
  readonly devmap_rev: number;
  /** devmap_map(9E): a mapping is made; sets the private data of its handle. */
  readonly map?: DevmapMap | undefined;
  /** devmap_access(9E): a page without a translation is touched. */
  readonly access?: DevmapAccess | undefined;
  /** devmap_dup(9E): a mapping is copied by fork(2). */
  readonly dup?: DevmapDup | undefined;
  /** devmap_unmap(9E): a mapping, or a part of it, goes. */
  readonly unmap?: DevmapUnmap | undefined;
}
