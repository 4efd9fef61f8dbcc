/**
 * Scheduling choices as integers. Where several threads could run, the kernel asks for one number; the numbers of a run,
 * given back in the same order, make the same run again.
 */

/** Picks one of `options` (at least 2) candidates: an integer in [0, options). */
export type Choose = (options: number) => number;

/** Repeats the recorded `choices`, then goes on round robin. */
export function replay(choices: readonly number[]): Choose {
  let at = 0;
  return () => choices[at++] ?? 0;
}

/** Random choices from `seed`; the same seed gives the same choices (mulberry32). */
export function seeded(seed: number): Choose {
  let state = seed >>> 0;
  return (options) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % options;
  };
}
