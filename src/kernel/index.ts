/** Kernel threads under one deterministic scheduler, their locks, and virtual time. */
export * from './choices.js';
export * from './clock.js';
export * from './condvar.js';
export * from './deadlock.js';
export * from './kernel.js';
export * from './kgen.js';
export * from './mutex.js';
export * from './rwlock.js';
export { Kthread, curkernel, curthread, curthreadOrNone } from './thread.js';
export type { KernelServices, SpawnOptions, ThreadState, Waitable } from './thread.js';
export * from './timeout.js';
