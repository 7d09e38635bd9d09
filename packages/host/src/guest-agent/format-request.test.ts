import { RawJson } from '@clipmux/guest-agent';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRequest } from './format-request.ts';

const line = (given: string): string => `{"execute":"guest-x","arguments":${given}}\n`;

describe('a request', () => {
  it('has its arguments as JSON.stringify writes them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (given) => {
        expect(formatRequest('guest-x', given)).toBe(line(JSON.stringify(given)));
      }),
    );
    const odd = { at: new Date(0), not: undefined, list: [undefined, Number.NaN] };
    expect(formatRequest('guest-x', odd)).toBe(line(JSON.stringify(odd)));
  });

  it('has every digit of a bigint, wherever it stands', () => {
    expect(formatRequest('guest-x', { id: 2n ** 53n + 1n, list: [-(2n ** 63n)] })).toBe(
      line('{"id":9007199254740993,"list":[-9223372036854775808]}'),
    );
  });

  it('has what is JSON already as it was written, in one line', () => {
    expect(formatRequest('guest-x', new RawJson('{ "a": 1.50,\r\n"b": "\\n" }'))).toBe(
      line('{ "a": 1.50,  "b": "\\n" }'),
    );
    expect(formatRequest('guest-x', { params: new RawJson('{"n":1E2}') })).toBe(line('{"params":{"n":1E2}}'));
  });
});
