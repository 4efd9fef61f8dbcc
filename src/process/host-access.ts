/** A load or store the host makes on behalf of a process: through the MMU of a hart, with faults handled as for a program. */
import { USER_END, asPaddr, asVaddr, isAligned } from '../base/index.js';
import type { Paddr } from '../base/index.js';
import type { AccessSize } from '../bus/index.js';
import type { Kgen } from '../kernel/index.js';
import { EXEC, READ, WRITE } from '../../mmu/index.js';
import type { Access } from '../../mmu/index.js';
import type { FaultAccess } from './counters.js';
import type { FaultSignal } from './fault-signal.js';
import { accessFault, accessOf, misalignedFault, pageFault } from './pagefault.js';
import type { Proc } from './proc.js';
import { RefaultGuard } from './refault.js';
import { codeName, signalName } from './signals.js';
import type { System } from './system.js';

/** An access that would have sent a signal to a program. */
export interface HostFault {
  /** "SIGSEGV". */
  readonly signal: string;
  /** "SEGV_MAPERR". */
  readonly code: string;
  readonly addr: number;
  /** Why, where it is more than the mapping tells; "" otherwise. */
  readonly reason: string;
}

/** What an access gave: the bytes read as an unsigned number (0n for a store or a touch), or the signal. */
export type HostAccess = { readonly value: bigint } | HostFault;

const ACCESSES: Readonly<Record<FaultAccess, Access>> = { load: READ, store: WRITE, fetch: EXEC };

/**
 * One access.
 * @param act performs it at the physical address; undefined is a bus error
 */
export function* hostAccess(
  system: System, proc: Proc, va: number, size: AccessSize, access: FaultAccess, act: (pa: Paddr) => bigint | undefined,
): Kgen<HostAccess> {
  const guard = new RefaultGuard();
  const cpu = system.cpus.cpus[0];
  if (cpu === undefined || proc.status !== undefined) throw new TypeError(`process ${proc.pid} has ended`);
  if (!isAligned(va, size)) return faultOf(va, misalignedFault(access, BigInt(va)));
  for (;;) {
    cpu.use(proc.as.hat);
    const canonical = va >= -USER_END && va < USER_END;
    const pa = cpu.hart.mmu.translate(asVaddr(canonical ? va : NaN), ACCESSES[access]);
    if (pa >= 0) {
      system.counters.hostAccesses[access === 'fetch' ? 'fetch' : 'data']++;
      const value = act(asPaddr(pa));
      return value === undefined ? faultOf(va, accessFault(access, BigInt(va))) : { value };
    }
    const signal = yield* resolve(system, proc, cpu.hart.mmu.cause, va, access);
    const end = signal ?? guard.resolved(access, va, 0);
    if (end !== undefined) return faultOf(va, end);
  }
}

function* resolve(system: System, proc: Proc, cause: number, va: number, access: FaultAccess): Kgen<FaultSignal | undefined> {
  if (system.trace.on) system.trace.emit('guest.trap', { pid: proc.pid, hart: 0, pc: 0, cause: `${access}Page`, tval: va });
  if (accessOf(cause) !== undefined && cause < 12) return accessFault(access, BigInt(va));
  return yield* pageFault(system, proc, access, va, BigInt(va));
}

const faultOf = (addr: number, { info, fault }: FaultSignal): HostFault => ({
  signal: signalName(info.signal), code: codeName(info.signal, info.code), addr, reason: fault.reason,
});

