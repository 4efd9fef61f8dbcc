/** ddi_umem_alloc and ddi_umem_free: kernel memory to be mapped by users. */
import { alignUp, KernelPanic, PAGESIZE } from '../base/index.js';
import type { Ref } from '../ddi/index.js';
import { DDI_UMEM_NOSLEEP, DDI_UMEM_PAGEABLE, DDI_UMEM_TRASH } from '../ddi/index.js';
import type { SegdevState } from './state.js';
import { cursegdev } from './state.js';
import type { DdiUmemCookie } from './umem-cookie.js';
import { KMEM_NON_PAGEABLE, KMEM_PAGEABLE, UMEM_LOCKED, UMEM_TRASH, UmemCookie } from './umem-cookie.js';
import { unlockUmem } from './umem-lock.js';

/**
 * Allocates `size` bytes of zeroed kernel memory, rounded up to pages (ddi_umem_alloc(9F)). `flags`: DDI_UMEM_SLEEP or
 * DDI_UMEM_NOSLEEP, with DDI_UMEM_PAGEABLE or DDI_UMEM_TRASH. The cookie for devmap_umem_setup is left in `cookiep`.
 *
 * Returns the kernel address; null when `size` is 0 or memory is used up, and then the cookie is null; null with a
 * cookie for DDI_UMEM_TRASH, which has no memory.
 */
export function ddi_umem_alloc(size: number, flags: number, cookiep: Ref<DdiUmemCookie | null>): number | null {
  cookiep.value = null;
  const state = cursegdev();
  const len = alignUp(size, PAGESIZE);
  if (!(len > 0)) return null;
  if ((flags & DDI_UMEM_NOSLEEP) !== 0 && state.inject('kmem') !== 0) return null;
  state.kmem('kmem_alloc', 'cookie', 64);
  const pageable = (flags & DDI_UMEM_PAGEABLE) !== 0;
  const trash = (flags & DDI_UMEM_TRASH) !== 0;
  if (state.quirks.misuseAsserts) state.assert(!(pageable && trash), 3913, '!(flags & DDI_UMEM_TRASH)');
  else if (pageable && trash) state.finding('UM02', 'ddi_umem_alloc of memory that is pageable and trash; it is pageable');
  if (!pageable && trash) {
    cookiep.value = newCookie(state, UMEM_TRASH, len, 0);
    return null;
  }
  const failed = state.inject(pageable ? 'segkp' : 'vmem') !== 0;
  const addr = failed ? undefined : pageable ? state.arena?.pageableAlloc(len) : state.arena?.alloc(len);
  if (addr === undefined) {
    state.kmem('kmem_free', 'cookie', 64);
    return null;
  }
  cookiep.value = newCookie(state, pageable ? KMEM_PAGEABLE : KMEM_NON_PAGEABLE, len, addr);
  return addr;
}

function newCookie(state: SegdevState, type: number, size: number, addr: number): UmemCookie {
  state.live.cookie++;
  return new UmemCookie(type, size, addr);
}

/**
 * Frees memory of ddi_umem_alloc (ddi_umem_free(9F)). Memory that is still mapped is kept until its last handle is gone,
 * and reported as rule UM01. A null cookie is ignored.
 * @throws KernelPanic for a cookie that was freed before or is none
 */
export function ddi_umem_free(cookie: DdiUmemCookie | null): void {
  if (cookie === null) return;
  const state = cursegdev();
  if (!(cookie instanceof UmemCookie)) throw new KernelPanic('panic', 'ddi_umem_free: illegal cookie type');
  if (cookie.freed) {
    if (state.quirks.umemFreeInUse) throw new KernelPanic('panic', 'ddi_umem_free: duplicate free');
    state.finding('UM01', 'ddi_umem_free of a cookie that is freed already');
    return;
  }
  if (cookie.type === UMEM_LOCKED) {
    unlockUmem(state, cookie);
    return;
  }
  if (state.quirks.umemFreeInUse) {
    if (cookie.type === KMEM_PAGEABLE && cookie.locked > 0) throw new KernelPanic('panic', 'ddi_umem_free for cookie with pending faults');
  } else if (cookie.handles > 0) {
    state.finding('UM01', `ddi_umem_free of memory that ${cookie.handles} handles map`);
    cookie.freed = true;
    cookie.release = () => release(state, cookie);
    return;
  }
  cookie.freed = true;
  release(state, cookie);
}

function release(state: SegdevState, cookie: UmemCookie): void {
  cookie.release = undefined;
  if (cookie.type === KMEM_PAGEABLE) state.arena?.pageableFree(cookie.cvaddr, cookie.size);
  else if (cookie.type === KMEM_NON_PAGEABLE) state.arena?.free(cookie.cvaddr, cookie.size);
  state.live.cookie--;
  state.kmem('kmem_free', 'cookie', 64);
}
