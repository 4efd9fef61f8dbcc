/** From tokens to statements. */
import { Mistake } from './error.js';
import type { Place } from './error.js';
import type { AddressPart, Expression } from './expression.js';
import { registerNumber } from './isa.js';
import { tokenize } from './lexer.js';
import type { Token } from './lexer.js';

/** An operand as it is written; whether a bare name is a register or a symbol is the instruction's to say. */
export type Operand = Place &
  (
    | { readonly kind: 'expression'; readonly expression: Expression }
    | { readonly kind: 'memory'; readonly offset: Expression | undefined; readonly base: string }
    | { readonly kind: 'string'; readonly text: string }
  );

/** One statement: the labels before it, and a directive or an instruction (an empty name for labels alone). */
export interface Statement extends Place {
  readonly labels: readonly Label[];
  readonly name: string;
  readonly operands: readonly Operand[];
}

/** A label as defined: a local label `1:` is called `1#n`, n counting its definitions. */
export interface Label extends Place {
  readonly name: string;
}

/** What may stand in `0(...)`: a register, or an operand of a pseudo-instruction's template. */
const isBase = (name: string): boolean => registerNumber(name) !== undefined || /^\$\d$/.test(name);

const parts: ReadonlySet<string> = new Set(['hi', 'lo', 'pcrel_hi', 'pcrel_lo']);
/** Binary operators by precedence, the weakest first; as in C but for the bit operators, which bind stronger than + as in other assemblers. */
const precedence: readonly (readonly string[])[] = [['+', '-'], ['|', '&', '^'], ['*', '/', '%', '<<', '>>']];

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** How often each local label has been defined so far. */
  readonly #locals = new Map<string, number>();

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  run(): Statement[] {
    const statements: Statement[] = [];
    while (this.#peek().kind !== 'end') {
      const labels = this.#labels();
      const token = this.#peek();
      if (token.kind === 'newline') {
        if (labels.length > 0) statements.push({ labels, name: '', operands: [], line: token.line, column: token.column });
      } else {
        statements.push(this.#statement(labels));
      }
      const end = this.#next();
      if (end.kind !== 'newline') throw new Mistake(`unexpected ${describe(end)} after the statement`, end);
    }
    return statements;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #accept(text: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'punct' || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    const token = this.#peek();
    if (!this.#accept(text)) throw new Mistake(`expected ${text} instead of ${describe(token)}`, token);
  }

  #labels(): Label[] {
    const labels: Label[] = [];
    while ((this.#peek().kind === 'name' || this.#peek().kind === 'number') && this.#peek(1).text === ':' && this.#peek(1).kind === 'punct') {
      const { kind, text, line, column } = this.#next();
      this.#at++;
      labels.push({ name: kind === 'name' ? text : this.#defineLocal(text), line, column });
    }
    return labels;
  }

  #defineLocal(digits: string): string {
    const count = (this.#locals.get(digits) ?? 0) + 1;
    this.#locals.set(digits, count);
    return `${digits}#${count}`;
  }

  #statement(labels: readonly Label[]): Statement {
    const token = this.#next();
    if (token.kind !== 'name') throw new Mistake(`expected an instruction or a directive instead of ${describe(token)}`, token);
    const { line, column } = token;
    if (this.#peek().text === '=' && this.#peek().kind === 'punct') {
      this.#at++;
      const name: Operand = { kind: 'expression', expression: { kind: 'symbol', name: token.text, line, column }, line, column };
      return { labels, name: '.set', operands: [name, this.#operand()], line, column };
    }
    const operands: Operand[] = [];
    if (this.#peek().kind !== 'newline') {
      do operands.push(this.#operand());
      while (this.#accept(','));
    }
    return { labels, name: token.text.toLowerCase(), operands, line, column };
  }

  #operand(): Operand {
    const { kind, text, line, column } = this.#peek();
    if (kind === 'string') {
      this.#at++;
      return { kind: 'string', text, line, column };
    }
    if (text === '(' && this.#peek(2).text === ')' && isBase(this.#peek(1).text)) {
      return { kind: 'memory', offset: undefined, base: this.#base(), line, column };
    }
    const expression = this.#expression(0);
    if (this.#peek().text !== '(') return { kind: 'expression', expression, line, column };
    return { kind: 'memory', offset: expression, base: this.#base(), line, column };
  }

  #base(): string {
    this.#expect('(');
    const register = this.#next();
    if (register.kind !== 'name' || !isBase(register.text)) throw new Mistake(`expected a register instead of ${describe(register)}`, register);
    this.#expect(')');
    return register.text;
  }

  #expression(level: number): Expression {
    const operators = precedence[level];
    if (operators === undefined) return this.#unary();
    let left = this.#expression(level + 1);
    for (;;) {
      const { kind, text, line, column } = this.#peek();
      if (kind !== 'punct' || !operators.includes(text)) return left;
      this.#at++;
      left = { kind: 'binary', operator: text, left, right: this.#expression(level + 1), line, column };
    }
  }

  #unary(): Expression {
    const { kind, text, line, column } = this.#peek();
    if (kind !== 'punct' || !['-', '+', '~'].includes(text)) return this.#primary();
    this.#at++;
    return { kind: 'unary', operator: text, operand: this.#unary(), line, column };
  }

  #primary(): Expression {
    const token = this.#next();
    const { kind, text, value, line, column } = token;
    if (kind === 'number') return { kind: 'number', value, line, column };
    if (kind === 'real') return { kind: 'real', text, line, column };
    if (kind === 'local') return { kind: 'symbol', name: this.#localName(text), line, column };
    if (kind === 'name') return text === '.' ? { kind: 'dot', line, column } : { kind: 'symbol', name: text, line, column };
    if (kind === 'punct' && text === '%') return this.#part(line, column);
    if (kind !== 'punct' || text !== '(') throw new Mistake(`expected an operand instead of ${describe(token)}`, token);
    const inner = this.#expression(0);
    this.#expect(')');
    return inner;
  }

  #localName(text: string): string {
    const digits = text.slice(0, -1);
    return `${digits}#${(this.#locals.get(digits) ?? 0) + (text.endsWith('f') ? 1 : 0)}`;
  }

  #part(line: number, column: number): Expression {
    const part = this.#next().text;
    if (!parts.has(part)) throw new Mistake(`unknown function %${part}; known are %hi, %lo, %pcrel_hi and %pcrel_lo`, { line, column });
    this.#expect('(');
    const of = this.#expression(0);
    this.#expect(')');
    return { kind: 'part', part: part as AddressPart, of, line, column };
  }
}

const describe = (token: Token): string =>
  token.kind === 'newline' || token.kind === 'end' ? 'the end of the line' : token.kind === 'string' ? 'a string' : token.text;

/** Parses a source. @throws Mistake */
export const parse = (source: string): Statement[] => new Parser(tokenize(source)).run();
