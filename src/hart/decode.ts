/** From instruction bits to an instruction with its operands; compressed instructions come out as what they stand for. */
import { once } from '../base/index.js';
import { type CompressedInstruction, COMPRESSED, type Encoded, extract, type Field, type FieldName, fullInstruction, type Instruction, INSTRUCTIONS, matches } from './isa/index.js';

/** An instruction ready to be executed. Fields it does not have are 0. */
export interface DecodedInstruction {
  readonly row: Instruction;
  /** Place of `row` in INSTRUCTIONS. */
  readonly index: number;
  /** The compressed instruction it was written as, undefined for a full one. */
  readonly compressed: CompressedInstruction | undefined;
  /** Bytes: 2 or 4. */
  readonly length: 2 | 4;
  readonly rd: number;
  /** rs1, or the 5-bit immediate of a CSR instruction that stands in its place. */
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
  /** Immediate, shift count, CSR number or rounding mode. */
  readonly imm: number;
}

/** Whether the instruction that begins with this parcel has 4 bytes. Longer ones do not exist in this machine and decode as illegal. */
export const isFull = (parcel: number): boolean => (parcel & 3) === 3;

/** Bits every row of its length fixes: the major opcode; quadrant and funct3. */
const majorOpcode = (bits: number): number => (bits >>> 2) & 31;
const quadrant = (bits: number): number => ((bits >>> 13) & 7) | ((bits & 3) << 3);

/** The same of a row, read from the ends of its notation: rows nobody looks for are not parsed, for that would take longer than a small program. */
const majorOpcodeOf = (notation: string): number => parseInt(notation.slice(-7, -2), 2);
const quadrantOf = (notation: string): number => parseInt(notation.slice(0, 3), 2) | (parseInt(notation.slice(-2), 2) << 3);

/** funct3 of a full row, three letters before " rd 0110011"; NaN where a field stands there. */
function funct3Of(notation: string): number {
  const end = notation.lastIndexOf(' ', notation.length - ' 0110011'.length - 1);
  return notation[end - 4] === ' ' ? Number(`0b${notation.slice(end - 3, end)}`) : NaN;
}

/** Rows by such bits, made when first used. */
function sorted<R extends Encoded>(rows: readonly R[], keyOf: (notation: string) => number): readonly (readonly R[])[] {
  const lists: R[][] = Array.from({ length: 32 }, () => []);
  for (const row of rows) lists[keyOf(row.notation)]?.push(row);
  return lists;
}
const compressedRows = once(() => sorted(COMPRESSED, quadrantOf));
const fullRows = once(() => sorted(INSTRUCTIONS, majorOpcodeOf));
/** Full rows by major opcode and funct3. */
const byFunct3: (readonly Instruction[])[] = [];

function candidates(bits: number): readonly Instruction[] {
  const opcode = majorOpcode(bits);
  const funct3 = (bits >>> 12) & 7;
  return (byFunct3[(opcode << 3) | funct3] ??= fullRows()[opcode]!.filter(({ notation }) => {
    const fixed = funct3Of(notation);
    return Number.isNaN(fixed) || fixed === funct3;
  }));
}

/** The row of an instruction word, compressed or full; undefined where it is illegal. A compressed word has its upper half ignored. */
export const findRow = (bits: number): Instruction | CompressedInstruction | undefined =>
  isFull(bits) ? candidates(bits).find((row) => matches(row, bits)) : compressedRows()[quadrant(bits)]!.find((row) => matches(row, bits & 0xffff));

/** Where the parts of a decoded instruction come from: fields of the word, or numbers that are always the same. */
interface Form extends Pick<DecodedInstruction, 'row' | 'index' | 'compressed' | 'length'> {
  readonly rd: Field | number;
  readonly rs1: Field | number;
  readonly rs2: Field | number;
  readonly rs3: Field | number;
  readonly imm: Field | number;
}
const forms = new Map<Encoded, Form>();

/** Decodes an instruction word; undefined where it is illegal. */
export function decode(bits: number): DecodedInstruction | undefined {
  const found = findRow(bits);
  if (found === undefined) return undefined;
  let form = forms.get(found);
  if (form === undefined) forms.set(found, (form = formOf(found)));
  const { row, index, compressed, length, rd, rs1, rs2, rs3, imm } = form;
  return {
    row, index, compressed, length,
    rd: resolve(rd, bits), rs1: resolve(rs1, bits), rs2: resolve(rs2, bits), rs3: resolve(rs3, bits), imm: resolve(imm, bits),
  };
}

const resolve = (source: number | Field, bits: number): number => (typeof source === 'number' ? source : extract(source, bits));

function formOf(found: Instruction | CompressedInstruction): Form {
  const compressed = found.length === 2 ? found : undefined;
  const row = found.length === 2 ? fullInstruction(found.expansion.name)! : found;
  const sources: Partial<Record<FieldName, Field | number>> = found.length === 2 ? found.expansion.values : found.fields;
  const { csr, shamt, zimm, rm } = row.fields;
  const from = (name: FieldName): Field | number => sources[name] ?? 0;
  return {
    row, index: INSTRUCTIONS.indexOf(row), compressed, length: found.length,
    rd: from('rd'), rs1: from(zimm ? 'zimm' : 'rs1'), rs2: from('rs2'), rs3: from('rs3'), imm: from(csr ? 'csr' : shamt ? 'shamt' : rm ? 'rm' : 'imm'),
  };
}
