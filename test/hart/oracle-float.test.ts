/**
 * Every floating-point instruction in every rounding mode against the oracle, on operands where rounding is hard: with no
 * flag raised, when all must be found, and with inexact raised, when there is a short way.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asPaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { Exit, HART_RESERVED, Hart, HartEngine } from '../../src/hart/index.js';
import { assemble } from '../../guest/index.js';
import { CASES_SIZE, floatCases, floatOperands, floatSources, wrongCases } from '../oracle/float-cases.js';
import { seeded } from '../oracle/runs.js';
import { ENGINES } from './engines.js';

const RAM = 0x8000_0000;
const RAM_SIZE = 2 ** 20;
const BATCH = 60;

/** Runs the cases on a hart without translation and returns what they have written. */
function run(hart: Hart, bus: Bus, source: string): DataView {
  const { sections, symbols } = assemble(source, { base: RAM });
  for (const section of sections) bus.write(asPaddr(section.address), section.bytes);
  hart.fenceI();
  hart.loadContext({ ...hart.newContext(), pc: BigInt(RAM) });
  expect(hart.run(10_000_000)).toBe(Exit.Trap);
  expect([hart.cause, hart.pc]).toEqual([8, symbols.get('end')]);
  const results = new Uint8Array(BATCH * CASES_SIZE);
  bus.read(asPaddr(symbols.get('results')!), results);
  return new DataView(results.buffer);
}

describe('floating point', () => {
  for (const { name, options } of ENGINES) it(`has the oracle's results and flags on ${name}`, () => {
    const bus = new Bus({ ramBase: asPaddr(RAM), ramSize: RAM_SIZE, reserved: HART_RESERVED, poolSize: 0 });
    const hart = new Hart(new HartEngine(bus, options), { id: 0, kernel: true });
    const { numRuns, seed } = seeded(40);
    const all = fc.sample(floatSources, { numRuns, seed });
    for (let at = 0; at < all.length; at += BATCH) for (const flags of [0, 1, 31]) {
      const batch = all.slice(at, at + BATCH);
      const source = `${floatCases(batch.length, flags)}\nend: ecall\n.data\n${floatOperands(batch)}\n.balign 8\nresults: .space ${BATCH * CASES_SIZE}`;
      expect(wrongCases(batch, run(hart, bus, source), flags), `seed ${seed}`).toEqual([]);
    }
  }, 3_600_000);
});
