/** Sizes as options take them. */
import { parseInteger } from './device-options.js';
import { UsageError } from './usage-error.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/**
 * Reads a number of bytes: decimal or 0x hexadecimal, K, M or G behind it for binary multiples; undefined stays undefined.
 * @throws UsageError where it is none, lies outside [min, max], or is no whole number of pages
 */
export function parseSize(option: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const [, digits = '', unit = ''] = /^(.*?)([KMG]?)i?B?$/.exec(text.toUpperCase().replace('0X', '0x')) ?? [];
  const bytes = (parseInteger(digits) ?? Number.NaN) * UNITS[unit]!;
  if (!(bytes >= min && bytes <= max) || bytes % 4096 !== 0) {
    throw new UsageError(`--${option} must be a size from ${min / 2 ** 20}M to ${max / 2 ** 20}M in whole pages, like 256M, not "${text}"`);
  }
  return bytes;
}
