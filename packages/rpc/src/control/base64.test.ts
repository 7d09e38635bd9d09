import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { CONTROL_PIECE_BYTES_MAX } from './limits.ts';

describe('base64', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...decodeBase64(encodeBase64(bytes), 'data')]).toEqual([...bytes]);
      }),
    );
  });

  it.each(['aGk', 'aGk=\n', 'a Gk=', 'a-_=', 'aGk*', '=', '====', 'aG=k', 'aGkää'])('refuses %j', (text) => {
    expect(() => decodeBase64(text, 'data')).toThrow('data must be base64 with padding');
  });

  it('takes the largest piece and no more', () => {
    const largest = encodeBase64(Buffer.alloc(CONTROL_PIECE_BYTES_MAX, 1));
    expect(decodeBase64(largest, 'data')).toHaveLength(CONTROL_PIECE_BYTES_MAX);
    const larger = encodeBase64(Buffer.alloc(CONTROL_PIECE_BYTES_MAX + 1, 1));
    expect(() => decodeBase64(larger, 'data')).toThrow(`must be at most ${CONTROL_PIECE_BYTES_MAX} bytes`);
  });
});
