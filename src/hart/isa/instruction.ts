/** What a row of the instruction table is, and the functions that make one. */
import type { Emitter } from '../emitter.js';
import { type Encoding, extract, type Field, type FieldName, type Fields, fieldError, insert, parseEncoding } from './encoding.js';

/** The standard extension that defines an instruction. 'S' stands for the privileged instructions of the supervisor. */
export type Extension = 'I' | 'M' | 'A' | 'F' | 'D' | 'C' | 'Zicsr' | 'Zifencei' | 'Zba' | 'Zbb' | 'Zbs' | 'Zicbom' | 'Zicboz' | 'Svinval' | 'S';

/**
 * An operand as assembly language writes it. rd..rs3 are x registers and fd..fs3 f registers in the fields rd..rs3;
 * `target` is a pc-relative address whose distance is the field imm, `upper` is the field imm shifted right by 12,
 * `sp` is the literal register. The other operands are the fields of their name.
 */
export type Operand =
  'rd' | 'rs1' | 'rs2' | 'rs3' | 'fd' | 'fs1' | 'fs2' | 'fs3' | 'imm' | 'target' | 'upper' | 'shamt' | 'csr' | 'zimm' | 'pred' | 'succ' | 'rm' | 'sp';

/** The field that holds an operand; undefined for the literal sp. */
export function operandField(operand: Operand): FieldName | undefined {
  switch (operand) {
    case 'fd': return 'rd';
    case 'fs1': return 'rs1';
    case 'fs2': return 'rs2';
    case 'fs3': return 'rs3';
    case 'target': case 'upper': return 'imm';
    case 'sp': return undefined;
    default: return operand;
  }
}

/** What full and compressed instructions have in common: all that an assembler or disassembler needs. */
export interface Encoded extends Encoding {
  readonly name: string;
  readonly extension: Extension;
  /** Bytes: 2 or 4. */
  readonly length: 2 | 4;
  /** The encoding as it is written in the table. */
  readonly notation: string;
  /** Operands as assembly language writes them, for instance 'rd, imm(rs1)'. */
  readonly syntax: string;
  /** The operands of `syntax`, in order. */
  readonly operands: readonly Operand[];
}

/** Where control goes after an instruction. */
export type Flow =
  | 'next'        // always to the following instruction
  | 'branch'      // to pc + imm or to the following instruction
  | 'jump'        // to pc + imm
  | 'jumpRegister' // to a computed address
  | 'system';     // out of generated code: a TypeScript helper performs it (see system.ts)

/** A full instruction: encoding and meaning. */
export interface Instruction extends Encoded {
  readonly length: 4;
  readonly flow: Flow;
  /** Writes the instruction into generated code. Sources are read before rd is written; what may fault comes before what changes state. */
  readonly semantics: (e: Emitter) => void;
}

/** A compressed instruction: encoding, and the full instruction it stands for. */
export interface CompressedInstruction extends Encoded {
  readonly length: 2;
  readonly expansion: Expansion;
}

/** The instruction a compressed one stands for, with where each of its fields comes from: a number, or a field of the compressed word. */
export interface Expansion {
  readonly name: string;
  readonly values: { readonly [name in FieldName]?: number | Field };
}

/**
 * A row as it is written in the table. It is parsed when somebody asks, because at a program's start nobody asks most
 * rows anything but their semantics.
 */
class Row implements Encoded {
  readonly name: string;
  readonly extension: Extension;
  readonly length: 2 | 4;
  readonly syntax: string;
  readonly notation: string;
  #parsed: Encoding | undefined;
  #operands: readonly Operand[] | undefined;

  constructor(name: string, extension: Extension, length: 2 | 4, encoding: string, syntax: string) {
    this.name = name;
    this.extension = extension;
    this.length = length;
    this.syntax = syntax;
    this.notation = encoding;
  }

  get match(): number {
    return this.#parse().match;
  }

  get mask(): number {
    return this.#parse().mask;
  }

  get fields(): Fields {
    return this.#parse().fields;
  }

  get guarded(): boolean {
    return this.#parse().guarded;
  }

