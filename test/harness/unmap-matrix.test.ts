/** The unmap matrix: complete for what a plan allows, silent for correct drivers, loud for wrong ones. */
import { describe, expect, it } from 'vitest';
import { type DriverUnderTest, type UnmapSituation, unmapMatrix } from '../../src/harness/index.js';
import { BORDER, PAGES, type Wrong, testDriver } from './test-driver.js';

const LEN = PAGES * 4096;
const names = (plan: Parameters<typeof unmapMatrix>[1]): string[] => [...new Set(unmapMatrix(() => testDriver(), plan).map(({ name }) => name.split(',')[0] ?? ''))];

/** Whether a situation finds something wrong. */
const fails = ({ run }: UnmapSituation): boolean => {
  try {
    run();
    return false;
  } catch {
    return true;
  }
};

/** Names of the situations in which a driver is found wrong. */
const failures = (wrong: Wrong, plan: Parameters<typeof unmapMatrix>[1] = { len: 3 * 4096 }): string[] =>
  unmapMatrix(() => testDriver(wrong), plan).filter(fails).map(({ name }) => name);

/** Makes a record for the part before what goes, and none for the part behind it. */
const forgetful = (): DriverUnderTest => {
  const records = new Set<object>();
  const unmap: Wrong['unmap'] = (_dhp, pvtp, _off, _len, _new1, pvtp1) => {
    records.delete(pvtp as object);
    if (pvtp1 === null) return;
    pvtp1.value = {};
    records.add(pvtp1.value as object);
  };
  return testDriver({ unmap, counted: true }, records);
};

describe('what the matrix holds', () => {
  it.each([
    [{ len: 4096 }, ['whole', 'spanning two mappings']],
    [{ len: 8192 }, ['whole', 'head', 'tail', 'spanning two mappings']],
    [{ len: 12288 }, ['whole', 'head', 'tail', 'hole', 'spanning two mappings']],
    [{ len: 12288, boundary: 4096 }, [
      'whole', 'head', 'tail', 'hole', 'spanning two mappings', 'up to the handle boundary', 'from the handle boundary on', 'across the handle boundary',
    ]],
  ])('%o', (plan, ways) => {
    expect(names(plan)).toEqual(ways);
  });

  it('has every way before fork, after fork on both sides, and without', () => {
    expect(unmapMatrix(() => testDriver(), { len: 4096 }).map(({ name }) => name).slice(0, 4)).toEqual([
      'whole, without fork', 'whole, before fork', 'whole, in the parent after fork', 'whole, in the child after fork',
    ]);
  });

  it.each([[{ len: 0 }], [{ len: 100 }], [{ len: 8192, boundary: 8192 }], [{ len: 8192, boundary: 100 }]])('%o is refused', (plan) => {
    expect(() => unmapMatrix(() => testDriver(), plan)).toThrow(RangeError);
  });
});

describe('a correct driver passes', () => {
  for (const { name, run } of unmapMatrix(() => testDriver(), { len: LEN })) it(`one handle: ${name}`, run);
  for (const { name, run } of unmapMatrix(() => testDriver({ twoHandles: true }), { len: LEN, boundary: BORDER })) it(`two handles: ${name}`, run);
  for (const { name, run } of unmapMatrix(() => testDriver({ map: null, access: null, dup: null, unmap: null }), { len: 3 * 4096 })) it(`no callbacks: ${name}`, run);
});

describe('a wrong driver is found', () => {
  it('that forgets the part behind what goes: heads and holes, but neither tails nor whole mappings', () => {
    const found = new Set(unmapMatrix(forgetful, { len: LEN }).filter(fails).map(({ name }) => name.split(',')[0]));
    expect(found).toEqual(new Set(['head', 'hole', 'spanning two mappings']));
  });

  it('that shares private data over fork, in every situation with a fork and in no other', () => {
    const found = failures({ dup: (_dhp, pvtp, _new, newPvtp) => { newPvtp.value = pvtp; return 0; } });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((name) => !name.endsWith('without fork'))).toBe(true);
    expect(found).toContain('hole, in the child after fork');
  });

  it('by what the kernel does to it: the tail of a second handle under segdev as illumos has it', () => {
    const found = failures({ twoHandles: true, machine: { segdev: { mode: 'illumos' } } }, { len: LEN, boundary: BORDER });
    expect(found).toEqual(expect.arrayContaining(['tail, without fork', 'from the handle boundary on, without fork']));
    expect(found).not.toContain('whole, without fork');
  });
});
