/** The words of a script line, and what each can mean: numbers, names, `key=value`. */
import { ScenarioError } from './error.js';

/** One word with its place. */
export interface Word {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** One line of a script, as words to be taken from the left and keys to be taken by name. */
export class Line {
  readonly file: string;
  readonly number: number;
  /** The line as it is echoed: without comment and with single blanks. */
  readonly text: string;
  readonly #words: Word[] = [];
  readonly #keys = new Map<string, Word>();
  #end: number;

  constructor(file: string, number: number, source: string) {
    this.file = file;
    this.number = number;
    const content = source.replace(/#.*$/, '');
    const all = [...content.matchAll(/\S+/g)].map((match): Word => ({ text: match[0], column: match.index + 1 }));
    this.text = all.map(({ text }) => text).join(' ');
    this.#end = content.trimEnd().length + 1;
    for (const word of all) {
      const at = word.text.indexOf('=');
      if (at <= 0 || this.#words.length === 0) this.#words.push(word);
      else this.#keys.set(word.text.slice(0, at), { text: word.text.slice(at + 1), column: word.column + at + 1 });
    }
  }

  /** Whether anything is on the line. */
  get empty(): boolean {
    return this.text === '';
  }

  /** @throws ScenarioError at `word`, or at the end of the line */
  fail(expected: string, word?: Word): never {
    throw new ScenarioError(this.file, this.number, word?.column ?? this.#end, expected);
  }

  /** Takes the next word. */
  word(what: string): Word {
    return this.#words.shift() ?? this.fail(`expected ${what}`);
  }

  /** Takes the next word if it is one of `flags` or, with none given, whatever it is. */
  optionalWord(...flags: readonly string[]): Word | undefined {
    const next = this.#words[0];
    return next !== undefined && (flags.length === 0 || flags.includes(next.text)) ? this.#words.shift() : undefined;
  }

  /** Takes a bare word wherever it stands; whether it was there. */
  flag(name: string): boolean {
    const at = this.#words.findIndex(({ text }) => text === name);
    if (at >= 0) this.#words.splice(at, 1);
    return at >= 0;
  }

  /** Takes the value of a key; undefined when it is absent. */
  key(name: string): Word | undefined {
    const value = this.#keys.get(name);
    this.#keys.delete(name);
    return value;
  }

  /** Takes the value of a key that must be there. */
  needKey(name: string): Word {
    return this.key(name) ?? this.fail(`expected ${name}=`);
  }

  /** Checks that nothing is left. */
  done(): void {
    const rest = this.#words[0];
    if (rest !== undefined) this.fail(`unexpected word ${rest.text}`, rest);
    for (const [name, value] of this.#keys) this.fail(`unexpected key ${name}=`, { text: name, column: value.column - name.length - 1 });
  }

  /** A C-style number. */
  integer(word: Word): number {
    const value = parseNumber(word.text);
    return value ?? this.fail(`expected a number${NUMBER.test(word.text) && !OCTAL_9.test(word.text) ? ' of at most 53 bits' : ''}, got ${word.text}`, word);
  }

  /** The number of a key, or `otherwise`. */
  numberKey(name: string, otherwise: number): number {
    const word = this.key(name);
    return word === undefined ? otherwise : this.integer(word);
  }
}

/** An octal number with a digit it cannot have. */
const OCTAL_9 = /^-?0\d*[89]/;
const NUMBER = /^(-?)(0[xX][0-9a-fA-F]+|\d+)$/;

/**
 * A C-style number: decimal, 0x hexadecimal, leading 0 octal, an optional minus. Those with bit 63 set are negative, as in a C `off_t`.
 * @returns undefined for what is none, or needs more than the 53 bits that are exact here
 */
export function parseNumber(text: string): number | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const digits = match[2] ?? '';
  if (OCTAL_9.test(digits)) return undefined;
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  if (value >= 2n ** 64n) return undefined;
  const signed = Number(BigInt.asIntN(64, match[1] === '-' ? -value : value));
  return Number.isSafeInteger(signed) ? signed : undefined;
}
