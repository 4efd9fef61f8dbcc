/** What devices hold of a hart's mip, as virtual time passes. */
import type { TrapRegisters } from './trap-registers.js';

/** Nanoseconds of virtual time in a tick of the time CSR where no device says otherwise. */
const TIMEBASE_NS = 100;

/** What raises interrupts from outside, by virtual time in nanoseconds. */
export interface InterruptSource {
  /** Bits of mip that devices hold at `now`. */
  pending(hart: number, now: number): number;
  /** The next time after `now` when that changes by itself, Infinity for never. */
  nextChange(hart: number, now: number): number;
  /** The time CSR at `now`. */
  ticks(now: number): bigint;
}

/** The interrupt lines of one hart. */
export class InterruptLines {
  readonly #hart: number;
  readonly #traps: TrapRegisters;
  readonly #source: InterruptSource | undefined;

  constructor(hart: number, traps: TrapRegisters, source: InterruptSource | undefined) {
    this.#hart = hart;
    this.#traps = traps;
    this.#source = source;
  }

  /** Shows in mip what devices hold at `now`. */
  read(now: number): void {
    if (this.#source !== undefined) this.#traps.lines = this.#source.pending(this.#hart, now);
  }

  /** Instructions from `now` until devices change something by themselves. */
  instructionsLeft(now: number): number {
    if (this.#source === undefined) return Infinity;
    return Math.max(1, Math.ceil(this.#source.nextChange(this.#hart, now) - now));
  }

  /** The time CSR at `now`: what the devices say, else virtual time at 10 MHz, as QEMU's virt machine has. */
  ticks(now: number): bigint {
    return this.#source?.ticks(now) ?? BigInt(Math.floor(now / TIMEBASE_NS));
  }

  /** Virtual time, `now` or later, from which an interrupt is pending that ends wfi; Infinity where none comes by itself. */
  wakeTime(now: number): number {
    this.read(now);
    if (this.#traps.wakes) return now;
    const next = this.#source?.nextChange(this.#hart, now) ?? Infinity;
    return next !== Infinity && (this.#source!.pending(this.#hart, next) & this.#traps.mie) !== 0 ? next : Infinity;
  }
}
