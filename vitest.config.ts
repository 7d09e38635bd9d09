import { defineConfig } from 'vitest/config';

/** One file at a time, after everything before it, so that timing stays honest. */
const oneByOne = (groupOrder: number) => ({ fileParallelism: false, sequence: { groupOrder } });

/**
 * Real displays, programs and daemons on a shared machine: what fails is tried once more, and named at the end if it then passes. It
 * is a fault all the same, of the test or of the code.
 */
const RETRIES = 1;

/**
 * Three projects: `unit` lies beside the code and needs nothing but Node; `system` (under test/) starts real
 * displays, programs and daemons; `vm` boots a guest and is run by `npm run test:vm` alone.
 */
export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          testTimeout: 10_000,
          retry: RETRIES,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/vm/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry: RETRIES,
          ...oneByOne(1),
        },
      },
      {
        test: {
          name: 'vm',
          globalSetup: ['test/vm/whole-matrix.ts'],
          include: ['test/vm/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
          // A file is tried once more as a whole (scripts/test-vm.sh), and a row of the matrix by itself.
          retry: 0,
          // An emulated machine keeps one processor busy, and there are mostly two.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
