import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DATA_FRAME_CONTENT_BYTES_MAX,
  encodeDataFrame,
  encodeJsonFrame,
  FrameError,
  FrameParser,
  JSON_FRAME_BYTES_MAX,
} from './index.ts';

type Frame = { json: string } | { transfer: number; content: string };

/** Parses the chunks and shows the frames, whole. */
function parse(
  chunks: Iterable<Buffer>,
  options: { jsonBytesMax?: number; onJson?: (parser: FrameParser) => void } = {},
): Frame[] {
  const frames: Frame[] = [];
  let missing = 0;
  let content: Buffer[] = [];
  const parser = new FrameParser(
    {
      json: (payload) => {
        frames.push({ json: payload.toString() });
        options.onJson?.(parser);
      },
      dataStart: (_transfer, length) => {
        missing = length;
        content = [];
      },
      data: (transfer, piece) => {
        missing -= piece.length;
        content.push(Buffer.from(piece));
        if (missing === 0) frames.push({ transfer, content: Buffer.concat(content).toString('latin1') });
      },
    },
    options,
  );
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return frames;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
  return 'none';
}

describe('a frame', () => {
  it('of JSON is its length, 0 and the text', () => {
    expect(encodeJsonFrame('{"é":1}')).toEqual(hex('08 00 00 00 00 7b 22 c3 a9 22 3a 31 7d'));
    expect(parse([hex('08 00 00 00 00 7b 22 c3 a9 22 3a 31 7d')])).toEqual([{ json: '{"é":1}' }]);
  });

  it('of data is its length, 1, the transfer id and the content', () => {
    expect(Buffer.concat(encodeDataFrame(0x01020304, [Buffer.from('he'), Buffer.from('llo')]))).toEqual(
      hex('09 00 00 00 01 04 03 02 01 68 65 6c 6c 6f'),
    );
    expect(parse([hex('09 00 00 00 01 04 03 02 ff 68 65 6c 6c 6f')])).toEqual([
      { transfer: 0xff020304, content: 'hello' },
    ]);
  });

  it.each([
    ['an unknown type', '01 00 00 00 02', 'unknown-frame-type'],
    ['no JSON in it', '00 00 00 00 00', 'frame-too-short'],
    ['no content in it', '04 00 00 00 01', 'frame-too-short'],
    ['JSON past its limit', '01 00 10 00 00', 'frame-too-large'],
    ['content past its limit', '05 00 04 00 01', 'frame-too-large'],
    ['an end in its header', '05 00 04', 'frame-truncated'],
    ['an end in its transfer id', '05 00 00 00 01 01 00', 'frame-truncated'],
    ['an end in its body', '05 00 00 00 00 7b', 'frame-truncated'],
  ])('with %s is refused', (_what, bytes, code) => {
    expect(codeOf(() => parse([hex(bytes)]))).toBe(code);
  });

  it('of JSON may be limited to less', () => {
    expect(codeOf(() => parse([encodeJsonFrame('"1234567"')], { jsonBytesMax: 8 }))).toBe('frame-too-large');
    expect(parse([encodeJsonFrame('"123456"')], { jsonBytesMax: 8 })).toHaveLength(1);
  });

  it('at its limit passes', () => {
    const json = `"${'x'.repeat(JSON_FRAME_BYTES_MAX - 2)}"`;
    expect(parse([encodeJsonFrame(json)])).toEqual([{ json }]);
    const content = Buffer.alloc(DATA_FRAME_CONTENT_BYTES_MAX, 'y');
    expect(parse([Buffer.concat(encodeDataFrame(1, [content]))])).toEqual([
      { transfer: 1, content: content.toString('latin1') },
    ]);
  });

  it('past its limit is not written', () => {
    expect(codeOf(() => encodeJsonFrame('x'.repeat(JSON_FRAME_BYTES_MAX + 1)))).toBe('frame-too-large');
    expect(codeOf(() => encodeJsonFrame(''))).toBe('frame-too-short');
    expect(codeOf(() => encodeDataFrame(1, [Buffer.alloc(DATA_FRAME_CONTENT_BYTES_MAX), Buffer.alloc(1)]))).toBe(
      'frame-too-large',
    );
    expect(codeOf(() => encodeDataFrame(1, []))).toBe('frame-too-short');
    expect(() => encodeDataFrame(2 ** 32, [Buffer.alloc(1)])).toThrow(RangeError);
  });

  it('of data does not copy big pieces and puts small neighbours together', () => {
    const big = Buffer.alloc(20_000, 'b');
    const parts = encodeDataFrame(1, [Buffer.from('1'), Buffer.from('2'), big, Buffer.from('3'), Buffer.from('4')]);
    expect(parts).toHaveLength(3);
    expect(parts[1]).toBe(big);
    expect(Buffer.from(parts[2] as Uint8Array).toString()).toBe('34');
  });
});

describe('a frame parser', () => {
  const anyFrame = fc.oneof(
    fc
      .string({ minLength: 1, unit: 'binary' })
      .map((json) => ({ frame: { json } as Frame, bytes: encodeJsonFrame(json) })),
    fc
      .record({
        transfer: fc.integer({ min: 0, max: 0xffff_ffff }),
        pieces: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1 }),
      })
      .map(({ transfer, pieces }) => ({
        frame: { transfer, content: Buffer.concat(pieces).toString('latin1') } as Frame,
        bytes: Buffer.concat(encodeDataFrame(transfer, pieces)),
      })),
  );

  it('finds the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(({ bytes }) => bytes));
        const edges = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
        const chunks = edges.slice(1).map((edge, index) => stream.subarray(edges[index], edge));
        expect(parse(chunks)).toEqual(frames.map(({ frame }) => frame));
      }),
    );
  });

  it('finds them byte by byte', () => {
    const json = `"${'x'.repeat(20_000)}"`;
    const stream = Buffer.concat([
      encodeJsonFrame(json),
      ...encodeDataFrame(5, [Buffer.from('abc')]),
      encodeJsonFrame('1'),
    ]);
    expect(parse(Array.from(stream, (byte) => Buffer.from([byte])))).toEqual([
      { json },
      { transfer: 5, content: 'abc' },
      { json: '1' },
    ]);
  });

  it('meets any bytes with nothing but a FrameError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        const code = codeOf(() => parse(chunks.map((chunk) => Buffer.from(chunk))));
        expect(['none', 'unknown-frame-type', 'frame-too-large', 'frame-too-short', 'frame-truncated']).toContain(code);
      }),
    );
  });

  it('takes nothing more after an error, nor when it is stopped inside a frame', () => {
    const frames = Buffer.concat([encodeJsonFrame('1'), encodeJsonFrame('2')]);
    expect(parse([frames, frames], { onJson: (parser) => parser.stop() })).toEqual([{ json: '1' }]);
    const seen: string[] = [];
    const parser = new FrameParser({
      json: (payload) => seen.push(payload.toString()),
      dataStart: () => undefined,
      data: () => undefined,
    });
    expect(() => parser.push(Buffer.from([0, 0, 0, 0, 0]))).toThrow(FrameError);
    parser.push(frames);
    parser.end();
    expect(seen).toEqual([]);
  });
});
