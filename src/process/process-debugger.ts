/** What a debugger of programs is asked and told by the threads that run them. */
import type { Exit } from '../hart/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Lwp } from './lwp.js';
import type { SigInfo } from './signals.js';

/** A debugger, attached to some processes of a system. */
export interface ProcessDebugger {
  /** A thread will run its program for the first time. */
  started(lwp: Lwp): void;
  /** Whether a thread must not execute its program now. Asked before each turn and after each trap. */
  holds(lwp: Lwp): boolean;
  /** Sleeps until the thread may execute again. */
  released(lwp: Lwp): Kgen<void>;
  /** Instructions a thread may execute before it asks again. */
  most(lwp: Lwp): number;
  /** Whether breakpoints do not concern a thread: it executes the instruction at its pc in any case. */
  passes(lwp: Lwp): boolean;
  /** A thread's hart has stopped: Exit.Breakpoint or Exit.Watchpoint. */
  stopped(lwp: Lwp, exit: Exit): void;
  /** A signal is about to be delivered. Returns what shall be delivered in its stead; undefined: nothing. May sleep. */
  signalled(lwp: Lwp, info: SigInfo): Kgen<SigInfo | undefined>;
}
