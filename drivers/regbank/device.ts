/**
 * The register bank's hardware: plain registers, a 64-bit counter that 32-bit programs can read safely, and an engine
 * that fills rectangles in the video memory of a framebuffer by itself.
 */
import { invariant } from '../../src/base/index.js';
import { type DeviceMemory, type Hardware, type HardwareConnection, type RangeSpec, RegisterBank, type RegisterFinding } from '../../src/bus/index.js';
import { type OptionsGiven, checkOptions } from '../options.js';
import {
  CONTROL_COUNT, CONTROL_FILL, CONTROL_RESET, FILL_BUSY, FILL_ERROR_BOUNDS, FILL_ERROR_BUSY, FILL_ERROR_DISABLED, FILL_ERROR_NONE, FILL_ERROR_TARGET,
  RB_REGISTERS_SIZE, type RegbankRegister, STATUS_DONE, STATUS_ERROR, regbankOptions, regbankRegisters,
} from './registers.js';

/** Options of `new RegbankDevice(...)`; see `regbankOptions` for defaults and ranges. */
export type RegbankOptions = OptionsGiven<typeof regbankOptions>;

/** What the fill engine must know of a framebuffer; a FramebufferDevice is one. */
export interface FillTarget {
  readonly geometry: { readonly width: number; readonly height: number; readonly stride: number; readonly format: { readonly bytes: number } };
  /** Its video memory; asked for at each fill, because a machine places it only after it was made. */
  readonly memory: DeviceMemory;
}

/** One register bank. Give it to a machine together with the regbank driver. */
export class RegbankDevice implements Hardware {
  readonly name = 'regbank';
  readonly ranges: readonly RangeSpec[];
  readonly #bank: RegisterBank;
  readonly #target: FillTarget | undefined;
  readonly #nsPerPixel: number;
  readonly #counterStart: bigint;
  #now: () => number = () => 0;
  /** Counter value at `#countedSince` (virtual ns); it grows from there while CONTROL_COUNT is set. */
  #counted = 0n;
  #countedSince = 0;
  /** Virtual time at which the fill under way ends. */
  #fillEnds: number | undefined;

  /**
   * @param options `framebuffer` is for whoever looks up the target by name; the device itself takes `target`
   * @param target the framebuffer its engine fills, in the same machine; or undefined for none: starts then end in FILL_ERROR_TARGET
   * @throws OptionError when an option is out of its range
   */
  constructor(options: RegbankOptions = {}, target?: FillTarget) {
    const { counter, fillns } = checkOptions(this.name, regbankOptions, options);
    this.#target = target;
    this.#nsPerPixel = fillns;
    this.#counterStart = BigInt(counter);
    this.#counted = this.#counterStart;
    this.#bank = new RegisterBank({
      device: this.name,
      registers: regbankRegisters,
      hooks: {
        CONTROL: { onWrite: (value, before) => this.#control(Number(value), Number(before)) },
        STATUS: { onRead: () => this.#settled('STATUS') },
        COUNTER: { onRead: () => this.#counter() },
        COUNTER_LO: { onRead: () => this.#readCounterLow() },
        FILL_START: { onWrite: (bits) => { if (bits === 1n) this.#start(); } },
        FILL_STATE: { onRead: () => this.#settled('FILL_STATE') },
      },
    });
    this.ranges = [{ kind: 'registers', name: 'registers', size: RB_REGISTERS_SIZE, sizes: [4, 8], window: this.#bank }];
  }

  /** Called by the machine once the range has its place. */
  connect({ now, trace }: HardwareConnection): void {
    this.#now = now;
    this.#countedSince = now();
    this.#bank.trace = trace;
  }

  /** Rules that software broke at the registers, with their counts. */
  get findings(): readonly RegisterFinding[] {
    return this.#bank.findings;
  }

  #control(value: number, before: number): void {
    if ((value & CONTROL_RESET) !== 0) return this.#reset();
    if (((value ^ before) & CONTROL_COUNT) === 0) return;
    // The counter was running until now exactly when the bit was set before.
    if ((before & CONTROL_COUNT) !== 0) this.#counted = this.#elapsed();
    this.#countedSince = this.#now();
  }

  #reset(): void {
    this.#bank.reset();
    this.#fillEnds = undefined;
    this.#counted = this.#counterStart;
    this.#countedSince = this.#now();
  }

  /** Value of the counter at this moment, 64 bits, wrapping. */
  #counter(): bigint {
    return this.#has('CONTROL', CONTROL_COUNT) ? this.#elapsed() : this.#counted;
  }

  #elapsed(): bigint {
    return BigInt.asUintN(64, this.#counted + BigInt(Math.floor(this.#now() - this.#countedSince)));
  }

  #readCounterLow(): bigint {
    const counter = this.#counter();
    this.#bank.set('COUNTER_HI', counter >> 32n);
    return BigInt.asUintN(32, counter);
  }

  #start(): void {
    this.#settle();
    const error = this.#whyRefused();
    this.#bank.set('FILL_ERROR', BigInt(error));
    if (error !== FILL_ERROR_NONE) return this.#raise(STATUS_ERROR);
    this.#draw();
    this.#fillEnds = this.#now() + this.#word('FILL_WIDTH') * this.#word('FILL_HEIGHT') * this.#nsPerPixel;
    this.#bank.set('FILL_STATE', BigInt(FILL_BUSY));
    this.#settle();
  }

  #whyRefused(): number {
    if (this.#fillEnds !== undefined) return FILL_ERROR_BUSY;
    if (!this.#has('CONTROL', CONTROL_FILL)) return FILL_ERROR_DISABLED;
    if (this.#target === undefined) return FILL_ERROR_TARGET;
    const { width, height } = this.#target.geometry;
    const inside = this.#word('FILL_X') + this.#word('FILL_WIDTH') <= width && this.#word('FILL_Y') + this.#word('FILL_HEIGHT') <= height;
    return inside ? FILL_ERROR_NONE : FILL_ERROR_BOUNDS;
  }

  #draw(): void {
    const target = this.#target;
    invariant(target !== undefined, 'fill without a framebuffer');
    const { stride, format: { bytes } } = target.geometry;
    const pixel = new Uint8Array(4);
    new DataView(pixel.buffer).setUint32(0, this.#word('FILL_COLOUR'), true);
    const [x, y, width, height] = [this.#word('FILL_X'), this.#word('FILL_Y'), this.#word('FILL_WIDTH'), this.#word('FILL_HEIGHT')];
    for (let line = y; line < y + height; line++) target.memory.fill(line * stride + x * bytes, width * bytes, pixel.subarray(0, bytes));
  }

  /** Ends the fill under way if its time has come. */
  #settle(): void {
    if (this.#fillEnds === undefined || this.#now() < this.#fillEnds) return;
    this.#fillEnds = undefined;
    this.#bank.set('FILL_STATE', 0n);
    this.#raise(STATUS_DONE);
  }

  #settled(register: RegbankRegister): bigint {
    this.#settle();
    return this.#bank.get(register);
  }

  #raise(status: number): void {
    this.#bank.set('STATUS', this.#bank.get('STATUS') | BigInt(status));
  }

  #has(register: RegbankRegister, bit: number): boolean {
    return (this.#bank.get(register) & BigInt(bit)) !== 0n;
  }

  #word(register: RegbankRegister): number {
    return Number(this.#bank.get(register));
  }
}
