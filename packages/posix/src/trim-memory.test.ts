import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { native } from './native.ts';

it.runIf(native().mallocTrim !== undefined)('gives what was freed back to the kernel', () => {
  const program = fileURLToPath(new URL('./testing/trim-memory-program.ts', import.meta.url));
  const { stdout } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', program], { encoding: 'utf8' });
  const { done, before, after } = JSON.parse(stdout) as { done: boolean; before: number; after: number };
  expect(done).toBe(true);
  expect(after).toBeLessThan(before - 20 * 1024);
});
