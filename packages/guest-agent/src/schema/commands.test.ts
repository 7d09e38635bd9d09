import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  MessageReader,
  renderReference,
  validateArguments,
} from '../index.ts';
import { decodeBase64 } from './base64.ts';
import { type CommandSchema, optional, required } from './types.ts';

function parse(json: string): JsonValue {
  let value: JsonValue | undefined;
  const reader = new MessageReader({
    message: (message) => {
      value = message.parse().value;
    },
    junk: (description) => {
      throw new Error(description);
    },
  });
  reader.push(Buffer.from(`${json}\n`));
  if (value === undefined) throw new Error(`not whole: ${json}`);
  return value;
}

const object = (json: string) => parse(json) as JsonObject;

const SCHEMA = {
  description: '',
  arguments: {
    count: required({ kind: 'integer', range: { least: 1, most: 9 } }, ''),
    big: optional({ kind: 'integer' }, ''),
    word: optional({ kind: 'choice', values: ['a', 'b'] }, ''),
    flag: optional({ kind: 'boolean' }, ''),
    bytes: optional({ kind: 'base64', bytesMax: 6 }, ''),
    any: optional({ kind: 'object' }, ''),
  },
  returns: {},
  example: { request: '', answer: '' },
} as const satisfies CommandSchema;

describe('validateArguments', () => {
  it('hands the values on as their types say', () => {
    const given = '{"count": 3, "big": -5, "word": "b", "flag": true, "bytes": "aGk=", "any": {"x": 1}}';
    const { count, big, word, flag, bytes, any } = validateArguments(SCHEMA, object(given));
    expect({ count, big, word, flag, bytes: bytes?.toString() }).toEqual({
      count: 3,
      big: -5n,
      word: 'b',
      flag: true,
      bytes: 'hi',
    });
    expect(isJsonObject(any)).toBe(true);
    expect(validateArguments(SCHEMA, object('{"count": 1}'))).toEqual({ count: 1 });
  });

  it.each([
    ['{}', "Parameter 'count' is missing"],
    ['{"count": "1"}', "Invalid parameter type for 'count', expected: integer"],
    ['{"count": 10}', "Parameter 'count' expects a number from 1 to 9"],
    ['{"count": 1, "word": "c"}', "Parameter 'word' does not accept value 'c'"],
    ['{"count": 1, "word": 1}', "Invalid parameter type for 'word', expected: string"],
    ['{"count": 1, "flag": "yes"}', "Invalid parameter type for 'flag', expected: boolean"],
    ['{"count": 1, "any": []}', "Invalid parameter type for 'any', expected: object"],
    ['{"count": 1, "bytes": "aGk"}', "Parameter 'bytes' expects at most 6 bytes in base64 with padding"],
    ['{"count": 1, "bytes": "aGk\\u003d\\n"}', "Parameter 'bytes' expects at most 6 bytes in base64 with padding"],
    ['{"count": 1, "bytes": "YWFhYWFhYQ=="}', "Parameter 'bytes' expects at most 6 bytes in base64 with padding"],
    ['{"count": 1, "foo": 1}', "Parameter 'foo' is unexpected"],
    ['{"count": 1, "constructor": 1}', "Parameter 'constructor' is unexpected"],
  ])('refuses %s in qemu-ga’s words', (given, message) => {
    expect(() => validateArguments(SCHEMA, object(given))).toThrow(
      expect.objectContaining({ errorClass: 'GenericError', message }),
    );
  });

  it('takes base64 and nothing that only looks like it', () => {
    expect(decodeBase64('_-8=', 10)).toBeUndefined();
    expect(decodeBase64('', 10)).toEqual(Buffer.alloc(0));
    expect(decodeBase64('/+8=', 10)).toEqual(Buffer.from([0xff, 0xef]));
  });
});

describe('the commands', () => {
  it.each(Object.entries(COMMANDS))('%s has an example whose request its own schema takes', (name, schema) => {
    const request = object(schema.example.request);
    expect(request.get('execute')).toBe(name);
    const given = request.get('arguments') ?? new Map();
    expect(() => validateArguments(schema, given as JsonObject)).not.toThrow();
  });

  it.each(Object.entries(COMMANDS))(
    '%s has an example whose answer has the members that are documented',
    (_, schema) => {
      const { returns } = schema as CommandSchema;
      const value = object(schema.example.answer).get('return');
      if (typeof returns === 'string') return expect(isJsonObject(value)).toBe(false);
      for (const member of (value as JsonObject).keys()) expect(Object.keys(returns)).toContain(member);
    },
  );

  it('are documented in docs/guest-agent.md as their schemas say', () => {
    const document = readFileSync(new URL('../../../../docs/guest-agent.md', import.meta.url), 'utf8');
    const [, reference] = /<!-- commands: .*? -->\n\n(.*)\n<!-- end of commands -->/s.exec(document) ?? [];
    expect(reference).toBe(renderReference(COMMANDS));
  });
});
