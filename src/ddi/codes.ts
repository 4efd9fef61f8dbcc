/** Return codes and request kinds of the DDI (`<sys/sunddi.h>`, `<sys/ddi_impldefs.h>`); the numbers are illumos' own. */

/** The routine did what it was asked to. */
export const DDI_SUCCESS = 0;
/** The routine failed and says no more. */
export const DDI_FAILURE = -1;
/** Not now; asking again may work. */
export const DDI_EAGAIN = -3;
/** A bad argument. */
export const DDI_EINVAL = -4;
/** No memory (ddi_umem_lock(9F) answers errnos, other routines this). */
export const DDI_ENOMEM = 1;

/** ddi_map: unspecified failure. */
export const DDI_ME_GENERIC = -1;
/** ddi_map: the nexus does not implement the request. */
export const DDI_ME_UNIMPLEMENTED = -2;
/** ddi_map: no resources. */
export const DDI_ME_NORESOURCES = -3;
/** ddi_map: unsupported operation. */
export const DDI_ME_UNSUPPORTED = -4;
/** ddi_map: the range leaves the register set, or a nexus does not pass it on. */
export const DDI_ME_REGSPEC_RANGE = -5;
/** ddi_map: no such register set. */
export const DDI_ME_RNUMBER_RANGE = -6;
/** ddi_map: invalid request (I/O space asked as a device mapping, unknown ordering). */
export const DDI_ME_INVAL = -7;

/** ddi_map request names a register set by number. */
export const DDI_MT_RNUMBER = 0;
/** ddi_map request carries a register specification. */
export const DDI_MT_REGSPEC = 1;
/** ddi_map: map and lock. */
export const DDI_MO_MAP_LOCKED = 1;
/** ddi_map: fill in an access handle. */
export const DDI_MO_MAP_HANDLE = 2;
/** ddi_map: undo a mapping. */
export const DDI_MO_UNMAP = 3;
/** ddi_map flag: the mapping is for user space. */
export const DDI_MF_USER_MAPPING = 1;
/** ddi_map flag: the mapping is for the kernel. */
export const DDI_MF_KERNEL_MAPPING = 2;
/** ddi_map flag: no mapping wanted, only the frame number. */
export const DDI_MF_DEVICE_MAPPING = 4;

/** Symbolic name of a DDI return code, as traces print it. */
export function ddiName(code: number): string {
  switch (code) {
    case DDI_SUCCESS: return 'DDI_SUCCESS';
    case DDI_FAILURE: return 'DDI_FAILURE';
    default: return String(code);
  }
}
