/** Every test file begins with test/engine-setup.ts, so that the whole suite can run on either engine. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { setupFiles: ['test/engine-setup.ts'] } });
