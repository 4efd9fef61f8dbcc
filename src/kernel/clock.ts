/**
 * The virtual clock: time is what the machine says has passed, in nanoseconds, and never the host's. Events wait on it in
 * order of their time; events of the same time fire in the order they were set.
 */

/** A function that waits for a moment of the virtual clock. */
export interface ClockEvent {
  /** Moment it is due, in nanoseconds. */
  readonly at: number;
  /** Order of creation; breaks ties. */
  readonly seq: number;
  /** What happens then. */
  readonly fire: () => void;
}

const before = (a: ClockEvent, b: ClockEvent): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq);

/** Virtual nanoseconds and the events that wait for them. */
export class VirtualClock {
  #now = 0;
  #seq = 0;
  /** A binary heap: the earliest event is at index 0. */
  readonly #heap: ClockEvent[] = [];

  /** Virtual time in nanoseconds since the machine was made. */
  get now(): number {
    return this.#now;
  }

  /** Number of events that wait. */
  get pending(): number {
    return this.#heap.length;
  }

  /** Moment of the earliest event in nanoseconds; Infinity when there is none. */
  get nextEvent(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  /**
   * Lets `ns` nanoseconds pass. Events that become due fire when the kernel next looks, not here.
   * @throws RangeError when `ns` is negative or not finite.
   */
  advance(ns: number): void {
    if (!(ns >= 0 && ns < Infinity)) throw new RangeError(`advance: ns must be a finite number >= 0, got ${ns}`);
    this.#now += ns;
  }

  /** Sets the clock to the moment `at` in nanoseconds; does nothing when that is past. */
  advanceTo(at: number): void {
    if (at > this.#now) this.#now = at;
  }

  /** Lets `fire` run once, `ns` nanoseconds from now. */
  after(ns: number, fire: () => void): ClockEvent {
    if (!(ns >= 0 && ns < Infinity)) throw new RangeError(`after: ns must be a finite number >= 0, got ${ns}`);
    const event: ClockEvent = { at: this.#now + ns, seq: this.#seq++, fire };
    this.#heap.push(event);
    this.#up(this.#heap.length - 1);
    return event;
  }

  /** Takes an event back; false when it has fired or was cancelled before. */
  cancel(event: ClockEvent): boolean {
    const at = this.#heap.indexOf(event);
    if (at < 0) return false;
    this.#removeAt(at);
    return true;
  }

  /** Takes the earliest event that is due now off the clock, without running it; undefined when none is due. */
  takeDue(): ClockEvent | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > this.#now) return undefined;
    this.#removeAt(0);
    return first;
  }

  #removeAt(at: number): void {
    const last = this.#heap.pop();
    if (last === undefined || at === this.#heap.length) return;
    this.#heap[at] = last;
    this.#up(at);
    this.#down(at);
  }

  #up(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #down(from: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}
