/** Exploring schedules: every choice of the kernel comes from a list, so that a failure is its list of numbers. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { SegdevOptions } from '../../src/segdev/index.js';
import { SegdevData, type DevmapHandle } from '../../src/segdev/index.js';
import type { RunOutcome } from '../../src/kernel/index.js';
import { LEVEL_SIZE, PAGESIZE } from '../../src/base/index.js';
import type { As } from '../../src/vm/index.js';
import { runs } from '../oracle/runs.js';
import { World } from './world.js';

const SEED = Number(process.env['SEGDEV_SEED'] ?? 4_711);

/** A machine of four processors whose every scheduling choice is the next number of `choices`; then round robin. */
export function scheduled(choices: readonly number[], options: SegdevOptions = {}): World {
  let at = 0;
  const world = new World(options, { ncpus: 4, preemptive: true, choose: (n) => (choices[at++] ?? 0) % n });
  world.trace.on = false;
  return world;
}

/** Tries `scenario` under `tries` schedules. A failure prints seed and choices. */
export function underSchedules(tries: number, scenario: (choices: readonly number[]) => void): void {
  const choices = fc.array(fc.nat(11), { minLength: 20, maxLength: 400, size: 'max' });
  fc.assert(fc.property(choices, scenario), { numRuns: runs(tries), seed: SEED });
}

/** What `scenario` came to under `tries` schedules, each outcome once. */
export function outcomes(tries: number, scenario: (choices: readonly number[]) => string): Set<string> {
  const seen = new Set<string>();
  underSchedules(tries, (choices) => { seen.add(scenario(choices)); });
  return seen;
}

/** Runs everything to its end with `check` before every step. */
export function runChecked(world: World, check: () => void): RunOutcome {
  const outcome = world.kernel.run(() => {
    check();
    return false;
  });
  check();
  return outcome;
}

/** Runs everything to its end with `check` before every step; fails unless all threads ended. */
export function allEnd(world: World, check: () => void): void {
  const outcome = runChecked(world, check);
  if (outcome.status !== 'idle') expect.fail(outcome.status === 'deadlock' ? outcome.report.text : outcome.status === 'panic' ? outcome.panic.message : outcome.status);
}

/** Fails when a translation shows anything but the frame of the handle behind it now. */
export function checkFrames(world: World, spaces: Iterable<As>): void {
  for (const as of spaces) {
    // Who changes the address space has it alone until all fits together again.
    if (as.lock.writer !== undefined) continue;
    for (const { base, pfn, level } of world.entries(as)) {
      for (const at of [base, base + LEVEL_SIZE[level] - PAGESIZE]) {
        const seg = as.segs.find((s) => at >= s.base && at < s.end);
        const handle = seg?.data instanceof SegdevData ? handleAt(seg.data.devmap_data, at) : undefined;
        if (handle === undefined) expect.fail(`${as.name}: a translation of 0x${at.toString(16)}, where nothing is mapped`);
        else if (handle.cookie === 'devmem' && handle.pfn + (at - handle.uvaddr) / PAGESIZE !== pfn + (at - base) / PAGESIZE) expect.fail(`${as.name}: 0x${at.toString(16)} shows another window`);
      }
    }
  }
}

function handleAt(head: DevmapHandle | undefined, at: number): DevmapHandle | undefined {
  for (let dhp = head; dhp !== undefined; dhp = dhp.next) if (at >= dhp.uvaddr && at < dhp.uvaddr + dhp.len) return dhp;
  return undefined;
}

/** Nothing is left of softlocks, contexts, handles. */
export function expectClean(world: World): void {
  expect(world.segdev.live).toMatchObject({ handle: 0, segdata: 0, vpage: 0 });
  expect([world.segdev.slist, world.segdev.ctxlist]).toEqual([[], []]);
  expect(world.kernel.threads).toEqual([]);
}
