/** The TLBs of our own, which model no core, and how an array is written. A machine without a preset needs nothing else. */
import type { Replacement, TlbArrayConfig, TlbConfig, TlbPageSize, TlbServes } from './tlb-config.js';

/** What an instruction side serves. */
export const FETCH: readonly TlbServes[] = ['fetch'];
/** What a data side serves. */
export const DATA: readonly TlbServes[] = ['load', 'store'];

/** An array of `entries` entries in sets of `ways`. */
export const ways = (
  name: string, entries: number, way: number, serves: readonly TlbServes[] | undefined, pageSizes: readonly TlbPageSize[], replacement: Replacement = 'lru',
): TlbArrayConfig =>
  ({ name, ...(serves === undefined ? {} : { serves }), sets: entries / way, ways: way, pageSizes, replacement });

/** The machine's own TLB: one large FIFO level, so that every page in it can be used by generated code directly. */
export const SEGDEV_TLB: TlbConfig = {
  name: 'segdev',
  title: 'large first level, FIFO: counts exactly and costs nothing',
  sources: [],
  assumed: [],
  levels: [[
    ways('I-4K', 4096, 4, FETCH, ['4K', '64K'], 'fifo'),
    ways('I-2M', 512, 4, FETCH, ['2M'], 'fifo'),
    ways('I-1G', 64, 4, FETCH, ['1G'], 'fifo'),
    ways('D-4K', 32768, 4, DATA, ['4K', '64K'], 'fifo'),
    ways('D-2M', 512, 4, DATA, ['2M'], 'fifo'),
    ways('D-1G', 64, 4, DATA, ['1G'], 'fifo'),
  ]],
  walkCache: [],
};

/** No TLB at all: every access walks. */
export const NO_TLB: TlbConfig = { name: 'none', title: 'no TLB: every access walks the page table', sources: [], assumed: [], levels: [], walkCache: [] };
