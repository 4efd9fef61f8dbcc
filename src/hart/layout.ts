/**
 * Where the hart room keeps its things: [0, hartReserved()) of the linear memory. Nothing is committed by the operating system before it is touched.
 *
 *     0x000_0000  state of the resident hart: the only one generated code knows
 *     0x000_0f00  cells of the engine, the same for all harts
 *     0x000_1000  saved states of the other harts, STATE_SIZE each
 *     0x004_0000  counts of regions
 *     0x008_0000  entries of regions
 *     0x010_0000  page map: for each 4K page of linear memory (up to 4 GiB) the place of its decoded page, 0 where there is none
 *     0x050_0000  decoded pages
 *     0x180_0000  store flags: for each 4K page of linear memory a byte of store-watch.ts
 *     0x190_0000  translation blocks, one a hart: its translation cache, whose size is configured, and its TLB
 */
import { TC_ENTRIES, TC_ENTRIES_MAX, TranslationCache } from '../../mmu/index.js';

/** Harts one engine can serve. */
export const MAX_HARTS = 16;

const TRANSLATION = 0x190_0000;
/** Bytes for a hart's TLB behind its translation cache. */
export const TLB_BYTES = 0x13_0000;
/** Translation blocks are multiples of the page of a WebAssembly memory. */
const BLOCK_UNIT = 0x1_0000;

/** Entries of a hart's translation cache when nothing else is said. */
export const CACHE_ENTRIES: number = TC_ENTRIES;

const blockBytes = (entries: number): number => Math.ceil((TranslationCache.bytes(entries) + TLB_BYTES) / BLOCK_UNIT) * BLOCK_UNIT;

/** Place of the translation cache of the hart in slot `n`, where each has `entries` entries. Its TLB is behind it. */
export const translationCache = (n: number, entries: number = CACHE_ENTRIES): number => TRANSLATION + n * blockBytes(entries);

/** Place of a hart's TLB, by that of its translation cache. */
export const tlbPlace = (cache: number, entries: number): number => cache + TranslationCache.bytes(entries);

/**
 * Bytes at address 0 of the linear memory that belong to the hart room; pass it to the bus as `reserved`.
 * @param entries entries of each translation cache: a power of two, 2^15 to 2^20
 * @param harts harts the machine may get, 1 to MAX_HARTS
 * @throws RangeError when `entries` is none of these
 */
export function hartReserved(entries: number = CACHE_ENTRIES, harts: number = 1): number {
  if (!Number.isInteger(Math.log2(entries)) || entries < TC_ENTRIES || entries > TC_ENTRIES_MAX) {
    throw new RangeError(`translationCache: ${entries} is not a power of two from ${TC_ENTRIES} to ${TC_ENTRIES_MAX}`);
  }
  return translationCache(harts, entries);
}

/** {@link hartReserved} for one hart with a translation cache of the default size: what every machine has at least. */
export const HART_RESERVED: number = hartReserved();

/** Byte offsets within a hart's state. The resident hart's state is at address 0. */
export const State = {
  /** x0..x31, 8 bytes each; x0 is never written. */
  x: 0x000,
  /** Takes what is written to x0: the "rd" of an instruction whose destination is x0. */
  sink: 0x100,
  /** f0..f31, 8 bytes each, NaN-boxed. */
  f: 0x108,
  /** i64: address of the instruction to execute next, valid outside of generated code. */
  pc: 0x208,
  /** i64: low half instructions left of this entry, high half data accesses made. */
  count: 0x210,
  /** i64: virtual address of the page being executed. */
  pageVa: 0x218,
  /** i32: its decoded page, 0 where the next entry must translate the pc anew. */
  page: 0x220,
  /** i32: decoded instruction at which generated code was left. */
  ip: 0x224,
  /** i32: place of this hart's translation cache. */
  cache: 0x228,
  /** i32: host address reserved by lr, 0 for none. */
  reservation: 0x22c,
  /** i32: pages entered by instruction fetch since TypeScript last read it. */
  fetches: 0x230,
  /** i32: floating-point flags and rounding mode (fcsr). */
  fcsr: 0x234,
  /** 16 bytes: the value of a load or store that does not go straight to memory. */
  scratch: 0x238,
  /** i32: 1 while mstatus.FS is Dirty, 0 where a floating-point instruction must leave generated code. */
  fpReady: 0x248,
  // Masks over the rm field of an instruction: bit n is set where, with an rm of n, ... All are 0 while fpReady is.
  /** i32: ... it is legal. */
  fpLegal: 0x24c,
  /** i32: ... it rounds to nearest even. */
  fpNearest: 0x250,
  /** i32: ... it rounds to nearest even, and the inexact flag is set already. */
  fpFast: 0x254,
  /** i64 each: operands and result of a floating-point operation that TypeScript performs. */
  floatA: 0x258,
  floatB: 0x260,
  floatC: 0x268,
  floatResult: 0x270,
} as const;

