import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gatherer } from './gatherer.ts';

describe('Gatherer', () => {
  it('gives back what it was given, whatever size was announced', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), fc.nat(200), (pieces, announced) => {
        const gatherer = new Gatherer(1e6, announced);
        for (const piece of pieces) gatherer.add(Buffer.from(piece));
        expect(gatherer.take()).toEqual(Buffer.concat(pieces));
      }),
    );
  });

  it('takes exactly the limit and refuses one byte more', () => {
    const gatherer = new Gatherer(10, 0);
    gatherer.add(Buffer.alloc(10));
    expect(() => gatherer.add(Buffer.alloc(1))).toThrowError(expect.objectContaining({ code: 'too-large' }));
    expect(gatherer.take()).toHaveLength(10);
  });

  it('refuses an announced size beyond the limit before it takes memory', () => {
    expect(() => new Gatherer(10, 0xffff_ffff)).toThrowError(expect.objectContaining({ code: 'too-large' }));
  });
});
