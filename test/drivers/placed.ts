/** Devices on a bus of their own, without a machine, for tests of hardware alone. */
import { type Paddr, Trace, type TraceEvent, asPaddr, traceText } from '../../src/base/index.js';
import { type AccessSize, Bus, DeviceSpace, type Hardware, type PlacedRange, placeHardware } from '../../src/bus/index.js';

/** A bus with devices on it, a clock the test moves, and what was traced. */
export class Board {
  readonly bus: Bus = new Bus({ ramSize: 2 ** 20, reserved: 0x10000, poolSize: 32 * 2 ** 20 });
  readonly #space = new DeviceSpace(this.bus);
  readonly #trace = new Trace();
  readonly traced: TraceEvent[] = [];
  /** Virtual nanoseconds. */
  now = 0;

  constructor() {
    this.#trace.listen((event) => this.traced.push(event));
  }

  /** Places a device; answers its ranges. */
  place(hardware: Hardware): PlacedRange[] {
    return placeHardware(this.bus, hardware, this.#space, { now: () => this.now, trace: this.#trace });
  }

  /** Traced events as lines, and forgets them. */
  takeTrace(): string[] {
    return this.traced.splice(0).map(traceText);
  }
}

/** Loads and stores in one range of a device, as a hart makes them. */
export class Window {
  readonly #bus: Bus;
  readonly base: Paddr;

  constructor(board: Board, range: PlacedRange | undefined) {
    if (range === undefined) throw new Error('no such range');
    this.#bus = board.bus;
    this.base = range.base;
  }

  /** undefined is a bus error. */
  load(offset: number, size: AccessSize = 4): bigint | undefined {
    return this.#bus.load(asPaddr(this.base + offset), size);
  }

  /** false is a bus error. */
  store(offset: number, value: bigint | number, size: AccessSize = 4): boolean {
    return this.#bus.store(asPaddr(this.base + offset), size, BigInt(value));
  }
}
