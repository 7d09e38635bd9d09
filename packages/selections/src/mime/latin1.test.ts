import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latin1ToUtf8, utf8ToLatin1 } from './latin1.ts';

describe('latin1ToUtf8', () => {
  it('turns each byte above 7F into two', () => {
    expect([...latin1ToUtf8(Buffer.from([0x61, 0xe9, 0xff]))]).toEqual([0x61, 0xc3, 0xa9, 0xc3, 0xbf]);
  });

  it('agrees with the platform on all bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString('latin1');
        expect(Buffer.from(latin1ToUtf8(bytes))).toEqual(Buffer.from(text, 'utf8'));
      }),
    );
  });
});

describe('utf8ToLatin1', () => {
  it.each([
    ['a euro sign', Buffer.from('€')],
    ['an emoji', Buffer.from('a😀')],
    ['a sequence that is cut off', Buffer.from([0x61, 0xc3])],
    ['a lone continuation byte', Buffer.from([0x80, 0x80])],
    ['an overlong sequence', Buffer.from([0xc1, 0x80])],
    ['a lead byte that is followed by ASCII', Buffer.from([0xc3, 0x61, 0x80])],
  ])('gives nothing for %s', (_, bytes) => {
    expect(utf8ToLatin1(bytes)).toBeUndefined();
  });

  it('brings any Latin-1 back from UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const back = utf8ToLatin1(latin1ToUtf8(bytes));
        expect(back && Buffer.from(back)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('gives nothing for any text with a character above U+00FF', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0x100, max: 0xd7ff }), (text, code) => {
        expect(utf8ToLatin1(Buffer.from(text + String.fromCodePoint(code)))).toBeUndefined();
      }),
    );
  });
});
