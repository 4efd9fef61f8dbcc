/** Markdown tables made from the data in the registers.ts files, for the READMEs beside them. */
import type { OptionSpec } from './options.js';

const table = (heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`).join('\n');

const hex = (n: number): string => `0x${n.toString(16)}`;

const readable = (n: number): string => (n > 9_999_999 ? hex(n) : String(n));

const range = (spec: OptionSpec): string => {
  if (spec.kind === 'text') return 'text';
  return spec.kind === 'choice' ? spec.choices.join(', ') : `${readable(spec.min)} to ${readable(spec.max)}`;
};

/** Options of a device: name, values, default, meaning. */
export const optionTable = (specs: readonly OptionSpec[]): string =>
  table(['option', 'values', 'default', 'what it is'], specs.map((spec) => [`\`${spec.name}\``, range(spec), spec.default ?? 'none', spec.help]));

/** Bits and codes of registers: register, name, value, meaning. */
export const fieldTable = (fields: readonly { readonly register: string; readonly name: string; readonly value: number; readonly doc: string }[]): string =>
  table(['register', 'name', 'value', 'what it is'], fields.map((f) => [`\`${f.register}\``, `\`${f.name}\``, hex(f.value), f.doc]));

/** Members of an ioctl(2) structure: name, byte offset, C type, meaning. */
export const memberTable = (members: readonly { readonly name: string; readonly offset: number; readonly size: number; readonly doc: string }[]): string =>
  table(['member', 'offset', 'type', 'what it is'], members.map((m) => [`\`${m.name}\``, m.offset, `uint${m.size * 8}_t`, m.doc]));

/** Pixel formats: name, code, bits, where the colours are. */
export const formatTable = (formats: readonly { readonly name: string; readonly code: number; readonly bytes: number; readonly gray: boolean; readonly red: readonly [number, number]; readonly green: readonly [number, number]; readonly blue: readonly [number, number] }[]): string => {
  const bits = ([low, count]: readonly [number, number]): string => `${low + count - 1}..${low}`;
  return table(['format', 'code', 'bits', 'red', 'green', 'blue'], formats.map((f) =>
    [`\`${f.name}\``, f.code, f.bytes * 8, ...(f.gray ? ['gray', 'gray', 'gray'] : [bits(f.red), bits(f.green), bits(f.blue)])]));
};
