/** Context management: letting one mapping at a time use the device, each for a while at least. */
import type { DevmapContextmgt, DevmapCookie } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { cv_signal, cv_wait, mutex_enter, mutex_exit, timeout, untimeout } from '../kernel/index.js';
import { FC_HWERR } from '../vm/index.js';
import { callContextmgt } from './callbacks.js';
import type { DevmapCtx } from './ctx-list.js';
import type { DevmapHandle } from './devmap-handle.js';
import { handleText } from './devmap-handle.js';
import { liveHandle } from './live-handle.js';
import { deref } from './state.js';

/**
 * Sets for how many clock ticks a context may be kept before another mapping takes it (devmap_set_ctx_timeout(9F)); used
 * on machines with more than one processor. 0, the default, lets everybody take it at once.
 */
export function devmap_set_ctx_timeout(dhc: DevmapCookie, ticks: number): void {
  const dhp = liveHandle(dhc, 'devmap_set_ctx_timeout');
  if (dhp !== undefined) dhp.timeout_length = ticks;
}

/**
 * Waits until the device context is free, where the handle has a timeout, and calls `ctxmgt` to take it and load pages
 * (devmap_do_ctxmgt(9F)); called from devmap_access(9E) with its arguments.
 *
 * Returns 0, or FC_HWERR: no callback, or the callback answered an error.
 */
export function* devmap_do_ctxmgt(
  dhc: DevmapCookie, _pvtp: unknown, off: number, len: number, type: number, rw: number, ctxmgt: DevmapContextmgt | null | undefined,
): Kgen<number> {
  if (ctxmgt === null || ctxmgt === undefined) return FC_HWERR;
  const dhp = liveHandle(dhc, 'devmap_do_ctxmgt');
  if (dhp === undefined) return FC_HWERR;
  const devctx = dhp.ctx;
  if (devctx === undefined && !dhp.state.quirks.ctxNullDeref) {
    dhp.state.finding('AC06', `devmap_do_ctxmgt of ${handleText(dhp)}, which has no devmap_access`);
    return (yield* callContextmgt(ctxmgt, dhp, off, len, type, rw)) === 0 ? 0 : FC_HWERR;
  }
  const hysteresis = dhp.timeout_length > 0 && dhp.state.kernel.ncpus > 1;
  const turn = hysteresis ? yield* take(deref(devctx, 'dh_ctx')) : 0;
  if ((yield* callContextmgt(ctxmgt, dhp, off, len, type, rw)) !== 0) {
    const ctx = deref(devctx, 'dh_ctx');
    if (ctx.oncpu && (dhp.state.quirks.ctxErrorClearsOthers || (hysteresis && ctx.taken === turn))) yield* giveUp(ctx);
    return FC_HWERR;
  }
  if (hysteresis) yield* keepForAWhile(dhp, deref(devctx, 'dh_ctx'), turn);
  return 0;
}

/** Waits for the context and takes it; answers the number of the turn. */
function* take(ctx: DevmapCtx): Kgen<number> {
  yield* mutex_enter(ctx.lock);
  while (ctx.oncpu) yield* cv_wait(ctx.cv, ctx.lock);
  ctx.oncpu = true;
  const turn = ++ctx.taken;
  mutex_exit(ctx.lock);
  return turn;
}

function* giveUp(ctx: DevmapCtx): Kgen<void> {
  yield* mutex_enter(ctx.lock);
  ctx.oncpu = false;
  cv_signal(ctx.cv);
  mutex_exit(ctx.lock);
}

/** Arms the timeout that ends the turn, or ends it now when the driver set the timeout back to 0. */
function* keepForAWhile(dhp: DevmapHandle, ctx: DevmapCtx, turn: number): Kgen<void> {
  yield* mutex_enter(ctx.lock);
  if (dhp.timeout_length > 0) {
    const stale = dhp.state.quirks.ctxStaleTimeout;
    if (!stale && ctx.timeout !== 0) untimeout(ctx.timeout);
    ctx.timeout = timeout(() => devmap_ctxto(ctx, stale ? undefined : turn), dhp.timeout_length);
  } else {
    ctx.oncpu = false;
    cv_signal(ctx.cv);
  }
  mutex_exit(ctx.lock);
}

/** The timeout: frees the context for whoever waits, unless a later turn than `turn` has begun. */
function* devmap_ctxto(ctx: DevmapCtx, turn: number | undefined): Kgen<void> {
  yield* mutex_enter(ctx.lock);
  if (turn === undefined || ctx.taken === turn) {
    ctx.oncpu = false;
    ctx.timeout = 0;
    cv_signal(ctx.cv);
  }
  mutex_exit(ctx.lock);
}
