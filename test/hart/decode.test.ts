/** The decoder looks where a row's notation says it may be; the oracle tries every row in order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COMPRESSED, type Encoded, INSTRUCTIONS, matches } from '../../src/hart/isa/index.js';
import { decode, findRow, isFull } from '../../src/hart/decode.js';

const SEED = 0xdec0;

/** The first row that matches, of all. */
const inOrder = (bits: number): Encoded | undefined => (isFull(bits) ? INSTRUCTIONS : COMPRESSED).find((row: Encoded) => matches(row, isFull(bits) ? bits : bits & 0xffff));

it('finds the row that comes first in the table, whatever the other bits', () => {
  const rows = fc.constantFrom<Encoded>(...INSTRUCTIONS);
  fc.assert(fc.property(rows, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (row, noise) => {
    const bits = ((noise & ~row.mask) | row.match) >>> 0;
    expect(findRow(bits)).toBe(inOrder(bits));
    expect(findRow(noise)).toBe(inOrder(noise));
  }), { seed: SEED, numRuns: 4000 });
});

it('finds every compressed word, and takes it for the full instruction it stands for', () => {
  for (let bits = 0; bits < 0x1_0000; bits++) {
    if (isFull(bits)) continue;
    const row = COMPRESSED.find((candidate) => matches(candidate, bits));
    if (findRow(bits) !== row) expect.fail(`${bits.toString(16)} is ${row?.name}, not ${findRow(bits)?.name}`);
    if (row !== undefined && decode(bits)?.row.name !== row.expansion.name) expect.fail(`${row.name} stands for ${row.expansion.name}`);
  }
});
