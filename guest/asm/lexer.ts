/** From characters to tokens: names, numbers, strings, punctuation; comments and blanks go. */
import { Mistake } from './error.js';
import type { Place } from './error.js';

/** One token. A number's text is its digits, its value is in `value`; a real is a number with a fraction or an exponent, as it is written; a string's text is its content with escapes resolved. */
export interface Token extends Place {
  readonly kind: 'name' | 'number' | 'real' | 'local' | 'string' | 'punct' | 'newline' | 'end';
  readonly text: string;
  readonly value: bigint;
}

const space = /[ \t\r\f]+/y;
const comment = /#[^\n]*|\/\/[^\n]*/y;
const localRef = /(\d+)[fb](?![\w.$])/y;
const real = /(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.$])|\d+[eE][-+]?\d+(?![\w.$])/y;
const numeral = /0[xX][0-9a-fA-F]+|0[bB][01]+|\d+/y;
const wordEnd = /[\w.$]/y;
const name = /[A-Za-z_.$@][\w.$]*/y;
const punct = /<<|>>|[-,():+*/%&|^~=]/y;
const escapes: ReadonlyMap<string, number> = new Map([
  ['n', 10], ['t', 9], ['r', 13], ['0', 0], ['b', 8], ['f', 12], ['a', 7], ['v', 11], ['e', 27], ['\\', 92], ['"', 34], ["'", 39],
]);

class Lexer {
  readonly tokens: Token[] = [];
  readonly #source: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#next();
    this.#push('newline', '', 0n, this.#here());
    this.#push('end', '', 0n, this.#here());
    return this.tokens;
  }

  #here(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #push(kind: Token['kind'], text: string, value: bigint, place: Place): void {
    this.tokens.push({ kind, text, value, line: place.line, column: place.column });
  }

  /** The match of `pattern` here, which is consumed; undefined where there is none. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0];
    if (text !== undefined) this.#at += text.length;
    return text;
  }

  #newline(): void {
    this.#line++;
    this.#lineStart = this.#at;
  }

  #next(): void {
    const place = this.#here();
    const c = this.#source[this.#at];
    if (c === '\n' || c === ';') {
      this.#at++;
      this.#push('newline', '', 0n, place);
      if (c === '\n') this.#newline();
      return;
    }
    if (this.#source.startsWith('/*', this.#at)) return this.#blockComment(place);
    if (this.#take(space) !== undefined || this.#take(comment) !== undefined) return;
    if (c === '"') return this.#string(place);
    if (c === "'") return this.#character(place);
    const local = this.#take(localRef);
    if (local !== undefined) return this.#push('local', local, BigInt(local.slice(0, -1)), place);
    const fraction = this.#take(real);
    if (fraction !== undefined) return this.#push('real', fraction, 0n, place);
    const digits = this.#take(numeral);
    if (digits !== undefined) return this.#number(digits, place);
    const word = this.#take(name);
    if (word !== undefined) return this.#push('name', word, 0n, place);
    const mark = this.#take(punct);
    if (mark !== undefined) return this.#push('punct', mark, 0n, place);
    throw new Mistake(`unexpected character ${JSON.stringify(String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0))}`, place);
  }

  #number(digits: string, place: Place): void {
    wordEnd.lastIndex = this.#at;
    const octal = /^0\d/.test(digits);
    if (wordEnd.test(this.#source) || (octal && !/^[0-7]+$/.test(digits))) {
      throw new Mistake(`malformed number ${digits}${this.#source[this.#at] ?? ''}`.trimEnd(), place);
    }
    this.#push('number', digits, BigInt(octal ? `0o${digits}` : digits), place);
  }

  #blockComment(place: Place): void {
    const end = this.#source.indexOf('*/', this.#at + 2);
    if (end < 0) throw new Mistake('comment without an end', place);
    while (this.#at < end + 2) if (this.#source[this.#at++] === '\n') this.#newline();
  }

  /** The byte or character at this place inside quotes, an escape sequence resolved. */
  #quoted(open: Place): string {
    const c = this.#source[this.#at];
    if (c === undefined || c === '\n') throw new Mistake('string without an end', open);
    if (c !== '\\') {
      const point = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
      this.#at += point.length;
      return point;
    }
    const place = this.#here();
    this.#at++;
    const code = this.#take(/x[0-9a-fA-F]{1,2}/y) ?? this.#take(/[0-7]{1,3}/y);
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code.replace('x', ''), code.startsWith('x') ? 16 : 8) & 255);
    const escape = escapes.get(this.#source[this.#at] ?? '');
    if (escape === undefined) throw new Mistake(`unknown escape \\${this.#source[this.#at] ?? ''}`, place);
    this.#at++;
    return String.fromCharCode(escape);
  }

  #string(place: Place): void {
    this.#at++;
    let text = '';
    while (this.#source[this.#at] !== '"') text += this.#quoted(place);
    this.#at++;
    this.#push('string', text, 0n, place);
  }

  #character(place: Place): void {
    this.#at++;
    const c = this.#quoted(place);
    if (this.#source[this.#at] !== "'") throw new Mistake("character constant without its closing '", place);
    this.#at++;
    this.#push('number', c, BigInt(c.codePointAt(0) ?? 0), place);
  }
}

/**
 * Splits a source into tokens, ending with `newline`, `end`; `;` is a newline.
 * @throws Mistake
 */
export const tokenize = (source: string): Token[] => new Lexer(source).run();
