/** Debugging: the GDB remote protocol, what it may be pointed at, and reports on translations and mappings. */
export { BareTarget } from './bare-target.js';
export type { BareTargetOptions } from './bare-target.js';
export { CommitLog } from './commit-log.js';
export { GdbSession } from './server.js';
export type { DebugTarget, MemoryRead, Progress, ResumeAction, StopEvent, StopPoint, StopReason, ThreadId } from './target.js';
export { UserTarget } from './user-target.js';
export type { UserTargetOptions } from './user-target.js';
