import { expect, it } from 'vitest';
import { isBefore } from './server-time.ts';

it('compares server times across their wrap', () => {
  expect(isBefore(1, 2)).toBe(true);
  expect(isBefore(2, 2)).toBe(false);
  expect(isBefore(3, 2)).toBe(false);
  expect(isBefore(0xffff_fff0, 5)).toBe(true);
  expect(isBefore(5, 0xffff_fff0)).toBe(false);
});
