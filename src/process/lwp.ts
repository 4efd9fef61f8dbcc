/** A user thread: its registers, wherever they are, and the memory its system calls reach. */
import { EFAULT, USER_END } from '../base/index.js';
import type { LockedMemory, UserMemory } from '../ddi/index.js';
import { Kcondvar } from '../kernel/index.js';
import type { Kernel, Kgen, Kthread } from '../kernel/index.js';
import type { HartContext } from '../hart/index.js';
import { S_READ, S_WRITE, as_lockframes, copyin, copyout } from '../vm/index.js';
import type { As } from '../vm/index.js';
import type { Cpu, Resident } from './cpu.js';
import type { Proc } from './proc.js';
import { RefaultGuard } from './refault.js';
import { ThreadSignals } from './thread-signals.js';
import type { UserThread } from './user-thread.js';

/** Whether [addr, addr + len) is user memory: whole numbers below USER_END. */
export const isUserRange = (addr: number, len: number): boolean =>
  Number.isSafeInteger(addr) && addr >= 0 && len >= 0 && addr + len <= USER_END;

/** The memory of a process as system calls and drivers reach it; never an exception, whatever the address. */
export function userMemory(as: () => As): UserMemory {
  return {
    as,
    *pagelock(addr: number, len: number, writing: boolean): Kgen<LockedMemory | number> {
      return isUserRange(addr, len) ? yield* as_lockframes(as(), addr, len, writing ? S_WRITE : S_READ) : EFAULT;
    },
    *copyin(from: number, to: Uint8Array): Kgen<number> {
      if (to.length === 0) return 0;
      return isUserRange(from, to.length) ? yield* copyin(as(), from, to) : EFAULT;
    },
    *copyout(from: Uint8Array, to: number): Kgen<number> {
      if (from.length === 0) return 0;
      return isUserRange(to, from.length) ? yield* copyout(as(), to, from) : EFAULT;
    },
  };
}

/** A system call that a signal ended before it did anything: how it goes on. */
export type Interrupted =
  /** It is done again, unless a handler without SA_RESTART runs, which makes it EINTR. */
  | 'restart'
  /** It is done again, unless any handler runs. */
  | 'no handler';

/** A thread that runs a program. */
export class Lwp implements Resident, UserThread {
  tid: number;
  readonly proc: Proc;
  readonly signals: ThreadSignals;
  kthread: Kthread | undefined = undefined;
  doomed = false;
  /** Address that is cleared when it ends (set_tid_address, CLONE_CHILD_CLEARTID); 0 = none. */
  clearChildTid = 0;
  /** The list of robust futexes it holds (set_robust_list(2)); 0 = none. */
  robustList = 0;
  /** Name of the thread (PR_SET_NAME); undefined: the process's. */
  comm: string | undefined = undefined;
  readonly context: HartContext;
  readonly userMemory: UserMemory;
  /** Where it sleeps when it waits for nothing but time or a signal. */
  readonly asleep: Kcondvar;
  /** The processor it holds. */
  cpu: Cpu | undefined = undefined;
  /** The processor it held last. */
  lastCpu: Cpu | undefined = undefined;
  /** Instructions left of its turn. */
  slice = 0;
  /** Instructions its turn may yet be longer for the sake of a reservation. */
  grace = 0;
  /** Instructions it has executed. */
  executed = 0;
  /** Faults its program has taken. */
  faults = 0;
  readonly refaults: RefaultGuard = new RefaultGuard();
  /** A signal has ended the system call at pc before it did anything. */
  interrupted: Interrupted | undefined = undefined;
  /** When the sleep ends, in virtual nanoseconds, that a system call will go on with when it is done again. */
  resumeAt: number | undefined = undefined;

  constructor(proc: Proc, context: HartContext, tid: number = proc.pid) {
    this.proc = proc;
    this.tid = tid;
    this.asleep = new Kcondvar(`thread ${tid}: time or a signal`);
    this.signals = new ThreadSignals(proc.signals);
    this.context = context;
    this.userMemory = userMemory(() => proc.as);
  }

  /** Where the registers are: a hart, or undefined for `context`. */
  get #home(): Cpu | undefined {
    return this.lastCpu?.loaded === this ? this.lastCpu : undefined;
  }

  /** Address of the next instruction: exact where canonical, else the nearest number. */
  get pc(): number {
    return this.#home?.hart.pc ?? Number(this.context.pc);
  }

  set pc(pc: number) {
    this.pc64 = BigInt(pc);
  }

  /** The pc as a signed 64-bit integer, whatever it is; bit 0 is dropped, as sepc drops it. */
  get pc64(): bigint {
    return this.#home?.hart.pc64 ?? this.context.pc;
  }

  set pc64(pc: bigint) {
    const home = this.#home;
    if (home === undefined) this.context.pc = BigInt.asIntN(64, pc & ~1n);
    else home.hart.pc64 = pc;
  }

  /** Register `n`, signed 64 bits. */
  x(n: number): bigint {
    return this.#home?.hart.x(n) ?? this.context.x[n] ?? 0n;
  }

  /** Sets register `n` to the low 64 bits of `value`. */
  setX(n: number, value: bigint): void {
    const home = this.#home;
    if (home === undefined) this.context.x[n] = value;
    else home.hart.setX(n, value);
  }

  /** Register `n` as a signed number, the nearest one where it is not exact. */
  xNumber(n: number): number {
    return this.#home?.hart.xNumber(n) ?? Number(this.context.x[n] ?? 0n);
  }

  /** Counts executed instructions: one is a nanosecond of virtual time. */
  charge(system: { budget: number; readonly counters: { instructions: number }; readonly kernel: Kernel }, instructions: number): void {
    this.slice -= instructions;
    this.executed += instructions;
    this.proc.executed += instructions;
    system.budget -= instructions;
    system.counters.instructions += instructions;
    system.kernel.clock.advance(instructions);
  }

  /** Puts the registers into `context`, so that it can be copied. */
  saved(): HartContext {
    this.#home?.unload();
    return this.context;
  }
}
