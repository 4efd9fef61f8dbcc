/**
 * The Sv39 page table entry (RISC-V Privileged, "Sv39: Page-Based 39-bit Virtual-Memory System"; Svpbmt; Svnapot).
 *
 *      63  62 61  60      54  53                        10  9 8  7 6 5 4 3 2 1 0
 *     +---+------+----------+-----------------------------+-----+-+-+-+-+-+-+-+-+
 *     | N | PBMT | reserved |      PPN (44 bits)          | RSW |D|A|G|U|X|W|R|V|
 *     +---+------+----------+-----------------------------+-----+-+-+-+-+-+-+-+-+
 *      high half: 31 N, 30:29 PBMT, 28:22 reserved, 21:0 PPN[43:22]
 *      low half:  31:10 PPN[21:0], 9:8 RSW, 7:0 flags
 *
 * A PTE is two unsigned 32-bit halves, in this room only; no other room looks inside one but through these functions.
 */
import type { Pfn } from '../src/base/index.js';

/** Valid. */
export const PTE_V = 0x01;
/** Readable. */
export const PTE_R = 0x02;
/** Writable. */
export const PTE_W = 0x04;
/** Executable. */
export const PTE_X = 0x08;
/** Accessible in user mode. */
export const PTE_U = 0x10;
/** Global: the mapping exists in every address space. */
export const PTE_G = 0x20;
/** Accessed. */
export const PTE_A = 0x40;
/** Dirty. */
export const PTE_D = 0x80;
/** The two bits the manual leaves to software (RSW). */
export const PTE_RSW = 0x300;

/** Bytes in a PTE. */
export const PTE_SIZE = 8;
/** PTEs in a page table. */
export const PTES_PER_TABLE = 512;

/** Svpbmt memory type: as the physical memory attributes say. */
export const PBMT_PMA = 0;
/** Svpbmt memory type: non-cacheable, idempotent, weakly ordered, main memory. */
export const PBMT_NC = 1;
/** Svpbmt memory type: non-cacheable, non-idempotent, strongly ordered, I/O. */
export const PBMT_IO = 2;
/** Svpbmt encoding that is reserved and must fault. */
export const PBMT_RESERVED = 3;
/** A Svpbmt memory type as it stands in a valid PTE. */
export type Pbmt = 0 | 1 | 2;

/** Bits of the PPN that a 64 KiB Svnapot leaf uses for its size: 1000 in PPN[3:0]. */
export const NAPOT_PPN = 0x8;
/** Base pages in the one Svnapot size there is, 64 KiB. */
export const NAPOT_PAGES = 16;

/** High-half bit of N. */
const N_HIGH = 0x8000_0000;
/** High-half bits 60:54. */
const RESERVED_HIGH = 0x1fc0_0000;
const PPN_HIGH = 0x3f_ffff;

/** A PTE as its two 32-bit halves, unsigned. */
export interface PteHalves {
  readonly lo: number;
  readonly hi: number;
}

/** The 44-bit physical page number of a PTE. */
export const ptePpn = (lo: number, hi: number): Pfn => (lo >>> 10) + (hi & PPN_HIGH) * 0x40_0000;
/** The flag bits 7:0 of a PTE. */
export const pteFlags = (lo: number): number => lo & 0xff;
/** The software bits 9:8 of a PTE, in place. */
export const pteSoftware = (lo: number): number => lo & PTE_RSW;
/** The PBMT field, 0 to 3. */
export const ptePbmt = (hi: number): number => (hi >>> 29) & 3;
/** Whether bit 63, N, is set. */
export const pteNapot = (hi: number): boolean => (hi & N_HIGH) !== 0;
/** Whether any of the reserved bits 60:54 is set. */
export const pteReserved = (hi: number): boolean => (hi & RESERVED_HIGH) !== 0;
/** Whether V is set. */
export const pteValid = (lo: number): boolean => (lo & PTE_V) !== 0;
/** Whether a valid PTE maps a page (R or X); otherwise it points to the next level. */
export const pteLeaf = (lo: number): boolean => (lo & (PTE_R | PTE_X)) !== 0;

/**
 * Builds a PTE.
 * @param o.pfn 44-bit page number; of the first page for superpages, of any page of the range for Svnapot
 * @param o.flags PTE_* bits 9:0
 * @param o.pbmt memory type; default {@link PBMT_PMA}
 * @param o.napot whether the PTE is one of the 16 of a 64 KiB Svnapot range; PPN[3:0] is then replaced by 1000
 */
export function pteEncode(o: { pfn: Pfn; flags: number; pbmt?: Pbmt; napot?: boolean }): PteHalves {
  const pfn = o.napot === true ? o.pfn - (o.pfn % NAPOT_PAGES) + NAPOT_PPN : o.pfn;
  const high = Math.floor(pfn / 0x40_0000);
  return {
    lo: (((pfn % 0x40_0000) << 10) | (o.flags & 0x3ff)) >>> 0,
    hi: ((o.napot === true ? N_HIGH : 0) | ((o.pbmt ?? PBMT_PMA) << 29) | high) >>> 0,
  };
}

const LETTERS = 'vrwxugad';

/** The flags of a PTE as eight characters in the order D A G U X W R V, `-` for a clear bit: `da-uxwrv`. */
export function pteFlagsText(lo: number): string {
  let text = '';
  for (let bit = 7; bit >= 0; bit--) text += (lo >>> bit) & 1 ? LETTERS[bit]! : '-';
  return text;
}
