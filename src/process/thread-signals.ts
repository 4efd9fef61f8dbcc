/** The signal side of a thread: what it blocks, what was sent to it alone, where its handlers run. */
import { SignalQueue } from './signal-queue.js';
import type { SignalState } from './signal-state.js';
import { CANTMASK } from './signals.js';
import type { SigInfo } from './signals.js';

/** An alternate signal stack, sigaltstack(2); size 0 = none. */
export interface AltStack {
  readonly base: number;
  readonly size: number;
}

/** No alternate stack. */
export const NO_ALTSTACK: AltStack = { base: 0, size: 0 };

/** Blocked and pending signals of one thread. */
export class ThreadSignals {
  /** Blocked signals. */
  mask = 0n;
  /** What was blocked before a system call that blocks others while it sleeps (rt_sigsuspend); a handler goes back to it. */
  savedMask: bigint | undefined = undefined;
  /** Signals that rt_sigtimedwait waits for: blocked or not, they end its sleep and are not ignored. */
  awaited = 0n;
  altstack: AltStack = NO_ALTSTACK;
  /** Signals sent to this thread. */
  readonly own: SignalQueue = new SignalQueue();
  readonly #state: SignalState;

  constructor(state: SignalState) {
    this.#state = state;
    state.queues.add(this.own);
  }

  /** What waits for this thread, blocked or not. */
  get pending(): bigint {
    return this.own.set | this.#state.shared.set;
  }

  /** Whether a signal waits that is not blocked. */
  get deliverable(): boolean {
    return (this.pending & ~this.#effectiveMask) !== 0n;
  }

  /** Whether a sleep that signals may end has to end. */
  get wakes(): boolean {
    return (this.pending & (~this.#effectiveMask | this.awaited)) !== 0n;
  }

  /** Whether `bit`, a set of one signal, is of interest to this thread now. */
  wants(bit: bigint): boolean {
    return (bit & (~this.#effectiveMask | this.awaited)) !== 0n;
  }

  /** Takes the next signal that is not blocked: the thread's own before the process's. */
  take(): SigInfo | undefined {
    return this.takeFrom(~this.#effectiveMask);
  }

  /** Takes a signal of a set, blocked or not. */
  takeFrom(set: bigint): SigInfo | undefined {
    return this.own.take(set) ?? this.#state.shared.take(set);
  }

  /** Ends the state of a thread that ends. */
  leave(): void {
    this.#state.queues.delete(this.own);
  }

  get #effectiveMask(): bigint {
    return this.mask & ~CANTMASK;
  }
}
