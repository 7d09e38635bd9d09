import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_RETRY_MS, QUICK_RETRY_MS, RetryDelays } from './retry-delays.ts';

const most = () => 1;
const least = () => 0;

describe('RetryDelays', () => {
  it('doubles from 100 ms up to the ceiling', () => {
    const delays = new RetryDelays(5_000, most);
    expect(Array.from({ length: 8 }, () => delays.afterFailure())).toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000,
    ]);
    expect(delays.failures).toBe(8);
  });

  it('takes up to half off by chance', () => {
    const delays = new RetryDelays(1_000, least);
    expect(Array.from({ length: 6 }, () => delays.afterFailure())).toEqual([50, 100, 200, 400, 500, 500]);
  });

  it('retries at once after a connection that had proved itself, and begins anew', () => {
    const delays = new RetryDelays(5_000, most);
    for (let count = 0; count < 5; count++) delays.afterFailure();
    expect(delays.afterConnection(60_000)).toBe(QUICK_RETRY_MS);
    expect(delays.failures).toBe(0);
    expect(delays.afterFailure()).toBe(FIRST_RETRY_MS);
  });

  it('slows down when confirmed connections end quickly one after the other, until one lasts', () => {
    const delays = new RetryDelays(5_000, most);
    expect(Array.from({ length: 6 }, () => delays.afterConnection(999))).toEqual([20, 20, 20, 100, 200, 400]);
    expect(delays.afterConnection(1_000)).toBe(20);
    expect(delays.afterConnection(999)).toBe(20);
  });

  it('never waits longer than the ceiling, however long it goes on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(5_000)), { maxLength: 2_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (events, chance) => {
          const delays = new RetryDelays(5_000, () => chance);
          for (const lasted of events) {
            const delay = lasted === null ? delays.afterFailure() : delays.afterConnection(lasted);
            expect(delay).toBeGreaterThanOrEqual(0);
            expect(delay).toBeLessThanOrEqual(5_000);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
