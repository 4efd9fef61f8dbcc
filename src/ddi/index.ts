/** The DDI: what a driver and the kernel agree on. Devices, their tree, entry points, callbacks and constants. */
export * from './acc-attr.js';
export * from './codes.js';
export * from './copy.js';
export * from './ddi-map.js';
export * from './dev-info.js';
export * from './dev.js';
export * from './device-tree.js';
export * from './devmap-callbacks.js';
export * from './devmap-constants.js';
export * from './driver.js';
export * from './file-flags.js';
export * from './prot-text.js';
export * from './ref.js';
export * from './regs.js';
export * from './specfs.js';
export * from './uio.js';
