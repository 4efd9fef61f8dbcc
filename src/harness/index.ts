/**
 * The driver kit, `segdev/harness`: run a devmap driver through every mapping situation a kernel can produce, see what it
 * was told, and be told which rule of which manual page it broke.
 */
export { ContractViolation, ExpectationFailed, SignalError, SystemCallError } from './errors.js';
export type { Violation } from './errors.js';
export { DriverKit } from './kit.js';
export type { DriverUnderTest } from './kit.js';
export { KitFile, KitMapping, KitProcess } from './kit-process.js';
export type { MapRequest, Rights } from './kit-process.js';
export { HandleLedger } from './ledger.js';
export type { HandleRange, LiveHandle } from './ledger.js';
export { DriverRecorder } from './recorder.js';
export type { DriverCall } from './recorder.js';
export { ruleText, rules } from './rules.js';
export type { Rule } from './rules.js';
export { unmapMatrix } from './unmap-matrix.js';
export type { UnmapPlan, UnmapSituation } from './unmap-matrix.js';
export { ScenarioError, normalize as normalizeScenario, runScenario } from './scenario/index.js';
export type { ScenarioEnd, ScenarioRequest, ScenarioResult } from './scenario/index.js';
