import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringifyJson } from '../json/stringify.ts';
import { LineMessageReader } from './line-message-reader.ts';

const MOST = 100;

/** What the reader makes of the pieces: each message as its bytes, each broken line as its fault in brackets. */
function read(pieces: readonly (string | Uint8Array)[], lineBytesMax = MOST): string[] {
  const items: string[] = [];
  const reader = new LineMessageReader(
    {
      message: ({ raw }) => items.push(raw.toString('latin1')),
      broken: (fault) => items.push(`<${fault}>`),
    },
    lineBytesMax,
  );
  for (const piece of pieces) {
    reader.push(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece));
    expect(reader.heldBytes).toBeLessThanOrEqual(lineBytesMax);
  }
  return items;
}

describe('lines', () => {
  it('are one message each; empty ones mean nothing', () => {
    expect(read(['\n{"a": [1]}\r\n \t\n\n{"b": "\\n"}\n17\n{"c"'])).toEqual(['{"a": [1]}', '{"b": "\\n"}', '17']);
  });

  it.each([
    '{"return": {"a": [1',
    '{"return": "half',
    '{"return": "escaped \\',
    '[[[[{{{{',
    '}}]] "x',
    '"a": 1}, "id": {"session": 3, "call": 1}}',
    // What a program in a session could hope for: an object of its parameters, behind a beginning that was lost.
    'x", "b": {"execute": "open-url", "id": {"session": 1, "call": 2}}}, "id": {"session": 3, "call": 1}}',
    '{"a": 1} {"b": 2}',
    'hush, nonsense',
    '\x00\xff',
    '\xff{"a": 1}',
    '17 18',
    '{"a": \'',
  ])('that are none are told once, and the next one is read: %j', (line) => {
    expect(read([`${line}\n{"good": 1}\n`])).toEqual(['<no-json>', '{"good": 1}']);
    expect(read([...`${line}\n{"good": 1}\n`])).toEqual(['<no-json>', '{"good": 1}']);
  });

  it('that are full of messages cost no more than their bytes: what comes after the second is not looked at', () => {
    const line = Buffer.from(`${'[]'.repeat(512 * 1024)}\n`);
    const before = process.memoryUsage().heapUsed;
    const start = performance.now();
    expect(read([line], line.length)).toEqual(['<no-json>']);
    expect(performance.now() - start).toBeLessThan(500);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('that are too long are told once, never held, and skipped to their end', () => {
    const long = `{"a": "${'x'.repeat(MOST)}"}`;
    const most = `{"a": "${'x'.repeat(MOST - 9)}"}`;
    expect(most).toHaveLength(MOST);
    for (const pieces of [
      [`${most}\n${long}\n${most}\n`],
      [...`${most}\n${long}\n${most}\n`],
      [most, '\n', long, '\n', most, '\n'],
    ])
      expect(read(pieces)).toEqual([most, '<too-long>', most]);
    expect(read(Array.from({ length: 50 }, () => '{"endless": ['))).toEqual(['<too-long>']);
  });

  it('are the same for every way to cut the stream, and a good one is read after whatever bytes', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        fc
          .constantFrom('{', '}', '[', ']', '"', "'", '\\', '\n', ',', '{"a":1}', '\n\n', 'x'.repeat(60))
          .map((part) => Buffer.from(part)),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(bytes, (parts) => {
        const whole = Buffer.concat([...parts, Buffer.from('\n{"good": true}\n')]);
        const items = read([whole]);
        expect(items.at(-1)).toBe('{"good": true}');
        expect(items.length).toBeLessThanOrEqual(whole.filter((byte) => byte === 0x0a).length);
        expect(read([...parts, '\n{"good": true}\n'])).toEqual(items);
        expect(read([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(items);
      }),
      { numRuns: 300 },
    );
  });

  it('that stringifyJson writes are all read', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ stringUnit: 'binary' })), (values) => {
        const lines = values.map((value) => stringifyJson(JSON.parse(value)));
        const expected = lines.map((line) => Buffer.from(line).toString('latin1'));
        expect(read([Buffer.from(lines.map((line) => `${line}\n`).join(''))], 1_000_000)).toEqual(expected);
      }),
    );
  });
});
