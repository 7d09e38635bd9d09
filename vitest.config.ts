import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` lies beside the code and needs nothing but Node;
 * `system` (under test/) starts real displays, programs and daemons, one file at a time so that timing stays honest.
 */
export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    projects: [
      { test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 10_000 } },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/vm/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
