/** What a process knows of its threads. */
import type { Kthread } from '../kernel/index.js';
import type { ThreadSignals } from './thread-signals.js';

/** One thread of a process that runs a program. */
export interface UserThread {
  /** Its number (gettid(2)): the process's for the first thread. */
  readonly tid: number;
  readonly signals: ThreadSignals;
  /** The kernel thread that runs it, once started. */
  readonly kthread: Kthread | undefined;
  /** It shall end: another thread ends the process or replaces its program. */
  doomed: boolean;
}
