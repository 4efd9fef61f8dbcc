/** Small statistics for noisy machines: repeat, sort, report the median and the range. */

/** Minimum, median and maximum of repeated measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The spread of values; at least one. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number): number => sorted[i] ?? NaN;
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

/** Milliseconds `action` takes. */
export function milliseconds(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/** "12.3 (11.9 .. 14.0)". */
export const formatSpread = ({ min, median, max }: Spread, digits = 1): string => `${median.toFixed(digits)} (${min.toFixed(digits)} .. ${max.toFixed(digits)})`;
