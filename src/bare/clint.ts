/**
 * The core-local interruptor: software and timer interrupts of machine mode.
 * [SiFive FU540-C000 manual, Core-Local Interruptor; RISC-V privileged ISA, Machine Timer Registers]
 *
 *     0x0000 + 4 hart   MSIP       bit 0 is mip.MSIP of the hart
 *     0x4000 + 8 hart   MTIMECMP   mip.MTIP is set while MTIME >= MTIMECMP, unsigned
 *     0xbff8            MTIME      ticks of virtual time
 */
import { type AccessSize, RegisterBank, type RegisterSpec, type RegisterWindow } from '../bus/index.js';
import { Interrupt, type InterruptSource } from '../hart/index.js';
import { TICK_NS } from './memory-map.js';

const NEVER = (1n << 64n) - 1n;
const MSIP_BIT: number = 1 << Interrupt.MachineSoftware;
const MTIP_BIT: number = 1 << Interrupt.MachineTimer;

const registersOf = (harts: number): RegisterSpec[] => [
  ...Array.from({ length: harts }, (_, hart): RegisterSpec[] => [
    { name: `MSIP${hart}`, offset: 4 * hart, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: `bit 0: software interrupt of hart ${hart}; other bits read as 0` },
    { name: `MTIMECMP${hart}`, offset: 0x4000 + 8 * hart, size: 8, access: 'rw', reset: NEVER, reserved: 0n, doc: `time of the timer interrupt of hart ${hart}` },
  ]).flat(),
  { name: 'MTIME', offset: 0xbff8, size: 8, access: 'rw', reset: 0n, reserved: 0n, doc: 'ticks of virtual time' },
];

/** The CLINT of a machine. */
export class Clint implements RegisterWindow, InterruptSource {
  /** Bytes of its window. */
  readonly size = 0x1_0000;
  readonly bank: RegisterBank;
  readonly #now: () => number;
  readonly #raised: (hart: number) => void;
  /** mtime less the ticks of virtual time. */
  #offset = 0n;
  /** By hart: whether MSIP is set, and virtual time in nanoseconds from which MTIMECMP is reached. */
  readonly #software: boolean[];
  readonly #timer: number[];

  /**
   * @param o.now virtual time in nanoseconds, also in the middle of a run
   * @param o.raised called when software has set the MSIP of a hart
   */
  constructor(o: { harts: number; now: () => number; raised: (hart: number) => void }) {
    this.#raised = o.raised;
    this.#now = o.now;
    this.#software = Array.from({ length: o.harts }, () => false);
    this.#timer = Array.from({ length: o.harts }, () => Infinity);
    const hooks: Record<string, { onWrite(value: bigint): void }> = {
      MTIME: { onWrite: (value) => this.#setTime(value) },
    };
    for (let hart = 0; hart < o.harts; hart++) {
      hooks[`MSIP${hart}`] = { onWrite: (value) => this.#setSoftware(hart, (value & 1n) !== 0n) };
      hooks[`MTIMECMP${hart}`] = { onWrite: () => this.#setTimer(hart) };
    }
    this.bank = new RegisterBank({ device: 'clint', registers: registersOf(o.harts), hooks });
  }

  /** mtime now. */
  get time(): bigint {
    return this.ticks(this.#now());
  }

  read(offset: number, size: AccessSize): bigint | undefined {
    this.bank.set('MTIME', this.time);
    return this.bank.read(offset, size);
  }

  write(offset: number, size: AccessSize, value: bigint): boolean {
    this.bank.set('MTIME', this.time);
    return this.bank.write(offset, size, value);
  }

  pending(hart: number, now: number): number {
    return (this.#software[hart] === true ? MSIP_BIT : 0) | (now >= this.#timer[hart]! ? MTIP_BIT : 0);
  }

  nextChange(hart: number, now: number): number {
    const timer = this.#timer[hart]!;
    return timer > now ? timer : Infinity;
  }

  ticks(now: number): bigint {
    return BigInt.asUintN(64, this.#offset + BigInt(Math.floor(now / TICK_NS)));
  }

  #setSoftware(hart: number, on: boolean): void {
    this.#software[hart] = on;
    this.bank.set(`MSIP${hart}`, on ? 1n : 0n);
    if (on) this.#raised(hart);
  }

  #setTime(value: bigint): void {
    this.#offset = value - BigInt(Math.floor(this.#now() / TICK_NS));
    for (const hart of this.#timer.keys()) this.#setTimer(hart);
  }

  /** mtime wraps at 2^64, which at 10 MHz is 58,000 years away: only a time set close to it would notice. */
  #setTimer(hart: number): void {
    this.#timer[hart] = Number(this.bank.get(`MTIMECMP${hart}`) - this.#offset) * TICK_NS;
  }
}
