/** Flags and attributes of the hat_* functions, with the values of `<vm/hat.h>`. */

// --- load flags
/** Load without anything special. */
export const HAT_LOAD = 0;
/** The translation is locked: counted until hat_unlock or an unload with HAT_UNLOAD_UNLOCK. */
export const HAT_LOAD_LOCK = 1;
/** Load ahead of use. */
export const HAT_LOAD_ADV = 4;
/** The range is contiguous. */
export const HAT_LOAD_CONTIG = 0x10;
/** The frame is not ordinary memory: no reverse mapping is kept. */
export const HAT_LOAD_NOCONSIST = 0x20;
/** The page table is shared. */
export const HAT_LOAD_SHARE = 0x40;
/** Another frame may take the place of the present one. */
export const HAT_LOAD_REMAP = 0x80;
/** Load again into a shared page table. */
export const HAT_RELOAD_SHARE = 0x100;
/** No kernel memory may be allocated. */
export const HAT_NO_KALLOC = 0x200;
/** The page is program text. */
export const HAT_LOAD_TEXT = 0x400;

// --- attributes: protection, order, byte order, platform
/** Mask of the protection in attributes: PROT_* bits. */
export const HAT_PROT_MASK = 0x0f;
/** Faults on the page are errors. */
export const HAT_NOFAULT = 0x10;
/** No referenced and modified information is kept. */
export const HAT_NOSYNC = 0x20;
/** Accesses happen as programmed. */
export const HAT_STRICTORDER = 0x000;
/** Accesses may be reordered. */
export const HAT_UNORDERED_OK = 0x100;
/** Stores may also be merged. */
export const HAT_MERGING_OK = 0x200;
/** Loads may also be cached. */
export const HAT_LOADCACHING_OK = 0x300;
/** Stores may also be cached. */
export const HAT_STORECACHING_OK = 0x400;
/** Mask of the order. */
export const HAT_ORDER_MASK = 0x700;
/** Bytes as the host has them. */
export const HAT_NEVERSWAP = 0x0000;
/** Big-endian data. */
export const HAT_STRUCTURE_BE = 0x1000;
/** Little-endian data. */
export const HAT_STRUCTURE_LE = 0x2000;
/** Mask of the byte order. */
export const HAT_ENDIAN_MASK = 0x3000;
/** Mask of the platform attributes. */
export const HAT_PLAT_ATTR_MASK = 0xf0_0000;
/** The platform attribute that overrides the caching of ordinary memory. */
export const HAT_PLAT_NOCACHE = 0x10_0000;

// --- unload flags
/** Unload without anything special. */
export const HAT_UNLOAD = 0x00;
/** Referenced and modified information is not needed. */
export const HAT_UNLOAD_NOSYNC = 0x02;
/** The translations are locked; unlock them first. */
export const HAT_UNLOAD_UNLOCK = 0x04;
/** The unload is not for the mapping process itself. */
export const HAT_UNLOAD_OTHER = 0x08;
/** The range is being unmapped. */
export const HAT_UNLOAD_UNMAP = 0x10;

// --- others
/** hat_map without anything special. */
export const HAT_MAP = 0;
/** hat_dup: all translations. */
export const HAT_DUP_ALL = 1;
/** hat_dup: for copy on write. */
export const HAT_DUP_COW = 2;
/** hat_dup: shared regions. */
export const HAT_DUP_SRD = 3;
/** The page is modified. */
export const P_MOD = 1;
/** The page is referenced. */
export const P_REF = 2;
/** The page is read-only. */
export const P_RO = 4;
/** The page is not shared. */
export const P_NSH = 8;

/** Attributes as traces print them: the letters of `rwxu` that are set (`-` for none), other bits after a `+`. */
export function attrText(attr: number): string {
  let letters = '';
  if (attr & 1) letters += 'r';
  if (attr & 2) letters += 'w';
  if (attr & 4) letters += 'x';
  if (attr & 8) letters += 'u';
  const rest = (attr & ~HAT_PROT_MASK) >>> 0;
  return (letters === '' ? '-' : letters) + (rest === 0 ? '' : `+0x${rest.toString(16)}`);
}
