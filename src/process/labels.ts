/** Names of address ranges for reports: "[stack]", "[heap]", "/dev/fb0", the program's segments; and the holes munmap left. */

/** A named range, or a hole. */
export interface Label {
  readonly base: number;
  readonly end: number;
  readonly name: string;
}

/** How many ranges are remembered; the oldest go first. Reports only, never behaviour. */
const LIMIT = 4096;

/** Remembers who mapped what. The newest label of an address wins. */
export class Labels {
  #mapped: Label[];
  #cut: Label[];

  constructor(from?: Labels) {
    this.#mapped = from === undefined ? [] : [...from.#mapped];
    this.#cut = from === undefined ? [] : [...from.#cut];
  }

  map(base: number, length: number, name: string): void {
    this.#mapped = subtract(this.#mapped, base, base + length).slice(-LIMIT);
    this.#mapped.push({ base, end: base + length, name });
    this.#cut = subtract(this.#cut, base, base + length);
  }

  unmap(base: number, length: number): void {
    this.#mapped = subtract(this.#mapped, base, base + length);
    this.#cut = subtract(this.#cut, base, base + length).slice(-LIMIT);
    this.#cut.push({ base, end: base + length, name: 'munmap' });
  }

  /** The name of the mapping at `address`, or undefined. */
  at(address: number): string | undefined {
    return this.#mapped.findLast((label) => label.base <= address && address < label.end)?.name;
  }

  /** The part of an munmap'ed range that is still a hole at `address`. */
  holeAt(address: number): Label | undefined {
    return this.#cut.findLast((label) => label.base <= address && address < label.end);
  }
}

/** The labels without [base, end), cutting those that overlap. */
function subtract(labels: readonly Label[], base: number, end: number): Label[] {
  return labels.flatMap((label) => {
    if (label.end <= base || label.base >= end) return [label];
    const parts = [{ ...label, end: base }, { ...label, base: end }];
    return parts.filter((part) => part.base < part.end);
  });
}
