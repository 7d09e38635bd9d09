import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChunkPort, MessageType } from '../constants.ts';
import { CONSEQUENCES } from '../errors.ts';
import { hex, joined, RecordingHandler } from '../testing.ts';
import { encodeMessageHeader, type MessageHeader, messageHeader } from './header.ts';
import { MessageReader, type MessageReaderOptions } from './reader.ts';
import { chunked } from './writer.ts';

const streamClipboard: MessageReaderOptions = { streams: (header) => header.type === MessageType.CLIPBOARD };

/** One chunk, whatever it holds. */
function chunk(port: number, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, port, true);
  new DataView(header.buffer).setUint32(4, payload.length, true);
  return joined([header, payload]);
}

function whole(header: MessageHeader, body: Uint8Array): Uint8Array {
  return joined([encodeMessageHeader(header), body]);
}

/** Reads all of it at once and returns what came. */
function read(input: Uint8Array, options: MessageReaderOptions = {}): RecordingHandler['events'] {
  const handler = new RecordingHandler();
  new MessageReader(handler, options).push(input);
  return handler.events;
}

const goodMessage = whole(messageHeader(MessageType.MAX_CLIPBOARD, 4), hex('00000001'));
const goodEvent = expect.objectContaining({ event: 'message', port: 1, body: hex('00000001') });

describe('reassembly', () => {
  test('a message in one chunk, byte by byte', () => {
    const handler = new RecordingHandler();
    const reader = new MessageReader(handler);
    for (const byte of chunk(1, goodMessage)) reader.push(Uint8Array.of(byte));
    expect(handler.events).toEqual([goodEvent]);
  });

  test('a message over several chunks', () => {
    const input = joined([chunk(1, goodMessage.subarray(0, 21)), chunk(1, goodMessage.subarray(21))]);
    expect(read(input)).toEqual([goodEvent]);
  });

  test('messages of both ports interleave chunk by chunk', () => {
    const one = whole(messageHeader(99, 3), hex('010203'));
    const two = whole(messageHeader(MessageType.CLIPBOARD, 4), hex('0a0b0c0d'));
    const input = joined([
      chunk(1, one.subarray(0, 21)),
      chunk(2, two.subarray(0, 22)),
      chunk(1, one.subarray(21, 22)),
      chunk(2, two.subarray(22)),
      chunk(1, one.subarray(22)),
    ]);
    expect(read(input, streamClipboard)).toEqual([
      expect.objectContaining({ event: 'streamed', port: 2, body: hex('0a0b0c0d') }),
      expect.objectContaining({ event: 'message', port: 1, body: hex('010203') }),
    ]);
  });

  test('an empty streamed message begins and ends', () => {
    const input = chunk(1, whole(messageHeader(MessageType.CLIPBOARD, 0), hex('')));
    expect(read(input, streamClipboard)).toEqual([expect.objectContaining({ event: 'streamed', body: hex('') })]);
  });

  test('a collected body is not a view of the input', () => {
    const handler = new RecordingHandler();
    const input = chunk(1, goodMessage);
    new MessageReader(handler).push(input);
    input.fill(0);
    expect(handler.events).toEqual([goodEvent]);
  });

  test('a streamed piece is a view of the input: nothing is copied', () => {
    const input = chunk(1, whole(messageHeader(MessageType.CLIPBOARD, 3), hex('010203')));
    let buffer: ArrayBufferLike | undefined;
    const handler = new RecordingHandler();
    handler.streamData = (_port, piece) => {
      buffer = piece.buffer;
    };
    handler.streamEnd = () => {};
    new MessageReader(handler, streamClipboard).push(input);
    expect(buffer).toBe(input.buffer);
  });

  test('a message of any size may come as one chunk, as spice-vdagentd sends it', () => {
    const body = new Uint8Array(1_048_584).fill(7);
    const input = chunk(1, whole(messageHeader(MessageType.CLIPBOARD, body.length), body));
    const [streamed] = read(input, streamClipboard);
    expect(streamed?.event === 'streamed' && Buffer.compare(streamed.body, body)).toBe(0); // toEqual takes seconds
    const handler = new RecordingHandler();
    const reader = new MessageReader(handler, { ...streamClipboard, maxStreamedSize: 0xffff_ffff });
    const header = chunk(1, encodeMessageHeader(messageHeader(MessageType.CLIPBOARD, 0xffff_ff00)));
    header.set(hex('14 ff ff ff'), 4);
    reader.push(header);
    expect([reader.failure, handler.openStreams]).toEqual([undefined, 1]);
  });

  test('where the input may be changed, what it holds of a streamed body comes as one piece', () => {
    const body = Uint8Array.from({ length: 50 }, (_, i) => i);
    const input = joined(chunked(1, messageHeader(MessageType.CLIPBOARD, 50), [body], { maxChunkSize: 21 }));
    const handler = new RecordingHandler();
    const pieces: Uint8Array[] = [];
    handler.streamData = (_port, piece) => pieces.push(Uint8Array.from(piece));
    handler.streamEnd = () => {};
    const reader = new MessageReader(handler, { ...streamClipboard, mayChangeInput: true });
    reader.push(input.slice(0, 70));
    reader.push(input.slice(70));
    expect(pieces.length).toBe(2);
    expect(joined(pieces)).toEqual(body);
  });
});

