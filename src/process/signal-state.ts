/** The signal side of a process: what is pending, blocked, and what is done about each signal. */
import { CANTMASK, SIGCONT, SIGKILL, SIGMAX, SIGRTMIN, defaultAction, sigbit } from './signals.js';
import type { SigInfo } from './signals.js';

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

/** An alternate signal stack, sigaltstack(2); size 0 = none. */
export interface AltStack {
  readonly base: number;
  readonly size: number;
}

const DEFAULT: SigAction = { handler: BigInt(SIG_DFL), flags: 0, mask: 0n };

/** Pending and blocked signals and the actions of one process. A process has one thread, so there is one of each. */
export class SignalState {
  /** Blocked signals. */
  mask = 0n;
  altstack: AltStack = { base: 0, size: 0 };
  #pending = 0n;
  /** Why each pending signal was sent; real-time signals queue, others keep the first reason. */
  #queue: SigInfo[] = [];
  #actions = new Map<number, SigAction>();

  /** Pending signals. */
  get pending(): bigint {
    return this.#pending;
  }

  action(signal: number): SigAction {
    return this.#actions.get(signal) ?? DEFAULT;
  }

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

  /** Makes a signal pending. Returns false where it is ignored (and not blocked) and so vanishes. */
  post(info: SigInfo): boolean {
    const bit = sigbit(info.signal);
    if (info.signal === SIGCONT) for (let s = 1; s <= SIGMAX; s++) if (defaultAction(s) === 'stop') this.#discard(s);
    if (this.ignores(info.signal) && (this.mask & bit) === 0n) return false;
    if ((this.#pending & bit) === 0n || info.signal >= SIGRTMIN) this.#queue.push(info);
    this.#pending |= bit;
    return true;
  }

  /** Whether a signal waits that is not blocked. */
  get deliverable(): boolean {
    return this.#pending !== 0n && (this.#pending & ~this.#effectiveMask) !== 0n;
  }

  /** Takes the next deliverable signal: SIGKILL first, then the lowest number. */
  take(): SigInfo | undefined {
    const ready = this.#pending & ~this.#effectiveMask;
    if (ready === 0n) return undefined;
    let signal = SIGKILL;
    if ((ready & sigbit(SIGKILL)) === 0n) for (signal = 1; (ready & sigbit(signal)) === 0n;) signal++;
    const at = this.#queue.findIndex((info) => info.signal === signal);
    const [info] = this.#queue.splice(at, 1);
    if (!this.#queue.some((other) => other.signal === signal)) this.#pending &= ~sigbit(signal);
    return info;
  }

  /** The state of a child of fork(2): same actions, mask and stack, nothing pending. */
  fork(): SignalState {
    const child = new SignalState();
    child.mask = this.mask;
    child.altstack = this.altstack;
    child.#actions = new Map(this.#actions);
    return child;
  }

  get #effectiveMask(): bigint {
    return this.mask & ~CANTMASK;
  }

  #discard(signal: number): void {
    this.#pending &= ~sigbit(signal);
    this.#queue = this.#queue.filter((info) => info.signal !== signal);
  }
}
