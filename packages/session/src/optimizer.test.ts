import { describe, expect, it } from 'vitest';
import { withoutOptimizing } from './optimizer.ts';

/** Milliseconds that a loop takes which the optimizing compiler makes many times faster. Not the same function twice: what is optimized stays so. */
function loopMs(): number {
  const loop = new Function(
    'n',
    'let sum = 0; for (let i = 0; i < n; i += 1) sum = (sum + i * 7) & 0xffffff; return sum;',
  );
  const before = performance.now();
  loop(2e7);
  return performance.now() - before;
}

describe('work that is not to be optimized', () => {
  it('is slower, and what follows is not', async () => {
    const without = await withoutOptimizing(() => Promise.resolve(loopMs()));
    expect(loopMs()).toBeLessThan(without);
  });

  it('leaves what follows fast when it fails, and its error is handed on', async () => {
    const without = await withoutOptimizing(() => Promise.resolve(loopMs()));
    await expect(withoutOptimizing(() => Promise.reject(new Error('no display')))).rejects.toThrow('no display');
    expect(loopMs()).toBeLessThan(without);
  });
});