describe('what a peer may not do', () => {
  const data = whole(messageHeader(MessageType.CLIPBOARD, 4), hex('01020304'));
  test.each([
    ['a chunk for port 0', chunk(0, goodMessage), 'unknown-chunk-port'],
    ['a chunk for port 3', chunk(3, goodMessage), 'unknown-chunk-port'],
    ['a chunk of no bytes', chunk(1, hex('')), 'empty-chunk'],
    ['a chunk past the limit', hex('01000000 15000040'), 'chunk-too-large'],
    ['a header cut by a chunk', chunk(1, goodMessage.subarray(0, 19)), 'message-header-split'],
    ['more bytes than the size in the first chunk', chunk(1, joined([goodMessage, hex('00')])), 'message-overrun'],
    [
      'more bytes than the size in a later chunk',
      joined([chunk(1, goodMessage.subarray(0, 22)), chunk(1, hex('000000'))]),
      'message-overrun',
    ],
    ['protocol 2', chunk(1, whole({ ...messageHeader(14, 4), protocol: 2 }, hex('00000001'))), 'unsupported-protocol'],
  ])('%s resets the link: nothing is read until reset', (_title, input, code) => {
    const handler = new RecordingHandler();
    const reader = new MessageReader(handler, streamClipboard);
    reader.push(input);
    reader.push(chunk(1, goodMessage));
    expect(handler.events).toEqual([{ event: 'error', code, consequence: 'reset-link' }]);
    expect(reader.failure).toMatchObject({ code });
    reader.reset();
    expect(reader.failure).toBeUndefined();
    reader.push(chunk(1, goodMessage));
    expect(handler.events.slice(1)).toEqual([goodEvent]);
  });

  test('a message of exactly the limit is read', () => {
    const body = new Uint8Array(100).fill(7);
    const input = joined(chunked(1, messageHeader(99, 100), [body]));
    expect(read(input, { maxMessageSize: () => 100 })).toEqual([expect.objectContaining({ event: 'message', body })]);
  });

  test.each([
    [2048, 'message-too-large', {}],
    [64, 'message-too-large', {}],
    [2048, 'streamed-message-too-large', { streams: () => true, maxStreamedSize: 99 }],
  ] as const)(
    'a message past the limit in chunks of %i is skipped (%s), and the next one is read',
    (maxChunkSize, code, options) => {
      const body = new Uint8Array(5000).fill(1);
      const input = joined([
        ...chunked(1, messageHeader(MessageType.CLIPBOARD_GRAB, 5000), [body], { maxChunkSize }),
        chunk(1, goodMessage),
      ]);
      for (const cut of [input.length, 1, 777]) {
        const handler = new RecordingHandler();
        const reader = new MessageReader(handler, { ...options });
        for (let offset = 0; offset < input.length; offset += cut) reader.push(input.subarray(offset, offset + cut));
        const [error, next, ...more] = handler.events;
        expect(error).toEqual({ event: 'error', code, consequence: 'skip-message' });
        expect(next).toMatchObject({
          event: code === 'message-too-large' ? 'message' : 'streamed',
          body: hex('00000001'),
        });
        expect(more).toEqual([]);
      }
    },
  );

  test('a message of 4 GiB − 1 is skipped without allocating for it', () => {
    const handler = new RecordingHandler();
    const reader = new MessageReader(handler);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(chunk(1, encodeMessageHeader(messageHeader(MessageType.CLIPBOARD, 0xffff_ffff))));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(handler.events).toEqual([{ event: 'error', code: 'message-too-large', consequence: 'skip-message' }]);
  });

  test('an error aborts the streams of both ports first', () => {
    const input = joined([chunk(1, data.subarray(0, 22)), chunk(2, data.subarray(0, 23)), chunk(9, data)]);
    expect(read(input, streamClipboard)).toEqual([
      expect.objectContaining({ event: 'aborted', port: 1, received: 2 }),
      expect.objectContaining({ event: 'aborted', port: 2, received: 3 }),
      { event: 'error', code: 'unknown-chunk-port', consequence: 'reset-link' },
    ]);
  });
});

