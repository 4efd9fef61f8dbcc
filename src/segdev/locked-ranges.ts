/** Which pages of a segment are loaded with a lock, each lock of its own, so that an unlock gives back exactly what was taken. */

/** A range of locked bytes. */
export interface LockedRange {
  readonly addr: number;
  readonly len: number;
}

/** A multiset of page ranges. */
export class LockedRanges {
  #ranges: LockedRange[] = [];

  /** Every lock by itself. */
  get all(): readonly LockedRange[] {
    return this.#ranges;
  }

  /** Notes one more lock on every page of [addr, addr+len). */
  add(addr: number, len: number): void {
    if (len > 0) this.#ranges.push({ addr, len });
  }

  /** Whether any page of [addr, addr+len) is locked. */
  intersects(addr: number, len: number): boolean {
    return this.#ranges.some((range) => range.addr < addr + len && addr < range.addr + range.len);
  }

  /** Takes one lock off every locked page of [addr, addr+len); answers the ranges it was taken off, in order. */
  remove(addr: number, len: number): LockedRange[] {
    const exact = this.#ranges.findIndex((range) => range.addr === addr && range.len === len);
    if (exact >= 0) return this.#ranges.splice(exact, 1);
    const taken: LockedRange[] = [];
    const end = addr + len;
    for (let at = addr; at < end; ) {
      const index = this.#ranges.findIndex((range) => range.addr <= at && at < range.addr + range.len);
      const range = this.#ranges[index];
      if (range === undefined) {
        at = this.#nextStart(at, end);
        continue;
      }
      const to = Math.min(end, range.addr + range.len);
      this.#ranges.splice(index, 1);
      this.add(range.addr, at - range.addr);
      this.add(to, range.addr + range.len - to);
      taken.push({ addr: at, len: to - at });
      at = to;
    }
    return taken;
  }

  #nextStart(at: number, end: number): number {
    return Math.min(end, ...this.#ranges.map((range) => range.addr).filter((start) => start > at));
  }
}