/** Bytes of a hart's state. */
export const STATE_SIZE = 0x280;
/** Place of the saved state of the hart in slot `n`. */
export const savedState = (n: number): number => 0x1000 + n * STATE_SIZE;

/** Byte offsets of the cells of the engine. */
export const EngineCell = {
  /** i32: arrivals at an instruction that make it hot; 0 for never. */
  hotness: 0xf00,
} as const;

/** Entries of regions, i32: the number of the block to begin with, above it (bit 16 and up) the slot of the region's function. */
export const REGION_ENTRIES = 0x8_0000;
/** Their number; entry 0 is never used. */
export const REGION_ENTRY_COUNT = 0x1_0000;
/** Slots of the table of functions; slot 0 is never used. */
export const REGION_SLOTS = 2048;
/** Counts of the regions, 16 bytes a slot, and the places of those of slot 0. */
export const REGION_COUNTS_SHIFT = 4;
export const RegionCount = {
  /** i64: instructions the region has executed. */
  executed: 0x4_0000,
  /** i32: how often the interpreter has entered the region. */
  calls: 0x4_0008,
  /** i32: how often the region has returned because a window of it lay over two pages, since somebody looked. */
  crossings: 0x4_000c,
} as const;

/** The page map: i32 for each page of linear memory. */
export const PAGE_MAP = 0x10_0000;
/** Decoded pages. */
export const DECODED = 0x50_0000;
/** Where they end. */
export const DECODED_END = 0x180_0000;

/** Store flags: a byte of StoreFlag bits for each page of linear memory. */
export const STORE_FLAGS = 0x180_0000;
/** Bits of a store flag. */
export const StoreFlag = {
  /** Some translation cache may hold a write tag of the page. */
  writeCached: 1,
  /** The page has been written since it was decoded. */
  stale: 2,
  /** A hart that is not running holds a reservation in the page. */
  reserved: 4,
  /** Somebody outside the guest wants to know of every store to the page. */
  observed: 8,
} as const;

/**
 * A decoded instruction: 16 bytes for each 2-byte parcel of the page, so that a place in the decoded page is 8 times the place in the page.
 * Register fields hold byte offsets into the register file (8 times the number), so that generated code adds them as they are.
 */
export const Decoded = {
  /** u16: number of the handler; 0 where nothing is decoded yet. */
  handler: 0,
  /** u16: offset of the destination; State.sink for x0. */
  rd: 2,
  rs1: 4,
  rs2: 5,
  rs3: 6,
  /** u8: length of the instruction in decoded bytes: 16 or 32. */
  length: 7,
  /** i32: immediate, shift count, CSR number, or the bits of an illegal instruction. */
  imm: 8,
  /** u16 and u16: an instruction that straddles two pages keeps its real handler and its second parcel here. */
  innerHandler: 12,
  secondParcel: 14,
  /** u16 and u16: one where a region can be entered keeps its real handler and the number of the entry here, an idle one its handler. */
  coveredHandler: 12,
  regionEntry: 14,
  /** i32: any other counts here how often a jump arrived. */
  heat: 12,
} as const;

/** log2 of decoded bytes per byte of code. */
export const DECODED_SHIFT = 3;
/** Decoded bytes of a page. */
export const DECODED_PAGE: number = 4096 << DECODED_SHIFT;
/** Behind two entries more, which end the page, a decoded page has the linear address of its page: i32. */
export const PAGE_HOST: number = DECODED_PAGE + 32;
/** Distance of decoded pages: those two entries and the address, in an odd number of cache lines so that pages do not compete for the same ones. */
export const DECODED_STRIDE: number = DECODED_PAGE + 64;
