/** The chain of handles of a mapping: finding one, freeing one, freeing a chain that was never mapped. */
import { KernelPanic } from '../base/index.js';
import type { DevmapAccess } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { mutex_destroy } from '../kernel/index.js';
import { callUnmap } from './callbacks.js';
import { devmap_ctx_rele, devmap_ctxinit } from './ctx-list.js';
import type { DevmapHandle } from './devmap-handle.js';
import { sdpOf } from './segdev-data.js';
import { devmap_softlock_init, devmap_softlock_rele } from './softlock.js';
import { deref } from './state.js';
import { UmemCookie, type DevmapPmemCookie } from './umem-cookie.js';

/** The handle that contains `addr`, or undefined. */
export function devmap_find_handle(head: DevmapHandle | undefined, addr: number): DevmapHandle | undefined {
  for (let dhp = head; dhp !== undefined; dhp = dhp.next) {
    if (addr >= dhp.uvaddr && addr < dhp.uvaddr + dhp.len) return dhp;
  }
  return undefined;
}

/** Points a handle at memory, counting who maps it. */
export function setCookie(dhp: DevmapHandle, cookie: DevmapHandle['cookie']): void {
  const old = dhp.cookie;
  if (cookie instanceof UmemCookie) cookie.handles++;
  dhp.cookie = cookie;
  if (old instanceof UmemCookie) dropCookie(old);
}

/** Points a handle at page memory, counting who maps it. */
export function setPcookie(dhp: DevmapHandle, pcookie: DevmapPmemCookie): void {
  const old = dhp.pcookie;
  pcookie.handles++;
  dhp.pcookie = pcookie;
  if (old !== undefined) dropCookie(old);
}

function dropCookie(cookie: UmemCookie | DevmapPmemCookie): void {
  cookie.handles--;
  if (cookie.handles === 0 && cookie.release !== undefined) cookie.release();
}

/** Gives a copied handle references of its own to the softlock, the context and the memory of the one it was copied from. */
export function shareReferences(dhp: DevmapHandle, newdhp: DevmapHandle): void {
  if (newdhp.cookie instanceof UmemCookie) newdhp.cookie.handles++;
  if (newdhp.pcookie !== undefined) newdhp.pcookie.handles++;
  const { access } = newdhp.callbackops;
  if (access !== undefined && dhp.softlock !== undefined) takeSoftlockAndContext(newdhp, access);
  newdhp.initLock();
}

/** Gives a handle with devmap_access its device's softlock and context. */
export function takeSoftlockAndContext(dhp: DevmapHandle, access: DevmapAccess): void {
  const { state } = dhp;
  const [softlocks, contexts] = [state.slist.length, state.ctxlist.length];
  state.kmem('kmem_alloc', 'softlock', 56);
  dhp.softlock = devmap_softlock_init(state.slist, dhp.dev, access);
  if (state.slist.length === softlocks) state.kmem('kmem_free', 'softlock', 56);
  state.kmem('kmem_alloc', 'ctx', 56);
  dhp.ctx = devmap_ctxinit(state.ctxlist, dhp.dev.dip, access);
  if (state.ctxlist.length === contexts) state.kmem('kmem_free', 'ctx', 56);
}

function dropSoftlockAndContext(dhp: DevmapHandle): void {
  const { state } = dhp;
  const [softlocks, contexts] = [state.slist.length, state.ctxlist.length];
  if (dhp.softlock !== undefined) devmap_softlock_rele(state.slist, dhp.softlock);
  if (state.slist.length < softlocks) state.kmem('kmem_free', 'softlock', 56);
  if (dhp.ctx !== undefined) devmap_ctx_rele(state.ctxlist, dhp.ctx);
  if (state.ctxlist.length < contexts) state.kmem('kmem_free', 'ctx', 56);
}

function freeHandle(dhp: DevmapHandle): void {
  const { state } = dhp;
  if (dhp.freed) throw new KernelPanic('panic', `kmem_free: duplicate free of handle h${dhp.id}`);
  dhp.freed = true;
  if (dhp.lock !== undefined) mutex_destroy(dhp.lock);
  dropSoftlockAndContext(dhp);
  if (dhp.cookie instanceof UmemCookie) dropCookie(dhp.cookie);
  if (dhp.pcookie !== undefined) dropCookie(dhp.pcookie);
  state.live.handle--;
  state.kmem('kmem_free', 'handle', 200);
}

/** Frees a chain of handles without telling the driver: they were set up but never mapped. */
export function free_devmap_handle(head: DevmapHandle | undefined): void {
  for (let dhp = head; dhp !== undefined; ) {
    const { next } = dhp;
    freeHandle(dhp);
    dhp = next;
  }
}

/** Tells the driver that all of `dhp` goes, takes it off its segment's chain and frees it; answers the next handle. */
export function* devmap_handle_unmap(dhp: DevmapHandle): Kgen<DevmapHandle | undefined> {
  const sdp = sdpOf(deref(dhp.seg, 'dh_seg'));
  yield* callUnmap(dhp, dhp.uoff, dhp.len, null, null);
  if (sdp.devmap_data === dhp) {
    sdp.devmap_data = dhp.next;
  } else {
    let before = deref(sdp.devmap_data, 'devmap_data');
    while (before.next !== dhp) before = deref(before.next, 'dh_next of a handle that is not in its chain');
    before.next = dhp.next;
  }
  const { next } = dhp;
  freeHandle(dhp);
  return next;
}
