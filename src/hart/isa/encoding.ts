/**
 * Instruction encodings in the notation of the manual's own tables, most significant bit first:
 *
 *     'imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011'      beq
 *     "100 1 11 rd' 00 rs2' 01"                            c.subw
 *     '010 uimm[5] rd!=0 uimm[4:2|7:6] 10'                 c.lwsp
 *
 * A run of 0 and 1 is fixed. A name is a field: a register number (3 bits standing for x8..x15 with a prime), an
 * immediate with the bits of its value that stand there, or one of csr, pred, succ, fm, aq, rl, rm, zimm. `imm` is
 * signed, `uimm` and `shamt` are not; `nz` before either excludes zero, `!=` excludes the values listed.
 */

/** What an instruction word holds besides its opcode. `zimm` is the 5-bit immediate where rs1 stands (Zicsr). */
export type FieldName =
  'rd' | 'rs1' | 'rs2' | 'rs3' | 'imm' | 'shamt' | 'csr' | 'zimm' | 'pred' | 'succ' | 'fm' | 'aq' | 'rl' | 'rm';

/** `width` bits of the word from bit `at` up, which are the bits of the value from bit `to` up. */
interface Piece {
  readonly at: number;
  readonly to: number;
  readonly width: number;
}

/** One field of an encoding. */
export interface Field {
  readonly name: FieldName;
  readonly pieces: readonly Piece[];
  /** Bits of the value, its always-zero low bits included. */
  readonly width: number;
  /** The value is a multiple of this power of two. */
  readonly scale: number;
  readonly signed: boolean;
  /** Added to what the word holds: 8 for the short register fields of compressed instructions. */
  readonly bias: number;
  /** Values that make the encoding reserved, or another instruction's. */
  readonly excluded: readonly number[];
}

/** Fields by name; an absent name is a field the instruction does not have. */
export type Fields = { readonly [name in FieldName]?: Field };

/** What the bits of an instruction say. */
export interface Encoding {
  /** Fixed bits and where they are, both unsigned. An instruction is this one where (bits & mask) == match and no field holds an excluded value. */
  readonly match: number;
  readonly mask: number;
  readonly fields: Fields;
  /** Whether any field excludes values. */
  readonly guarded: boolean;
}

const FIELD_WIDTH: { readonly [name in FieldName]?: number } = {
  rd: 5, rs1: 5, rs2: 5, rs3: 5, csr: 12, zimm: 5, pred: 4, succ: 4, fm: 4, aq: 1, rl: 1, rm: 3,
};

/**
 * Parses an encoding of `width` bits.
 * @throws SyntaxError when it is malformed or its parts do not add up to `width` bits
 */
export function parseEncoding(text: string, width: 16 | 32): Encoding {
  const fields: { [name in FieldName]?: Field } = {};
  let at: number = width;
  let match = 0;
  let mask = 0;
  for (const token of text.split(' ')) {
    if (token[0] === '0' || token[0] === '1') {
      at -= token.length;
      match += parseInt(token, 2) * 2 ** at;
      mask += (2 ** token.length - 1) * 2 ** at;
    } else {
      const part = parseField(token, at);
      at = part.pieces.at(-1)?.at ?? at;
      const earlier = fields[part.name];
      fields[part.name] = earlier ? joinFields(earlier, part) : part;
    }
  }
  if (at !== 0) throw new SyntaxError(`encoding '${text}' has ${width - at} bits instead of ${width}`);
  return { match, mask, fields, guarded: text.includes('!=') || text.includes('nz') };
}

/** Parses "nzuimm[5:4|9:6]", "rd'" or "rd!=0,2" whose highest bit is below bit `end`. No regular expression: the table is parsed at every start. */
function parseField(token: string, end: number): Field {
  const [front = '', unequal] = token.split('!=');
  const [label = '', bits] = front.split('[');
  const nonzero = label.startsWith('nz');
  const short = label.endsWith("'");
  const bare = label.slice(nonzero ? 2 : 0, short ? -1 : undefined);
  const name = (bare === 'uimm' ? 'imm' : bare) as FieldName;
  const pieces: Piece[] = [];
  let at = end;
  for (const range of bits === undefined ? [`${short ? 2 : (FIELD_WIDTH[name] ?? NaN) - 1}:0`] : bits.slice(0, -1).split('|')) {
    const [high = '', low = high] = range.split(':');
    const width = Number(high) - Number(low) + 1;
    if (!(width > 0)) throw new SyntaxError(`'${token}' does not say which bits it holds`);
    at -= width;
    pieces.push({ at, to: Number(low), width });
  }
  const excluded = unequal === undefined ? [] : unequal.split(',').map(Number);
  if (nonzero) excluded.push(0);
  return sized(name, pieces, bare === 'imm', short ? 8 : 0, excluded);
}

function sized(name: FieldName, pieces: readonly Piece[], signed: boolean, bias: number, excluded: readonly number[]): Field {
  let width = 0;
  let low = 32;
  for (const piece of pieces) {
    width = Math.max(width, piece.to + piece.width);
    low = Math.min(low, piece.to);
  }
  return { name, pieces, width, scale: 2 ** low, signed, bias, excluded };
}

const joinFields = (a: Field, b: Field): Field => sized(a.name, [...a.pieces, ...b.pieces], a.signed, a.bias, [...new Set([...a.excluded, ...b.excluded])]);

/** The value of a field in an instruction word: signed fields sign-extended, all within an int32 or a small unsigned number. */
export function extract(field: Field, bits: number): number {
  let value = 0;
  for (const { at, to, width } of field.pieces) value |= ((bits >>> at) & (2 ** width - 1)) << to;
  if (field.signed) {
    const spare = 32 - field.width;
    value = (value << spare) >> spare;
  }
  return value + field.bias;
}

/** Smallest and largest value a field can hold, before `scale` and `excluded` are considered. */
export function fieldRange(field: Field): { min: number; max: number } {
  if (field.signed) return { min: -(2 ** (field.width - 1)), max: 2 ** (field.width - 1) - field.scale };
  return { min: field.bias, max: field.bias + 2 ** field.width - field.scale };
}

/** Why a field cannot hold a value, as the end of a sentence ("must be a multiple of 4"), or undefined where it can. */
export function fieldError(field: Field, value: number): string | undefined {
  const { min, max } = fieldRange(field);
  if (!Number.isInteger(value) || value < min || value > max) return `must be between ${min} and ${max}`;
  if (value % field.scale !== 0) return `must be a multiple of ${field.scale}`;
  if (field.excluded.includes(value)) return `must not be ${value}`;
  return undefined;
}

/** The bits of a word (unsigned) that hold `value` in a field. The value has been checked with `fieldError`. */
export function insert(field: Field, value: number): number {
  let bits = 0;
  for (const { at, to, width } of field.pieces) bits |= (((value - field.bias) >>> to) & (2 ** width - 1)) << at;
  return bits >>> 0;
}
