/** What a parent is told of a child: the status word of wait4(2), Linux's encoding (`bits/waitstatus.h`), and its siginfo_t. */
import { linuxSignal } from './linux-abi.js';
import type { ExitStatus, JobNews } from './proc.js';
import { CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCHLD, SIGCONT } from './signals.js';
import type { SigInfo } from './signals.js';

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

/** The siginfo_t that waitid(2) stores of a child. */
export function childInfo(pid: number, status: ExitStatus | JobNews): SigInfo {
  const about = (code: number, value: number): SigInfo => ({ signal: SIGCHLD, code, errno: 0, pid, status: value });
  switch (status.kind) {
    case 'exited': return about(CLD_EXITED, status.code);
    case 'signaled': return about(CLD_KILLED, status.signal);
    case 'stopped': return about(CLD_STOPPED, status.signal);
    case 'continued': return about(CLD_CONTINUED, SIGCONT);
  }
}
