/** The signal side of a process: what its threads share, actions and pending signals that any of them may take. */
import { SignalQueue } from './signal-queue.js';
import { SIGCONT, SIGMAX, defaultAction } from './signals.js';

/** The default action (SIG_DFL). */
export const SIG_DFL = 0;
/** Ignored (SIG_IGN). */
export const SIG_IGN = 1;

export const SA_NOCLDSTOP = 0x1;
export const SA_NOCLDWAIT = 0x2;
export const SA_SIGINFO = 0x4;
export const SA_ONSTACK = 0x0800_0000;
export const SA_RESTART = 0x1000_0000;
export const SA_NODEFER = 0x4000_0000;
export const SA_RESETHAND = 0x8000_0000;

/** What a process does about one signal, sigaction(2). `flags` are Linux SA_ values (a guest's), `mask` is an illumos set. */
export interface SigAction {
  /** Handler address as an unsigned 64-bit number, or SIG_DFL, SIG_IGN. */
  readonly handler: bigint;
  readonly flags: number;
  readonly mask: bigint;
}

const DEFAULT: SigAction = { handler: BigInt(SIG_DFL), flags: 0, mask: 0n };

/** Actions and pending signals of one process. */
export class SignalState {
  /** Signals sent to the process. */
  readonly shared: SignalQueue = new SignalQueue();
  /** All queues: the shared one, and one for each thread. */
  readonly queues: Set<SignalQueue> = new Set([this.shared]);
  #actions = new Map<number, SigAction>();

  /** What the process does about a signal, 1 to 64; SIG_DFL where it has said nothing. */
  action(signal: number): SigAction {
    return this.#actions.get(signal) ?? DEFAULT;
  }

  /** Sets it (sigaction(2)); where the signal is ignored then, what waits of it is discarded, in every queue. */
  setAction(signal: number, action: SigAction): void {
    this.#actions.set(signal, action);
    if (this.ignores(signal)) this.#discard(signal);
  }

  /** Whether a delivery of `signal` would have no effect. */
  ignores(signal: number): boolean {
    const { handler } = this.action(signal);
    const usual = defaultAction(signal);
    return handler === BigInt(SIG_IGN) || (handler === BigInt(SIG_DFL) && (usual === 'ignore' || usual === 'continue'));
  }

  /** SIGCONT takes back every stop that waits, and a stop every SIGCONT. */
  cancelOpposite(signal: number): void {
    if (signal === SIGCONT) for (let s = 1; s <= SIGMAX; s++) if (defaultAction(s) === 'stop') this.#discard(s);
    if (defaultAction(signal) === 'stop') this.#discard(SIGCONT);
  }

  /** The state of a child of fork(2): same actions, nothing pending. */
  fork(): SignalState {
    const child = new SignalState();
    child.#actions = new Map(this.#actions);
    return child;
  }

  /** execve(2): what has a handler gets the default action, what is ignored stays so. */
  exec(): void {
    for (const [signal, { handler }] of this.#actions) if (handler !== BigInt(SIG_IGN)) this.#actions.delete(signal);
  }

  #discard(signal: number): void {
    for (const queue of this.queues) queue.discard(signal);
  }
}
