/** The page of quirks is generated; a quirk that is not on it would be a difference nobody is told about. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quirksPage } from '../../src/cli/quirks.js';
import { QUIRK_NAMES } from '../../src/segdev/index.js';

describe('the page of quirks', () => {
  it('has one row for every quirk', () => {
    const rows = quirksPage().split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.map((row) => row.split('`')[1])).toEqual([...QUIRK_NAMES]);
    for (const row of rows) expect(row.split(' | ')).toHaveLength(4);
  });

  it('stands in src/segdev/QUIRKS.md as the table has it now', async () => {
    await expect(quirksPage()).toMatchFileSnapshot(resolve(import.meta.dirname, '../../src/segdev/QUIRKS.md'));
  });
});
