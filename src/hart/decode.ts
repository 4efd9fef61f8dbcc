/** Which row of the instruction table the bits of an instruction are, and where its operands lie in them. */
import { once } from '../base/index.js';
import { type CompressedInstruction, COMPRESSED, extract, type Field, type FieldName, fullInstruction, type Instruction, INSTRUCTIONS, matches } from './isa/index.js';

/** Whether the instruction that begins with this parcel has 4 bytes. Longer ones do not exist in this machine and decode as illegal. */
export const isFull = (parcel: number): boolean => (parcel & 3) === 3;

/** A row of the instruction table. */
export type Row = Instruction | CompressedInstruction;

/** Rows are in 64 groups by bits that every row of their length fixes: funct3 and quadrant of compressed ones; from this group on the major opcode. */
export const FULL_GROUPS = 32;

/** The group of a word. */
export const groupOf = (bits: number): number => (isFull(bits) ? FULL_GROUPS + ((bits >>> 2) & 31) : ((bits >>> 13) & 7) | ((bits & 3) << 3));

/** Rows by group, in the order of the table. */
export const rowGroups: () => readonly (readonly Row[])[] = once(() => {
  const groups: Row[][] = Array.from({ length: 2 * FULL_GROUPS }, () => []);
  for (const row of [...INSTRUCTIONS, ...COMPRESSED]) groups[groupOf(row.match)]!.push(row);
  return groups;
});

/** The row of an instruction word; undefined where it is illegal. A compressed word has its upper half ignored. */
export function findRow(bits: number): Row | undefined {
  const word = isFull(bits) ? bits : bits & 0xffff;
  return rowGroups()[groupOf(word)]!.find((row) => matches(row, word));
}

/** Where the parts of a decoded instruction come from: fields of the word, or numbers that are always the same. */
export interface Form {
  readonly rd: Field | number;
  /** rs1, or the 5-bit immediate of a CSR instruction that stands in its place. */
  readonly rs1: Field | number;
  readonly rs2: Field | number;
  readonly rs3: Field | number;
  /** Immediate, shift count, CSR number or rounding mode. */
  readonly imm: Field | number;
  /** Bytes: 2 or 4. */
  readonly length: 2 | 4;
  /** Whether rd is an f register. */
  readonly isFloat: boolean;
}

/** The full instruction that a row is or stands for. */
export const meaningOf = (row: Row): Instruction => (row.length === 2 ? fullInstruction(row.expansion.name)! : row);

/** The form of a row. Fields it does not have are 0. */
export function formOf(row: Row): Form {
  const sources: Partial<Record<FieldName, Field | number>> = row.length === 2 ? row.expansion.values : row.fields;
  const { fields: { csr, shamt, zimm, rm }, operands } = meaningOf(row);
  const from = (name: FieldName): Field | number => sources[name] ?? 0;
  return {
    rd: from('rd'), rs1: from(zimm ? 'zimm' : 'rs1'), rs2: from('rs2'), rs3: from('rs3'), imm: from(csr ? 'csr' : shamt ? 'shamt' : rm ? 'rm' : 'imm'),
    length: row.length, isFloat: operands.includes('fd'),
  };
}

/** What an instruction word says; fields the instruction does not have are 0. */
export interface DecodedInstruction extends Pick<Form, 'length'> {
  /** The row of the full instruction. */
  readonly row: Instruction;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
  readonly imm: number;
}

/** Decodes an instruction word as decoder.ts does; undefined where it is illegal. */
export function decode(bits: number): DecodedInstruction | undefined {
  const found = findRow(bits);
  if (found === undefined) return undefined;
  const { rd, rs1, rs2, rs3, imm, length } = formOf(found);
  const of = (source: number | Field): number => (typeof source === 'number' ? source : extract(source, bits));
  return { row: meaningOf(found), length, rd: of(rd), rs1: of(rs1), rs2: of(rs2), rs3: of(rs3), imm: of(imm) };
}
