/** Both ways to run guest code. Regions are made of whatever runs twice, so that short programs get there. */
import type { EngineOptions } from '../../src/hart/index.js';

export const ENGINES: readonly { readonly name: string; readonly options: EngineOptions }[] = [
  { name: 'interpreter', options: { engine: 'interpreter' } },
  { name: 'regions', options: { engine: 'regions', hotness: 1 } },
];
