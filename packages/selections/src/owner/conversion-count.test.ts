import { expect, it } from 'vitest';
import { MAX_CONVERSIONS, MAX_CONVERSIONS_PER_CLIENT } from '../limits.ts';
import { ConversionCount } from './conversion-count.ts';

const clientOf = (window: number) => window >> 8;

it('limits one client over all its windows, and leaves the others alone', () => {
  const count = new ConversionCount(clientOf);
  for (let i = 0; i < MAX_CONVERSIONS_PER_CLIENT; i++) expect(count.begin(0x100 + i)).toBe(true);
  expect(count.begin(0x1ff)).toBe(false);
  expect(count.begin(0x200)).toBe(true);
  count.end(0x100);
  expect(count.begin(0x1ff)).toBe(true);
});

it('limits all clients together', () => {
  const count = new ConversionCount((window) => window);
  for (let i = 0; i < MAX_CONVERSIONS; i++) expect(count.begin(i)).toBe(true);
  expect(count.begin(MAX_CONVERSIONS)).toBe(false);
});
