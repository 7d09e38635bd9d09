import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from './line-reader.ts';

function linesOf(reader: LineReader): string[] {
  const lines: string[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line.toString());
  return lines;
}

describe('LineReader', () => {
  it('finds the same lines however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        (texts, cuts) => {
          const lines = texts.map((text) => text.replaceAll('\n', ' '));
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const reader = new LineReader();
          const found: string[] = [];
          for (let at = 0; at < bytes.length; ) {
            const end = at + (cuts.next().value as number);
            reader.push(bytes.subarray(at, end));
            found.push(...linesOf(reader));
            at = end;
          }
          expect(found).toEqual(lines);
        },
      ),
    );
  });

  it('keeps what came after the last line break until the end', () => {
    const reader = new LineReader();
    reader.push(Buffer.from('one\ntw'));
    expect(linesOf(reader)).toEqual(['one']);
    reader.push(Buffer.from('o'));
    expect(linesOf(reader)).toEqual([]);
    reader.end();
    expect(linesOf(reader)).toEqual(['two']);
    reader.end();
    expect(linesOf(reader)).toEqual([]);
  });

  it('takes a line of the largest size and refuses one byte more, before its line break has come', () => {
    const reader = new LineReader(4);
    reader.push(Buffer.from('abcd\nab'));
    expect(linesOf(reader)).toEqual(['abcd']);
    reader.push(Buffer.from('cd'));
    expect(() => reader.push(Buffer.from('e'))).toThrow(expect.objectContaining({ name: 'too-large' }));
  });
});
