import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SelectionError } from '../errors.ts';
import { decodeCompoundText, encodeCompoundText } from './compound-text.ts';

const text = (bytes: number[]) => Buffer.from(decodeCompoundText(Buffer.from(bytes))).toString();

describe('decodeCompoundText', () => {
  it('reads plain bytes as Latin-1', () => {
    expect(text([0x63, 0x61, 0x66, 0xe9])).toBe('café');
  });

  it('reads a UTF-8 escape, and Latin-1 after it', () => {
    const bytes = [0xe9, 0x1b, 0x25, 0x47, 0xe2, 0x82, 0xac, 0x1b, 0x25, 0x40, 0xe9];
    expect(text(bytes)).toBe('é€é');
  });

  it('skips escapes that name the character sets in force already', () => {
    expect(text([0x1b, 0x28, 0x42, 0x61, 0x1b, 0x2d, 0x41, 0xe9])).toBe('aé');
  });

  it.each([
    ['Latin-2', [0x1b, 0x2d, 0x42, 0xb1]],
    ['JIS X 0208', [0x1b, 0x24, 0x28, 0x42, 0x30, 0x21]],
    ['an extended segment', [0x1b, 0x25, 0x2f, 0x31, 0x80, 0x80]],
    ['a direction of writing', [0x9b, 0x31, 0x5d, 0x61]],
    ['an escape that is cut off', [0x61, 0x1b, 0x25]],
  ])('refuses %s', (_, bytes) => {
    expect(() => text(bytes)).toThrowError(expect.objectContaining({ code: 'bad-answer' }));
  });

  it('throws nothing but its typed error, whatever the bytes', () => {
    const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0x1b, 0x25, 0x47, 0x40, 0x9b));
    fc.assert(
      fc.property(fc.array(byte), (bytes) => {
        try {
          text(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SelectionError);
        }
      }),
    );
  });
});

describe('encodeCompoundText', () => {
  it('leaves Latin-1 text as Latin-1', () => {
    expect([...(encodeCompoundText(Buffer.from('é\n')) ?? [])]).toEqual([0xe9, 0x0a]);
  });

  it('puts other text into one UTF-8 escape', () => {
    const bytes = [0x1b, 0x25, 0x47, 0xe2, 0x82, 0xac, 0x1b, 0x25, 0x40];
    expect([...(encodeCompoundText(Buffer.from('€')) ?? [])]).toEqual(bytes);
  });

  it('gives nothing for text that itself holds an escape', () => {
    expect(encodeCompoundText(Buffer.from('\x1b[0m'))).toBeUndefined();
  });

  it('is read back as the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const encoded = encodeCompoundText(Buffer.from(value));
        fc.pre(encoded !== undefined);
        expect(Buffer.from(decodeCompoundText(encoded)).toString()).toBe(Buffer.from(value).toString());
      }),
    );
  });
});
