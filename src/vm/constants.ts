/** Flags and protections of mmap(2), segments and address spaces, with the values of the illumos headers. */

// --- protections (<sys/mman.h>)
/** No access. */
export const PROT_NONE = 0;
/** Pages can be read. */
export const PROT_READ = 1;
/** Pages can be written. */
export const PROT_WRITE = 2;
/** Pages can be executed. */
export const PROT_EXEC = 4;
/** The mapping is for user mode. */
export const PROT_USER = 8;
/** All protections. */
export const PROT_ALL = 0xf;
/** memcntl(2) attribute: exactly these protections. */
export const PROT_EXCL = 0x20;

// --- mmap(2) flags
/** Writes are seen by all who map the object. */
export const MAP_SHARED = 1;
/** Writes go to a copy. */
export const MAP_PRIVATE = 2;
/** Mask of the type of a mapping. */
export const MAP_TYPE = 0xf;
/** The address is an order, not a hint. */
export const MAP_FIXED = 0x10;
/** The mapping takes the place of another. */
export const MAP_RENAME = 0x20;
/** No swap space is reserved. */
export const MAP_NORESERVE = 0x40;
/** Only addresses below 4 GiB. */
export const _MAP_LOW32 = 0x80;
/** No file behind the mapping. */
export const MAP_ANON = 0x100;
/** The address argument is an alignment. */
export const MAP_ALIGN = 0x200;
/** The mapping is program text. */
export const MAP_TEXT = 0x400;
/** The mapping is initialised data. */
export const MAP_INITDATA = 0x800;
/** The address is chosen at random. */
export const _MAP_RANDOMIZE = 0x2000;
/** The caller knows the address returned. */
export const _MAP_NEW = 0x8000_0000;

// --- memcntl(2) functions, msync(3C) flags, madvise(3C) advice
/** memcntl(2): write modified pages back. */
export const MC_SYNC = 1;
/** memcntl(2): lock pages in memory. */
export const MC_LOCK = 2;
/** memcntl(2): undo MC_LOCK. */
export const MC_UNLOCK = 3;
/** memcntl(2): advice on use. */
export const MC_ADVISE = 4;
/** memcntl(2): lock the whole address space. */
export const MC_LOCKAS = 5;
/** memcntl(2): undo MC_LOCKAS. */
export const MC_UNLOCKAS = 6;
/** memcntl(2): advice on page sizes. */
export const MC_HAT_ADVISE = 7;
/** memcntl(2): the child of a fork gets zeroes. */
export const MC_INHERIT_ZERO = 8;
/** msync(3C): return at once. */
export const MS_ASYNC = 1;
/** msync(3C): drop cached copies. */
export const MS_INVALIDATE = 2;
/** msync(3C): wait for the writes. */
export const MS_SYNC = 4;
/** madvise(3C): nothing special. */
export const MADV_NORMAL = 0;
/** madvise(3C): random access. */
export const MADV_RANDOM = 1;
/** madvise(3C): sequential access. */
export const MADV_SEQUENTIAL = 2;
/** madvise(3C): needed soon. */
export const MADV_WILLNEED = 3;
/** madvise(3C): not needed soon; contents stay. */
export const MADV_DONTNEED = 4;
/** The contents are not needed any more: private anonymous pages read as zero afterwards. */
export const MADV_FREE = 5;
/** madvise(3C): default placement. */
export const MADV_ACCESS_DEFAULT = 6;
/** madvise(3C): the next thread uses it. */
export const MADV_ACCESS_LWP = 7;
/** madvise(3C): many threads use it. */
export const MADV_ACCESS_MANY = 8;
/** madvise(3C): drop the contents. */
export const MADV_PURGE = 9;
/** inherit operation: the child of a fork gets zeroes. */
export const SEGP_INH_ZERO = 1;

// --- what incore reports of a page (<sys/mman.h>, <vm/seg.h>)
/** The page is in memory. */
export const SEG_PAGE_INCORE = 1;
/** The page is locked in memory. */
export const SEG_PAGE_LOCKED = 2;
/** The page has a private copy. */
export const SEG_PAGE_HASCOW = 4;
/** The page is locked for I/O. */
export const SEG_PAGE_SOFTLOCK = 8;
/** A file is behind the page. */
export const SEG_PAGE_VNODEBACKED = 0x10;
/** The page is anonymous. */
export const SEG_PAGE_ANON = 0x20;
/** The page is one of the file. */
export const SEG_PAGE_VNODE = 0x40;

// --- internal errors of segment operations
/** No memory for the operation. */
export const IE_NOMEM = -1;
/** The operation must be called again. */
export const IE_RETRY = -2;
/** The segment must be attached again. */
export const IE_REATTACH = -3;

// --- segment flags
/** Not duplicated by fork. */
export const S_PURGE = 1;
/** The segment is a hole. */
export const S_HOLE = 2;

// --- address space flags and events (<vm/as.h>)
/** The next who would wait for unlocked pages must look again instead. */
export const AS_NOUNMAPWAIT = 0x02;
/** Segments with S_PURGE are to be purged. */
export const AS_NEEDSPURGE = 0x10;
/** Somebody waits until softlocked pages are unlocked. */
export const AS_UNMAPWAIT = 0x20;
/** Somebody is choosing an address and will map there. */
export const AS_CLAIMGAP = 0x40;
/** New mappings are locked in memory (mlockall MCL_FUTURE). */
export const AS_PAGLCK = 0x80;
/** The address space ends. */
export const AS_FREE_EVENT = 1;
/** A protection changes. */
export const AS_SETPROT_EVENT = 2;
/** A range is unmapped. */
export const AS_UNMAP_EVENT = 4;
/** as_gap: the lowest hole. */
export const AH_LO = 0;
/** as_gap: the highest hole. */
export const AH_HI = 1;
/** as_gap: the hole that contains the address. */
export const AH_CONTAIN = 2;
/** choose_addr: any page will do. */
export const ADDR_NOVACALIGN = 0;
/** choose_addr: the address agrees with the offset. */
export const ADDR_VACALIGN = 1;
/** The range is valid. */
export const RANGE_OKAY = 0;
/** The range leaves the address space. */
export const RANGE_BADADDR = 1;
/** The protection is not possible there. */
export const RANGE_BADPROT = 2;
