/** The status word of wait4(2), Linux's encoding (`bits/waitstatus.h`). */
import { linuxSignal } from './linux-abi.js';
import type { ExitStatus, JobNews } from './proc.js';

/**
 * What wait4(2) stores of a child: an exit code in bits 8..15; the Linux number of the signal that ended it; 0x7f, and in bits 8..15 the
 * signal that stopped it; 0xffff when it goes on.
 */
export function waitStatus(status: ExitStatus | JobNews): number {
  switch (status.kind) {
    case 'exited': return (status.code & 0xff) << 8;
    case 'signaled': return linuxSignal(status.signal);
    case 'stopped': return (linuxSignal(status.signal) << 8) | 0x7f;
    case 'continued': return 0xffff;
  }
}
