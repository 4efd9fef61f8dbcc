/** Device access attributes: ddi_device_acc_attr(9S) and their conversion onto the attribute bits of a translation. */
import {
  IOMEM_DATA_CACHED, IOMEM_DATA_MASK, IOMEM_DATA_UC_WR_COMBINE, IOMEM_DATA_UNCACHED,
} from './devmap-constants.js';

/** `devacc_attr_version`. */
export const DDI_DEVICE_ATTR_V0 = 1;
/** `devacc_attr_version` with `access`. */
export const DDI_DEVICE_ATTR_V1 = 2;
/** Endianness: bytes as the host has them. */
export const DDI_NEVERSWAP_ACC = 0;
/** Endianness: the device is little endian. */
export const DDI_STRUCTURE_LE_ACC = 1;
/** Endianness: the device is big endian. */
export const DDI_STRUCTURE_BE_ACC = 2;
/** Order: accesses happen as programmed. */
export const DDI_STRICTORDER_ACC = 0;
/** Order: accesses may be reordered. */
export const DDI_UNORDERED_OK_ACC = 1;
/** Order: stores may also be merged. */
export const DDI_MERGING_OK_ACC = 2;
/** Order: loads may also be cached. */
export const DDI_LOADCACHING_OK_ACC = 3;
/** Order: stores may also be cached. */
export const DDI_STORECACHING_OK_ACC = 4;

/** ddi_device_acc_attr(9S). */
export interface DdiDeviceAccAttr {
  /** DDI_DEVICE_ATTR_V0 or V1. */
  readonly devacc_attr_version: number;
  /** One of the DDI_*_ACC constants of byte order. */
  readonly devacc_attr_endian_flags: number;
  /** One of the DDI_*_ACC order constants, 0..4. */
  readonly devacc_attr_dataorder: number;
}

/** HAT_STRICTORDER .. HAT_STORECACHING_OK are the order constants in bits 8..10 (`<vm/hat.h>`). */
const hatOrder = (dataorder: number): number => dataorder << 8;
const HAT_UNORDERED_OK = hatOrder(DDI_UNORDERED_OK_ACC);
const HAT_MERGING_OK = hatOrder(DDI_MERGING_OK_ACC);
const HAT_STRICTORDER = hatOrder(DDI_STRICTORDER_ACC);
const HAT_ORDER_MASK = 0x700;
/** Platform attribute: bypass the cache even for memory frames (HAT_PLAT_NOCACHE). */
export const HAT_PLAT_NOCACHE = 0x100000;

/**
 * The translation attributes (`ah_hat_flags`) for an ordering, or undefined when it is none of the five: what the root
 * nexus computes for DDI_MF_DEVICE_MAPPING.
 */
export function accAttrToHat(attr: DdiDeviceAccAttr | undefined): number | undefined {
  const order = attr?.devacc_attr_dataorder ?? DDI_STRICTORDER_ACC;
  return order >= DDI_STRICTORDER_ACC && order <= DDI_STORECACHING_OK_ACC ? hatOrder(order) : undefined;
}

/**
 * Whether the cache attribute bits of `flags` name at most one of cached, write-combining and uncached
 * (i_ddi_check_cache_attr); `cachedOnly` is a platform that supports only cached memory.
 */
export function i_ddi_check_cache_attr(flags: number, cachedOnly = false): boolean {
  const cache = flags & IOMEM_DATA_MASK;
  if (cache === 0 || cache === IOMEM_DATA_CACHED) return true;
  return !cachedOnly && (cache === IOMEM_DATA_UC_WR_COMBINE || cache === IOMEM_DATA_UNCACHED);
}

/**
 * `hatAttr` with its order bits replaced by those of the cache attribute in `flags` (i_ddi_cacheattr_to_hatacc);
 * unchanged on a platform that supports only cached memory.
 */
export function i_ddi_cacheattr_to_hatacc(flags: number, hatAttr: number, cachedOnly = false): number {
  if (cachedOnly) return hatAttr;
  const rest = hatAttr & ~(HAT_ORDER_MASK | HAT_PLAT_NOCACHE);
  switch (flags & IOMEM_DATA_MASK) {
    case IOMEM_DATA_UNCACHED: return rest | HAT_STRICTORDER | HAT_PLAT_NOCACHE;
    case IOMEM_DATA_UC_WR_COMBINE: return rest | HAT_MERGING_OK | HAT_PLAT_NOCACHE;
    case IOMEM_DATA_CACHED: return rest | HAT_UNORDERED_OK;
    default: return rest | HAT_UNORDERED_OK;
  }
}

/** The endianness conversion of i_ddi_devacc_to_hatacc: nothing on a machine that never swaps. */
export const i_ddi_devacc_to_hatacc = (_attr: DdiDeviceAccAttr | undefined, hatAttr: number): number => hatAttr;
