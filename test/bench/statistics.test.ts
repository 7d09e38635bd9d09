import { expect, test } from 'vitest';
import { median, quantile } from './statistics.ts';

test('a quantile is the measured value of the nearest rank, whatever the order of the samples', () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect(quantile(samples, 0.99)).toBe(198);
  expect(median(samples)).toBe(100);
  expect(quantile([7], 0.99)).toBe(7);
});

test('there is no quantile of nothing', () => {
  expect(() => quantile([], 0.5)).toThrow('samples');
});
