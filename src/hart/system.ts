/** What the system instructions do, by name: the TypeScript half of the rows in isa/system-rows.ts. */
import { asVaddr } from '../base/index.js';
import type { Mmu } from '../../mmu/index.js';
import { Cause } from './cause.js';
import type { CsrFile } from './csr-file.js';
import { Status } from './status.js';
import type { TrapRegisters } from './trap-registers.js';

/** The operands of a decoded system instruction. */
export interface SystemOperands {
  readonly rd: number;
  /** Register number, or the 5-bit immediate. */
  readonly rs1: number;
  readonly rs2: number;
  /** CSR number. */
  readonly imm: number;
}

/** What a system instruction may touch. */
export interface SystemHart {
  readonly traps: TrapRegisters;
  readonly csrs: CsrFile;
  readonly mmu: Mmu;
  /** Register `n`, signed. */
  x(n: number): bigint;
  /** Writes register `n`; of `value` the lowest 64 bits count, and x0 stays 0. */
  setX(n: number, value: bigint): void;
  /** Sets where execution goes on, and ends a reservation, as returns from traps do. */
  returnTo(pc: bigint): void;
  /** fence.i: instructions fetched from now on are those stored before. */
  fenceI(): void;
  /** Told after what satp, the mode or the status register say of translation may have changed. */
  translationChanged(): void;
}

/** How a system instruction ends: retired, retired with the pc already set, waiting for an interrupt, or a trap. */
export type Outcome = 'next' | 'jumped' | 'wait' | 'illegal' | typeof Cause.Breakpoint | typeof Cause.EcallFromU | typeof Cause.EcallFromS | typeof Cause.EcallFromM;

type Operation = (hart: SystemHart, operands: SystemOperands) => Outcome;

/** The one instruction of the Zicsr family: `combine` gives the value to write, undefined for none. */
const csrOperation = (immediate: boolean, combine: (old: bigint, operand: bigint) => bigint, always: boolean): Operation => (hart, { rd, rs1, imm }) => {
  const operand = immediate ? BigInt(rs1) : hart.x(rs1);
  // csrrw to x0 must not read, csrrs and csrrc from x0 must not write.
  const reads = rd !== 0 || !always;
  const old = reads ? hart.csrs.read(imm) : 0n;
  if (old === undefined) return 'illegal';
  if ((always || rs1 !== 0) && !hart.csrs.write(imm, combine(old, operand))) return 'illegal';
  hart.setX(rd, BigInt.asIntN(64, old));
  return 'next';
};

const write = (_: bigint, operand: bigint): bigint => operand;
const set = (old: bigint, operand: bigint): bigint => old | operand;
const clear = (old: bigint, operand: bigint): bigint => old & ~operand;

const ECALL = { 0: Cause.EcallFromU, 1: Cause.EcallFromS, 3: Cause.EcallFromM } as const;
const LOW_ASID = 0xffffn;

/** A register as an address: NaN where it is not canonical. */
function address(value: bigint): number {
  return value === BigInt.asIntN(39, value) ? Number(value) : Number.NaN;
}

/** Of one page or all, for one ASID or all: register 0 means all. */
const fence: Operation = (hart, { rs1, rs2 }) => {
  const { mode, status } = hart.traps;
  if (mode === 0 || (mode === 1 && status.has(Status.TVM))) return 'illegal';
  hart.mmu.sfenceVma(rs1 === 0 ? undefined : asVaddr(address(hart.x(rs1))), rs2 === 0 ? undefined : Number(hart.x(rs2) & LOW_ASID));
  hart.translationChanged();
  return 'next';
};

/** The operations by mnemonic. */
export const SYSTEM: Readonly<Record<string, Operation>> = {
  ecall: (hart) => ECALL[hart.traps.mode],
  ebreak: () => Cause.Breakpoint,
  csrrw: csrOperation(false, write, true),
  csrrs: csrOperation(false, set, false),
  csrrc: csrOperation(false, clear, false),
  csrrwi: csrOperation(true, write, true),
  csrrsi: csrOperation(true, set, false),
  csrrci: csrOperation(true, clear, false),
  'fence.i': (hart) => {
    hart.fenceI();
    return 'next';
  },
  mret: (hart) => {
    if (hart.traps.mode !== 3) return 'illegal';
    hart.returnTo(hart.traps.returnFromMachine());
    hart.translationChanged();
    return 'jumped';
  },
  sret: (hart) => {
    const { mode, status } = hart.traps;
    if (mode === 0 || (mode === 1 && status.has(Status.TSR))) return 'illegal';
    hart.returnTo(hart.traps.returnFromSupervisor());
    hart.translationChanged();
    return 'jumped';
  },
  wfi: (hart) => {
    const { mode, status, wakes } = hart.traps;
    if (mode === 0 || (mode === 1 && status.has(Status.TW))) return 'illegal';
    return wakes ? 'next' : 'wait';
  },
  'sfence.vma': fence,
  // Invalidations take effect at once: the fences around them have nothing left to order. TVM concerns sinval.vma only.
  'sinval.vma': fence,
  'sfence.w.inval': ({ traps }) => (traps.mode === 0 ? 'illegal' : 'next'),
  'sfence.inval.ir': ({ traps }) => (traps.mode === 0 ? 'illegal' : 'next'),
};
