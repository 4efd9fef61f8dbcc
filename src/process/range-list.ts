/** Named address ranges that do not overlap, in the order of their addresses. */

/** A range [base, end) with a name. */
export interface NamedRange {
  readonly base: number;
  readonly end: number;
  readonly name: string;
  /** The larger, the later it was set or cut; no two have the same. */
  readonly age: number;
}

/** Ranges found by binary search; setting and clearing touch only their neighbours. */
export class RangeList {
  #ranges: NamedRange[] = [];
  #age = 0;
  /** Ranges looked at so far: what all calls together cost. */
  looks = 0;

  /** A copy that goes its own way. */
  copy(): RangeList {
    const copy = new RangeList();
    copy.#ranges = [...this.#ranges];
    copy.#age = this.#age;
    return copy;
  }

  /** Ranges in the list. */
  get size(): number {
    return this.#ranges.length;
  }

  /** The range at `address`. */
  at(address: number): NamedRange | undefined {
    const range = this.#ranges[this.#firstEndingAbove(address)];
    return range !== undefined && range.base <= address ? range : undefined;
  }

  /** Names [base, end), whatever it was before. */
  set(base: number, end: number, name: string): void {
    this.clear(base, end);
    this.#ranges.splice(this.#firstEndingAbove(base), 0, { base, end, name, age: this.#age++ });
  }

  /** Takes the names of [base, end) away; a range that reaches beyond keeps the rest. */
  clear(base: number, end: number): void {
    const from = this.#firstEndingAbove(base);
    let to = from;
    const rest: NamedRange[] = [];
    for (let range = this.#ranges[to]; range !== undefined && range.base < end; range = this.#ranges[++to]) {
      this.looks++;
      if (range.base < base) rest.push({ ...range, end: base, age: this.#age++ });
      if (range.end > end) rest.push({ ...range, base: end, age: this.#age++ });
    }
    if (to > from) this.#ranges.splice(from, to - from, ...rest);
  }

  /** Forgets all but the youngest `count` ranges. */
  keepYoungest(count: number): void {
    const oldest = this.#ranges.map(({ age }) => age).sort((a, b) => b - a)[count - 1] ?? 0;
    this.looks += this.#ranges.length;
    this.#ranges = this.#ranges.filter(({ age }) => age >= oldest);
  }

  /** Index of the first range that ends above `address`. */
  #firstEndingAbove(address: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      this.looks++;
      if (this.#ranges[middle]!.end > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
