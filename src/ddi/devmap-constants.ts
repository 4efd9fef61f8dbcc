/** Constants of the devmap framework (`<sys/ddidevmap.h>`) that drivers use; the numbers are illumos' own. */

/** Value of `devmap_rev` in a callback control structure: devmap_callback_ctl(9S). */
export const DEVMAP_OPS_REV = 1;

/** Set-up flag: no wishes. */
export const DEVMAP_DEFAULTS = 0x00;
/** Set-up flag: no backing yet; every access faults until a remap. Needs DEVMAP_ALLOW_REMAP. */
export const DEVMAP_MAPPING_INVALID = 0x01;
/** Set-up flag: devmap_devmem_remap and devmap_umem_remap are allowed later. */
export const DEVMAP_ALLOW_REMAP = 0x02;
/** Set-up flag: use base pages only. */
export const DEVMAP_USE_PAGESIZE = 0x04;
/** The set-up flags a driver may give. */
export const DEVMAP_SETUP_FLAGS = 0x07;

/** devmap_access(9E) type: an access found no translation. */
export const DEVMAP_ACCESS = 0;
/** devmap_access(9E) type: an access found a translation without the right. segdev never passes it on. */
export const DEVMAP_PROT = 1;
/** devmap_access(9E) type: load the range and keep it loaded (softlock). */
export const DEVMAP_LOCK = 2;
/** devmap_access(9E) type: end of a softlock. */
export const DEVMAP_UNLOCK = 3;

/** devmap_access(9E) rw: unknown or mixed. */
export const DEVMAP_OTHER = 0;
/** devmap_access(9E) rw: a load. */
export const DEVMAP_READ = 1;
/** devmap_access(9E) rw: a store. */
export const DEVMAP_WRITE = 2;
/** devmap_access(9E) rw: an instruction fetch. */
export const DEVMAP_EXEC = 3;
/** devmap_access(9E) rw: a store to a page made by it. */
export const DEVMAP_CREATE = 4;

/** ddi_umem_alloc(9F): may wait for memory. */
export const DDI_UMEM_SLEEP = 0x00;
/** ddi_umem_alloc(9F): answers NULL rather than wait. */
export const DDI_UMEM_NOSLEEP = 0x01;
/** ddi_umem_alloc(9F): memory may be paged out. */
export const DDI_UMEM_PAGEABLE = 0x02;
/** ddi_umem_alloc(9F): no memory at all; maps of it show the shared trash page. */
export const DDI_UMEM_TRASH = 0x04;

/** ddi_umem_lock(9F): the device reads the memory. */
export const DDI_UMEMLOCK_READ = 1;
/** ddi_umem_lock(9F): the device writes the memory. */
export const DDI_UMEMLOCK_WRITE = 2;
/** umem_lockmemory: the lock is counted against the project's limit. */
export const DDI_UMEMLOCK_LONGTERM = 4;

/** devmap_umem_setup(9F) flag: ordinary cached memory (the default). */
export const IOMEM_DATA_CACHED = 0x10000;
/** devmap_umem_setup(9F) flag: uncached, writes may be combined. */
export const IOMEM_DATA_UC_WR_COMBINE = 0x20000;
/** devmap_umem_setup(9F) flag: uncached, strictly ordered. */
export const IOMEM_DATA_UNCACHED = 0x40000;
/** The cache attribute bits of a flags word. */
export const IOMEM_DATA_MASK = 0xf0000;

const setupFlagNames: readonly (readonly [number, string])[] = [
  [DEVMAP_MAPPING_INVALID, 'invalid'], [DEVMAP_ALLOW_REMAP, 'remap'], [DEVMAP_USE_PAGESIZE, 'pagesize'],
  [IOMEM_DATA_CACHED, 'cached'], [IOMEM_DATA_UC_WR_COMBINE, 'wc'], [IOMEM_DATA_UNCACHED, 'uncached'],
];

/** Set-up flags as traces print them: `invalid+remap`, or `0`. */
export function setupFlagsText(flags: number): string {
  const words = setupFlagNames.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
  return words.length === 0 ? '0' : words.join('+');
}

const typeNames = ['INVAL', 'PROT', 'SOFTLOCK', 'SOFTUNLOCK'] as const;
const rwNames = ['OTHER', 'READ', 'WRITE', 'EXEC', 'CREATE', 'READ_NOCOW'] as const;
/** Name of a devmap_access(9E) fault type, as traces print it. */
export const accessTypeText = (type: number): string => typeNames[type] ?? String(type);
/** Name of a devmap_access(9E) rw, as traces print it. */
export const accessRwText = (rw: number): string => rwNames[rw] ?? String(rw);
