/** Directives: what a line that begins with a dot does. */
import { Mistake } from './error.js';
import type { Expression, Value } from './expression.js';
import { floatBytes } from './float-data.js';
import type { Statement } from './parser.js';
import { sectionNames } from './section.js';
import type { Section, SectionName } from './section.js';
import type { SymbolTable } from './symbols.js';

/** What a directive may work on. */
export interface Assembly {
  section: Section;
  readonly symbols: SymbolTable;
  /** `.option rvc` in force, and the ones that .option push keeps. */
  rvc: boolean;
  readonly saved: boolean[];
  /** Goes on at the end of a section. */
  enter(name: SectionName): void;
  /** The value of an expression that must be a number by now. @throws Mistake */
  constant(e: Expression): bigint;
  /** The present place. */
  dot(): Value;
}

type Directive = (a: Assembly, s: Statement) => void;

const SPACE_LIMIT = 2n ** 40n;

function expressionOf(s: Statement, i: number, what: string): Expression {
  const operand = s.operands[i];
  if (operand?.kind !== 'expression') throw new Mistake(`${s.name} needs ${what}`, operand ?? s);
  return operand.expression;
}

function nameOf(s: Statement, i: number): string {
  const e = expressionOf(s, i, 'a name');
  if (e.kind !== 'symbol') throw new Mistake(`${s.name} needs a name`, e);
  return e.name;
}

function count(a: Assembly, s: Statement, i: number, what: string): number {
  const e = expressionOf(s, i, what);
  const value = a.constant(e);
  if (value < 0n || value > SPACE_LIMIT) throw new Mistake(`${what} must be between 0 and ${SPACE_LIMIT}, not ${value}`, e);
  return Number(value);
}

/** The value of a fill byte. */
function byte(a: Assembly, s: Statement, i: number): number | undefined {
  if (s.operands[i] === undefined) return undefined;
  const e = expressionOf(s, i, 'a fill byte');
  const value = a.constant(e);
  if (value < -128n || value > 255n) throw new Mistake(`a fill byte must be between -128 and 255, not ${value}`, e);
  return Number(BigInt.asUintN(8, value));
}

const data = (size: 1 | 2 | 4 | 8): Directive => (a, s) => {
  if (s.operands.length === 0) throw new Mistake(`${s.name} needs values`, s);
  const dot = a.section.size;
  for (const [i, operand] of s.operands.entries()) a.section.add({ kind: 'data', size, value: expressionOf(s, i, 'values') }, size, operand, dot);
};

const floats = (size: 4 | 8): Directive => (a, s) => {
  if (s.operands.length === 0) throw new Mistake(`${s.name} needs values`, s);
  for (const [i, operand] of s.operands.entries()) {
    a.section.add({ kind: 'bytes', bytes: floatBytes(expressionOf(s, i, 'values'), size, (e) => a.constant(e)) }, size, operand);
  }
};

const text = (terminated: boolean): Directive => (a, s) => {
  if (s.operands.length === 0) throw new Mistake(`${s.name} needs a string`, s);
  for (const operand of s.operands) {
    if (operand.kind !== 'string') throw new Mistake(`${s.name} needs strings in double quotes`, operand);
    const bytes = encodeText(operand.text, terminated);
    if (bytes.length > 0) a.section.add({ kind: 'bytes', bytes }, bytes.length, operand);
  }
};

/** UTF-8; an escape like \xff is one byte, not a character. */
function encodeText(string: string, terminated: boolean): Uint8Array {
  const bytes: number[] = [];
  for (const c of string) {
    const point = c.codePointAt(0) ?? 0;
    if (point < 256) bytes.push(point);
    else bytes.push(...new TextEncoder().encode(c));
  }
  if (terminated) bytes.push(0);
  return Uint8Array.from(bytes);
}

const align = (power: boolean): Directive => (a, s) => {
  const e = expressionOf(s, 0, 'an alignment');
  const given = a.constant(e);
  if (given < 0n || given > (power ? 30n : 2n ** 30n)) throw new Mistake(`alignment ${given} is out of range`, e);
  const alignment = power ? 2 ** Number(given) : Math.max(1, Number(given));
  if ((alignment & (alignment - 1)) !== 0) throw new Mistake(`alignment ${alignment} is not a power of two`, e);
  a.section.align(alignment, byte(a, s, 1), s);
};

const enter = (name: SectionName): Directive => (a) => a.enter(name);

function section(a: Assembly, s: Statement): void {
  const name = nameOf(s, 0);
  const home = sectionNames.find((known) => name === known || name.startsWith(`${known}.`));
  if (home === undefined) throw new Mistake(`unknown section ${name}; there are ${sectionNames.join(', ')}`, s.operands[0] ?? s);
  a.enter(home);
}

