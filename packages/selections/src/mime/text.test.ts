import { describe, expect, it } from 'vitest';
import { decodeText } from './text.ts';

const LATIN1 = Buffer.from([0xe9]);
const UTF8 = Buffer.from('é');

describe('decodeText', () => {
  it.each(['UTF8_STRING', 'text/plain;charset=utf-8', 'text/plain;charset=UTF-8', 'text/plain; charset="utf-8"'])(
    'hands on %s as it is',
    (type) => {
      expect(decodeText(type, UTF8)).toBe(UTF8);
    },
  );

  it('reads STRING as Latin-1 even where it looks like UTF-8', () => {
    expect(Buffer.from(decodeText('STRING', UTF8)).toString()).toBe('Ã©');
  });

  it.each(['TEXT', 'C_STRING', 'text/plain'])(
    'takes %s for UTF-8 where it is well-formed, else for Latin-1',
    (type) => {
      expect(Buffer.from(decodeText(type, UTF8)).toString()).toBe('é');
      expect(Buffer.from(decodeText(type, LATIN1)).toString()).toBe('é');
    },
  );

  it.each(['text/plain;charset=utf-16', 'ATOM', ''])('refuses text of the type %j', (type) => {
    expect(() => decodeText(type, UTF8)).toThrowError(expect.objectContaining({ code: 'bad-answer' }));
  });
});
