/** What the compiler of regions asks about each instruction, found out once for all that have the same handler. */
import type { AccessWidth } from '../access.js';
import { instructionOf } from '../handlers.js';
import type { Flow, Instruction } from '../isa/index.js';

/** What a load or store does with memory at rs1 + imm. */
export interface MemoryAccess {
  readonly size: AccessWidth;
  readonly store: boolean;
}

/** Registers an instruction names, as bits. */
export const Uses = { rs1: 1, rs2: 2, rd: 4, fs1: 8, fs2: 16, fs3: 32, fd: 64 } as const;

/** What is so whatever the operands are. */
export interface Traits {
  readonly row: Instruction;
  readonly flow: Flow;
  /** The number of its handler. */
  readonly handler: number;
  /** {@link Uses} of its operands. */
  readonly uses: number;
  /** Plain loads and stores; undefined for all others, atomics and cache blocks included. */
  readonly access: MemoryAccess | undefined;
  /** Whether its immediate is a rounding mode. */
  readonly rounds: boolean;
}

const known: (Traits | undefined)[] = [];

/** The traits of the instruction behind a handler number, undefined for the handlers that are none. */
export function traitsOf(handler: number): Traits | undefined {
  const made = known[handler];
  if (made !== undefined) return made;
  const row = instructionOf(handler);
  return row && (known[handler] = make(row, handler));
}

function make(row: Instruction, handler: number): Traits {
  let uses = 0;
  for (const operand of row.operands) uses |= Uses[operand as keyof typeof Uses] ?? 0;
  // Read from the notation: parsing it takes longer than all else that is done for a row in a short run.
  const notation = row.notation.split(' ');
  return { row, flow: row.flow, handler, uses, access: accessOf(notation.at(-1)!, notation.at(-3)!), rounds: notation.some((part) => part === 'rm' || part.startsWith('rm!')) };
}

/** Loads and stores of x and of f registers. [RISC-V unprivileged ISA, "RV32/64G Instruction Set Listings"] */
const LOADS: readonly string[] = ['0000011', '0000111'];
const STORES: readonly string[] = ['0100011', '0100111'];

function accessOf(opcode: string, funct3: string): MemoryAccess | undefined {
  const store = STORES.includes(opcode);
  if (!store && !LOADS.includes(opcode)) return undefined;
  return { size: (1 << (parseInt(funct3, 2) & 3)) as AccessWidth, store };
}
