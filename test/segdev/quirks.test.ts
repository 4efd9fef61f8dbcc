/**
 * Every difference between seg_dev.c and the contract, from both sides: the quirk alone and mode `illumos` show what the
 * C text does, mode `fixed` what the contract says.
 */
import { describe, expect, test } from 'vitest';
import { QUIRK_NAMES, QUIRKS, quirksOf, type QuirkName, type SegdevOptions } from '../../src/segdev/index.js';
import { CONTEXT_CASES, MEMORY_CASES } from './quirk-cases-memory.js';
import { FAULT_CASES } from './quirk-cases-fault.js';
import { LOAD_CASES, PROTECTION_CASES } from './quirk-cases-load.js';
import { SETUP_CASES, UNMAP_CASES } from './quirk-cases-setup.js';
import type { Make, QuirkCase } from './quirk-kit.js';
import { World } from './world.js';

/** The compiler asks for a case of every quirk here. */
const CASES: Readonly<Record<QuirkName, QuirkCase>> = {
  ...UNMAP_CASES, ...SETUP_CASES, ...FAULT_CASES, ...LOAD_CASES, ...PROTECTION_CASES, ...CONTEXT_CASES, ...MEMORY_CASES,
};

const maker = (side: SegdevOptions): Make => (kernel, options) => new World({ ...side, ...options }, kernel);
const all = (names: readonly QuirkName[] | undefined, value: boolean): Partial<Record<QuirkName, boolean>> =>
  Object.fromEntries((names ?? []).map((name) => [name, value]));

test('every quirk of the table has a case, and every case a quirk', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(QUIRK_NAMES.toSorted());
  expect(Object.keys(QUIRKS)).toEqual([...QUIRK_NAMES]);
  for (const { c, fixed } of Object.values(CASES)) expect(c).not.toEqual(fixed);
});

test('mode illumos is all quirks, fixed none, and each can be switched in both', () => {
  for (const name of QUIRK_NAMES) {
    expect([quirksOf('illumos')[name], quirksOf('fixed')[name], quirksOf('illumos', { [name]: false })[name]]).toEqual([true, false, false]);
  }
});

describe.each(QUIRK_NAMES)('%s', (name) => {
  const { run, c, fixed, needs, hiddenBy } = CASES[name];

  test(`fixed: ${QUIRKS[name].fixed}`, () => {
    expect(run(maker({ quirks: all(needs, true) }))).toEqual(fixed);
  });

  test(`C: ${QUIRKS[name].c}`, () => {
    expect(run(maker({ quirks: { ...all(needs, true), [name]: true } }))).toEqual(c);
  });

  test('mode illumos does the same', () => {
    expect(run(maker({ mode: 'illumos', quirks: all(hiddenBy, false) }))).toEqual(c);
  });
});
