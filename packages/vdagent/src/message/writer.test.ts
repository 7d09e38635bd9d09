import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClipboardDataWriter, frameClipboardData } from '../clipboard/data.ts';
import { MessageType } from '../constants.ts';
import { VdAgentUsageError } from '../errors.ts';
import { hex, joined, RecordingHandler } from '../testing.ts';
import { messageHeader } from './header.ts';
import { MessageReader } from './reader.ts';
import { chunked, MessageWriter } from './writer.ts';

describe('MessageWriter', () => {
  test('cuts a message into chunks of the given size, the header counting as payload', () => {
    const body = hex('01020304 05060708');
    expect(joined(chunked(1, messageHeader(4, 8), [body], { maxChunkSize: 24 }))).toEqual(
      hex('01000000 18000000 01000000 04000000 0000000000000000 08000000 01020304 | 01000000 04000000 05060708'),
    );
  });

  test('keeps chunks at 2048 bytes unless told otherwise, packed into few buffers', () => {
    const batches = chunked(1, messageHeader(4, 1024 * 1024), [new Uint8Array(1024 * 1024)]);
    expect(batches.length).toBeLessThanOrEqual(17);
    const sizes: number[] = [];
    const bytes = joined(batches);
    for (let offset = 0; offset < bytes.length; offset += 8 + (sizes.at(-1) as number)) {
      sizes.push(new DataView(bytes.buffer).getUint32(offset + 4, true));
    }
    expect(Math.max(...sizes)).toBe(2048);
    expect(sizes.length).toBe(Math.ceil((1024 * 1024 + 20) / 2048));
  });

  test('holds nothing back: what a piece allows goes out, even part of a chunk', () => {
    const writer = new MessageWriter(1, messageHeader(4, 10));
    expect(joined(writer.write(hex('01 02')))).toEqual(
      hex('01000000 1e000000 01000000 04000000 0000000000000000 0a000000 0102'),
    );
    expect(writer.remaining).toBe(8);
    expect(joined(writer.write(hex('03 04 05 06 07 08 09 0a')))).toEqual(hex('03 04 05 06 07 08 09 0a'));
    expect(writer.end()).toEqual([]);
  });

  test('refuses more bytes than are due, and goes on as before', () => {
    const writer = new MessageWriter(1, messageHeader(4, 2));
    expect(() => writer.write(hex('01 02 03'))).toThrow(expect.objectContaining({ code: 'writer-overrun' }));
    const framed = joined([...writer.write(hex('01 02')), ...writer.end()]);
    expect(framed).toEqual(hex('01000000 16000000 01000000 04000000 0000000000000000 02000000 0102'));
    expect(() => writer.write(hex('03'))).toThrow(VdAgentUsageError);
  });

  test('refuses to end while bytes are due', () => {
    const writer = new MessageWriter(1, messageHeader(4, 2));
    writer.write(hex('01'));
    expect(() => writer.end()).toThrow(expect.objectContaining({ code: 'writer-incomplete' }));
  });

  test('refuses chunks that could not hold a message header, and sizes that no u32 holds', () => {
    expect(() => new MessageWriter(1, messageHeader(4, 2), { maxChunkSize: 19 })).toThrow(VdAgentUsageError);
    expect(() => new MessageWriter(1, messageHeader(4, 2 ** 32))).toThrow(VdAgentUsageError);
    expect(() => new MessageWriter(1, messageHeader(4, -1))).toThrow(VdAgentUsageError);
  });

  test('takes its buffers from the allocator it is given', () => {
    const sizes: number[] = [];
    const allocate = (size: number): Uint8Array => {
      sizes.push(size);
      return new Uint8Array(size + 5);
    };
    const body = new Uint8Array(1000).map((_, index) => index);
    const options = { maxChunkSize: 100, batchSize: 512 };
    const framed = joined(chunked(1, messageHeader(4, 1000), [body], { ...options, allocate }));
    expect(framed).toEqual(joined(chunked(1, messageHeader(4, 1000), [body], options)));
    expect(Math.max(...sizes)).toBe(512);
  });

  test('any body in any pieces, chunks and batches comes out the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }),
        fc.integer({ min: 20, max: 90 }),
        fc.integer({ min: 9, max: 120 }),
        (pieces, maxChunkSize, batchSize) => {
          const body = joined(pieces);
          const writer = new MessageWriter(2, messageHeader(99, body.length), { maxChunkSize, batchSize });
          const wire = [...pieces.flatMap((piece) => writer.write(piece)), ...writer.end()];
          for (const batch of wire) expect(batch.length).toBeLessThanOrEqual(batchSize);
          const handler = new RecordingHandler();
          const reader = new MessageReader(handler, { maxChunkSize });
          for (const batch of wire) reader.push(batch);
          expect(handler.events).toEqual([expect.objectContaining({ event: 'message', port: 2, body })]);
        },
      ),
    );
  });
});

