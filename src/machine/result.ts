/** How a run of the machine ended. */
import type { GuestDeath } from '../process/index.js';

/**
 * The outcome of `Machine.run`.
 *
 * `exited` and `signaled` speak of the machine's main process. `limit`: maxInstructions were executed, run() may be called again.
 * `interrupted`: shouldStop() said so, run() may be called again. `waiting`: nobody can run until standard input has something; call
 * stdinReady() when it has, then run() again. `deadlock`: nothing can run any more; the text names who waits for what, a thread a line.
 * `panic`: a real kernel would have stopped; the text is its cause.
 */
export type RunResult =
  | { status: 'exited'; code: number }
  | { status: 'signaled'; signal: number; report: GuestDeath }
  | { status: 'limit' }
  | { status: 'interrupted' }
  | { status: 'waiting' }
  | { status: 'deadlock'; text: string }
  | { status: 'panic'; text: string };
