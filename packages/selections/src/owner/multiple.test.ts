import { expect, it } from 'vitest';
import { MAX_MULTIPLE_PAIRS } from '../limits.ts';
import { packAtoms, parsePairs, refusePair } from './multiple.ts';

it('reads pairs of target and property and drops an odd atom at the end', () => {
  expect(parsePairs(packAtoms([1, 2, 3, 4, 5]))).toEqual([
    { target: 1, property: 2, refused: false },
    { target: 3, property: 4, refused: false },
  ]);
});

it('refuses pairs beyond the limit, so that they are written back as None', () => {
  const pairs = parsePairs(packAtoms(Array.from({ length: 2 * MAX_MULTIPLE_PAIRS + 2 }, (_, i) => i + 1)));
  expect(pairs.map((pair) => pair.refused).indexOf(true)).toBe(MAX_MULTIPLE_PAIRS);
  expect(pairs.map(refusePair).at(-1)).toEqual([0, 0]);
  expect(pairs.map(refusePair)[0]).toEqual([1, 2]);
});
