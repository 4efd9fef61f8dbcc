/**
 * Addresses as exact numbers.
 *
 * A canonical Sv39 virtual address is the sign extension of 39 bits, so as a *signed* number it lies in
 * [-2^38, 2^38) and its page number is an int32. A physical address lies in [0, 2^PADDR_BITS). Both are exact
 * doubles; arithmetic on them yields plain numbers, which `asVaddr`/`asPaddr` brand again without a check.
 */

declare const vaddrBrand: unique symbol;
declare const paddrBrand: unique symbol;

/** A canonical Sv39 virtual address: an integer in [-2^38, 2^38). */
export type Vaddr = number & { readonly [vaddrBrand]: true };

/** A physical address: an integer in [0, 2^PADDR_BITS). */
export type Paddr = number & { readonly [paddrBrand]: true };

/** A physical page frame number: a physical address divided by PAGESIZE. PFN_INVALID stands for none. */
export type Pfn = number;

/** Bytes in a base page. */
export const PAGESIZE = 4096;
/** log2(PAGESIZE). */
export const PAGESHIFT = 12;
/** The bits of an address inside a page. */
export const PAGEOFFSET: number = PAGESIZE - 1;

/** Leaf level of a page: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB. */
export type PageLevel = 0 | 1 | 2;
/** Bytes mapped by a leaf PTE at each level. */
export const LEVEL_SIZE: readonly [number, number, number] = [PAGESIZE, 2 ** 21, 2 ** 30];
/** Width of a physical address of this machine. A larger PPN in a PTE is an access fault, never masked. */
export const PADDR_BITS = 46;
/** First address above physical memory. */
export const PADDR_END: number = 2 ** PADDR_BITS;

/** First address above the user half of Sv39. */
export const USER_END: number = 2 ** 38;

/** "No frame": what hat_getpfnum(9F) answers where nothing is mapped. */
export const PFN_INVALID: Pfn = -1;

/** Brands `n` as a virtual address without checking it. */
export const asVaddr = (n: number): Vaddr => n as Vaddr;
/** Brands `n` as a physical address without checking it. */
export const asPaddr = (n: number): Paddr => n as Paddr;

/**
 * Checks that `n` is a canonical Sv39 address.
 * @throws RangeError when it is not an integer in [-2^38, 2^38).
 */
export function vaddr(n: number): Vaddr {
  if (!Number.isInteger(n) || n < -USER_END || n >= USER_END) throw new RangeError(`not a canonical Sv39 address: ${n}`);
  return n as Vaddr;
}

/**
 * Checks that `n` is a physical address of this machine.
 * @throws RangeError when it is not an integer in [0, 2^PADDR_BITS).
 */
export function paddr(n: number): Paddr {
  if (!Number.isInteger(n) || n < 0 || n >= PADDR_END) throw new RangeError(`not a ${PADDR_BITS}-bit physical address: ${n}`);
  return n as Paddr;
}

/** Rounds `n` down to a multiple of `size`, a power of two; exact for every address. */
export const alignDown = (n: number, size: number): number => Math.floor(n / size) * size;
/** Rounds `n` up to a multiple of `size`, a power of two; exact for every address. */
export const alignUp = (n: number, size: number): number => Math.ceil(n / size) * size;
/** Whether `n` is a multiple of `size`. */
export const isAligned = (n: number, size: number): boolean => n % size === 0;
/** Pages needed to hold `bytes`. */
export const btopr = (bytes: number): number => Math.ceil(bytes / PAGESIZE);
/** The frame that holds a physical address. */
export const pfnOf = (pa: number): Pfn => Math.floor(pa / PAGESIZE);
/** The physical address of a frame. */
export const paddrOf = (pfn: Pfn): Paddr => (pfn * PAGESIZE) as Paddr;

/** `n` as C prints it with `%#x`: negative numbers as their 64-bit two's complement. */
export function hex(n: number | bigint): string {
  return n < 0 ? `0x${BigInt.asUintN(64, BigInt(n)).toString(16)}` : `0x${n.toString(16)}`;
}
