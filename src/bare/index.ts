/** A machine without a kernel of ours, for bare programs. */
export { type ConformanceTest, familyOf, runConformanceTest, type Verdict } from './conformance.js';
export { type BareMachine, type BareMachineConfig, createBareMachine } from './machine.js';
export type { BareEnd, BareResult, BareRunOptions } from './result.js';
export type { BareDebugger } from './turns.js';
export { formatSignature, type SignatureGranularity } from './signature.js';
