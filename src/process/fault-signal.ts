/** A fault on its way to becoming a signal. */
import type { FaultAccess } from './counters.js';
import type { SigInfo } from './signals.js';

/** What is known of a faulting access. */
export interface FaultRecord {
  /** undefined where the signal is not about a memory access. */
  readonly access: FaultAccess | undefined;
  /** Why the kernel refused, where it is more than the mapping tells; "" otherwise. */
  readonly reason: string;
}

/** A signal for the running instruction. */
export interface FaultSignal {
  readonly info: SigInfo;
  readonly fault: FaultRecord;
}
