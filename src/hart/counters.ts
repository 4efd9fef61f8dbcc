/** mcycle, minstret and mcountinhibit: one cycle an instruction. [RISC-V privileged ISA, Hardware Performance Monitor] */

/** One of the two counters: instructions retired, and an offset. */
class Counter {
  readonly #retired: () => number;
  #offset = 0n;
  /** The value it stands at while it is inhibited. */
  #frozen: bigint | undefined = undefined;

  constructor(retired: () => number) {
    this.#retired = retired;
  }

  get value(): bigint {
    return this.#frozen ?? BigInt.asUintN(64, BigInt(this.#retired()) + this.#offset);
  }
  /** What is written is what the next instruction reads: the one that writes does not count. */
  set value(value: bigint) {
    if (this.#frozen === undefined) this.#offset = value - BigInt(this.#retired() + 1);
    else this.#frozen = value;
  }

  set inhibited(inhibited: boolean) {
    if (inhibited === (this.#frozen !== undefined)) return;
    const { value } = this;
    this.#frozen = inhibited ? value : undefined;
    if (!inhibited) this.value = value;
  }
}

const CY = 1n;
const IR = 4n;

/** The counters of one hart. There are no others: hpmcounters read as 0. */
export class Counters {
  readonly cycle: Counter;
  readonly instret: Counter;
  #inhibit = 0n;

  /** `retired`: instructions retired so far, this one not included. */
  constructor(retired: () => number) {
    this.cycle = new Counter(retired);
    this.instret = new Counter(retired);
  }

  /** mcountinhibit: CY and IR. */
  get inhibit(): bigint {
    return this.#inhibit;
  }
  set inhibit(value: bigint) {
    this.#inhibit = value & (CY | IR);
    this.cycle.inhibited = (value & CY) !== 0n;
    this.instret.inhibited = (value & IR) !== 0n;
  }
}
