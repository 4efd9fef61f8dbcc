/**
 * segdev: machines that run RISC-V guests on mapped devices.
 *
 * Drivers import `segdev/sunddi`; tests of drivers import `segdev/harness`; this entry makes machines, hardware and guests.
 */
export { Trace, traceJson, traceText, HarnessBug, KernelPanic } from './base/index.js';
export type { TraceEvent, TraceEvents, TraceKind, TraceSink, Paddr, Vaddr } from './base/index.js';
export * from './bus/index.js';
export * from './machine/index.js';
export { formatDeath } from './process/index.js';
export type { GuestDeath, Process } from './process/index.js';
export { TLB_PRESETS, tlbPreset } from '../mmu/index.js';
export type { TlbConfig } from '../mmu/index.js';
export { assemble, readElf, AssemblerError, ElfError } from '../guest/index.js';
