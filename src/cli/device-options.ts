/** `NAME[:key=value,...]` as `--device` takes it. What a value may be is checked by the device itself. */
import type { OptionSpec } from '../../drivers/options.js';
import { UsageError } from './usage-error.js';

/** What the user typed behind `--device`, taken apart. */
export interface DeviceRequest {
  readonly type: string;
  readonly settings: readonly (readonly [key: string, value: string])[];
}

/**
 * Splits `NAME[:key=value,...]`.
 * @throws UsageError where a setting has no "=" or a key stands twice.
 */
export function parseDeviceRequest(text: string): DeviceRequest {
  const colon = text.indexOf(':');
  const type = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  const settings = rest === '' ? [] : rest.split(',').map((setting): [string, string] => {
    const equals = setting.indexOf('=');
    if (equals < 1) throw new UsageError(`--device ${text}: "${setting}" is not key=value`);
    return [setting.slice(0, equals), setting.slice(equals + 1)];
  });
  const twice = settings.find(([key], i) => settings.findIndex(([other]) => other === key) < i);
  if (twice !== undefined) throw new UsageError(`--device ${text}: option "${twice[0]}" is given twice`);
  return { type, settings };
}

/**
 * Reads a non-negative integer, decimal or 0x hexadecimal.
 * @returns undefined where the text is not one, or not exact as a number.
 */
export function parseInteger(text: string): number | undefined {
  if (!/^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The settings as values: numbers where the option is one. A text that is no number stays a text, for the device to refuse. */
export function settingValues(specs: readonly OptionSpec[], settings: DeviceRequest['settings']): Record<string, number | string> {
  return Object.fromEntries(settings.map(([key, text]) => {
    const number = specs.find((spec) => spec.name === key)?.kind === 'number' ? parseInteger(text) : undefined;
    return [key, number ?? text];
  }));
}

function range(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'number': return `${spec.min}..${spec.max}`;
    case 'choice': return spec.choices.join('|');
    case 'text': return 'text';
  }
}

/** What an option accepts, in words for help texts. */
export const describeOption = (spec: OptionSpec): string =>
  `${spec.help}; ${range(spec)}${spec.default === undefined ? '' : ` (default ${spec.default})`}`;
