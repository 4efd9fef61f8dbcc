/**
 * Encodings against another assembler. gnu-as.txt holds what GNU as makes of a few hundred lines: the boundary values
 * of every field of every instruction, every pseudo-instruction, every compressed form. Ours must make the same bytes.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../guest/index.js';
import { COMPRESSED, INSTRUCTIONS } from '../../src/hart/isa/index.js';

const listing = readFileSync(new URL('gnu-as.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => /^((?:[0-9a-f]{2} )*[0-9a-f]{2})\s+(\S.*)$/.exec(line)?.slice(1) as [string, string]);

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').replace(/..(?!$)/g, '$& ');

describe('encodings', () => {
  it.each(listing)('%s is what GNU as makes of: %s', (bytes, source) => {
    expect(hexOf(assemble(source).sections[0]?.bytes ?? new Uint8Array())).toBe(bytes);
  });

  it('are compared for every instruction of the table', () => {
    const compared = new Set(listing.map(([, source]) => source.split(' ')[0]?.replace(/\.(aqrl|aq|rl)$/, '')));
    expect([...INSTRUCTIONS, ...COMPRESSED].map((row) => row.name).filter((name) => !compared.has(name))).toEqual([]);
  });
});
