/** Bytes around the address in a register that accesses need, or that a check has shown to lie in one page. */

/** Bytes [low, high) from a register's content; content plus `at` is a multiple of `size`, which is 1, 2, 4 or 8. */
export interface Span {
  readonly low: number;
  readonly high: number;
  readonly size: number;
  readonly at: number;
}

/** Spans longer than this are not made: the longer, the more often they lie over two pages. */
const LONGEST = 256;

/** What one access needs. */
export const spanOf = (imm: number, size: number): Span => ({ low: imm, high: imm + size, size, at: imm & (size - 1) });

const agree = (a: Span, b: Span): boolean => ((a.at - b.at) & (Math.min(a.size, b.size) - 1)) === 0;

/** What both need; undefined where one of them would be misaligned, or that would be too long. */
export function union(a: Span, b: Span): Span | undefined {
  const low = Math.min(a.low, b.low);
  const high = Math.max(a.high, b.high);
  if (high - low > LONGEST || !agree(a, b)) return undefined;
  const { size, at } = a.size > b.size ? a : b;
  return { low, high, size, at };
}

/** What is shown whichever of the two has been; undefined for nothing. */
export function intersection(a: Span, b: Span): Span | undefined {
  if (a === b) return a;
  const low = Math.max(a.low, b.low);
  const high = Math.min(a.high, b.high);
  if (low >= high || !agree(a, b)) return undefined;
  const { size, at } = a.size < b.size ? a : b;
  return { low, high, size, at };
}

/** Whether what `shown` says is enough for an access. */
export const covers = (shown: Span, imm: number, size: number): boolean =>
  imm >= shown.low && imm + size <= shown.high && size <= shown.size && ((imm - shown.at) & (size - 1)) === 0;
