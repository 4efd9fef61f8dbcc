/** From 64-bit register values to addresses as numbers. */
import { USER_END, type Vaddr } from '../src/base/index.js';

/**
 * The virtual address of a 64-bit value given as its two halves, signed or not.
 * @returns NaN when bits 63:39 do not all equal bit 38: such an address page-faults ("Sv39 addressing").
 */
export function vaddrFromHalves(lo: number, hi: number): Vaddr {
  const high = hi | 0;
  return (high >= -64 && high < 64 ? high * 0x1_0000_0000 + (lo >>> 0) : Number.NaN) as Vaddr;
}

/** Whether `va` is a canonical Sv39 address as a signed number; false for NaN. */
export const isCanonical = (va: number): boolean => va >= -USER_END && va < USER_END;