describe('starting anew', () => {
  const data = whole(messageHeader(MessageType.CLIPBOARD, 4), hex('01020304'));

  test('reset in the middle of a message forgets it', () => {
    const handler = new RecordingHandler();
    const reader = new MessageReader(handler);
    const bytes = chunk(1, goodMessage);
    for (let cut = 1; cut < bytes.length; cut++) {
      reader.push(bytes.subarray(0, cut));
      reader.reset();
    }
    expect(handler.events).toEqual([]);
    reader.push(bytes);
    expect(handler.events).toEqual([goodEvent]);
  });

  test('a client that leaves in the middle of its message ends it, and the next client is understood', () => {
    const input = joined([
      chunk(1, data.subarray(0, 22)),
      chunk(2, encodeMessageHeader(messageHeader(MessageType.CLIENT_DISCONNECTED, 0))),
      chunk(1, goodMessage),
    ]);
    expect(read(input, streamClipboard)).toEqual([
      expect.objectContaining({ event: 'aborted', port: 1, received: 2 }),
      expect.objectContaining({ event: 'message', port: 2 }),
      goodEvent,
    ]);
  });

  test.each([
    ['message', false],
    ['streamStart', false],
    ['streamData', false],
    ['streamEnd', false],
    ['streamStart', true],
    ['streamData', true],
    ['streamEnd', true],
  ] as const)(
    'a handler may reset the reader in %s (input changed: %s): the rest of that input is dropped',
    (method, mayChangeInput) => {
      const handler = new RecordingHandler();
      const reader = new MessageReader(handler, { ...streamClipboard, mayChangeInput });
      let resets = 0;
      const original = (handler[method] as (...args: unknown[]) => void).bind(handler);
      handler[method] = (...args: unknown[]) => {
        original(...args);
        if (resets++ === 0) reader.reset();
      };
      const first = method === 'message' ? chunk(1, goodMessage) : chunk(1, data);
      reader.push(joined([first, chunk(1, goodMessage)]));
      expect(resets).toBe(1);
      expect(handler.openStreams).toBe(0);
      const before = handler.events.length;
      reader.push(chunk(2, goodMessage));
      expect(handler.events.slice(before)).toEqual([expect.objectContaining({ event: 'message', port: 2 })]);
    },
  );
});

