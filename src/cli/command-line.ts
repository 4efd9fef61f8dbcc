/** Command lines taken apart the same way by every command, with mistakes said in one line. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { parseInteger } from './device-options.js';
import { UsageError } from './usage-error.js';

type Spec = NonNullable<ParseArgsConfig['options']>;

/** Options and positional arguments of a command line. */
export type CommandLine<S extends Spec> = ReturnType<typeof parseArgs<{ args: string[]; options: S; allowPositionals: true }>>;

/** One line out of what node:util says of a wrong option; `more` stands behind an unknown one. */
function explain(error: unknown, more: string): UsageError {
  const text = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '([^']+)'/.exec(text);
  if (unknown !== null) return new UsageError(`unknown option ${unknown[1]}${more}`);
  const without = /^Option '([^' ]+)[^']*' argument (?:missing|is ambiguous)/.exec(text);
  if (without !== null) return new UsageError(`${without[1]} needs a value`);
  return new UsageError((text.split('\n')[0] ?? text).replace(/^Option '([^']+)'/, 'option $1'));
}

/** `--harts -1` as `--harts=-1`, so that the number is refused for what it is; what stands behind -- is left alone. */
function joinNegative(args: readonly string[], spec: Spec): string[] {
  const joined: string[] = [];
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  for (const arg of args.slice(0, end)) {
    const last = joined.at(-1);
    if (/^-\d/.test(arg) && last?.startsWith('--') === true && spec[last.slice(2)]?.type === 'string') joined.splice(-1, 1, `${last}=${arg}`);
    else joined.push(arg);
  }
  return [...joined, ...args.slice(end)];
}

/** An option as it stands on the command line, or, without a name, what is none. */
interface Token { readonly kind: string; readonly name?: string; readonly value?: string | undefined }

/** Refuses a second value for an option that takes one: which of them was meant, nobody knows. */
function refuseRepetition(tokens: readonly Token[], spec: Spec): void {
  const given = new Map<string, string>();
  for (const { name, value } of tokens) {
    if (name === undefined || value === undefined || spec[name]?.multiple === true) continue;
    const first = given.get(name);
    if (first !== undefined) throw new UsageError(`--${name} is given twice, "${first}" and "${value}"`);
    given.set(name, value);
  }
}

/**
 * Takes a command line apart. An option that takes one value may stand once, unless its specification says `multiple`.
 * @param hint stands behind the message on an unknown option
 * @throws UsageError naming the option that is wrong
 */
export function parseCommandLine<const S extends Spec>(args: readonly string[], options: S, hint: string = ''): CommandLine<S> {
  const joined = joinNegative(args, options);
  let parsed;
  try {
    parsed = parseArgs({ args: joined, options, allowPositionals: true, tokens: true });
  } catch (error) {
    throw explain(error, hint);
  }
  refuseRepetition(parsed.tokens, options);
  return parsed;
}

/**
 * Reads the value of an option that takes a number; undefined stays undefined.
 * @throws UsageError where it is none, or lies outside [min, max]
 */
export function integerOption(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = parseInteger(text);
  if (value === undefined || value < min || value > max) throw new UsageError(`--${name} must be a number from ${min} to ${max}, not "${text}"`);
  return value;
}
