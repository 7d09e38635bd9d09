import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PackStream } from 'x11';
import { Inbound, replaceInbound } from './inbound.ts';

it('gives reads of any length their bytes, however these are cut, from memory that is used again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 20 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 2000 })),
      fc.boolean(),
      (lengths, cuts, ahead) => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const input = Buffer.from(Array.from({ length: total }, (_, i) => (i * 31) ^ (i >> 8)));
        const inbound = new Inbound();
        const got: Buffer[] = [];
        const waiting = [...lengths];
        // As the library does: each read asks for the next one. Or all are asked for beforehand.
        const next = () => {
          const length = waiting.shift();
          if (length === undefined) return;
          inbound.get(length, (bytes) => {
            got.push(bytes);
            if (!ahead) next();
          });
          if (ahead) next();
        };
        next();
        const memory = Buffer.alloc(2000);
        for (let at = 0; at < total; ) {
          const size = Math.min(cuts.next().value, total - at);
          input.copy(memory, 0, at, at + size);
          inbound.push(memory.subarray(0, size));
          memory.fill(0xee);
          at += size;
        }
        expect(got.map((bytes) => bytes.length)).toEqual(lengths);
        expect(Buffer.concat(got).equals(input)).toBe(true);
      },
    ),
  );
});

it('keeps what nobody has asked for yet, also when a callback throws', () => {
  const inbound = new Inbound();
  inbound.get(1, () => {
    throw new Error('from a listener');
  });
  const memory = Buffer.from('abcd');
  expect(() => inbound.push(memory)).toThrow('from a listener');
  memory.fill(0);
  const got: string[] = [];
  inbound.get(2, (bytes) => got.push(bytes.toString()));
  inbound.push(Buffer.from('e'));
  inbound.get(2, (bytes) => got.push(bytes.toString()));
  expect(got).toEqual(['bc', 'de']);
});

it('takes over the reads that the library has asked for already', () => {
  const inbound = new Inbound();
  const got: string[] = [];
  const stream = { _readQueue: [{ length: 2, callback: (bytes: Buffer) => got.push(bytes.toString()) }] };
  const packStream = stream as unknown as PackStream;
  replaceInbound(packStream, inbound);
  packStream.get(1, (bytes) => got.push(bytes.toString()));
  packStream.write(Buffer.from('abc'));
  expect(got).toEqual(['ab', 'c']);
  expect(stream._readQueue).toEqual([]);
});
