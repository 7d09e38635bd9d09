import { describe, expect, it } from 'vitest';
import { distance, nearest } from './suggest.ts';

describe('the distance of two names', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abd', 1],
    ['abc', 'abcd', 1],
    ['abc', 'acb', 1],
    ['directoin', 'direction', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %d', (from, to, edits) => {
    expect(distance(from, to)).toBe(edits);
  });
});

describe('suggesting a name', () => {
  const names = ['types', 'max-size', 'direction'];

  it.each([
    ['directoin', ['direction']],
    ['Direction', ['direction']],
    ['max_size', ['max-size']],
    ['maxSize', ['max-size']],
    ['maxsizes', ['max-size']],
    ['type', ['types']],
    ['colour', []],
    ['', []],
  ])('for %j gives %j', (name, suggestion) => {
    expect(nearest(name, names)).toEqual(suggestion);
  });

  it('names all that are as near', () => {
    expect(nearest('size', ['sizes', 'sized', 'other'])).toEqual(['sizes', 'sized']);
  });

  it('does not compare a name of a million characters', () => {
    expect(nearest('direction'.repeat(100_000), names)).toEqual([]);
  });
});
