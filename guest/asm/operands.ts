/** From an instruction's operands to the fields of its encoding. */
import { hex } from '../../src/base/index.js';
import { Mistake } from './error.js';
import { evaluate } from './expression.js';
import type { Expression, Scope } from './expression.js';
import { csrNumber, encode, fieldError, fieldRange, operandField, registerNumber } from './isa.js';
import type { Encoded, FieldName, OperandName } from './isa.js';
import type { Operand } from './parser.js';
import type { Instruction } from './section.js';

/** Names and addresses while instructions are encoded; every value is absolute. */
export interface EncodingScope extends Scope {
  /** Distance from the auipc at `address` to what its %pcrel_hi names, undefined where none stands there. */
  pcrelAt(address: bigint): bigint | undefined;
}

type Values = { [name in FieldName]?: number };

/** Names of rounding modes, and the rm field each stands for. */
const ROUNDING_MODES: ReadonlyMap<string, number> = new Map([['rne', 0], ['rtz', 1], ['rdn', 2], ['rup', 3], ['rmm', 4], ['dyn', 7]]);

/** The shapes of a row's operands, `count` of which are given: a rounding mode may be left away, and may be given where it changes nothing. */
function shapesOf(row: Encoded, count: number): readonly string[] {
  const shapes = row.syntax === '' ? [] : row.syntax.split(', ');
  if (row.fields.rm === undefined) return shapes;
  const others = shapes.filter((shape) => shape !== 'rm');
  return count > others.length ? [...others, 'rm'] : others;
}

/** Whether the operands have the shape that a row's syntax asks for. */
export function fits(row: Encoded, operands: readonly Operand[]): boolean {
  const shapes = shapesOf(row, operands.length);
  return shapes.length === operands.length && shapes.every((shape, i) => {
    const operand = operands[i]!;
    if (shape.includes('(')) return operand.kind === 'memory';
    if (operand.kind !== 'expression') return false;
    if (/^f(d|s\d)$/.test(shape)) return isRegister(operand.expression, 'f');
    if (shape === 'rm') return operand.expression.kind === 'symbol' && ROUNDING_MODES.has(operand.expression.name);
    return isRegister(operand.expression, 'x') === /^(rd|rs\d|sp)$/.test(shape);
  });
}

const isRegister = (e: Expression, file: 'x' | 'f'): boolean => e.kind === 'symbol' && registerNumber(e.name, file) !== undefined;

/** The values of an instruction's fields. @throws Mistake */
export function fieldValues({ row, implied, operands }: Instruction, scope: EncodingScope): Values {
  const values: Values = { ...implied };
  if (row.name === 'fence') values.fm = 0;
  if (row.operands.includes('rm')) values.rm = ROUNDING_MODES.get('dyn')!;
  const shapes = shapesOf(row, operands.length);
  for (const [i, shape] of shapes.entries()) {
    const operand = operands[i]!;
    const memory = /^(imm)?\((\w+)\)$/.exec(shape);
    if (memory !== null && operand.kind === 'memory') {
      register(memory[2]!, operand.base, row, operand, values);
      if (memory[1] !== undefined) values.imm = checked(row, 'imm', immediate(operand.offset, operand, scope), operand);
      else if (operand.offset !== undefined && integer(operand.offset, scope) !== 0n) throw new Mistake(`${row.name} takes no offset`, operand);
    } else if (operand.kind === 'expression') {
      plain(shape, operand.expression, row, scope, values);
    }
  }
  return values;
}

/** The instruction word. @throws Mistake */
export const encodeInstruction = (instruction: Instruction, scope: EncodingScope): number => encode(instruction.row, fieldValues(instruction, scope));

function plain(shape: string, e: Expression, row: Encoded, scope: EncodingScope, values: Values): void {
  switch (shape) {
    case 'rd': case 'rs1': case 'rs2': case 'sp': case 'fd': case 'fs1': case 'fs2': case 'fs3':
      register(shape, e.kind === 'symbol' ? e.name : '', row, e, values);
      break;
    case 'rm':
      values.rm = ROUNDING_MODES.get(e.kind === 'symbol' ? e.name : '')!;
      break;
    case 'csr':
      values.csr = csr(e, row, scope);
      break;
    case 'pred': case 'succ':
      values[shape] = fenceSet(e, row, scope);
      break;
    case 'target':
      values.imm = target(e, row, scope);
      break;
    case 'upper':
      values.imm = upper(e, row, scope);
      break;
    default:
      values[shape as FieldName] = checked(row, shape as FieldName, immediate(e, e, scope), e);
  }
}

