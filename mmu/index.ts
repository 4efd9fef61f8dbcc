/** The Sv39 MMU: page table entries, the walk, TLB models, fences and the translation cache. */
export * from './access.js';
export * from './canonical.js';
export * from './counters.js';
export * from './failure.js';
export * from './inspect.js';
export * from './mmu.js';
export { NO_TLB, SEGDEV_TLB } from './own-tlb.js';
export * from './presets.js';
export * from './pte.js';
export * from './satp.js';
export { SIZE_64K, SIZE_ORDER, SIZE_SHIFT, checkTlbConfig, type Replacement, type TlbArrayConfig, type TlbConfig, type TlbPageSize, type TlbServes } from './tlb-config.js';
export {
  ARRAY_CLOCK, ARRAY_EVICTIONS, ARRAY_FILLS, ARRAY_KEYS, ARRAY_LIVE, ARRAY_MARKS, ARRAY_SET_MASK, ARRAY_TAGGED, ARRAY_VALUES, ARRAY_WAYS, MARKED_SHIFT, TAGGED_BIAS,
  WORD_ASID_SHIFT, WORD_ORIGIN_SHIFT, WORD_SIZE_SHIFT,
} from './tlb-array.js';
export { COUNTS_HITS, COUNTS_MISSES } from './tlb.js';
export * from './translation-cache.js';
export * from './walk-cells.js';
export { Walker, type PteMemory, type PteProtection, type WalkOptions } from './walk.js';
