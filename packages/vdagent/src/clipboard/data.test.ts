import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageType } from '../constants.ts';
import { messageHeader } from '../message/header.ts';
import { hex, joined } from '../testing.ts';
import { ClipboardDataPrefix } from './data.ts';

const SELECTION = { selection: true, grabSerial: false };
const PLAIN = { selection: false, grabSerial: false };
const header = (size: number): ReturnType<typeof messageHeader> => messageHeader(MessageType.CLIPBOARD, size);

describe('ClipboardDataPrefix', () => {
  test('finds selection and type wherever the body is cut', () => {
    const body = hex('01 000000 02000000 aabbccdd');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 12, maxLength: 12 }), (lengths) => {
        const prefix = new ClipboardDataPrefix(header(body.length), SELECTION);
        const content: Uint8Array[] = [];
        let offset = 0;
        for (const length of lengths) {
          if (offset < body.length) content.push(Uint8Array.from(prefix.push(body.subarray(offset, offset + length))));
          offset += length;
        }
        expect(prefix.head).toEqual({ selection: 1, clipboardType: 2 });
        expect(prefix.error).toBeUndefined();
        expect(prefix.dataSize).toBe(4);
        expect(joined(content)).toEqual(hex('aabbccdd'));
      }),
    );
  });

  test('without SELECTION there is only CLIPBOARD', () => {
    const prefix = new ClipboardDataPrefix(header(6), PLAIN);
    expect(prefix.push(hex('01000000 aabb'))).toEqual(hex('aabb'));
    expect(prefix.head).toEqual({ selection: 0, clipboardType: 1 });
    expect(prefix.dataSize).toBe(2);
  });

  test('a message too short for its prefix is an error from the start', () => {
    const prefix = new ClipboardDataPrefix(header(7), SELECTION);
    expect(prefix.error).toMatchObject({ code: 'clipboard-truncated', consequence: 'skip-message' });
    expect(prefix.push(hex('01 000000 020000'))).toHaveLength(0);
    expect(prefix.head).toBeUndefined();
    expect(prefix.dataSize).toBe(0);
  });

  test('an unknown selection is an error, and none of its content comes out', () => {
    const prefix = new ClipboardDataPrefix(header(10), SELECTION);
    expect(prefix.push(hex('03 000000 02000000 aa'))).toHaveLength(0);
    expect(prefix.error).toMatchObject({ code: 'unknown-selection' });
    expect(prefix.push(hex('bb'))).toHaveLength(0);
    expect(prefix.head).toBeUndefined();
  });
});
