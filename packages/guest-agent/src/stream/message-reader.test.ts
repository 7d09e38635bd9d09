import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MESSAGE_TOKENS_MAX } from './limits.ts';
import { MessageReader, type MessageReaderOptions } from './message-reader.ts';

type Item = string | { readonly junk: string; readonly sentinel: boolean };

/** What the reader makes of the pieces: each message as its bytes. */
function read(pieces: readonly Uint8Array[], options?: MessageReaderOptions): Item[] {
  const items: Item[] = [];
  const reader = new MessageReader(
    {
      message: ({ raw }) => items.push(raw.toString('latin1')),
      junk: (junk, sentinel) => items.push({ junk, sentinel }),
    },
    options,
  );
  for (const piece of pieces) reader.push(Buffer.from(piece));
  return items;
}

const text = (value: string) => Buffer.from(value, 'latin1');

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...cuts.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.map((place, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], place));
}

/** Bytes that come near to what the lexer knows. */
const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        "'",
        '\\',
        '\xff',
        '\n',
        ' ',
        '-',
        '0',
        '1',
        '.',
        'e',
        'true',
        '@',
      ),
      fc.constantFrom('{"execute":"guest-ping"}', '{"a":[1,"b"]}', '\\u00e9', '\x00', '\xc3\xa9'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => text(parts.join('')));

describe('MessageReader', () => {
  it('reads messages with and without line breaks between them, and keeps their bytes', () => {
    expect(read([text('{"a": 1795306503116808001}{\'b\':[1.50]} \r\n\t[ ]\n"x"')])).toEqual([
      '{"a": 1795306503116808001}',
      "{'b':[1.50]}",
      '[ ]',
      '"x"',
    ]);
  });

  it('drops what was sent in part when the sentinel comes', () => {
    expect(read([text('{"a": [1, "b\xff{"c": 2}')])).toEqual([
      { junk: "JSON parse error, stray '\"b\ufffd'", sentinel: true },
      '{"c": 2}',
    ]);
  });

  it('gives the same for every way to cut the stream', () => {
    fc.assert(
      fc.property(soup, fc.array(fc.nat(), { maxLength: 12 }), (bytes, cuts) => {
        expect(read(cut(bytes, cuts))).toEqual(read([bytes]));
        expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(read([bytes]));
      }),
      { numRuns: 300 },
    );
  });

  it('throws at no bytes, and goes on after them once they are flushed', () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const items: Item[] = [];
        const reader = new MessageReader({
          message: (message) => {
            items.push(message.raw.toString('latin1'));
            try {
              message.parse();
            } catch (error) {
              expect((error as Error).message).toMatch(/^JSON parse error, /);
            }
          },
          junk: (junk, sentinel) => items.push({ junk, sentinel }),
        });
        reader.push(Buffer.from(bytes));
        reader.push(text('\xff{"execute": "guest-ping"}'));
        expect(items.at(-1)).toBe('{"execute": "guest-ping"}');
        expect(reader.heldBytes).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('reads what JSON.stringify writes as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const messages: unknown[] = [];
        const reader = new MessageReader({
          message: (message) => {
            try {
              messages.push(JSON.parse(message.raw.toString()));
            } catch {
              messages.push('not json');
            }
          },
          junk: () => messages.push('junk'),
        });
        reader.push(Buffer.from(`${json}\n`));
        expect(messages).toEqual([JSON.parse(json)]);
      }),
    );
  });

  it('refuses a message past its size, once, and reads the next', () => {
    const long = `{"a": "${'x'.repeat(200)}"}`;
    const refused = { junk: 'JSON token size limit exceeded', sentinel: false };
    const whole = read([text(`${long}\n{"b":1}`)], { messageBytesMax: 100 });
    expect(whole[0]).toEqual(refused);
    expect(whole.at(-1)).toBe('{"b":1}');
    const pieces = cut(text(`${long}\n{"b":1}`), [50, 90, 120, 150]);
    const cutUp = read(pieces, { messageBytesMax: 100 });
    expect(cutUp[0]).toEqual(refused);
    expect(cutUp.at(-1)).toBe('{"b":1}');
    expect(cutUp.filter((item) => typeof item === 'object' && item.junk === refused.junk)).toHaveLength(1);
  });

  it('holds no more than the limit while a message without end comes', () => {
    const reader = new MessageReader({ message: () => {}, junk: () => {} }, { messageBytesMax: 1000 });
    for (let round = 0; round < 100; round += 1) {
      reader.push(text('["endless",'.repeat(5)));
      expect(reader.heldBytes).toBeLessThanOrEqual(1000);
    }
  });

  it('refuses a message of too many tokens', () => {
    const items = read([text(`[${'1,'.repeat(MESSAGE_TOKENS_MAX / 2)}1]\n{"b":1}`)]);
    expect(items[0]).toEqual({ junk: 'JSON token count limit exceeded', sentinel: false });
    expect(items.at(-1)).toBe('{"b":1}');
  });

  it('copies a message that comes byte by byte in time that grows with its size alone', () => {
    const bytes = text(`{"a": "${'x'.repeat(300_000)}"}`);
    const items = read([...bytes].map((byte) => Uint8Array.of(byte)));
    expect(items).toEqual([bytes.toString('latin1')]);
  });
});
