/** How often a property is tried: `n` times, or SEGDEV_RUNS times as often, for a longer hunt. */
export const runs = (n: number): number => Math.ceil(n * Number(process.env['SEGDEV_RUNS'] ?? 1));

/** fast-check's parameters for a property tried that often: SEGDEV_SEED, or a fixed seed; a failure prints it. */
export const seeded = (n: number): { readonly numRuns: number; readonly seed: number } => ({ numRuns: runs(n), seed: Number(process.env['SEGDEV_SEED'] ?? 20_260) });
