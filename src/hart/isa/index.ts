/** The instruction set: every row, in matching order, and look-up by name. */
import { once } from '../../base/index.js';
import { extensionA } from './a.js';
import { extensionZba, extensionZbb, extensionZbs } from './bit-manipulation.js';
import { cacheBlocks } from './cache-blocks.js';
import { extensionC } from './compressed.js';
import { extensionD, extensionF } from './float.js';
import type { CompressedInstruction, Encoded, Instruction } from './instruction.js';
import { extensionM } from './m.js';
import { rv64i } from './rv64i.js';
import { privileged, svinval, zicsr, zifencei } from './system-rows.js';

export { CSR_FAMILIES, type CsrName, CSR_NAMES, csrName, csrNumber } from './csr-names.js';
export { type Encoding, extract, type Field, fieldError, type FieldName, fieldRange, type Fields } from './encoding.js';
export { type CompressedInstruction, encode, type Encoded, type Extension, type Flow, type Instruction, matches, type Operand, operandField } from './instruction.js';
export { F_NAMES, registerNumber, X_NAMES } from './registers.js';

/** Every full instruction. An instruction's place in this list numbers its handler in the interpreter. */
export const INSTRUCTIONS: readonly Instruction[] = [
  ...rv64i, ...extensionM, ...extensionA, ...zicsr, ...zifencei, ...privileged, ...svinval, ...cacheBlocks,
  ...extensionZba, ...extensionZbb, ...extensionZbs, ...extensionF, ...extensionD,
];

const fullByName = once((): ReadonlyMap<string, Instruction> => new Map(INSTRUCTIONS.map((row) => [row.name, row])));

/** The full instruction of a name, undefined where there is none. */
export const fullInstruction = (name: string): Instruction | undefined => fullByName().get(name);

/** Every compressed instruction. */
export const COMPRESSED: readonly CompressedInstruction[] = extensionC(fullInstruction);

/** The row of a mnemonic ("addi", "c.lwsp", "amoadd.w" without .aq/.rl), undefined where there is none. */
export const instructionNamed = (name: string): Encoded | undefined => fullInstruction(name) ?? COMPRESSED.find((row) => row.name === name);
