import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatError, formatReturn } from '../dialect/answer.ts';
import { GuestAgentError } from '../dialect/errors.ts';
import { MessageReader } from '../stream/message-reader.ts';
import { RawJson } from './format.ts';
import { plainJson } from './plain.ts';
import { replaceNoncharacters, stringifyJson } from './stringify.ts';

/** What the reader makes of a line, which must be one message and nothing else. */
function read(line: string): unknown {
  const values: unknown[] = [];
  const reader = new MessageReader({
    message: (message) => values.push(plainJson(message.parse().value)),
    junk: (description) => {
      throw new Error(description);
    },
  });
  reader.push(Buffer.from(`${line}\n`));
  expect(values).toHaveLength(1);
  return values[0];
}

/** Texts of any code units, with many of those that are no characters, and of what looks like escapes. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom('\ud800', '\udfff', '\ud83f\udfff', '\ud83d\ude00', '\ufffe', '\uffff', '\ufdd0', '\u{10fffe}'),
        fc.constantFrom('\\', '\\u', '\\ud800', '\\\\uffff', '"', 'ü', '\u0000', '\ufdcf', '\ufdf0', '\ufffd'),
        fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(text, tie('json'), { maxKeys: 4 }),
  ),
}));

describe('what is written', () => {
  it.each([
    ['a lone surrogate, which JSON.stringify escapes', 'a\ud800b\udfff', '"a\ufffdb\ufffd"'],
    ['noncharacters', '\ufdd0\ufdef\ufffe\uffff\u{1fffe}\u{10ffff}', `"${'\ufffd'.repeat(6)}"`],
    [
      'what is beside them as it is',
      '\ufdcf\ufdf0\ufffd\u{1fffd}\u{20000}😀',
      '"\ufdcf\ufdf0\ufffd\u{1fffd}\u{20000}😀"',
    ],
    ['a backslash before what looks like an escape as it is', '\\ud800 \\\\uffff', '"\\\\ud800 \\\\\\\\uffff"'],
    ['a backslash before a lone surrogate', '\\\ud800', '"\\\\\ufffd"'],
    ['control characters as it is', '\u0000\u001f\n', '"\\u0000\\u001f\\n"'],
    ['names of members, and one of those that become the same', { 'a\ufffe': 1, 'a\uffff': 2 }, '{"a\ufffd":2}'],
    ['what is no JSON at all', undefined, 'null'],
  ])('has U+FFFD in the place of what is no character, and else is as JSON has it: %s', (_what, value, written) => {
    expect(stringifyJson(value)).toBe(written);
  });

  it('has pairs of escapes replaced as a whole, or not at all', () => {
    expect(replaceNoncharacters('"\\uD83D\\uDE00 \\ud83f\\udfff \\ud83d \\uffFE \\u00e9 \\\\ud800"')).toBe(
      '"\\uD83D\\uDE00 \ufffd \ufffd \ufffd \\u00e9 \\\\ud800"',
    );
  });

  it('is taken by our own reader, whatever it holds, and is what it was where that could be written', () => {
    fc.assert(
      fc.property(json, (value) => {
        const written = stringifyJson(value);
        expect(read(`[${written}]`)).toEqual([JSON.parse(written)]);
        const plain = JSON.stringify(value);
        if (replaceNoncharacters(plain) === plain) expect(written).toBe(plain);
      }),
      { numRuns: 1000 },
    );
  });

  it('is taken by our own reader as an answer or an error', () => {
    fc.assert(
      fc.property(text, json, (words, value) => {
        const answer = { words, list: [words, 1n], raw: RawJson.of(value) };
        expect(read(formatReturn(answer))).toEqual({
          return: { words: replaced(words), list: [replaced(words), 1], raw: JSON.parse(stringifyJson(value)) },
        });
        const error = new GuestAgentError('GenericError', words);
        expect(read(formatError(error))).toEqual({ error: { class: 'GenericError', desc: replaced(words) } });
      }),
      { numRuns: 500 },
    );
  });
});

function replaced(words: string): unknown {
  return JSON.parse(stringifyJson(words));
}