function define(a: Assembly, s: Statement): void {
  if (s.operands.length !== 2) throw new Mistake(`${s.name} needs a name and a value`, s);
  const e = expressionOf(s, 1, 'a value');
  if (e.kind === 'part') throw new Mistake(`%${e.part}() cannot be used here`, e);
  a.symbols.defineConstant(nameOf(s, 0), e, a.dot(), s.operands[0] ?? s);
}

function zero(a: Assembly, s: Statement): void {
  a.section.fill(count(a, s, 0, 'a number of bytes'), byte(a, s, 1) ?? 0, s);
}

/** .fill count, size, value */
function fill(a: Assembly, s: Statement): void {
  const times = count(a, s, 0, 'a repeat count');
  const size = s.operands.length > 1 ? count(a, s, 1, 'a size') : 1;
  if (size > 8) throw new Mistake(`.fill repeats at most 8 bytes, not ${size}`, s.operands[1] ?? s);
  const value = s.operands.length > 2 ? BigInt.asUintN(size * 8, a.constant(expressionOf(s, 2, 'a value'))) : 0n;
  if (value === 0n) return a.section.fill(times * size, 0, s);
  a.section.fill(0, 0, s);
  const start = a.section.size;
  if (times * size > 2 ** 26) throw new Mistake(`${a.section.name} grows beyond ${2 ** 26} bytes`, s);
  const bytes = new Uint8Array(times * size);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((value >> BigInt(8 * (i % size))) & 255n);
  if (bytes.length > 0) a.section.add({ kind: 'bytes', bytes }, bytes.length, s, start);
}

function globl(a: Assembly, s: Statement): void {
  if (s.operands.length === 0) throw new Mistake(`${s.name} needs names`, s);
  for (const [i, operand] of s.operands.entries()) a.symbols.globals.set(nameOf(s, i), operand);
}

function type(a: Assembly, s: Statement): void {
  const kind = nameOf(s, 1).replace(/^@/, '');
  if (kind !== 'function' && kind !== 'object' && kind !== 'notype') {
    throw new Mistake(`unknown symbol type ${kind}; known are @function, @object and @notype`, s.operands[1] ?? s);
  }
  a.symbols.kinds.set(nameOf(s, 0), kind === 'notype' ? 'label' : kind);
}

function size(a: Assembly, s: Statement): void {
  a.symbols.sizes.set(nameOf(s, 0), { expression: expressionOf(s, 1, 'a size'), dot: a.dot() });
}

function option(a: Assembly, s: Statement): void {
  const word = nameOf(s, 0);
  switch (word) {
    case 'rvc': case 'norvc':
      a.rvc = word === 'rvc';
      break;
    case 'push':
      a.saved.push(a.rvc);
      break;
    case 'pop': {
      const saved = a.saved.pop();
      if (saved === undefined) throw new Mistake('.option pop without .option push', s);
      a.rvc = saved;
      break;
    }
    case 'relax': case 'norelax': case 'nopic': case 'arch':
      break; // nothing is ever relaxed, and every extension there is may be used
    default:
      throw new Mistake(`unknown option ${word}`, s.operands[0] ?? s);
  }
}

const nothing: Directive = () => {};

const directives: ReadonlyMap<string, Directive> = new Map<string, Directive>([
  ['.text', enter('.text')], ['.rodata', enter('.rodata')], ['.data', enter('.data')], ['.bss', enter('.bss')], ['.section', section],
  ['.byte', data(1)], ['.half', data(2)], ['.2byte', data(2)], ['.short', data(2)], ['.word', data(4)], ['.4byte', data(4)], ['.long', data(4)],
  ['.dword', data(8)], ['.8byte', data(8)], ['.quad', data(8)],
  ['.float', floats(4)], ['.single', floats(4)], ['.double', floats(8)],
  ['.ascii', text(false)], ['.asciz', text(true)], ['.string', text(true)],
  ['.align', align(true)], ['.p2align', align(true)], ['.balign', align(false)],
  ['.zero', zero], ['.space', zero], ['.skip', zero], ['.fill', fill],
  ['.equ', define], ['.set', define],
  ['.globl', globl], ['.global', globl], ['.local', nothing], ['.type', type], ['.size', size], ['.option', option],
  ['.file', nothing], ['.ident', nothing], ['.attribute', nothing],
]);

/** Carries out a directive. @throws Mistake */
export function direct(a: Assembly, s: Statement): void {
  const directive = directives.get(s.name);
  if (directive === undefined) throw new Mistake(`unknown directive ${s.name}`, s);
  directive(a, s);
}

