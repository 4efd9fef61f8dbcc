/** Expressions: their trees, and their values before and after the sections have addresses. */
import { Mistake } from './error.js';
import type { Place } from './error.js';

/** The relocation functions: parts of an address that an instruction's immediate can hold. */
export type AddressPart = 'hi' | 'lo' | 'pcrel_hi' | 'pcrel_lo';

/** `dot` is the address of the statement, `here` that of the machine instruction, which differs inside a pseudo-instruction. */
export type Expression = Place &
  (
    | { readonly kind: 'number'; readonly value: bigint }
    | { readonly kind: 'real'; readonly text: string }
    | { readonly kind: 'symbol'; readonly name: string }
    | { readonly kind: 'dot' | 'here' }
    | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
    | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | { readonly kind: 'part'; readonly part: AddressPart; readonly of: Expression }
  );

/** A number, or a distance from the beginning of a section whose address is not known yet. */
export interface Value {
  readonly section: string | undefined;
  readonly value: bigint;
}

/** Where an expression's names get their values. */
export interface Scope {
  /** Value of a symbol. @throws Mistake where it has none */
  symbol(name: string, place: Place): Value;
  readonly dot: Value;
  readonly here: Value;
}

/** Evaluates an expression without address parts. @throws Mistake */
export function evaluate(e: Expression, scope: Scope): Value {
  switch (e.kind) {
    case 'number': return { section: undefined, value: e.value };
    case 'real': throw new Mistake(`${e.text} is no integer; .float and .double hold such numbers`, e);
    case 'symbol': return scope.symbol(e.name, e);
    case 'dot': return scope.dot;
    case 'here': return scope.here;
    case 'unary': return unary(e.operator, evaluate(e.operand, scope), e);
    case 'binary': return binary(e.operator, evaluate(e.left, scope), evaluate(e.right, scope), e);
    default: throw new Mistake(`%${e.part}() cannot be used here`, e);
  }
}

/** The value of an expression that must be a number already. @throws Mistake for an address that is not known yet */
export function constant(e: Expression, scope: Scope): bigint {
  const { section, value } = evaluate(e, scope);
  if (section !== undefined) throw new Mistake('needs a constant; an address is not known here yet', e);
  return value;
}

function unary(operator: string, { section, value }: Value, place: Place): Value {
  if (operator === '+') return { section, value };
  if (section !== undefined) throw new Mistake(`${operator} of an address is not known here`, place);
  return { section, value: operator === '-' ? -value : ~value };
}

function binary(operator: string, a: Value, b: Value, place: Place): Value {
  if (operator === '+' && (a.section === undefined || b.section === undefined)) return { section: a.section ?? b.section, value: a.value + b.value };
  if (operator === '-' && (a.section === b.section || b.section === undefined)) {
    return { section: a.section === b.section ? undefined : a.section, value: a.value - b.value };
  }
  if (a.section !== undefined || b.section !== undefined) throw new Mistake(`${operator} of these addresses is not known here`, place);
  return { section: undefined, value: calculate(operator, a.value, b.value, place) };
}

function calculate(operator: string, a: bigint, b: bigint, place: Place): bigint {
  if ((operator === '/' || operator === '%') && b === 0n) throw new Mistake('division by zero', place);
  if ((operator === '<<' || operator === '>>') && (b < 0n || b > 127n)) throw new Mistake(`shift by ${b}`, place);
  switch (operator) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return a / b;
    case '%': return a % b;
    case '<<': return a << b;
    case '>>': return a >> b;
    case '&': return a & b;
    case '|': return a | b;
    default: return a ^ b;
  }
}