const arbitraryMessage = fc.record({
  port: fc.constantFrom<ChunkPort>(1, 2),
  type: fc.oneof(
    fc.constant(MessageType.CLIPBOARD),
    fc.constantFrom(...Object.values(MessageType)),
    fc.integer({ min: 17, max: 0xffff_ffff }),
  ),
  opaque: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  body: fc.uint8Array({ maxLength: 100, size: 'max' }),
  maxChunkSize: fc.integer({ min: 20, max: 60 }),
});

describe('properties', () => {
  test('any messages on both ports, interleaved chunk by chunk and cut anywhere, come out the same', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryMessage, { maxLength: 8 }),
        fc.infiniteStream(fc.boolean()),
        fc.infiniteStream(fc.integer({ min: 1, max: 400 })),
        fc.boolean(),
        (messages, choices, cuts, mayChangeInput) => {
          // A CLIENT_DISCONNECTED on port 2 ends what the client had begun: another test's matter.
          const sent = messages.filter(({ port, type }) => port === 1 || type !== MessageType.CLIENT_DISCONNECTED);
          const queues: Record<ChunkPort, Uint8Array[]> = { 1: [], 2: [] };
          for (const { port, type, opaque, body, maxChunkSize } of sent) {
            const bytes = whole({ protocol: 1, type, opaque, size: body.length }, body);
            for (let offset = 0; offset < bytes.length; offset += maxChunkSize) {
              queues[port].push(chunk(port, bytes.subarray(offset, offset + maxChunkSize)));
            }
          }
          const wire: Uint8Array[] = [];
          while (queues[1].length + queues[2].length > 0) {
            const port: ChunkPort = queues[2].length === 0 || (queues[1].length > 0 && choices.next().value) ? 1 : 2;
            wire.push(queues[port].shift() as Uint8Array);
          }
          const input = joined(wire);
          const handler = new RecordingHandler();
          const reader = new MessageReader(handler, { ...streamClipboard, mayChangeInput });
          for (let offset = 0; offset < input.length; ) {
            const length = cuts.next().value;
            reader.push(input.subarray(offset, offset + length));
            offset += length;
          }
          for (const port of [1, 2] as const) {
            const seen = handler.events.map((event) => {
              if (event.event !== 'message' && event.event !== 'streamed') throw new Error(`unexpected ${event.event}`);
              return event;
            });
            expect(
              seen
                .filter((event) => event.port === port)
                .map(({ event, header, body }) => ({ event, type: header.type, opaque: header.opaque, body })),
            ).toEqual(
              sent
                .filter((message) => message.port === port)
                .map(({ type, opaque, body }) => ({
                  event: type === MessageType.CLIPBOARD ? 'streamed' : 'message',
                  type,
                  opaque,
                  body,
                })),
            );
          }
        },
      ),
    );
  });

  test('any bytes give messages and typed errors only, and no body past the limit', () => {
    const LIMIT = 64;
    const u32 = (value: number): Uint8Array => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, value, true);
      return bytes;
    };
    const size = fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 0xffff_ffff }));
    // Half-valid headers reach far deeper than random bytes do.
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(
          fc.integer({ min: 0, max: 3 }),
          size,
          fc.integer({ min: 0, max: 2 }),
          fc.integer({ min: 0, max: 17 }),
          size,
        )
        .map(([port, length, protocol, type, bodySize]) =>
          joined([u32(port), u32(length), u32(protocol), u32(type), u32(0), u32(0), u32(bodySize)]),
        ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, mayChangeInput) => {
        const handler = new RecordingHandler();
        const reader = new MessageReader(handler, {
          ...streamClipboard,
          maxMessageSize: () => LIMIT,
          maxStreamedSize: LIMIT,
          mayChangeInput,
        });
        for (const bytes of pieces) {
          reader.push(bytes);
          if (reader.failure !== undefined) {
            expect(handler.openStreams).toBe(0);
            reader.reset();
          }
        }
        for (const event of handler.events) {
          if (event.event === 'error') expect(Object.keys(CONSEQUENCES)).toContain(event.code);
          else expect(event.header.size).toBeLessThanOrEqual(LIMIT);
        }
      }),
      { numRuns: 500 },
    );
  });
});
