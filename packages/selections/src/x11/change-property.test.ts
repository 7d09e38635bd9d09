import { describe, expect, it } from 'vitest';
import { packChangeProperty, packSelectionNotify } from './change-property.ts';

describe('packChangeProperty', () => {
  it('packs a small request with its length in 16 bits and pads the data', () => {
    const bytes = Buffer.concat(packChangeProperty(0, 0x11223344, 5, 31, 8, Buffer.from('abcde')));
    const expected = '12000800 44332211 05000000 1f000000 08000000 05000000 6162636465 000000'.replace(/ /g, '');
    expect(bytes.toString('hex')).toBe(expected);
  });

  it('counts elements, not bytes', () => {
    const bytes = Buffer.concat(packChangeProperty(2, 1, 2, 3, 32, Buffer.alloc(8)));
    expect(bytes.readUInt32LE(20)).toBe(2);
    expect(bytes[1]).toBe(2);
    expect(bytes[16]).toBe(32);
  });

  it('packs a request beyond 262,140 bytes with its length in 32 bits, as BIG-REQUESTS has it', () => {
    const data = Buffer.alloc(1024 * 1024);
    const pieces = packChangeProperty(0, 1, 2, 3, 8, data);
    expect(pieces[0]?.toString('hex')).toBe(
      '12000000 07000400 01000000 02000000 03000000 08000000 00001000'.replace(/ /g, ''),
    );
    expect(pieces[1]?.buffer).toBe(data.buffer);
    expect(Buffer.concat(pieces).length).toBe(0x040007 * 4);
  });

  it('turns to the long form exactly where the short one ends', () => {
    const length = (bytes: number) =>
      Buffer.concat(packChangeProperty(0, 1, 2, 3, 8, Buffer.alloc(bytes))).readUInt16LE(2);
    expect(length(65_535 * 4 - 24)).toBe(65_535);
    expect(length(65_535 * 4 - 23)).toBe(0);
  });
});

describe('packSelectionNotify', () => {
  it('is the 32 bytes of the event', () => {
    const expected = `1f000000 01000000 02000000 03000000 04000000 05000000 ${'00'.repeat(8)}`.replace(/ /g, '');
    expect(packSelectionNotify(1, 2, 3, 4, 5).toString('hex')).toBe(expected);
  });
});
