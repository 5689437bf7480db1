import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The suites beside a real kernel are half of all: on two cores the others go on meanwhile.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
