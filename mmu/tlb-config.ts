/** How a TLB is described: data only, JSON-able, so that a report can carry it. */
import { HarnessBug } from '../src/base/index.js';

/** Page sizes a TLB array can hold: the three leaf levels of Sv39 and the Svnapot range. */
export type TlbPageSize = '4K' | '64K' | '2M' | '1G';

/**
 * Which entry of a full set goes: the oldest, the least recently used, the one a tree or a row of bits points away from,
 * or a pseudo-random one (xorshift from `seed`, the same in every run).
 */
export type Replacement = 'fifo' | 'lru' | 'plru' | 'bit-plru' | 'random';

/** Kinds of access an array serves. */
export type TlbServes = 'fetch' | 'load' | 'store';

/** One set-associative array: `sets` * `ways` entries. Neither need be a power of two; one set is fully associative. */
export interface TlbArrayConfig {
  readonly name: string;
  /** Who looks here; default: everybody. */
  readonly serves?: readonly TlbServes[];
  readonly sets: number;
  readonly ways: number;
  /** Sizes it can hold. A larger leaf is held in pieces of the largest size listed, a smaller one not at all. */
  readonly pageSizes: readonly TlbPageSize[];
  readonly replacement: Replacement;
  /** Start of the random sequence; any non-zero integer. */
  readonly seed?: number;
}

/** A whole TLB. A miss in every array of a level goes to the next level; the last miss walks the page table. */
export interface TlbConfig {
  readonly name: string;
  /** What it is, in a line. */
  readonly title: string;
  /** Where the figures come from; empty for what we made up ourselves. */
  readonly sources: readonly string[];
  /** What the sources do not say and we chose. */
  readonly assumed: readonly string[];
  /** First level first. No level at all means that every access walks. */
  readonly levels: readonly (readonly TlbArrayConfig[])[];
  /** Caches of pointers to page tables: `pageSizes` names the region one entry covers, 2M (a level-1 PTE) or 1G (a root PTE). */
  readonly walkCache: readonly TlbArrayConfig[];
}

/** Page sizes by their code in TLB entries: sizes 0 to 2 are the leaf levels. */
export const TLB_PAGE_SIZES: readonly TlbPageSize[] = ['4K', '2M', '1G', '64K'];
/** log2 of the base pages in each size, by code. */
export const SIZE_SHIFT: readonly number[] = [0, 9, 18, 4];
/** Code of the Svnapot size. */
export const SIZE_64K = 3;
/** All size codes from small to large. */
export const SIZE_ORDER: readonly number[] = [0, 3, 1, 2];

/** The code of a page size. */
export function sizeCode(size: TlbPageSize): number {
  const code = TLB_PAGE_SIZES.indexOf(size);
  if (code < 0) throw new HarnessBug(`no page size ${size}`);
  return code;
}

const REPLACEMENTS: ReadonlySet<string> = new Set(['fifo', 'lru', 'plru', 'bit-plru', 'random']);
const SERVES: ReadonlySet<string> = new Set(['fetch', 'load', 'store']);

/**
 * Checks a description before anything is built from it.
 * @throws RangeError naming the array and the field that is wrong
 */
export function checkTlbConfig(config: TlbConfig): void {
  for (const array of config.levels.flat()) checkArray(config.name, array, TLB_PAGE_SIZES);
  for (const array of config.walkCache) checkArray(config.name, array, ['2M', '1G']);
  for (const a of config.levels[0] ?? []) {
    for (const b of config.levels[0] ?? []) checkServes(config.name, a, b);
  }
}

/** First-level arrays serve the same kinds of access or none in common, so that an entry made for one kind never hides another's. */
function checkServes(owner: string, a: TlbArrayConfig, b: TlbArrayConfig): void {
  const all: readonly TlbServes[] = ['fetch', 'load', 'store'];
  const [serves, others] = [a.serves ?? all, b.serves ?? all];
  const common = all.filter((who) => serves.includes(who) && others.includes(who)).length;
  const union = all.filter((who) => serves.includes(who) || others.includes(who)).length;
  if (common !== 0 && common !== union) throw new RangeError(`TLB ${owner}: first-level arrays ${a.name} and ${b.name} must serve the same accesses or none in common`);
}

function checkArray(owner: string, array: TlbArrayConfig, sizes: readonly TlbPageSize[]): void {
  const where = `TLB ${owner}, ${array.name}`;
  if (!Number.isInteger(array.sets) || array.sets < 1) throw new RangeError(`${where}: sets ${array.sets} is not a positive integer`);
  if (!Number.isInteger(array.ways) || array.ways < 1 || array.ways > 4096) throw new RangeError(`${where}: ways ${array.ways} is not an integer from 1 to 4096`);
  if (array.sets * array.ways > 2 ** 20) throw new RangeError(`${where}: more than ${2 ** 20} entries`);
  if (array.pageSizes.length === 0) throw new RangeError(`${where}: pageSizes is empty`);
  for (const size of array.pageSizes) if (!sizes.includes(size)) throw new RangeError(`${where}: page size ${size} is not one of ${sizes.join(', ')}`);
  if (new Set(array.pageSizes).size !== array.pageSizes.length) throw new RangeError(`${where}: a page size is listed twice`);
  if (!REPLACEMENTS.has(array.replacement)) throw new RangeError(`${where}: replacement ${array.replacement} is not one of ${[...REPLACEMENTS].join(', ')}`);
  if (array.seed !== undefined && (array.seed | 0) === 0) throw new RangeError(`${where}: seed must be an integer other than 0`);
  if (array.serves?.length === 0) throw new RangeError(`${where}: serves nobody`);
  for (const who of array.serves ?? []) if (!SERVES.has(who)) throw new RangeError(`${where}: serves ${who}, which is none of ${[...SERVES].join(', ')}`);
}
