/** What lies in the physical address space, as the bus tells others about it, and the errors of building it. */
import { hex, type Paddr } from '../base/index.js';

/** Width of one bus access in bytes. */
export type AccessSize = 1 | 2 | 4 | 8;

/** All access widths, narrow to wide. */
export const ACCESS_SIZES: readonly AccessSize[] = [1, 2, 4, 8];

/**
 * The TypeScript side of a range of device registers. The bus has already checked that the access lies inside the
 * window, is naturally aligned and has a declared size.
 */
export interface RegisterWindow {
  /**
   * Reads `size` bytes at byte `offset` of the window.
   * @returns the value, zero-extended; undefined is a bus error.
   */
  read(offset: number, size: AccessSize): bigint | undefined;
  /**
   * Writes the low `size` bytes of `value` at byte `offset` of the window.
   * @returns false for a bus error; anything else is success.
   */
  write(offset: number, size: AccessSize, value: bigint): boolean | void;
}

/** What kind of thing answers at an address: ordinary RAM, a device's memory, a device's registers. */
export type RegionKind = 'ram' | 'memory' | 'registers';

/** One range of physical addresses and who answers there. `size` is in bytes. */
export interface Region {
  readonly kind: RegionKind;
  readonly name: string;
  readonly base: Paddr;
  readonly size: number;
}

/** A region as messages print it: name and half-open address range. */
export const regionText = (region: Region): string => `${region.name} [${hex(region.base)}, ${hex(region.base + region.size)})`;

/** The pool that backs device memory is used up: the machine was configured with too little of it. */
export class BackingExhausted extends Error {
  /** Bytes the pool was created with. */
  readonly poolSize: number;

  constructor(region: string, offset: number, poolSize: number) {
    super(`no memory left to back page ${hex(offset)} of ${region}: the pool of ${poolSize / 2 ** 20} MiB is used up (raise poolSize)`);
    this.name = 'BackingExhausted';
    this.poolSize = poolSize;
  }
}
