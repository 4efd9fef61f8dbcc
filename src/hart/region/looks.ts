/** When to look for regions that should be one: now and then, and more and more seldom while nothing is compiled. */

/** Entries of generated code between two looks. */
const LOOK = 16;
/** Looks that are left out in a row while nothing is compiled. */
const MOST_LEFT_OUT = 15;

/** Counts entries of generated code. */
export class Looks {
  #untilNext = LOOK;
  /** Looks to be left out, and how many next time. */
  #leftOut = 0;
  #inactivity = 0;

  /** Counts one; whether it is time for a look. */
  tick(): boolean {
    if (--this.#untilNext > 0) return false;
    this.#untilNext = LOOK;
    return true;
  }

  /** Takes this look, or leaves it out: then it answers false. */
  take(): boolean {
    if (this.#leftOut > 0) {
      this.#leftOut--;
      return false;
    }
    this.#leftOut = this.#inactivity;
    this.#inactivity = Math.min(2 * this.#inactivity + 1, MOST_LEFT_OUT);
    return true;
  }

  /** Something has been compiled: no look is left out for now. */
  compiled(): void {
    this.#inactivity = this.#leftOut = 0;
  }
}
