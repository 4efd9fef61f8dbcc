/** How often a property is tried: `n` times, or SEGDEV_RUNS times as often, for a longer hunt. */
export const runs = (n: number): number => Math.ceil(n * Number(process.env['SEGDEV_RUNS'] ?? 1));
