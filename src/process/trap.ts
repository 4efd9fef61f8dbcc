/** What the kernel does when user code traps: a system call, a fault, an illegal instruction, a breakpoint. */
import { HarnessBug, hex, tracedWord } from '../base/index.js';
import { decode, disassemble } from '../hart/index.js';
import type { Kgen } from '../kernel/index.js';
import type { FaultAccess } from './counters.js';
import type { Cpu } from './cpu.js';
import { forceSignal } from './deliver.js';
import type { FaultSignal } from './fault-signal.js';
import type { Lwp } from './lwp.js';
import { accessFault, accessOf, misalignedFault, pageFault } from './pagefault.js';
import { ILL_ILLOPC, SIGILL, SIGTRAP, TRAP_BRKPT } from './signals.js';
import { systemCall } from './syscalls/dispatch.js';
import type { System } from './system.js';

/** Exception codes (RISC-V Privileged, Table "Machine cause register values"). */
const CAUSE = {
  fetchMisaligned: 0, fetchAccess: 1, illegal: 2, breakpoint: 3, loadMisaligned: 4, loadAccess: 5, storeMisaligned: 6, storeAccess: 7,
  userCall: 8, fetchPage: 12, loadPage: 13, storePage: 15,
} as const;

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(CAUSE).map(([name, cause]) => [cause, name]));

/** Whether the trap `cpu.hart` has just reported is a system call. */
export const isSystemCall = (cpu: Cpu): boolean => cpu.hart.cause === CAUSE.userCall;

/** Handles the trap `cpu.hart` has just reported for `lwp`. Afterwards the process has ended or may go on at its pc. */
export function handleTrap(system: System, lwp: Lwp, cpu: Cpu): Kgen<void> {
  const { cause, tval, tvalNumber } = cpu.hart;
  if (isSystemCall(cpu)) return systemCall(system, lwp);
  if (system.trace.on) {
    const fields = { pid: lwp.proc.pid, hart: cpu.hart.id, pc: tracedWord(lwp.pc64), cause: NAMES[cause] ?? String(cause), tval: tracedWord(tval) };
    system.trace.emit('guest.trap', fields);
  }
  return fault(system, lwp, cause, tvalNumber, tval);
}

/** `va` is the faulting address as a number, NaN where it is not canonical; `tval` the same as the hart has it, signed. */
function* fault(system: System, lwp: Lwp, cause: number, va: number, tval: bigint): Kgen<void> {
  const access = accessOf(cause);
  if (access === undefined || cause < CAUSE.fetchPage) {
    const { info, fault: record } = otherFault(lwp, cause, access, BigInt.asUintN(64, tval));
    yield* forceSignal(system, lwp, info, record);
    return;
  }
  const signal = (yield* pageFault(system, lwp.proc, access, va, tval)) ?? lwp.refaults.resolved(access, va, lwp.executed);
  if (signal !== undefined) yield* forceSignal(system, lwp, signal.info, signal.fault);
}

/** The signal of a fault that no page table can mend. */
function otherFault(lwp: Lwp, cause: number, access: FaultAccess | undefined, addr: bigint): FaultSignal {
  switch (cause) {
    case CAUSE.illegal: return plain(SIGILL, ILL_ILLOPC, lwp, whyIllegal(Number(BigInt.asIntN(32, addr)), lwp.pc));
    case CAUSE.breakpoint: return plain(SIGTRAP, TRAP_BRKPT, lwp, 'a breakpoint instruction');
    case CAUSE.fetchMisaligned: return misalignedFault('fetch', addr);
    default:
  }
  if (access === undefined) throw new HarnessBug('a trap user code cannot cause', { cause, pid: lwp.proc.pid });
  return cause === CAUSE.loadMisaligned || cause === CAUSE.storeMisaligned ? misalignedFault(access, addr) : accessFault(access, addr);
}

/** Why user code may not execute an instruction word. */
function whyIllegal(bits: number, pc: number): string {
  const decoded = decode(bits);
  const word = hex(bits >>> 0);
  if (decoded === undefined) return `not an instruction of this machine: ${word}`;
  const text = `${disassemble(bits, pc)} (${word})`;
  // Bits 9:8 of a CSR's number are the lowest mode that may use it. [RISC-V Privileged, CSR address mapping conventions]
  const { row, imm } = decoded;
  const allowed = row.fields.csr === undefined ? row.extension !== 'S' && row.extension !== 'Svinval' && !row.name.startsWith('cbo.') : ((imm >>> 8) & 3) === 0;
  return `${allowed ? 'operands this machine does not take' : 'not allowed in user mode'}: ${text}`;
}

const plain = (signal: number, code: number, lwp: Lwp, reason: string): FaultSignal => ({
  info: { signal, code, errno: 0, addr: BigInt.asUintN(64, lwp.pc64) }, fault: { access: undefined, reason },
});
