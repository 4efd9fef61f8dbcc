/** `--mode` and `--quirk`, as every command that runs segdev takes them. */
import { QUIRK_NAMES, type QuirkName, type Quirks, type SegdevMode } from '../segdev/index.js';
import { UsageError } from './usage-error.js';

/** Help lines of the two options. */
export const MODE_HELP = `
  --mode fixed|illumos           what the contract says (default), or what seg_dev.c does
  --quirk NAME                   one difference of seg_dev.c alone (again for more); no-NAME switches it off in illumos mode`;

/**
 * Reads `--mode`.
 * @throws UsageError for any other mode.
 */
export function parseMode(text: string | undefined): SegdevMode {
  if (text === undefined || text === 'fixed' || text === 'illumos') return text ?? 'fixed';
  throw new UsageError(`--mode must be fixed or illumos, not "${text}"`);
}

const isQuirk = (name: string): name is QuirkName => QUIRK_NAMES.some((known) => known === name);

/**
 * Reads every `--quirk`.
 * @throws UsageError for a name that is no quirk.
 */
export function parseQuirks(names: readonly string[]): Partial<Quirks> {
  const quirks: Partial<Record<QuirkName, boolean>> = {};
  for (const name of names) {
    const on = !name.startsWith('no-');
    const quirk = on ? name : name.slice('no-'.length);
    if (!isQuirk(quirk)) throw new UsageError(`--quirk: no quirk "${quirk}"; there are ${QUIRK_NAMES.join(', ')}`);
    quirks[quirk] = on;
  }
  return quirks;
}
