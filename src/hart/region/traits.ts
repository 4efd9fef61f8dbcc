/** What the compiler of regions asks about each instruction, as a number. */
import { instructionOf } from '../handlers.js';
import { Packed } from './compiler/code-copies.js';
import { Flow, Known, Uses } from './compiler/guest-code.js';

/** Loads and stores of x and of f registers. [RISC-V unprivileged ISA, "RV32/64G Instruction Set Listings"] */
const LOADS: readonly string[] = ['0000011', '0000111'];
const STORES: readonly string[] = ['0100011', '0100111'];

/** The traits of the instruction behind a handler number; -1 for handlers that are none, and for instructions regions end before. */
export function packedTraits(handler: number): number {
  const row = instructionOf(handler);
  if (row === undefined || row.flow === 'system') return -1;
  let uses = 0;
  for (const operand of row.operands) uses |= named(Uses, operand) ?? 0;
  // Read from the notation: parsing it takes longer than all else that is done for a row in a short run.
  const notation = row.notation.split(' ');
  const rounds = notation.some((part) => part === 'rm' || part.startsWith('rm!')) ? 1 : 0;
  const known = named(Known, row.name) ?? Known.no;
  const access = packedAccess(notation.at(-1)!, notation.at(-3)!);
  return Flow[row.flow] | (uses << Packed.uses) | access | (rounds << Packed.rounds) | (known << Packed.known);
}

/** The number a class of constants has under a name. */
const named = (constants: object, name: string): number | undefined => (constants as Readonly<Record<string, number | undefined>>)[name];

function packedAccess(opcode: string, funct3: string): number {
  const store = STORES.includes(opcode);
  if (!store && !LOADS.includes(opcode)) return 0;
  return ((1 << (parseInt(funct3, 2) & 3)) << Packed.size) | ((store ? 1 : 0) << Packed.store);
}
