/** The physical address space: RAM, device memory, register windows, and what device models declare. */
export * from './bus.js';
export { BackingPool, DeviceMemory } from './device-memory.js';
export * from './device-space.js';
export * from './hardware.js';
export * from './region.js';
export * from './register-bank.js';
export * from './register-doc.js';
export * from './register-spec.js';
