/** The symbols of a source: labels, and names given by .equ. */
import { Mistake } from './error.js';
import type { Place } from './error.js';
import { evaluate } from './expression.js';
import type { Expression, Scope, Value } from './expression.js';
import type { SectionName } from './section.js';

/** What `.type` may say about a symbol. */
export type SymbolKind = 'function' | 'object' | 'label';

type Definition = Place & (
  | { readonly kind: 'label'; readonly section: SectionName; readonly offset: number }
  | { readonly kind: 'equ'; readonly expression: Expression; readonly dot: Value }
);

/** The symbols of one source. */
export class SymbolTable {
  readonly #definitions = new Map<string, Definition>();
  /** Names being evaluated, to notice a definition that needs itself. */
  readonly #open = new Set<string>();
  /** Names declared .globl, with the place of the declaration. */
  readonly globals: Map<string, Place> = new Map();
  readonly kinds: Map<string, SymbolKind> = new Map();
  readonly sizes: Map<string, { readonly expression: Expression; readonly dot: Value }> = new Map();

  /** @throws Mistake where the name is defined already */
  defineLabel(name: string, section: SectionName, offset: number, place: Place): void {
    this.#define(name, { kind: 'label', section, offset, line: place.line, column: place.column });
  }

  /** @throws Mistake where the name is defined already */
  defineConstant(name: string, expression: Expression, dot: Value, place: Place): void {
    this.#define(name, { kind: 'equ', expression, dot, line: place.line, column: place.column });
  }

  #define(name: string, definition: Definition): void {
    const earlier = this.#definitions.get(name);
    if (earlier !== undefined) throw new Mistake(`${name} is already defined in line ${earlier.line}`, definition);
    this.#definitions.set(name, definition);
  }

  /** Where a label stands; undefined for other names. */
  label(name: string): { readonly section: SectionName; readonly offset: number } | undefined {
    const definition = this.#definitions.get(name);
    return definition?.kind === 'label' ? definition : undefined;
  }

  /** Whether the name is defined by now. */
  has(name: string): boolean {
    return this.#definitions.has(name);
  }

  /** All names defined by now, labels and constants, in the order of their definitions. */
  names(): Iterable<string> {
    return this.#definitions.keys();
  }

  /**
   * The value of a symbol in terms of its section.
   * @throws Mistake where it is not defined (yet), or by itself
   */
  value(name: string, place: Place, scope: Scope): Value {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new Mistake(this.#missing(name), place);
    if (definition.kind === 'label') return { section: definition.section, value: BigInt(definition.offset) };
    if (this.#open.has(name)) throw new Mistake(`${name} is defined by itself`, definition);
    this.#open.add(name);
    try {
      return evaluate(definition.expression, { symbol: (other, at) => scope.symbol(other, at), dot: definition.dot, here: definition.dot });
    } finally {
      this.#open.delete(name);
    }
  }

  #missing(name: string): string {
    const [digits, count] = name.split('#');
    if (count === undefined) return `${name} is not defined`;
    return `no local label ${digits} ${this.#definitions.has(`${digits}#${Number(count) - 1}`) || Number(count) > 0 ? 'after' : 'before'} this line`;
  }
}
