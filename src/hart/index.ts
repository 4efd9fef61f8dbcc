/** Harts: the instruction set, generated code, privileged state, and the loop that runs it. */
export { type BreakSpace, Breakpoints, EVERY_SPACE, type Watchpoint } from './breakpoints.js';
export { Cause, Interrupt } from './cause.js';
export { type HartContext, newHartContext } from './context.js';
export { disassemble } from './disassemble.js';
export { type EngineOptions, HartEngine } from './engine.js';
export type { EngineStatistics } from './region/regions.js';
export type { Tiers } from './region/tiers.js';
export { Hart } from './hart.js';
export { Exit, type HartObserver, type HartOptions } from './hart-options.js';
export type { InterruptSource } from './interrupt-lines.js';
export { decode, type DecodedInstruction } from './decode.js';
export { generateInterpreter, usePrebuiltInterpreter } from './interpreter.js';
export { type PrebuiltCompiler, usePrebuiltRegionCompiler } from './region/compiler-forms.js';
export { preparedWords } from './region/prepared.js';
export * from './isa/index.js';
export { HART_RESERVED, hartReserved, MAX_HARTS } from './layout.js';
