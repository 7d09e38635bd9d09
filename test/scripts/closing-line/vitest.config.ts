import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: [process.env['CLOSING_LINE_INCLUDE'] ?? ''],
    reporters: ['default', './scripts/closing-line-reporter.ts'],
  },
});