  get operands(): readonly Operand[] {
    return (this.#operands ??= words(this.syntax) as Operand[]);
  }

  #parse(): Encoding {
    return (this.#parsed ??= parseEncoding(this.notation, this.length === 2 ? 16 : 32));
  }
}

class FullRow extends Row implements Instruction {
  declare readonly length: 4;
  readonly flow: Flow;
  readonly semantics: (e: Emitter) => void;

  constructor(name: string, extension: Extension, encoding: string, syntax: string, semantics: (e: Emitter) => void, flow: Flow) {
    super(name, extension, 4, encoding, syntax);
    this.semantics = semantics;
    this.flow = flow;
  }
}

class CompressedRow extends Row implements CompressedInstruction {
  declare readonly length: 2;
  readonly #means: string;
  readonly #full: (name: string) => Encoded | undefined;
  #expansion: Expansion | undefined;

  constructor(name: string, encoding: string, syntax: string, means: string, full: (name: string) => Encoded | undefined) {
    super(name, 'C', 2, encoding, syntax);
    this.#means = means;
    this.#full = full;
  }

  get expansion(): Expansion {
    return (this.#expansion ??= this.#expand());
  }

  #expand(): Expansion {
    const [name = '', ...sources] = words(this.#means);
    const full = this.#full(name);
    if (full === undefined) throw new SyntaxError(`${this.name}: there is no instruction '${name}'`);
    const values: { [field in FieldName]?: number | Field } = {};
    full.operands.forEach((operand, i) => {
      const field = operandField(operand);
      const source = sources[i] ?? '';
      const from = this.fields[source as FieldName] ?? constant(source);
      if (field === undefined || from === undefined) throw new SyntaxError(`${this.name}: '${this.#means}' does not give ${operand}`);
      values[field] = from;
    });
    return { name, values };
  }
}

/** An x register or number; undefined where the text is neither. */
function constant(text: string): number | undefined {
  const digits = text.startsWith('x') ? text.slice(1) : text;
  return digits !== '' && Number.isInteger(Number(digits)) ? Number(digits) : undefined;
}

/** Makes a row: name, encoding in the manual's notation, operands, semantics. */
export type RowMaker = (name: string, encoding: string, syntax: string, semantics: (e: Emitter) => void, flow?: Flow) => Instruction;

/** A row maker for the instructions of one extension. */
export const rows = (extension: Extension): RowMaker => (name, encoding, syntax, semantics, flow = 'next') =>
  new FullRow(name, extension, encoding, syntax, semantics, flow);

/**
 * Makes the row of a compressed instruction. `means` is the full instruction it stands for, whose operands are fields of
 * the compressed word, x registers or numbers; `full` finds its row.
 */
export const compressed = (
  name: string, encoding: string, syntax: string, means: string, full: (name: string) => Encoded | undefined,
): CompressedInstruction => new CompressedRow(name, encoding, syntax, means, full);

/** The words of an assembly line: everything between spaces, commas and parentheses. No regular expression: V8 takes longer to compile one. */
const words = (text: string): string[] => text.replaceAll(',', ' ').replaceAll('(', ' ').replaceAll(')', ' ').split(' ').filter((word) => word !== '');

/** Whether `bits` are this instruction. */
export function matches(row: Encoded, bits: number): boolean {
  if ((bits & row.mask) >>> 0 !== row.match) return false;
  if (!row.guarded) return true;
  return Object.values(row.fields).every((field) => !field.excluded.includes(extract(field, bits)));
}

/**
 * The word (unsigned) of an instruction with the given field values; fields not given are 0, short register fields x8.
 * @throws RangeError naming the instruction and the field whose value does not fit
 */
export function encode(row: Encoded, values: { readonly [name in FieldName]?: number }): number {
  let bits = row.match;
  for (const field of Object.values(row.fields)) {
    const value = values[field.name] ?? field.bias;
    const error = fieldError(field, value);
    if (error !== undefined) throw new RangeError(`${row.name}: ${field.name} ${error}, not ${value}`);
    bits = (bits | insert(field, value)) >>> 0;
  }
  return bits;
}
