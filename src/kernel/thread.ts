/** A kernel thread, and which one is running. */
import type { Trace } from '../base/index.js';
import type { VirtualClock } from './clock.js';
import type { Kgen } from './kgen.js';

/** Something a thread can sleep on: a lock, a condition variable. */
export interface Waitable {
  /** "mutex", "rwlock", "cv". */
  readonly kind: string;
  readonly name: string;
  /** The threads that must act before a sleeper goes on, as far as they are known. */
  owners(): readonly Kthread[];
  /** Takes a sleeper off the queue because a signal or a timeout ends its sleep. */
  removeWaiter(thread: Kthread): void;
}

/** What threads and locks need of the kernel they run in. */
export interface KernelServices {
  readonly trace: Trace;
  readonly clock: VirtualClock;
  /** Processors of the machine. */
  readonly ncpus: number;
  /** Clock ticks a second. */
  readonly hz: number;
  /** Ticks since the machine was made. */
  readonly lbolt: number;
  /** Whether every lock operation is a point where another thread may be chosen (exploration). */
  readonly preemptive: boolean;
  /** Makes a runnable thread. */
  spawn(name: string, body: () => Kgen<void>, options?: SpawnOptions): Kthread;
  /** Makes a sleeping thread runnable. Only for those who have taken it off its queue. */
  ready(thread: Kthread): void;
  /** Lets `func` run once, `ticks` from now (timeout(9F)). @returns its id, never 0. */
  timeout(func: () => void | Kgen<void>, ticks: number): number;
  /** Cancels a timeout (untimeout(9F)). @returns the ticks left, or -1 when it has run or never existed. */
  untimeout(id: number): number;
}

/** How a thread is made. */
export interface SpawnOptions {
  /** What the thread's owner keeps with it; a process, for user threads. */
  data?: unknown;
  /** A thread that waits for work for ever: it does not count for deadlock, nor keep the kernel running. */
  daemon?: boolean;
  /** Whether a signal waits for the thread; asked before and during sleeps that a signal may end. */
  signalPending?: () => boolean;
}

/** Life of a thread. */
export type ThreadState = 'runnable' | 'running' | 'sleeping' | 'done';

/** A thread of the emulated kernel. */
export class Kthread {
  readonly id: number;
  readonly name: string;
  readonly kernel: KernelServices;
  readonly daemon: boolean;
  readonly body: Kgen<void>;
  state: ThreadState = 'runnable';
  /** What the owner keeps with the thread. */
  data: unknown;
  /** Whether a signal waits for this thread. */
  signalPending: () => boolean;
  /** What the thread sleeps on. */
  waitingFor: Waitable | undefined = undefined;
  /** Whether a signal may end the present sleep. */
  interruptible = false;
  /** How the last sleep on a condition variable ended. */
  wakeReason: 'woken' | 'signal' | 'timeout' = 'woken';

  /** Threads are made by Kernel.spawn. */
  constructor(kernel: KernelServices, id: number, name: string, body: () => Kgen<void>, options: SpawnOptions = {}) {
    this.kernel = kernel;
    this.id = id;
    this.name = name;
    this.daemon = options.daemon ?? false;
    this.data = options.data;
    this.signalPending = options.signalPending ?? ((): boolean => false);
    this.body = body();
  }

  /**
   * Ends a sleep that a signal may end, so that the sleeper looks at its signals.
   * @returns whether the thread was in such a sleep.
   */
  interrupt(): boolean {
    return this.interruptible && this.endSleep('signal');
  }

  /** Ends the present sleep for `reason`; false when the thread does not sleep on anything. */
  endSleep(reason: 'signal' | 'timeout'): boolean {
    if (this.state !== 'sleeping' || this.waitingFor === undefined) return false;
    this.waitingFor.removeWaiter(this);
    this.wakeReason = reason;
    this.kernel.ready(this);
    return true;
  }
}

let current: Kthread | undefined;
let currentServices: KernelServices | undefined;

/**
 * The running thread.
 * @throws TypeError outside a kernel thread.
 */
export function curthread(): Kthread {
  if (current === undefined) throw new TypeError('curthread: no kernel thread is running; use kernel.runUntilDone(name, body)');
  return current;
}

/** The running thread; undefined outside kernel threads. */
export const curthreadOrNone = (): Kthread | undefined => current;

/**
 * The kernel that is running: that of the current thread, or of the timeout that is firing.
 * @throws TypeError when none is.
 */
export function curkernel(): KernelServices {
  if (currentServices === undefined) throw new TypeError('curkernel: no kernel is running; use the methods of a Kernel');
  return currentServices;
}

/** The kernel that is running; undefined when none is. */
export const curkernelOrNone = (): KernelServices | undefined => currentServices;

/** For the scheduler only: says which thread runs; returns the one before. */
export function setCurthread(thread: Kthread | undefined): Kthread | undefined {
  const previous = current;
  current = thread;
  return previous;
}

/** For the scheduler only: says which kernel runs; returns the one before. */
export function setCurkernel(kernel: KernelServices | undefined): KernelServices | undefined {
  const previous = currentServices;
  currentServices = kernel;
  return previous;
}
