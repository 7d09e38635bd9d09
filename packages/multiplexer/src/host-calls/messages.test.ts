import { type JsonMessage, MessageReader } from '@clipmux/guest-agent';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCall, readHostMessage } from './messages.ts';

function read(text: string) {
  const messages: JsonMessage[] = [];
  const reader = new MessageReader({ message: (message) => messages.push(message), junk: () => {} });
  reader.push(Buffer.from(text));
  return messages.map(readHostMessage);
}

describe('a message of the host', () => {
  it('is a return with the id of the call, whatever JSON is returned', () => {
    expect(read('{"return": {"a": [1, -2.5, true, null, "ü"]}, "id": {"session": 3, "call": 17}}')).toEqual([
      { kind: 'answer', id: { session: 3, call: 17 }, outcome: { return: { a: [1, -2.5, true, null, 'ü'] } } },
    ]);
    const json = fc.json({ maxDepth: 5 });
    fc.assert(
      fc.property(json, (text) => {
        const [message] = read(`{"return": ${text}, "id": {"session": 1, "call": 2}}`);
        expect(JSON.stringify(message)).toBe(
          JSON.stringify({ kind: 'answer', id: { session: 1, call: 2 }, outcome: { return: JSON.parse(text) } }),
        );
      }),
    );
  });

  it('is an error with class and description, or words in their place', () => {
    expect(read('{"error": {"class": "Busy", "desc": "later"}, "id": {"session": 1, "call": 2}}')).toMatchObject([
      { id: { session: 1, call: 2 }, outcome: { error: { class: 'Busy', description: 'later' } } },
    ]);
    for (const error of ['{}', '"text"', 'null', '{"class": 1, "desc": []}'])
      expect(read(`{"error": ${error}, "id": {"session": 1, "call": 2}}`)).toMatchObject([
        { outcome: { error: { class: 'GenericError', description: 'the host gave no description' } } },
      ]);
  });

  it.each([
    '',
    ', "id": null',
    ', "id": 17',
    ', "id": "3"',
    ', "id": {}',
    ', "id": {"session": 3}',
    ', "id": {"session": "3", "call": 17}',
    ', "id": {"session": 3.5, "call": 17}',
    ', "id": {"session": 3, "call": 99999999999999999999}',
  ])('names no call with %j for an id', (id) => {
    expect(read(`{"return": {}${id}}`)).toMatchObject([{ kind: 'answer', id: null }]);
  });

  it.each([
    '[]',
    '{}',
    '{"execute": "guest-ping"}',
    '{"return": 1, "error": {}}',
    '{"a" 1}',
    '{nonsense}',
    '{"event": "X"}',
  ])('is no answer: %s', (text) => {
    expect(read(text)).toMatchObject([{ kind: 'other' }]);
  });

  it('never shows what it held in the reason', () => {
    expect(JSON.stringify(read('{"a": secret}'))).not.toContain('secret');
  });

  it('has numbers that JSON can write, and no prototype', () => {
    const [message] = read('{"return": [1e999, -1e999, {"__proto__": 1}], "id": null}');
    expect(JSON.stringify(message)).toContain(`[${Number.MAX_VALUE},${-Number.MAX_VALUE},{"__proto__":1}]`);
  });
});

describe('a call', () => {
  it('can be read whatever a program gives as parameters', () => {
    expect(formatCall({ session: 3, call: 17 }, 'a', { text: '\uffff\ud800' })).toContain('{"text":"\ufffd\ufffd"}');
  });

  it('is one line', () => {
    expect(formatCall({ session: 3, call: 17 }, 'open-url', { url: 'a\nb' })).toBe(
      '{"execute":"open-url","arguments":{"url":"a\\nb"},"id":{"session":3,"call":17}}\n',
    );
  });
});
