/** Which instructions are plain loads and stores, as their encodings say. */
import type { AccessWidth } from '../access.js';
import type { Instruction } from '../isa/index.js';

/** What a load or store does with memory at rs1 + imm. */
export interface MemoryAccess {
  readonly size: AccessWidth;
  readonly store: boolean;
}

const LOAD = 0x03;
const LOAD_FP = 0x07;
const STORE = 0x23;
const STORE_FP = 0x27;

const known = new Map<Instruction, MemoryAccess | undefined>();

/** The access of a load or store; undefined for all others, atomics and cache blocks included. [RISC-V unprivileged ISA, "RV32/64G Instruction Set Listings"] */
export function memoryAccess(row: Instruction): MemoryAccess | undefined {
  if (!known.has(row)) known.set(row, accessOf(row.match));
  return known.get(row);
}

function accessOf(match: number): MemoryAccess | undefined {
  const opcode = match & 0x7f;
  const store = opcode === STORE || opcode === STORE_FP;
  if (!store && opcode !== LOAD && opcode !== LOAD_FP) return undefined;
  return { size: (1 << ((match >>> 12) & 3)) as AccessWidth, store };
}
