import { assert, integer, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

describe('sizes', () => {
  it.each([
    ['0B', 0],
    ['1B', 1],
    ['1000B', 1000],
    ['64KiB', 65_536],
    ['64MiB', 67_108_864],
    ['64 MiB', 67_108_864],
    ['2GiB', 2_147_483_648],
  ])('reads %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '64', 'MiB', '64MB', '64mib', '64M', '1.5MiB', '-1MiB', '+1MiB', '64  MiB', ' 64MiB', '64MiB ', '1e3B'])(
    'does not read %j',
    (text) => {
      expect(parseSize(text)).toBeNull();
    },
  );

  it('refuses a size that a number does not hold exactly', () => {
    expect(parseSize('9007199254740991B')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseSize('9007199254740992B')).toBeNull();
    expect(parseSize('8388608GiB')).toBeNull();
    expect(parseSize(`${'9'.repeat(400)}B`)).toBeNull();
  });

  it.each([
    [0, '0B'],
    [1, '1B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1536, '1536B'],
    [536_870_912, '512MiB'],
    [1_073_741_824, '1GiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('reads back what it writes', () => {
    assert(property(integer({ min: 0 }), (bytes) => parseSize(formatSize(bytes)) === bytes));
  });
});

describe('durations', () => {
  it.each([
    ['0ms', 0],
    ['200ms', 200],
    ['8s', 8_000],
    ['5min', 300_000],
    ['5 min', 300_000],
    ['24h', 86_400_000],
  ])('reads %s as %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '8', 's', '8sec', '8S', '5m', '0.5s', '-1s', '1h30min', 'off'])('does not read %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it.each([
    [0, '0ms'],
    [200, '200ms'],
    [8_000, '8s'],
    [8_001, '8001ms'],
    [60_000, '1min'],
    [90_000, '90s'],
    [3_600_000, '1h'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('reads back what it writes', () => {
    assert(property(integer({ min: 0 }), (value) => parseDuration(formatDuration(value)) === value));
  });

  it('gives a whole number or null for any text', () => {
    assert(
      property(string(), (text) => {
        const value = parseDuration(text);
        return value === null || Number.isSafeInteger(value);
      }),
    );
  });
});
