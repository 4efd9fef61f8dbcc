/** Why a translation fails: a closed union. The exception code alone does not tell. */

/** Every reason a translation can fail for, by its number; 0 is success. */
export const FAILURES = [
  'none',
  'non-canonical',          // bits 63:39 of the address are no copies of bit 38
  'table-not-memory',       // the PTE's own address holds no memory: access fault
  'table-protected',        // physical memory protection refuses the PTE: access fault
  'invalid',                // V = 0
  'write-without-read',     // W = 1, R = 0
  'reserved-bits',          // bits 60:54
  'reserved-pbmt',          // PBMT = 3, or not 0 where Svpbmt is off
  'reserved-napot',         // N with any size but 64 KiB, above level 0, or where Svnapot is off
  'reserved-pointer',       // a pointer to the next level with A, D, U, N or PBMT set
  'no-leaf',                // the PTE of level 0 is a pointer
  'misaligned-superpage',   // low PPN bits of a 2 MiB or 1 GiB leaf are not 0
  'supervisor-page',        // user mode, U = 0
  'user-page',              // supervisor mode, U = 1, and SUM = 0 or a fetch
  'not-readable',
  'not-writable',
  'not-executable',
  'not-accessed',           // Svade: A = 0
  'not-dirty',              // Svade: store and D = 0
  'beyond-physical',        // the frame lies above PADDR_BITS: access fault
] as const;

/** Why a translation failed. */
export type Failure = (typeof FAILURES)[number];

/** `none` in {@link FAILURES}. */
export const FAIL_NONE = 0;
/** `non-canonical` in {@link FAILURES}. */
export const FAIL_NON_CANONICAL = 1;
/** `table-not-memory` in {@link FAILURES}. */
export const FAIL_TABLE_NOT_MEMORY = 2;
/** `table-protected` in {@link FAILURES}. */
export const FAIL_TABLE_PROTECTED = 3;
/** `invalid` in {@link FAILURES}. */
export const FAIL_INVALID = 4;
/** `write-without-read` in {@link FAILURES}. */
export const FAIL_WRITE_WITHOUT_READ = 5;
/** `reserved-bits` in {@link FAILURES}. */
export const FAIL_RESERVED_BITS = 6;
/** `reserved-pbmt` in {@link FAILURES}. */
export const FAIL_RESERVED_PBMT = 7;
/** `reserved-napot` in {@link FAILURES}. */
export const FAIL_RESERVED_NAPOT = 8;
/** `reserved-pointer` in {@link FAILURES}. */
export const FAIL_RESERVED_POINTER = 9;
/** `no-leaf` in {@link FAILURES}. */
export const FAIL_NO_LEAF = 10;
/** `misaligned-superpage` in {@link FAILURES}. */
export const FAIL_MISALIGNED = 11;
/** `supervisor-page` in {@link FAILURES}. */
export const FAIL_SUPERVISOR_PAGE = 12;
/** `user-page` in {@link FAILURES}. */
export const FAIL_USER_PAGE = 13;
/** `not-readable` in {@link FAILURES}. */
export const FAIL_NOT_READABLE = 14;
/** `not-writable` in {@link FAILURES}. */
export const FAIL_NOT_WRITABLE = 15;
/** `not-executable` in {@link FAILURES}. */
export const FAIL_NOT_EXECUTABLE = 16;
/** `not-accessed` in {@link FAILURES}. */
export const FAIL_NOT_ACCESSED = 17;
/** `not-dirty` in {@link FAILURES}. */
export const FAIL_NOT_DIRTY = 18;
/** `beyond-physical` in {@link FAILURES}. */
export const FAIL_BEYOND_PHYSICAL = 19;

/** Whether a failure raises an access fault; all others raise page faults. */
export const isAccessFault = (failure: number): boolean =>
  failure === FAIL_TABLE_NOT_MEMORY || failure === FAIL_TABLE_PROTECTED || failure === FAIL_BEYOND_PHYSICAL;
