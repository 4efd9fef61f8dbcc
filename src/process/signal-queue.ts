/** Signals that wait to be taken: those of a process, or of one of its threads. */
import { SIGKILL, SIGRTMIN, sigbit } from './signals.js';
import type { SigInfo } from './signals.js';

/** Reasons kept in one queue; a signal beyond is pending without a reason of its own (Linux RLIMIT_SIGPENDING). */
export const SIGQUEUE_MAX = 4096;

/** Pending signals and why each was sent; real-time signals queue, others keep the first reason. */
export class SignalQueue {
  #set = 0n;
  #infos: SigInfo[] = [];

  /** What waits. */
  get set(): bigint {
    return this.#set;
  }

  /** Whether another real-time signal finds room. */
  get full(): boolean {
    return this.#infos.length >= SIGQUEUE_MAX;
  }

  /** Makes a signal wait. Of an ordinary signal the first reason is kept, of a real-time signal every one while there is room. */
  add(info: SigInfo): void {
    const bit = sigbit(info.signal);
    if ((this.#set & bit) === 0n || (info.signal >= SIGRTMIN && !this.full)) this.#infos.push(info);
    this.#set |= bit;
  }

  /** Takes one signal of the set `wanted`: SIGKILL first, then the lowest number. */
  take(wanted: bigint): SigInfo | undefined {
    const ready = this.#set & wanted;
    if (ready === 0n) return undefined;
    let signal = SIGKILL;
    if ((ready & sigbit(SIGKILL)) === 0n) for (signal = 1; (ready & sigbit(signal)) === 0n;) signal++;
    const at = this.#infos.findIndex((info) => info.signal === signal);
    const [info] = this.#infos.splice(at, 1);
    if (!this.#infos.some((other) => other.signal === signal)) this.#set &= ~sigbit(signal);
    return info;
  }

  /** Forgets a signal, however often it waits. */
  discard(signal: number): void {
    this.#set &= ~sigbit(signal);
    this.#infos = this.#infos.filter((info) => info.signal !== signal);
  }
}
