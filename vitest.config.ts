/** Every test file begins with test/engine-setup.ts, so that the whole suite can run on either engine. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    setupFiles: ['test/engine-setup.ts'],
    // One process a processor; Vitest would leave one idle, which is half of a small machine.
    maxWorkers: availableParallelism(),
    // Tests make thousands of machines, and each is memory outside of the heap that asks for a collection. With one process a processor the
    // collector's helper threads have nowhere to run and cost a third of the time.
    execArgv: ['--single-threaded-gc'],
  },
});
