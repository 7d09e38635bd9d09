import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Bytes of V8's space for new objects after many of them. */
function spaceAfterWork(...args: string[]): number {
  const program = fileURLToPath(new URL('./testing/young-generation-program.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

it('keeps the space for new objects from growing with the work', () => {
  expect(spaceAfterWork('small')).toBeLessThanOrEqual(spaceAfterWork() / 2);
});