function register(shape: string, name: string, row: Encoded, place: Operand | Expression, values: Values): void {
  const file = shape.startsWith('f') ? 'f' : 'x';
  const number = registerNumber(name, file);
  if (number === undefined) throw new Mistake(`${row.name} needs a register here`, place);
  if (shape === 'sp') {
    if (number !== 2) throw new Mistake(`${row.name} works on sp only, not ${name}`, place);
    return;
  }
  const fieldName = operandField(shape as OperandName)!;
  const field = row.fields[fieldName];
  const error = field && fieldError(field, number);
  if (error !== undefined) {
    const short = field !== undefined && field.bias === 8;
    const reach = file === 'f' ? 'fs0, fs1 and fa0 to fa5' : 's0, s1 and a0 to a5';
    throw new Mistake(short ? `${row.name} reaches ${reach} only, not ${name}` : `${row.name} cannot take ${name} as ${shape}`, place);
  }
  values[fieldName] = number;
}

/** A value of at most 64 bits, signed or unsigned, as a signed number. */
function integer(e: Expression, scope: Scope): bigint {
  const { value } = evaluate(e, scope);
  if (value < -(1n << 63n) || value >= 1n << 64n) throw new Mistake(`${value} does not fit in 64 bits`, e);
  return BigInt.asIntN(64, value);
}

function immediate(e: Expression | undefined, place: Operand | Expression, scope: EncodingScope): bigint {
  if (e === undefined) return 0n;
  if (e.kind !== 'part') return integer(e, scope);
  if (e.part === 'lo') return BigInt.asIntN(12, integer(e.of, scope));
  if (e.part !== 'pcrel_lo') throw new Mistake(`%${e.part}() belongs to ${e.part === 'hi' ? 'lui' : 'auipc'}; this holds the low 12 bits`, place);
  const label = integer(e.of, scope);
  const distance = scope.pcrelAt(label);
  if (distance === undefined) throw new Mistake(`%pcrel_lo() needs the label of an auipc with %pcrel_hi(); there is none at ${hex(label)}`, e);
  return BigInt.asIntN(12, distance);
}

function checked(row: Encoded, name: FieldName, value: bigint, place: Operand | Expression): number {
  const field = row.fields[name];
  const error = field && fieldError(field, Number(value));
  if (error !== undefined) throw new Mistake(`the immediate of ${row.name} ${error}, not ${value}`, place);
  return Number(value);
}

function target(e: Expression, row: Encoded, scope: EncodingScope): number {
  const to = integer(e, scope);
  const distance = to - scope.here.value;
  const field = row.fields.imm!;
  const { min, max } = fieldRange(field);
  if (fieldError(field, Number(distance)) === undefined) return Number(distance);
  if ((distance & 1n) !== 0n) throw new Mistake(`target ${hex(to)} is odd; instructions start at even addresses`, e);
  throw new Mistake(`target ${hex(to)} is ${distance} bytes away; ${row.name} reaches ${min} to ${max}`, e);
}

/** Upper 20 bits as written: 0 to 0xfffff, or negative, or %hi, or %pcrel_hi. */
function upper(e: Expression, row: Encoded, scope: EncodingScope): number {
  let value: bigint;
  if (e.kind === 'part') {
    if (e.part !== 'hi' && e.part !== 'pcrel_hi') throw new Mistake(`%${e.part}() holds low bits; ${row.name} needs %hi() or %pcrel_hi()`, e);
    const full = integer(e.of, scope) - (e.part === 'hi' ? 0n : scope.here.value);
    value = (full + 0x800n) >> 12n;
    if (value < -0x80000n || value > 0x7ffffn) throw new Mistake(`${hex(full)} is out of the 32-bit reach of ${row.name}`, e);
  } else {
    value = integer(e, scope);
    if (value < -0x80000n || value > 0xfffffn) throw new Mistake(`the upper immediate of ${row.name} must be between 0 and 0xfffff, not ${value}`, e);
  }
  return checked(row, 'imm', BigInt.asIntN(32, value << 12n), e);
}

function csr(e: Expression, row: Encoded, scope: Scope): number {
  const named = e.kind === 'symbol' ? csrNumber(e.name) : undefined;
  return named ?? checked(row, 'csr', integer(e, scope), e);
}

/** What a fence orders: letters of iorw, or 0. */
function fenceSet(e: Expression, row: Encoded, scope: Scope): number {
  if (e.kind !== 'symbol') return checked(row, 'pred', integer(e, scope), e);
  const match = /^(i?)(o?)(r?)(w?)$/.exec(e.name);
  if (match === null) throw new Mistake(`${e.name} is no fence set: letters of iorw, in this order`, e);
  return match.slice(1).reduce((bits, letter) => bits * 2 + (letter === '' ? 0 : 1), 0);
}
