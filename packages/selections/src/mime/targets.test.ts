import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_TYPE_BYTES, MAX_TYPES } from '../limits.ts';
import { isValidType, offerOfTargets, TEXT_TYPE, targetsOfTypes } from './targets.ts';

describe('offerOfTargets', () => {
  it('makes one text type of all text targets, to be asked for in a fixed order', () => {
    const offer = offerOfTargets([
      'STRING',
      'text/plain',
      'COMPOUND_TEXT',
      'TEXT',
      'text/plain;charset=UTF-8',
      'UTF8_STRING',
    ]);
    expect(offer.types).toEqual([TEXT_TYPE]);
    expect(offer.targets.get(TEXT_TYPE)).toEqual([
      'UTF8_STRING',
      'text/plain;charset=UTF-8',
      'STRING',
      'TEXT',
      'COMPOUND_TEXT',
      'text/plain',
    ]);
  });

  it('names images by their one type', () => {
    const offer = offerOfTargets(['image/x-MS-bmp', 'image/jpg', 'image/png', 'image/bmp']);
    expect(offer.types).toEqual(['image/bmp', 'image/jpeg', 'image/png']);
    expect(offer.targets.get('image/jpeg')).toEqual(['image/jpg']);
    expect(offer.targets.get('image/bmp')).toEqual(['image/x-MS-bmp', 'image/bmp']);
  });

  it('hands on MIME types and the password hint, and hides everything else', () => {
    const names = ['TARGETS', 'TIMESTAMP', 'SAVE_TARGETS', 'text/html', 'x-kde-passwordManagerHint', 'PIXMAP', 'a/b\n'];
    expect(offerOfTargets(names).types).toEqual(['text/html', 'x-kde-passwordManagerHint']);
  });

  it('leaves out types beyond the limit, but never text or images', () => {
    const names = Array.from({ length: 200 }, (_, i) => `application/x-${i}`);
    const { types } = offerOfTargets([...names, 'image/png', 'UTF8_STRING']);
    expect(types).toHaveLength(MAX_TYPES);
    expect(types).toContain(TEXT_TYPE);
    expect(types).toContain('image/png');
  });

  it('offers only valid types that it can ask for, within the limit, whatever the names', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (names) => {
        const offer = offerOfTargets(names.map((name) => `a/${name}`));
        expect(offer.types.length).toBeLessThanOrEqual(MAX_TYPES);
        for (const type of offer.types) {
          expect(isValidType(type)).toBe(true);
          expect(offer.targets.get(type)?.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('isValidType', () => {
  it('takes names up to the limit', () => {
    expect(isValidType(`a/${'x'.repeat(MAX_TYPE_BYTES - 2)}`)).toBe(true);
    expect(isValidType(`a/${'x'.repeat(MAX_TYPE_BYTES - 1)}`)).toBe(false);
    expect(isValidType('')).toBe(false);
    expect(isValidType(' a/b')).toBe(false);
  });
});

describe('targetsOfTypes', () => {
  it('offers text under every name that programs ask for, and answers TEXT as UTF-8', () => {
    const targets = targetsOfTypes([TEXT_TYPE]);
    expect([...targets.keys()]).toEqual([
      'UTF8_STRING',
      'text/plain;charset=utf-8',
      'text/plain;charset=UTF-8',
      'text/plain',
      'TEXT',
      'STRING',
      'COMPOUND_TEXT',
    ]);
    expect(targets.get('TEXT')).toEqual({ type: TEXT_TYPE, form: 'as-is', answerType: 'UTF8_STRING' });
  });

  it('offers images under their aliases and other types under their own names', () => {
    const targets = targetsOfTypes(['image/bmp', 'text/html']);
    expect([...targets.keys()]).toEqual(['image/bmp', 'image/x-bmp', 'image/x-MS-bmp', 'text/html']);
    expect(targets.get('image/x-bmp')).toEqual({ type: 'image/bmp', form: 'as-is', answerType: 'image/x-bmp' });
  });

  it('offers nothing where there is nothing', () => {
    expect(targetsOfTypes([]).size).toBe(0);
  });
});
