/** The list of quirks as a page: what `segdev quirks` prints, and what src/segdev/QUIRKS.md holds. */
import { ODDITIES, QUIRKS, QUIRK_NAMES } from '../segdev/index.js';

/** What `segdev quirks --help` prints. */
export const QUIRKS_HELP = `segdev quirks

Lists every difference between seg_dev.c and the contract, as Markdown: what the C text does, its lines, and what mode fixed does.
`;

/** The page: one row a quirk, in the order of the table. */
export function quirksPage(): string {
  const rows = QUIRK_NAMES.map((name) => `| \`${name}\` | ${QUIRKS[name].c} | ${QUIRKS[name].lines} | ${QUIRKS[name].fixed} |`);
  return [
    '# Quirks: where seg_dev.c and the contract part ways',
    '',
    'Mode `illumos` does what the C text does, mode `fixed` (the default) what the contract says. Each quirk can be switched alone:',
    '`--quirk NAME` in mode `fixed`, `--quirk no-NAME` in mode `illumos`, or `segdev: { quirks: { NAME: true } }` in a machine\'s configuration.',
    'What would stop a real kernel ends the run as a reported kernel panic. This page is generated from `quirks.ts` (`segdev quirks`).',
    '',
    '| quirk | what the C text does | lines of `seg_dev.c` | what `fixed` does |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '## Oddities both modes keep',
    '',
    '| what | lines of `seg_dev.c` |',
    '| --- | --- |',
    ...ODDITIES.map(([what, lines]) => `| ${what} | ${lines} |`),
    '',
  ].join('\n');
}
