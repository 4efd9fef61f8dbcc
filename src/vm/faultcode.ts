/** Fault codes, and the kinds of faults and accesses (`<vm/faultcode.h>`, `<vm/seg_enum.h>`). */
import { EACCES, EFAULT, errnoName } from '../base/index.js';

/** Hardware error. */
export const FC_HWERR = 1;
/** Misaligned access. */
export const FC_ALIGN = 2;
/** The object behind the mapping failed; its errno is in the code. */
export const FC_OBJERR = 3;
/** The mapping does not allow the access. */
export const FC_PROT = 4;
/** No mapping there. */
export const FC_NOMAP = 5;
/** The mapping does not support the operation. */
export const FC_NOSUPPORT = 6;

/** The fault code that carries an errno. */
export const FC_MAKE_ERR = (e: number): number => (e << 8) | FC_OBJERR;
/** The kind of a fault code. */
export const FC_CODE = (fc: number): number => fc & 0xff;
/** The errno in a fault code of kind FC_OBJERR. */
export const FC_ERRNO = (fc: number): number => fc >>> 8;

// --- kinds of faults (fault_type)
/** No translation. */
export const F_INVAL = 0;
/** A translation that does not allow the access. */
export const F_PROT = 1;
/** Lock pages and load their translations. */
export const F_SOFTLOCK = 2;
/** Undo F_SOFTLOCK. */
export const F_SOFTUNLOCK = 3;
/** A kind of fault. */
export type FaultType = 0 | 1 | 2 | 3;

// --- kinds of accesses (seg_rw)
/** Unknown or irrelevant access. */
export const S_OTHER = 0;
/** Load. */
export const S_READ = 1;
/** Store. */
export const S_WRITE = 2;
/** Instruction fetch. */
export const S_EXEC = 3;
/** The pages are created. */
export const S_CREATE = 4;
/** Load that needs no private copy. */
export const S_READ_NOCOW = 5;
/** A kind of access. */
export type SegRw = number;

// --- kinds of page locking (lock_type)
/** Lock pages for I/O. */
export const L_PAGELOCK = 0;
/** Undo L_PAGELOCK. */
export const L_PAGEUNLOCK = 1;
// --- capabilities of segments (segcapability_t)
/** Whether locked pages cause no minor faults. */
export const S_CAPABILITY_NOMINFLT = 0;

/** The errno a fault code means to a system call (fc_decode): the object's, EACCES for FC_PROT, EFAULT for the rest; 0 for 0. */
export function fc_decode(fc: number): number {
  if (fc === 0) return 0;
  if (FC_CODE(fc) === FC_OBJERR) return FC_ERRNO(fc);
  return fc === FC_PROT ? EACCES : EFAULT;
}

const codeNames = ['0', 'FC_HWERR', 'FC_ALIGN', 'FC_OBJERR', 'FC_PROT', 'FC_NOMAP', 'FC_NOSUPPORT'];
const typeNames = ['INVAL', 'PROT', 'SOFTLOCK', 'SOFTUNLOCK'];
const rwNames = ['OTHER', 'READ', 'WRITE', 'EXEC', 'CREATE', 'READ_NOCOW'];

/** A fault code as traces print it: `0`, `FC_PROT`, `FC_OBJERR(EFAULT)`; `FC?0x16` when it is none. */
export function faultcodeText(fc: number): string {
  if (FC_CODE(fc) === FC_OBJERR) return `FC_OBJERR(${errnoName(FC_ERRNO(fc))})`;
  return codeNames[fc] ?? `FC?0x${(fc >>> 0).toString(16)}`;
}
/** A kind of fault as traces print it. */
export const faultTypeText = (type: number): string => typeNames[type] ?? `F?${type}`;
/** A kind of access as traces print it. */
export const rwText = (rw: number): string => rwNames[rw] ?? `S?${rw}`;
