/** Recognises an instruction that faults again and again although each fault was resolved. */
import { hex } from '../base/index.js';
import { SIGKILL } from './signals.js';
import type { FaultAccess } from './counters.js';
import type { FaultSignal } from './fault-signal.js';

/**
 * Resolved faults of one instruction before the process is stopped. A driver may answer without loading, or another process may take the
 * page away, so a few are legal; a real kernel would go on for ever.
 */
export const REFAULT_LIMIT = 1000;

/**
 * Counts resolved faults without an instruction done in between, whatever their addresses: an instruction has up to four pages (two of
 * its own, two of its data), and the driver that loads one of them may take away another.
 */
export class RefaultGuard {
  #progress = -1;
  #count = 0;

  /**
   * Notes a resolved fault.
   * @param progress the number of instructions done so far
   * @returns the end of the process when it has happened too often.
   */
  resolved(access: FaultAccess, addr: number, progress: number): FaultSignal | undefined {
    this.#count = this.#progress === progress ? this.#count + 1 : 1;
    this.#progress = progress;
    if (this.#count < REFAULT_LIMIT) return undefined;
    this.#count = 0;
    const often = `faulted ${REFAULT_LIMIT} times although every fault was resolved`;
    const reason = `the instruction ${often}, the last one for the ${access} of ${hex(addr)}; a real kernel would go on for ever`;
    return { info: { signal: SIGKILL, code: 0, errno: 0, addr: BigInt(addr) }, fault: { access, reason } };
  }
}
