/**
 * The hart against an independent interpreter of the same instruction set, on random user programs: registers, pc,
 * memory, counts, and every trap with its cause and address, whatever the quantum.
 */
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { disassemble } from '../../src/hart/index.js';
import { encodeProgram, programItems, registerValue } from '../oracle/hart-programs.js';
import type { Item } from '../oracle/hart-programs.js';
import { anyRegister } from '../oracle/float-values.js';
import { seeded } from '../oracle/runs.js';
import { expectSame } from '../oracle/same.js';
import { ENGINES } from './engines.js';
import { HartWorld, runOracle } from './oracle-world.js';
import type { Start } from './oracle-world.js';

const worlds = ENGINES.map(({ name, options }) => ({ name, world: new HartWorld(options) }));

const startOf = (items: readonly Item[], rest: Omit<Start, 'program' | 'steps'>, steps: number): Start => ({ ...rest, program: encodeProgram(items), steps });
const surroundings = fc.record({
  at: fc.oneof(fc.constant(0), fc.integer({ min: 2000, max: 2047 }).map((n) => 2 * n)),
  second: fc.constantFrom('mapped', 'mapped', 'missing', 'no-execute'),
  registers: fc.array(registerValue, { minLength: 7, maxLength: 19 }),
  floats: fc.array(anyRegister, { minLength: 11, maxLength: 31 }),
  ad: fc.constantFrom('svade', 'svadu'),
  seed: fc.nat(),
});

/** The program as text, for a failure's report. */
function listing(start: Start): string {
  const { parcels } = start.program;
  const lines: string[] = [];
  for (let i = 0; i < parcels.length;) {
    const wide = (parcels[i]! & 3) === 3;
    const bits = wide ? (parcels[i]! + (parcels[i + 1] ?? 0) * 65536) >>> 0 : parcels[i]!;
    const pc = 0x10000 + start.at + 2 * i;
    lines.push(`${pc.toString(16)}: ${disassemble(bits, pc)}`);
    i += wide ? 2 : 1;
  }
  return lines.join('\n');
}

function compare(start: Start, quanta: readonly number[]): void {
  const expected = runOracle(start);
  for (const quantum of quanta) {
    for (const { name, world } of worlds) expectSame(world.run(start, quantum), expected, () => `${name}, quantum ${quantum}\n${listing(start)}`);
    const [interpreter, regions] = worlds.map(({ world }) => world.counts());
    expectSame(regions, interpreter, () => `counts, quantum ${quantum}\n${listing(start)}`);
  }
}

describe('random user programs', () => {
  it('do what the oracle says, in quanta of 1, 7 and 1000 instructions', () => {
    fc.assert(fc.property(programItems(40), surroundings, (items, rest) => {
      compare(startOf(items, rest, 250), [1000, 7, 1]);
    }), seeded(60));
  }, 600_000);

  it('that loop for long, in quanta that end anywhere', () => {
    const quiet = ['word', 'c.word', 'jalr', 'c.jr', 'ecall', 'ebreak', 'c.ebreak', 'csr', 'privileged', 'patch', 'call patch', 'fence.i', 'cbo', 'fcsr'];
    fc.assert(fc.property(programItems(40, quiet), surroundings, fc.integer({ min: 50, max: 400 }), (items, rest, quantum) => {
      compare(startOf(items, rest, 1500), [5000, quantum]);
    }), seeded(30));
  }, 600_000);

  it('of a few instructions, which find the corners of each', () => {
    fc.assert(fc.property(programItems(4, ['patch']), surroundings, (items, rest) => {
      compare(startOf(items, rest, 12), [1000]);
    }), seeded(300));
  }, 600_000);

  it('whose illegal word lies over two pages trap there; it was once executed as another instruction', () => {
    const item = { rd: 0, a: 0, b: 0, to: 0, imm: 4 };
    compare(startOf([{ ...item, kind: 'add' }, { ...item, kind: 'word' }, { ...item, kind: 'add' }], { at: 4090, second: 'mapped', registers: Array<bigint>(7).fill(0n), floats: [0n], ad: 'svade', seed: 0 }, 12), [1000, 7, 1]);
  });

  it('that rewrite their own code see it after fence.i', () => {
    fc.assert(fc.property(programItems(12, ['word', 'c.word', 'jalr', 'c.jr']).map((items) => items.map((item, n) => (n % 3 === 0 ? { ...item, kind: 'patch' } : item))), surroundings, (items, rest) => {
      compare(startOf(items, rest, 150), [1000, 7]);
    }), seeded(60));
  }, 600_000);
});
