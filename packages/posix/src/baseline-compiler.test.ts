import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('makes machine code of functions before they run, from then on', () => {
  const program = fileURLToPath(new URL('./testing/baseline-compiler-program.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  expect(JSON.parse(stdout)).toEqual([false, true]);
});
