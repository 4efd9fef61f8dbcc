/** What the compiler of regions reads from a row's notation is what parsing the encoding gives; a mistake here would write code for another instruction. */
import { expect, it } from 'vitest';
import { handlerOf } from '../../../src/hart/handlers.js';
import { INSTRUCTIONS } from '../../../src/hart/isa/index.js';
import { unpackTraits } from '../../../src/hart/region/compiler/code-copies.js';
import { Flow, Known, Uses } from '../../../src/hart/region/compiler/guest-code.js';
import { packedTraits } from '../../../src/hart/region/traits.js';

const forRegions = INSTRUCTIONS.filter(({ flow }) => flow !== 'system');

it.each(forRegions.map((row) => [row.name, row] as const))('%s: traits agree with its encoding', (_, row) => {
  const handler = handlerOf(row, 1);
  const traits = unpackTraits(handler, packedTraits(handler))!;
  const opcode = row.match & 0x7f;
  const store = opcode === 0x23 || opcode === 0x27;
  const accesses = store || opcode === 0x03 || opcode === 0x07;
  expect(traits).toMatchObject({ handler, size: accesses ? 2 ** ((row.match >>> 12) & 3) : 0, store, rounds: row.fields.rm !== undefined });
  expect(Object.entries(Flow).find(([, flow]) => flow === traits.flow)![0]).toBe(row.flow);
  expect(Object.entries(Known).find(([, known]) => known === traits.known)![0]).toBe(['lui', 'auipc', 'addi', 'addiw', 'add'].includes(row.name) ? row.name : 'no');
  const named = row.operands.filter((operand) => operand in Uses);
  expect(Object.entries(Uses).filter(([, bit]) => traits.uses & bit).map(([name]) => name).sort()).toEqual([...new Set(named)].sort());
});

it('there are none of handlers that are no instruction, nor of instructions regions end before', () => {
  const system = INSTRUCTIONS.filter(({ flow }) => flow === 'system').map((row) => handlerOf(row, 1));
  expect(system.length).toBeGreaterThan(5);
  for (const handler of [0, 1, 5, 16_000, ...system]) expect(unpackTraits(handler, packedTraits(handler))).toBeNull();
});
