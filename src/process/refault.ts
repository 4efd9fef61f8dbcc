/** Recognises an instruction that faults again and again although each fault was resolved. */
import { hex } from '../base/index.js';
import { SIGKILL } from './signals.js';
import type { FaultAccess } from './counters.js';
import type { FaultSignal } from './fault-signal.js';

/**
 * Resolved faults of one instruction at one address before the process is stopped. A driver may answer without loading, or
 * another process may take the page away, so a few are legal; a real kernel would go on for ever.
 */
export const REFAULT_LIMIT = 1000;

/** Counts faults of the same access without an instruction done in between. */
export class RefaultGuard {
  #at = 0;
  #access: FaultAccess | undefined = undefined;
  #progress = -1;
  #count = 0;

  /**
   * Notes a resolved fault.
   * @param progress the number of instructions done so far
   * @returns the end of the process when it has happened too often.
   */
  resolved(access: FaultAccess, addr: number, progress: number): FaultSignal | undefined {
    const again = this.#access === access && this.#at === addr && this.#progress === progress;
    this.#count = again ? this.#count + 1 : 1;
    this.#access = access;
    this.#at = addr;
    this.#progress = progress;
    if (this.#count < REFAULT_LIMIT) return undefined;
    this.#count = 0;
    const often = `faulted ${REFAULT_LIMIT} times although every fault was resolved`;
    const reason = `the ${access} of ${hex(addr)} ${often}; a real kernel would go on for ever`;
    return { info: { signal: SIGKILL, code: 0, errno: 0, addr: BigInt(addr) }, fault: { access, reason } };
  }
}
