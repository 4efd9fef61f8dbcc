/** The way into and out of a system call: arguments, table, result, errno at the Linux edge. */
import { ENOSYS, errnoName, hex } from '../../base/index.js';
import { isKgen } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { ERESTART, ERESTARTNOHAND, linuxErrno } from '../linux-abi.js';
import type { Lwp } from '../lwp.js';
import type { System } from '../system.js';
import { Call } from './call.js';
import type { Syscall, SyscallResult } from './call.js';
import { syscallTable } from './table.js';

const [A0, A7] = [10, 17];
/** Bytes of an ecall instruction. */
const ECALL = 4;

/** Does the system call at pc. Afterwards pc is behind it, unless the call says where to go on or must be done again. */
export function* systemCall(system: System, lwp: Lwp): Kgen<void> {
  const number = lwp.xNumber(A7);
  const row = syscallTable.get(number);
  const name = row?.name ?? `unknown:${number}`;
  const { pid } = lwp.proc;
  // The hart does not count an ecall, for it does not retire; the kernel completes it.
  lwp.charge(system, 1);
  if (row === undefined) system.counters.countUnknown(number);
  else system.counters.count(system.counters.syscalls, name);
  if (system.trace.on) system.trace.emit('guest.syscall', { pid, name, args: argsText(lwp, row) });
  const answer = row === undefined ? -ENOSYS : row.handler(new Call(system, lwp));
  const result = isKgen<SyscallResult>(answer) ? yield* answer : answer;
  if (system.trace.on && lwp.proc.status === undefined) system.trace.emit('guest.sysret', { pid, name, result: resultText(result) });
  if (result === undefined) return;
  if (result === -ERESTART || result === -ERESTARTNOHAND) {
    lwp.interrupted = result === -ERESTART ? 'restart' : 'no handler';
    return;
  }
  lwp.resumeAt = undefined;
  lwp.setX(A0, BigInt(result < 0 ? -linuxErrno(-result) : result));
  lwp.pc += ECALL;
}

function argsText(lwp: Lwp, row: Syscall | undefined): string {
  const args = Array.from({ length: row?.args ?? 6 }, (_, i) => hex(BigInt.asUintN(64, lwp.x(A0 + i))));
  return args.join(',');
}

function resultText(result: SyscallResult): string {
  if (result === undefined) return '-';
  if (result === -ERESTART || result === -ERESTARTNOHAND) return 'ERESTART';
  return result < 0 ? errnoName(-result) : hex(result);
}
