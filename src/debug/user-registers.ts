/** Registers of a thread of a process. */
import type { Lwp } from '../process/index.js';
import type { TargetRegister } from './target-description.js';

const [FFLAGS, FRM, FCSR] = [1, 2, 3];
/** Counters a program may read; nobody writes them. */
const [CYCLE, TIME, INSTRET] = [0xc00, 0xc01, 0xc02];
/** CSRs of a process besides the floating-point ones. */
export const USER_CSRS: readonly (readonly [name: string, number: number])[] = [['cycle', CYCLE], ['time', TIME], ['instret', INSTRET]];

/** What a register field of fcsr is: bits from `shift` on. */
const FIELDS: Readonly<Record<number, { readonly shift: number; readonly mask: number }>> = {
  [FFLAGS]: { shift: 0, mask: 0x1f }, [FRM]: { shift: 5, mask: 7 }, [FCSR]: { shift: 0, mask: 0xff },
};

/** A register as an unsigned number; undefined where there is none. */
export function readUserRegister(lwp: Lwp, { file, index }: TargetRegister): bigint | undefined {
  switch (file) {
    case 'x': return BigInt.asUintN(64, lwp.x(index));
    case 'pc': return BigInt.asUintN(64, lwp.pc64);
    case 'f': return BigInt.asUintN(64, lwp.saved().f[index] ?? 0n);
    case 'csr': return readCsr(lwp, index);
    case 'priv': return undefined;
  }
}

function readCsr(lwp: Lwp, number: number): bigint | undefined {
  const field = FIELDS[number];
  if (field !== undefined) return BigInt((lwp.saved().fcsr >> field.shift) & field.mask);
  return lwp.lastCpu?.hart.csrs.read(number) ?? (number >= CYCLE && number <= INSTRET ? 0n : undefined);
}

/** Sets a register to the low bits of `value`; false where it cannot be written. */
export function writeUserRegister(lwp: Lwp, { file, index }: TargetRegister, value: bigint): boolean {
  switch (file) {
    case 'x':
      if (index !== 0) lwp.setX(index, BigInt.asIntN(64, value));
      return true;
    case 'pc':
      lwp.pc64 = value;
      return true;
    case 'f':
      lwp.saved().f[index] = BigInt.asIntN(64, value);
      return true;
    case 'csr': return writeCsr(lwp, index, Number(value & 0xffn));
    case 'priv': return false;
  }
}

function writeCsr(lwp: Lwp, number: number, value: number): boolean {
  const field = FIELDS[number];
  if (field === undefined) return false;
  const context = lwp.saved();
  context.fcsr = (context.fcsr & ~(field.mask << field.shift)) | ((value & field.mask) << field.shift);
  return true;
}
