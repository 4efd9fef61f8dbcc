/** Names of address ranges for reports: "[stack]", "[heap]", "/dev/fb0", the program's segments; and the holes munmap left. */
import { RangeList } from './range-list.js';
import type { NamedRange } from './range-list.js';

/** How many ranges are remembered at most; when there are more, the older half goes. Reports only, never behaviour. */
const LIMIT = 8192;

/** Remembers who mapped what. The newest label of an address wins. */
export class Labels {
  readonly #mapped: RangeList;
  readonly #cut: RangeList;

  constructor(from?: Labels) {
    this.#mapped = from === undefined ? new RangeList() : from.#mapped.copy();
    this.#cut = from === undefined ? new RangeList() : from.#cut.copy();
  }

  /** Ranges looked at so far: what remembering has cost. */
  get looks(): number {
    return this.#mapped.looks + this.#cut.looks;
  }

  /** Labels `length` bytes from `base` on. */
  map(base: number, length: number, name: string): void {
    remember(this.#mapped, base, base + length, name);
    this.#cut.clear(base, base + length);
  }

  /** Makes `length` bytes from `base` on a hole that remembers it was munmap'ed. */
  unmap(base: number, length: number): void {
    this.#mapped.clear(base, base + length);
    remember(this.#cut, base, base + length, 'munmap');
  }

  /** The name of the mapping at `address`, or undefined. */
  at(address: number): string | undefined {
    return this.#mapped.at(address)?.name;
  }

  /** The part of an munmap'ed range that is still a hole at `address`. */
  holeAt(address: number): NamedRange | undefined {
    return this.#cut.at(address);
  }
}

function remember(list: RangeList, base: number, end: number, name: string): void {
  list.set(base, end, name);
  if (list.size > LIMIT) list.keepYoungest(LIMIT / 2);
}
