/** Scripts nobody has seen: whatever is asked, the runner answers, and mode `fixed` ends well. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runScenario, ScenarioError } from '../../../src/harness/scenario/index.js';
import type { ScenarioResult } from '../../../src/harness/scenario/index.js';
import { brokenScript, script } from './generator.js';

const SEED = 20_260_101;
const ENDS = ['ok', 'assert', 'panic', 'deadlock', 'crash', 'hang'];

/** The run of a script, or the message about the line that cannot be understood. */
function outcome(source: string, mode: 'fixed' | 'illumos'): ScenarioResult | string {
  try {
    return runScenario(source, { mode, ...(mode === 'fixed' ? { check: true, drain: true } : {}) });
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
}

describe('a random script', () => {
  test('in mode fixed never stops the kernel, hangs, leaks or shows a stale translation; in mode illumos it ends in one of the ways there are', () => {
    fc.assert(fc.property(script(30), (source) => {
      const fixed = outcome(source, 'fixed');
      expect(fixed).toMatchObject({ end: 'ok' });
      const c = outcome(source, 'illumos');
      expect(ENDS).toContain((c as ScenarioResult).end);
    }), { seed: SEED, numRuns: 40, endOnFailure: true });
  }, 60_000);

  test('gives the same trace every time', () => {
    fc.assert(fc.property(script(20), fc.constantFrom('fixed', 'illumos'), (source, mode) => {
      expect(outcome(source, mode)).toEqual(outcome(source, mode));
    }), { seed: SEED + 1, numRuns: 10, endOnFailure: true });
  }, 60_000);

  test('does the same whether it is checked or not', () => {
    fc.assert(fc.property(script(20), (source) => {
      expect(runScenario(source, { check: true }).lines).toEqual(runScenario(source).lines);
    }), { seed: SEED + 2, numRuns: 10, endOnFailure: true });
  }, 60_000);

  test('with a damaged word runs, or is refused by file, line and column', () => {
    fc.assert(fc.property(brokenScript, fc.constantFrom('fixed', 'illumos'), (source, mode) => {
      const result = outcome(source, mode);
      if (typeof result === 'string') expect(result).toMatch(/^scenario:\d+:\d+: (expected|unexpected|unknown) /);
      else expect(mode === 'fixed' ? ['ok'] : ENDS).toContain(result.end);
    }), { seed: SEED + 3, numRuns: 100, endOnFailure: true });
  }, 60_000);
});
