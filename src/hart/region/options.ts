/** How the engine runs guest code. */
import type { Tiers } from './tiers.js';

/** What a user may choose. */
export interface RegionOptions {
  /** 'interpreter': everything is interpreted. 'regions': hot code is compiled. Results are the same. */
  readonly engine: 'interpreter' | 'regions';
  /** Arrivals of jumps at an instruction that make it hot, at least 1. */
  readonly hotness: number;
  /** Milliseconds since some moment, for the statistics of compiling; without it that takes 0. */
  readonly clock?: () => number;
  /** How modules are compiled; without it by the host's WebAssembly, which decides itself what it optimises. */
  readonly tiers?: Tiers;
}

/** What holds where nobody chooses. A test run may change it as a whole. */
export const engineDefaults: { -readonly [name in 'engine' | 'hotness']: RegionOptions[name] } = { engine: 'regions', hotness: 8000 };
