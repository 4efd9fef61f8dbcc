/**
 * Step 3 of the way of a store: what the hart reports becomes a fault of an address space, and its answer a signal or nothing.
 *
 * The exception code has no "present" bit, so the page table is probed: a valid leaf makes it F_PROT, none F_INVAL.
 */
import { EINTR, ENOMEM, PAGESIZE, USER_END, alignDown, asVaddr } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { segdev_ops } from '../segdev/index.js';
import {
  FC_ALIGN, FC_CODE, FC_ERRNO, FC_HWERR, FC_NOMAP, FC_NOSUPPORT, FC_OBJERR, F_INVAL, F_PROT, S_EXEC, S_READ, S_WRITE, as_fault, as_segat,
  faultcodeText, hat_probe,
} from '../vm/index.js';
import type { FaultAccess } from './counters.js';
import type { FaultSignal } from './fault-signal.js';
import type { Proc } from './proc.js';
import { BUS_ADRALN, BUS_ADRERR, BUS_OBJERR, SEGV_ACCERR, SEGV_MAPERR, SIGBUS, SIGSEGV } from './signals.js';
import type { System } from './system.js';

/** The access behind a page fault or access fault exception code; undefined for other exceptions. */
export function accessOf(cause: number): FaultAccess | undefined {
  switch (cause) {
    case 12: case 1: return 'fetch';
    case 13: case 5: case 4: return 'load';
    case 15: case 7: case 6: return 'store';
    default: return undefined;
  }
}

const rwOf = { load: S_READ, store: S_WRITE, fetch: S_EXEC } as const;

const signalOf = (signal: number, code: number, addr: bigint, access: FaultAccess, reason: string, errno = 0): FaultSignal => ({
  info: { signal, code, errno, addr }, fault: { access, reason },
});

/**
 * Resolves a page fault of `access`.
 * @param va the address as a number, NaN where it is not canonical
 * @param tval the same as the hart reports it, all 64 bits, signed
 * @returns undefined: do the instruction again; else the signal it deserves.
 */
export function* pageFault(system: System, proc: Proc, access: FaultAccess, va: number, tval: bigint): Kgen<FaultSignal | undefined> {
  const counter = system.counters.pageFaults[access];
  if (!(va >= 0 && va < USER_END)) {
    counter.absent++;
    return signalOf(SIGSEGV, SEGV_MAPERR, BigInt.asUintN(64, tval), access, '');
  }
  const page = asVaddr(alignDown(va, PAGESIZE));
  const present = hat_probe(proc.as.hat, page) !== undefined;
  if (present) counter.protection++;
  else counter.absent++;
  if (as_segat(proc.as, page)?.ops === segdev_ops) system.counters.segdevFaults++;
  const fc = yield* as_fault(proc.as, page, 1, present ? F_PROT : F_INVAL, rwOf[access]);
  return fc === 0 ? undefined : outcome(fc, BigInt.asUintN(64, tval), access);
}

/** The signal a fault code means to user code (illumos trap()); undefined = none, the access is tried again. */
export function outcome(fc: number, addr: bigint, access: FaultAccess): FaultSignal | undefined {
  if (fc === 0) return undefined;
  const shortage = FC_CODE(fc) === FC_OBJERR && FC_ERRNO(fc) === ENOMEM;
  const text = shortage ? 'no memory is left in the machine' : `the fault handler of the mapping answered ${faultcodeText(fc)}`;
  switch (FC_CODE(fc)) {
    case FC_HWERR:
    case FC_NOSUPPORT: return signalOf(SIGBUS, BUS_ADRERR, addr, access, text);
    case FC_ALIGN: return signalOf(SIGBUS, BUS_ADRALN, addr, access, text);
    case FC_NOMAP: return signalOf(SIGSEGV, SEGV_MAPERR, addr, access, '');
    case FC_OBJERR:
      return FC_ERRNO(fc) === EINTR ? undefined : signalOf(SIGBUS, BUS_OBJERR, addr, access, text, FC_ERRNO(fc));
    default: return signalOf(SIGSEGV, SEGV_ACCERR, addr, access, '');
  }
}

/** The signal of an access the physical address space refused: nothing there, or a width the registers do not answer. */
export const accessFault = (access: FaultAccess, addr: bigint): FaultSignal =>
  signalOf(SIGBUS, BUS_ADRERR, addr, access, 'bus error: nothing answers there, or not to an access of that width');

/** The signal of a misaligned access. */
export const misalignedFault = (access: FaultAccess, addr: bigint): FaultSignal =>
  signalOf(SIGBUS, BUS_ADRALN, addr, access, 'the access is not naturally aligned');
