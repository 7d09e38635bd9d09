import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs vitest on some files with our reporter; returns the exit status and the last line of its output. */
function runVitest(include: string): { status: number | null; lastLine: string } {
  const { status, stdout } = spawnSync(
    join(ROOT, 'node_modules', '.bin', 'vitest'),
    ['run', '--config', join(import.meta.dirname, 'closing-line', 'vitest.config.ts')],
    { cwd: ROOT, encoding: 'utf8', env: { ...process.env, CLOSING_LINE_INCLUDE: include } },
  );
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

test('the closing line counts failures in tests, in hooks and outside, and the run fails', () => {
  // Passed: one plain test and the one that left the error behind. Skipped: the one under the failed hook too.
  expect(runVitest('sample.ts')).toEqual({ status: 1, lastLine: '2 passed, 3 failed, 2 skipped' });
});

test('a run without any test fails and says so', () => {
  expect(runVitest('none.ts')).toEqual({ status: 1, lastLine: '0 passed, 0 failed, 0 skipped' });
});
