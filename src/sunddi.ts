/**
 * What a driver includes: <sys/sunddi.h> and the headers that come with it. A driver imports this file and its own
 * register list, nothing else.
 */
export * from './ddi/index.js';
export type { DevmapCookie as DevmapHandle } from './ddi/index.js';
export {
  EACCES, EAGAIN, EBADF, EBUSY, EEXIST, EFAULT, EINTR, EINVAL, EIO, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTSUP, ENOTTY, ENXIO, EOVERFLOW, EPERM,
  ERANGE, ETIME, PAGEOFFSET, PAGESHIFT, PAGESIZE, btopr,
} from './base/index.js';
export {
  Kcondvar, Kmutex, Krwlock, RW_READER, RW_WRITER, cv_broadcast, cv_signal, cv_timedwait, cv_timedwait_sig, cv_wait, cv_wait_sig, ddi_get_lbolt,
  delay, drv_hztousec, drv_usectohz, mutex_enter, mutex_exit, mutex_owned, mutex_tryenter, rw_enter, rw_exit, rw_tryenter, settle, timeout,
  untimeout,
} from './kernel/index.js';
export type { Kgen, MaybeKgen, TimeoutId } from './kernel/index.js';
export { FC_HWERR, FC_MAKE_ERR, FC_NOMAP, FC_PROT, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, MAP_TYPE, PROT_ALL, PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from './vm/index.js';
export {
  ddi_device_mapping_check, ddi_devmap_segmap, ddi_segmap_setup, ddi_umem_alloc, ddi_umem_free, ddi_umem_lock, ddi_umem_unlock,
  devmap_default_access, devmap_devmem_remap, devmap_devmem_setup, devmap_do_ctxmgt, devmap_load, devmap_set_ctx_timeout, devmap_setup,
  devmap_pmem_alloc, devmap_pmem_free, devmap_pmem_remap, devmap_pmem_setup, devmap_umem_remap, devmap_umem_setup, devmap_unload,
  umem_lockmemory,
} from './segdev/index.js';
export type { DdiUmemCookie, DevmapPmemCookie } from './segdev/index.js';
