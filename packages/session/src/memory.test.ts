import { expect, it } from 'vitest';
import { TRIM_DELAYS_MS } from './limits.ts';
import { MemoryKeeper } from './memory.ts';
import { FakeTimers } from './testing.ts';

const [FIRST, , LAST] = TRIM_DELAYS_MS;

function keeper() {
  const timers = new FakeTimers();
  let given = 0;
  const memory = new MemoryKeeper(timers, () => {
    given += 1;
  });
  return { memory, timers, given: () => given };
}

it('gives memory back some times after a large content, then rests', () => {
  const { memory, timers, given } = keeper();
  memory.largeContentPassed();
  timers.advance(FIRST - 1);
  expect(given()).toBe(0);
  timers.advance(1);
  expect(given()).toBe(1);
  timers.advance(LAST - FIRST);
  expect(given()).toBe(TRIM_DELAYS_MS.length);
  expect(timers.running).toBe(0);
});

it('waits anew when another large content passes', () => {
  const { memory, timers, given } = keeper();
  memory.largeContentPassed();
  timers.advance(FIRST - 1);
  memory.largeContentPassed();
  timers.advance(FIRST - 1);
  expect(given()).toBe(0);
  timers.advance(1);
  expect(given()).toBe(1);
  expect(timers.running).toBe(TRIM_DELAYS_MS.length - 1);
});

it('leaves no timer behind when it is stopped', () => {
  const { memory, timers, given } = keeper();
  memory.largeContentPassed();
  memory.stop();
  expect(timers.running).toBe(0);
  timers.advance(LAST);
  expect(given()).toBe(0);
});

it('gives memory back for real without harm', () => {
  const timers = new FakeTimers();
  const memory = new MemoryKeeper(timers);
  memory.largeContentPassed();
  expect(() => timers.advance(LAST)).not.toThrow();
});
