import { expect, it } from 'vitest';
import { MAX_TARGET_ATOMS } from '../limits.ts';
import { packAtoms } from '../owner/multiple.ts';
import { atomsOfList } from './ask-targets.ts';

it('leaves out None and repetitions, and bounds the list', () => {
  expect(atomsOfList(packAtoms([7, 0, 7, 8]))).toEqual([7, 8]);
  expect(atomsOfList(packAtoms(Array.from({ length: 9999 }, (_, i) => i + 1)))).toHaveLength(MAX_TARGET_ATOMS);
  expect(atomsOfList(Buffer.from([1, 0, 0]))).toEqual([]);
});
