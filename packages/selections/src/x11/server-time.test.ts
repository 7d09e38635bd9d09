import { beforeEach, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { isBefore, ServerTime } from './server-time.ts';

let clock: number;
let serverTime: ServerTime;

beforeEach(() => {
  clock = 500.5;
  serverTime = new ServerTime({} as Connection, 1, 2, () => clock);
});

it('compares server times across their wrap', () => {
  expect(isBefore(1, 2)).toBe(true);
  expect(isBefore(2, 2)).toBe(false);
  expect(isBefore(3, 2)).toBe(false);
  expect(isBefore(0xffff_fff0, 5)).toBe(true);
  expect(isBefore(5, 0xffff_fff0)).toBe(false);
});

it('reckons the time from what was heard and what has passed since, a millisecond behind for the kernel’s coarse clock', () => {
  serverTime.heard(10_000);
  expect(serverTime.reckon()).toBe(10_000);
  clock += 0.9;
  expect(serverTime.reckon()).toBe(10_000);
  clock += 100.2;
  expect(serverTime.reckon()).toBe(10_100);
});

it('never reckons a time before one that was reckoned or heard already', () => {
  serverTime.heard(10_000);
  clock += 101;
  expect(serverTime.reckon()).toBe(10_100);
  serverTime.heard(10_050); // that event was long under way
  expect(serverTime.reckon()).toBe(10_100);
  serverTime.heard(10_200);
  expect(serverTime.reckon()).toBe(10_200);
});

it('reckons across the wrap', () => {
  serverTime.heard(0xffff_fffe);
  clock += 11;
  expect(serverTime.reckon()).toBe(8);
  clock += 1;
  expect(serverTime.reckon()).toBe(9);
});
