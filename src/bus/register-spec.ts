/** Registers as data: what a device's registers.ts declares, and the checks that such a declaration makes sense. */
import { hex } from '../base/index.js';
import { ACCESS_SIZES, type AccessSize } from './region.js';

/**
 * Who may do what: `ro` is read only; `rw` holds what is written; `w1c` bits are set by the device and cleared by writing
 * 1 to them; `wo` takes writes and has nothing to read.
 */
export type RegisterAccess = 'ro' | 'rw' | 'w1c' | 'wo';

/** One register of a device. */
export interface RegisterSpec {
  readonly name: string;
  /** Byte offset in the register window, a multiple of `size`. */
  readonly offset: number;
  /** Width in bytes. */
  readonly size: AccessSize;
  readonly access: RegisterAccess;
  /** Value after reset. */
  readonly reset: bigint;
  /** Bits that software must write as 0; they never change from their reset value by a write. */
  readonly reserved: bigint;
  /** What the register is for, one sentence of the device's documentation. */
  readonly doc: string;
  /**
   * A register wider than the accesses that read it: reading its lowest part captures the whole value, and reading the
   * other parts answers from what was captured.
   */
  readonly latched?: boolean;
}

/** All bits of a register. */
export const registerMask = (spec: RegisterSpec): bigint => (1n << BigInt(spec.size * 8)) - 1n;

/**
 * Checks a register file before a bank is built from it.
 * @throws RangeError naming the device, the register and what is wrong
 */
export function checkRegisters(device: string, registers: readonly RegisterSpec[]): void {
  const names = new Set<string>();
  for (const spec of registers) {
    const fail = (what: string): never => {
      throw new RangeError(`${device}: register ${spec.name === '' ? `at offset ${spec.offset}` : spec.name} ${what}`);
    };
    if (spec.name === '') fail('has no name');
    if (names.has(spec.name)) fail('is declared twice');
    names.add(spec.name);
    if (spec.doc.trim() === '') fail('has no documentation');
    if (!ACCESS_SIZES.includes(spec.size)) fail(`is ${spec.size} bytes wide`);
    if (!Number.isInteger(spec.offset) || spec.offset < 0 || spec.offset % spec.size !== 0) fail(`has offset ${spec.offset}, which is no multiple of its size ${spec.size}`);
    const mask = registerMask(spec);
    if (spec.reset < 0n || spec.reset > mask) fail(`has reset value ${hex(spec.reset)}, which does not fit ${spec.size} bytes`);
    if (spec.reserved < 0n || spec.reserved > mask) fail(`has reserved bits ${hex(spec.reserved)}, which do not fit ${spec.size} bytes`);
    if (spec.access === 'wo' && spec.latched === true) fail('is write only and cannot be latched');
  }
  const sorted = registers.toSorted((a, b) => a.offset - b.offset);
  sorted.forEach((spec, n) => {
    const before = sorted[n - 1];
    if (before !== undefined && before.offset + before.size > spec.offset) throw new RangeError(`${device}: register ${spec.name} overlaps ${before.name}`);
  });
}
