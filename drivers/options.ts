/**
 * Options of devices: described as data beside the registers, checked here for whoever makes a device in code. (The
 * command line checks the texts a user types against the same data.)
 */

/** One option. `default: undefined` means that leaving it out is a choice of its own. */
export type OptionSpec =
  | { readonly name: string; readonly kind: 'number'; readonly default: number | undefined; readonly min: number; readonly max: number; readonly help: string }
  | { readonly name: string; readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[]; readonly help: string }
  | { readonly name: string; readonly kind: 'text'; readonly default: string; readonly help: string };

type ValueOf<S extends OptionSpec> = S extends { kind: 'number' } ? number : S extends { kind: 'choice'; choices: readonly (infer C)[] } ? C : string;
type SpecOf<T extends readonly OptionSpec[], N> = Extract<T[number], { name: N }>;
type DefaultOf<S extends OptionSpec> = S['default'] extends undefined ? undefined : never;

/** What a caller may give: any of the options. */
export type OptionsGiven<T extends readonly OptionSpec[]> = { readonly [N in T[number]['name']]?: ValueOf<SpecOf<T, N>> | undefined };
/** What a device gets: every option, with its default where none was given. */
export type OptionsChecked<T extends readonly OptionSpec[]> = { readonly [N in T[number]['name']]: ValueOf<SpecOf<T, N>> | DefaultOf<SpecOf<T, N>> };

/** A mistake in a device's options: one line that names device, option and value, ready to print. */
export class OptionError extends RangeError {
  constructor(device: string, what: string) {
    super(`device ${device}: ${what}`);
    this.name = 'OptionError';
  }
}

/**
 * Fills in defaults and checks every value against its description.
 * @throws OptionError for an unknown option, a value of the wrong type, out of range, or not among the choices
 */
export function checkOptions<const T extends readonly OptionSpec[]>(device: string, specs: T, given: OptionsGiven<T>): OptionsChecked<T> {
  const values: Record<string, unknown> = Object.fromEntries(specs.map((spec) => [spec.name, spec.default]));
  for (const [name, value] of Object.entries(given)) {
    const spec = specs.find((candidate) => candidate.name === name);
    if (spec === undefined) throw new OptionError(device, `no option "${name}"; it has ${specs.length === 0 ? 'none' : specs.map((s) => s.name).join(', ')}`);
    if (value === undefined) continue;
    checkValue(device, spec, value);
    values[name] = value;
  }
  return values as OptionsChecked<T>;
}

function checkValue(device: string, spec: OptionSpec, value: unknown): void {
  const wrong = (expected: string): OptionError => new OptionError(device, `${spec.name} must be ${expected}, not ${JSON.stringify(value)}`);
  switch (spec.kind) {
    case 'number':
      if (!Number.isInteger(value) || (value as number) < spec.min || (value as number) > spec.max) throw wrong(`a whole number from ${spec.min} to ${spec.max}`);
      return;
    case 'choice':
      if (!spec.choices.includes(value as string)) throw wrong(`one of ${spec.choices.join(', ')}`);
      return;
    case 'text':
      if (typeof value !== 'string' || value === '') throw wrong('a text');
  }
}
