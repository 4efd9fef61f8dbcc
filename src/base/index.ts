/** The ground floor: addresses, error numbers, invariants, trace. Imports nothing. */
export * from './address.js';
export * from './errno.js';
export { FitError } from './fit-error.js';
export * from './invariant.js';
export type { LinearMemory } from './linear-memory.js';
export { once } from './once.js';
export * from './trace.js';
export { type TracedWord, type TraceEvents, tracedWord } from './trace-events.js';
export * from './trace-text.js';
