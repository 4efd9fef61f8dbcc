/** Regions against the interpreter and the oracle, on random programs: every bit, every count, whatever the quantum. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRegister } from '../../oracle/float-values.js';
import { encodeProgram, programItems, registerValue } from '../../oracle/hart-programs.js';
import type { Item } from '../../oracle/hart-programs.js';
import { seeded } from '../../oracle/runs.js';
import { HartWorld, runOracle } from '../oracle-world.js';
import type { Start } from '../oracle-world.js';

const interpreter = new HartWorld({ engine: 'interpreter' });
/** Everything is compiled as soon as a jump arrives; and code is compiled in parts, which grow. */
const regions = [new HartWorld({ engine: 'regions', hotness: 1 }), new HartWorld({ engine: 'regions', hotness: 3 })];

const surroundings = fc.record({
  at: fc.oneof(fc.constant(0), fc.integer({ min: 2000, max: 2047 }).map((n) => 2 * n)),
  second: fc.constantFrom('mapped', 'mapped', 'missing', 'no-execute'),
  registers: fc.array(registerValue, { minLength: 7, maxLength: 19 }),
  floats: fc.array(anyRegister, { minLength: 11, maxLength: 31 }),
  ad: fc.constantFrom('svade', 'svadu'),
  seed: fc.nat(),
});

const startOf = (items: readonly Item[], rest: Omit<Start, 'program' | 'steps'>, steps: number): Start => ({ ...rest, program: encodeProgram(items), steps });

function compare(start: Start, quanta: readonly number[], oracle: boolean): void {
  for (const quantum of quanta) {
    const expected = interpreter.run(start, quantum);
    if (oracle) expect(expected).toEqual(runOracle(start));
    for (const world of regions) {
      expect(world.run(start, quantum), `quantum ${quantum}`).toEqual(expected);
      expect(world.counts(), `quantum ${quantum}`).toEqual(interpreter.counts());
    }
  }
}

describe('random programs in regions', () => {
  it('do what the interpreter and the oracle do, with the same faults and the same counts', () => {
    fc.assert(fc.property(programItems(30), surroundings, fc.integer({ min: 1, max: 90 }), (items, rest, quantum) => {
      compare(startOf(items, rest, 300), [quantum], true);
    }), seeded(40));
  }, 600_000);

  it('do so for long, in quanta that end anywhere', () => {
    fc.assert(fc.property(programItems(14, ['word', 'c.word']), surroundings, fc.integer({ min: 1, max: 700 }), (items, rest, quantum) => {
      compare(startOf(items, rest, 3000), [quantum], false);
    }), seeded(30));
  }, 600_000);

  it('do so in machines of their own, at thresholds before which code becomes idle', () => {
    let compiled = 0;
    fc.assert(fc.property(programItems(14, ['word', 'c.word']), surroundings, fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 2000 }), (items, rest, hotness, quantum) => {
      // A machine that had other programs in the same page waits longer and longer before it compiles.
      const [world, expected] = [new HartWorld({ engine: 'regions', hotness }), new HartWorld({ engine: 'interpreter' })];
      const start = startOf(items, rest, 3000);
      expect(world.run(start, quantum), `hotness ${hotness}, quantum ${quantum}`).toEqual(expected.run(start, quantum));
      expect(world.counts()).toEqual(expected.counts());
      compiled += world.engine.regions.statistics.compiledInstructions;
    }), seeded(40));
    expect(compiled).toBeGreaterThan(40);
  }, 600_000);

  it('see code they have rewritten after fence.i, and run it as a region again', () => {
    fc.assert(fc.property(programItems(12, ['word', 'c.word', 'jalr', 'c.jr']).map((items) => items.map((item, n) => (n % 3 === 0 ? { ...item, kind: 'patch' } : item))), surroundings, (items, rest) => {
      compare(startOf(items, rest, 400), [1000, 13], false);
    }), seeded(20));
  }, 600_000);

  it('did run in regions, where they are wanted; the interpreter once compiled what TypeScript went to', () => {
    expect(interpreter.engine.regions.statistics.instructionsInRegions).toBe(0);
    for (const { engine } of regions) expect(engine.regions.statistics.instructionsInRegions).toBeGreaterThan(1000);
  });
});
