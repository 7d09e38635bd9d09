import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { collectYoungGarbage } from './collect-young.ts';

it('frees the memory of buffers that nobody holds any more', async () => {
  collectYoungGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let number = 0; number < 16; number += 1) Buffer.alloc(1024 * 1024);
  expect(process.memoryUsage().arrayBuffers).toBeGreaterThan(before + 8 * 1024 * 1024);
  // V8 frees the memory on another thread.
  await expect
    .poll(async () => {
      collectYoungGarbage();
      await turn();
      return process.memoryUsage().arrayBuffers;
    })
    .toBeLessThan(before + 4 * 1024 * 1024);
});
