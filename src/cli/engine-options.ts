/** How guest code is run, chosen the same way in every command that runs some. */
import type { EngineOptions } from '../hart/index.js';
import { parseInteger } from './device-options.js';
import { UsageError } from './usage-error.js';

/** What a user may choose of the engine. */
export type EngineChoice = Partial<Pick<EngineOptions, 'engine' | 'hotness'>>;

/** The help of these options. */
export const ENGINE_HELP = `  --engine NAME                  interpreter, or regions: hot code is compiled (default); results are the same
  --hotness N                    compile code that jumps have reached N times (default 8000; 1: everything)`;

/** The options for `parseArgs`. */
export const engineSpec = { engine: { type: 'string' }, hotness: { type: 'string' } } as const;

/**
 * Reads the options.
 * @throws UsageError naming the option that is wrong
 */
export function parseEngine({ engine, hotness }: { readonly engine?: string | undefined; readonly hotness?: string | undefined }): EngineChoice {
  if (engine !== undefined && engine !== 'interpreter' && engine !== 'regions') throw new UsageError(`--engine must be interpreter or regions, not "${engine}"`);
  const times = hotness === undefined ? undefined : parseInteger(hotness);
  if (hotness !== undefined && !(times !== undefined && times >= 1 && times <= 1e9)) throw new UsageError(`--hotness must be a number from 1 to 1000000000, not "${hotness}"`);
  return { ...(engine === undefined ? {} : { engine }), ...(times === undefined ? {} : { hotness: times }) };
}
