/**
 * The satp register (RISC-V Privileged, "Supervisor Address Translation and Protection Register").
 *
 *      63    60 59        44 43                    0
 *     +--------+------------+-----------------------+
 *     |  MODE  |    ASID    |          PPN          |
 *     +--------+------------+-----------------------+
 */
import type { Pfn } from '../src/base/index.js';

/** MODE 0: no translation. */
export const SATP_BARE = 0;
/** MODE 8: Sv39. */
export const SATP_SV39 = 8;
/** The modes this machine implements. */
export type SatpMode = 0 | 8;
/** Implemented bits of the ASID field (ASIDLEN). */
export const ASID_BITS = 16;
/** The fields of satp. */
export interface Satp {
  readonly mode: SatpMode;
  readonly asid: number;
  /** Page number of the root page table. */
  readonly rootPfn: Pfn;
}

/**
 * Reads the fields of a 64-bit satp value.
 * @returns undefined when MODE is not implemented; a write of such a value has no effect, the manual says.
 */
export function decodeSatp(value: bigint): Satp | undefined {
  const mode = Number((value >> 60n) & 0xfn);
  if (mode !== SATP_BARE && mode !== SATP_SV39) return undefined;
  return { mode, asid: Number((value >> 44n) & 0xffffn), rootPfn: Number(value & 0xfff_ffff_ffffn) };
}

/** The 64-bit satp value of its fields. */
export const encodeSatp = (satp: Satp): bigint => (BigInt(satp.mode) << 60n) | (BigInt(satp.asid) << 44n) | BigInt(satp.rootPfn);
