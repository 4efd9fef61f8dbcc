/** What the assembler takes from the hart's instruction table: every encoding comes from there. */
export { COMPRESSED, csrNumber, encode, fieldError, fieldRange, instructionNamed, operandField, registerNumber } from '../../src/hart/isa/index.js';
export type { CompressedInstruction, Encoded, FieldName, Operand as OperandName } from '../../src/hart/isa/index.js';
