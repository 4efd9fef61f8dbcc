/** Registers of a hart, CSRs and privilege mode among them. */
import { CSR_NAMES, type Hart } from '../hart/index.js';
import type { TargetRegister } from './target-description.js';

/** The CSRs a hart has, by name and number. */
export const csrsOf = (hart: Hart): (readonly [name: string, number: number])[] =>
  Object.entries(CSR_NAMES).filter(([, number]) => hart.csrs.peek(number) !== undefined);

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/** A register as an unsigned number; undefined where there is none. */
export function readBareRegister(hart: Hart, { file, index }: TargetRegister): bigint | undefined {
  switch (file) {
    case 'x': return unsigned(hart.x(index));
    case 'pc': return unsigned(hart.pc64);
    case 'f': return unsigned(hart.state.floatRegisters()[index] ?? 0n);
    case 'csr': return hart.csrs.peek(index);
    case 'priv': return BigInt(hart.traps.mode);
  }
}

/** Sets a register to the low bits of `value`; false where it cannot be written. */
export function writeBareRegister(hart: Hart, { file, index }: TargetRegister, value: bigint): boolean {
  switch (file) {
    case 'x':
      hart.setX(index, BigInt.asIntN(64, value));
      return true;
    case 'pc':
      hart.pc64 = BigInt.asIntN(64, value);
      return true;
    case 'f':
      hart.state.floatRegisters()[index] = BigInt.asIntN(64, value);
      return true;
    case 'csr': return hart.csrs.poke(index, value);
    case 'priv': return writeMode(hart, Number(value & 3n));
  }
}

function writeMode(hart: Hart, mode: number): boolean {
  if (mode !== 0 && mode !== 1 && mode !== 3) return false;
  hart.traps.mode = mode;
  hart.translationChanged();
  return true;
}
