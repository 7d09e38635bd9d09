import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../stream/message-reader.ts';
import { plainJson } from './plain.ts';

function read(text: string): unknown {
  let value: unknown;
  const reader = new MessageReader({
    message: (message) => {
      value = plainJson(message.parse().value);
    },
    junk: () => {},
  });
  reader.push(Buffer.from(text));
  return value;
}

describe('plainJson', () => {
  it('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(read(`[${text}]`)).toEqual([JSON.parse(text)]);
      }),
    );
  });

  it('has numbers that JSON can write, and lets nobody set a prototype', () => {
    const value = read('[1e999, -1e999, {"__proto__": {"a": 1}}]');
    expect(JSON.stringify(value)).toBe(`[${Number.MAX_VALUE},${-Number.MAX_VALUE},{"__proto__":{"a":1}}]`);
    expect(Object.getPrototypeOf((value as object[])[2])).toBe(Object.prototype);
  });
});
