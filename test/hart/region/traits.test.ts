/** What the compiler of regions reads from a row's notation is what parsing the encoding gives; a mistake here would write code for another instruction. */
import { expect, it } from 'vitest';
import { handlerOf } from '../../../src/hart/handlers.js';
import { INSTRUCTIONS } from '../../../src/hart/isa/index.js';
import { traitsOf, Uses } from '../../../src/hart/region/traits.js';

it.each(INSTRUCTIONS.map((row) => [row.name, row] as const))('%s: traits agree with its encoding', (_, row) => {
  const traits = traitsOf(handlerOf(row, 1))!;
  const opcode = row.match & 0x7f;
  const store = opcode === 0x23 || opcode === 0x27;
  expect(traits.access).toEqual(store || opcode === 0x03 || opcode === 0x07 ? { size: 2 ** ((row.match >>> 12) & 3), store } : undefined);
  expect(traits.rounds).toBe(row.fields.rm !== undefined);
  const named = row.operands.filter((operand) => operand in Uses);
  expect(Object.entries(Uses).filter(([, bit]) => traits.uses & bit).map(([name]) => name).sort()).toEqual([...new Set(named)].sort());
});

it('there are none of handlers that are no instruction', () => {
  expect([0, 1, 5, 100_000].map(traitsOf)).toEqual([undefined, undefined, undefined, undefined]);
});
