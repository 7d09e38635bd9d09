import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/**
 * Prints one plain closing line, `N passed, N failed, N skipped`, that any CI can read whatever runner it knows, after all else.
 * What fails outside a test counts as failed too: a file that does not load, a hook, an error nobody caught, and
 * a test that was cut short. Tests that passed only when they were tried again are named before it.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(testModules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<SerializedError>): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const testModule of testModules) {
      count.failed += testModule.errors().length;
      for (const suite of testModule.children.allSuites()) count.failed += suite.errors().length;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        count[state] += 1;
        const tries = (test.diagnostic()?.retryCount ?? 0) + 1;
        if (state === 'passed' && tries > 1) process.stdout.write(`\npassed at try ${tries} only: ${test.fullName}\n`);
      }
    }
    const failed = count.failed + count.pending;
    const line = `\n${count.passed} passed, ${failed} failed, ${count.skipped} skipped\n`;
    process.once('exit', () => writeSync(process.stdout.fd, line));
  }
}
