/** Bytes around the address in a register that accesses need, or that a check has shown to lie in one page. */
import type { i32 } from './integers.js';

/** Spans longer than this are not made: the longer, the more often they lie over two pages. */
const LONGEST: i32 = 256;

/** Bytes [low, high) from a register's content; content plus `at` is a multiple of `size`, which is 1, 2, 4 or 8. */
export class Span {
  readonly low: i32;
  readonly high: i32;
  readonly size: i32;
  readonly at: i32;

  constructor(low: i32, high: i32, size: i32, at: i32) {
    this.low = low;
    this.high = high;
    this.size = size;
    this.at = at;
  }

  /** The lowest address with its alignment. */
  get first(): i32 {
    return this.low - ((this.low - this.at) & (this.size - 1));
  }

  /** Where in a page it may begin at most. */
  get lastPlace(): i32 {
    return 4096 - (this.high - this.first);
  }
}

/** What one access needs. */
export function spanOf(imm: i32, size: i32): Span {
  return new Span(imm, imm + size, size, imm & (size - 1));
}

function agree(a: Span, b: Span): boolean {
  return ((a.at - b.at) & ((a.size < b.size ? a.size : b.size) - 1)) === 0;
}

/** What both need; null where one of them would be misaligned, or that would be too long. */
export function union(a: Span, b: Span): Span | null {
  const low = a.low < b.low ? a.low : b.low;
  const high = a.high > b.high ? a.high : b.high;
  if (high - low > LONGEST || !agree(a, b)) return null;
  const larger = a.size > b.size ? a : b;
  return new Span(low, high, larger.size, larger.at);
}

/** What is shown whichever of the two has been; null for nothing. */
export function intersection(a: Span, b: Span): Span | null {
  if (a === b) return a;
  const low = a.low > b.low ? a.low : b.low;
  const high = a.high < b.high ? a.high : b.high;
  if (low >= high || !agree(a, b)) return null;
  const smaller = a.size < b.size ? a : b;
  return new Span(low, high, smaller.size, smaller.at);
}

/** Whether what `shown` says is enough for an access. */
export function covers(shown: Span, imm: i32, size: i32): boolean {
  return imm >= shown.low && imm + size <= shown.high && size <= shown.size && ((imm - shown.at) & (size - 1)) === 0;
}
