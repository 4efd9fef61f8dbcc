/** The Sv39 MMU: page table entries, the walk, TLB models, fences and the translation cache. */
export * from './access.js';
export * from './canonical.js';
export * from './counters.js';
export * from './failure.js';
export * from './inspect.js';
export * from './mmu.js';
export * from './presets.js';
export * from './pte.js';
export * from './satp.js';
export { checkTlbConfig, type Replacement, type TlbArrayConfig, type TlbConfig, type TlbPageSize, type TlbServes } from './tlb-config.js';
export * from './translation-cache.js';
export { Walker, type PteMemory, type PteProtection, type WalkOptions } from './walk.js';
