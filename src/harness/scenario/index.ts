/** The scenario language: scripts of system calls, faults and driver actions against a scriptable driver, and their traces. */
export { ScenarioError } from './error.js';
export { runScenario } from './run.js';
export type { ScenarioEnd, ScenarioRequest, ScenarioResult } from './run.js';
export { normalize } from './normalize.js';
