import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { REFUSAL_MEMORY_MS } from '../limits.ts';
import { Refusals } from './refusals.ts';
import type { WindowUser } from './requestor-windows.ts';

const OFFER = {};
const users = new Map<WindowUser, number>();
const windows = {
  acquire: (window: number, user: WindowUser) => users.set(user, window),
  release: (_window: number, user: WindowUser) => users.delete(user),
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  users.clear();
});

it('remembers a refusal for a moment, for its window, offer and type alone', () => {
  const refusals = new Refusals(windows);
  refusals.add(7, OFFER, 'image/png');
  vi.advanceTimersByTime(REFUSAL_MEMORY_MS - 1);
  expect(refusals.has(7, OFFER, 'image/png')).toBe(true);
  expect(refusals.has(7, OFFER, 'image/bmp')).toBe(false);
  expect(refusals.has(7, {}, 'image/png')).toBe(false);
  expect(refusals.has(8, OFFER, 'image/png')).toBe(false);
  vi.advanceTimersByTime(1);
  expect(refusals.has(7, OFFER, 'image/png')).toBe(false);
  expect(users.size).toBe(0);
});

it('forgets it when the window goes, for a new program may get its number', () => {
  const refusals = new Refusals(windows);
  refusals.add(7, OFFER, 'image/png');
  for (const user of [...users.keys()]) user.windowGone();
  expect(refusals.has(7, OFFER, 'image/png')).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

it('keeps one entry a window, and none when it is stopped', () => {
  const refusals = new Refusals(windows);
  for (const offer of [{}, {}, OFFER, OFFER]) refusals.add(7, offer, 'image/png');
  expect(users.size).toBe(1);
  refusals.stop();
  expect([users.size, vi.getTimerCount()]).toEqual([0, 0]);
});