describe('frameClipboardData', () => {
  test('puts the prefix before the content, in one chunk where it fits', () => {
    const format = { selection: true, grabSerial: false };
    const framed = frameClipboardData(1, { selection: 1, clipboardType: 2 }, [hex('aa'), hex('bb')], format);
    expect(framed).toHaveLength(1);
    expect(joined(framed)).toEqual(
      hex('01000000 1e000000 01000000 04000000 0000000000000000 0a000000 01000000 02000000 aabb'),
    );
  });

  test('writes what the writer does, however the content is cut', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, fc.boolean(), (content, selection) => {
        const head = { selection: selection ? 1 : 0, clipboardType: 1 } as const;
        const size = content.reduce((sum, piece) => sum + piece.length, 0);
        const format = { selection, grabSerial: false };
        const writer = new ClipboardDataWriter(1, head, size, format);
        const expected = joined([...writer.write(...content), ...writer.end()]);
        expect(joined(frameClipboardData(1, head, content, format))).toEqual(expected);
      }),
    );
  });
});

describe('ClipboardDataWriter', () => {
  const head = { selection: 1, clipboardType: 2 } as const;

  test('writes the prefix with the first content and counts content only', () => {
    const writer = new ClipboardDataWriter(1, head, 2, { selection: true, grabSerial: false });
    expect(writer.remaining).toBe(2);
    expect(joined(writer.write(hex('aa')))).toEqual(
      hex('01000000 1e000000 01000000 04000000 0000000000000000 0a000000 01000000 02000000 aa'),
    );
    expect(writer.remaining).toBe(1);
    expect(() => writer.write(hex('bb cc'))).toThrow(expect.objectContaining({ code: 'writer-overrun' }));
    expect(joined(writer.write(hex('bb')))).toEqual(hex('bb'));
    expect(writer.end()).toEqual([]);
  });

  test('writes an empty answer at its end', () => {
    const writer = new ClipboardDataWriter(1, { selection: 0, clipboardType: 1 }, 0, {
      selection: false,
      grabSerial: false,
    });
    expect(joined(writer.end())).toEqual(hex('01000000 18000000 01000000 04000000 0000000000000000 04000000 01000000'));
  });

  test('agrees with the reader about the size of 16 MiB in chunks of 1024', () => {
    const size = 16 * 1024 * 1024;
    const writer = new ClipboardDataWriter(
      1,
      head,
      size,
      { selection: true, grabSerial: true },
      { maxChunkSize: 1024 },
    );
    let received = 0;
    let ended = 0;
    const handler = new RecordingHandler();
    handler.streamData = (_port, piece) => {
      received += piece.length;
    };
    handler.streamEnd = () => {
      ended++;
    };
    const reader = new MessageReader(handler, { streams: (header) => header.type === MessageType.CLIPBOARD });
    const piece = new Uint8Array(1024 * 1024);
    while (writer.remaining > 0) for (const batch of writer.write(piece)) reader.push(batch);
    expect({ received, ended }).toEqual({ received: size + 8, ended: 1 });
  });
});
