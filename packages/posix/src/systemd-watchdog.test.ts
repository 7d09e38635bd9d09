import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSystemdWatchdog } from './systemd-watchdog.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('says twice in each period that the service lives, until it is stopped', () => {
  const notify = vi.fn();
  const stop = startSystemdWatchdog({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7, notify);
  vi.advanceTimersByTime(30_000);
  expect(notify).toHaveBeenCalledTimes(2);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(notify).toHaveBeenCalledTimes(2);
});

it('runs no timer where the unit does not ask for it, or asks another process', () => {
  startSystemdWatchdog({}, 7, vi.fn());
  startSystemdWatchdog({ WATCHDOG_USEC: 'soon' }, 7, vi.fn());
  startSystemdWatchdog({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7, vi.fn());
  expect(vi.getTimerCount()).toBe(0);
});
