import { describe, expect, it } from 'vitest';
import { duration, plain, size, table } from './text.ts';

describe('text for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024, '10 KiB'],
    [1024 * 1024 - 1, '1024 KiB'],
    [1024 * 1024, '1 MiB'],
    [512 * 1024 * 1024, '512 MiB'],
    [3 * 1024 ** 4, '3 TiB'],
    [5 * 1024 ** 5, '5120 TiB'],
  ])('says %i bytes as %s', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [90_000_000, '1 d'],
  ])('says %i ms as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it('aligns columns and leaves no space at the ends of lines', () => {
    expect(
      table([
        ['A', 'LONG', 'C'],
        ['aaa', '', 'c'],
        ['', 'b'],
      ]),
    ).toBe('A    LONG  C\naaa        c\n     b\n');
  });

  it('lets no value break a line, steer a terminal or turn the direction of writing', () => {
    expect(plain('a\nb\u001b[1m\u0007\u009b\u202e\u2028é')).toBe('a\ufffdb\ufffd[1m\ufffd\ufffd\ufffd\ufffdé');
    expect(table([['a\nb', 'c']])).toBe('a\ufffdb  c\n');
  });
});
