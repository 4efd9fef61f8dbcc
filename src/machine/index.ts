/** A whole machine, from its configuration to its statistics. */
export type { EngineOptions, EngineStatistics } from '../hart/index.js';
export type { DeviceConfig, MachineConfig } from './config.js';
export { Machine, createMachine } from './machine.js';
export type { RunOptions } from './machine.js';
export type { RunResult } from './result.js';
export type { FaultCount, MachineStatistics, TlbCount } from './statistics.js';
