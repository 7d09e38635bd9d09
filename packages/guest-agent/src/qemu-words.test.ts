import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  dialectErrors,
  formatError,
  formatReturn,
  GuestAgentError,
  isOwnCommand,
  type JsonMessage,
  JsonNumber,
  type JsonSyntaxError,
  MessageReader,
  readRequest,
  validateArguments,
} from './index.ts';

/** Answers as clipmuxd gives them, for the commands that need nothing but themselves. */
function answersTo(input: string): string[] {
  const answers: string[] = [];
  const fail = (description: string) => answers.push(formatError(new GuestAgentError('GenericError', description)));
  const reader = new MessageReader({
    message: (message) => answers.push(answer(message)),
    junk: (description) => fail(description),
  });
  reader.push(Buffer.from(input, 'latin1'));
  return answers.map((line) => line.trimEnd());
}

function answer(message: JsonMessage): string {
  try {
    const request = readRequest(message.parse());
    if ('error' in request) return formatError(request.error, request.id);
    const { command, id } = request;
    try {
      if (!isOwnCommand(command)) throw dialectErrors.notFound(command);
      const values = validateArguments(COMMANDS[command], request.arguments) as { id?: bigint };
      return formatReturn(values.id ?? {}, id);
    } catch (error) {
      return formatError(error as GuestAgentError, id);
    }
  } catch (error) {
    return formatError(new GuestAgentError('GenericError', (error as JsonSyntaxError).message));
  }
}

const generic = (description: string) => `{"error": {"class": "GenericError", "desc": ${JSON.stringify(description)}}}`;
const syntax = (what: string) => generic(`JSON parse error, ${what}`);
const stray = (text: string) => syntax(`stray '${text}'`);
const NO_VALUE = syntax('expecting value');
const NO_OBJECT = generic('QMP input must be a JSON object');
const DONE = '{"return": {}}';

/**
 * What qemu-ga 7.2.22 of Debian 12 answered to these bytes, over `-m unix-listen`. Differences that are none are taken out: it writes
 * `\u00E9` where JSON allows é, and `id` before `error`.
 */
const OBSERVED: readonly [input: string, answers: readonly string[]][] = [
  ['\xff', [stray('\ufffd')]],
  ['\xff\xff', [stray('\ufffd'), stray('\ufffd')]],
  ['\xff{"execute":"guest-ping"}', [stray('\ufffd'), DONE]],
  ['{"execute":"guest-ping"', []],
  ['{"execute":"guest-ping"\xff\n', [stray('\ufffd')]],
  ['{"execute": @ }\n', [stray('@'), NO_VALUE]],
  ['hello world\n', [syntax("invalid keyword 'hello'"), syntax("invalid keyword 'world'")]],
  ['{"execute": hello}\n', [syntax("invalid keyword 'hello'")]],
  ['[1,2]', [NO_OBJECT]],
  ['"str"', [NO_OBJECT]],
  ["'str'\n", [NO_OBJECT]],
  ['12\n', [NO_OBJECT]],
  ['12', []],
  ['null\n', [NO_OBJECT]],
  ['}', [NO_VALUE]],
  ['}\n{"execute":"guest-ping"}', [NO_VALUE, DONE]],
  ['{"a":1,"a":2}', [syntax('duplicate key')]],
  ['{"execute":1}', [generic("QMP input member 'execute' must be a string")]],
  ['{}', [generic("QMP input lacks member 'execute'")]],
  ['{"execute":"guest-ping","arguments":[]}', [generic("QMP input member 'arguments' must be an object")]],
  ['{"execute":"guest-ping","foo":1}', [generic("QMP input member 'foo' is unexpected")]],
  ['{"exec-oob":"guest-ping"}', [generic("QMP input member 'exec-oob' is unexpected")]],
  ['{"execute":"guest-sync"}', [generic("Parameter 'id' is missing")]],
  ['{"execute":"guest-sync","arguments":{"foo":2}}', [generic("Parameter 'id' is missing")]],
  ['{"execute":"guest-ping","arguments":{"foo":42}}', [generic("Parameter 'foo' is unexpected")]],
  ...['"x"', '1.0', '1e2', 'true', 'null', '[]', '9223372036854775808', '-9223372036854775809'].map(
    (id): [string, string[]] => [
      `{"execute":"guest-sync","arguments":{"id":${id}}}`,
      [generic("Invalid parameter type for 'id', expected: integer")],
    ],
  ),
  ...['9223372036854775807', '-9223372036854775808', '0'].map((id): [string, string[]] => [
    `{"execute":"guest-sync","arguments":{"id":${id}}}`,
    [`{"return": ${id}}`],
  ]),
  ['{"execute":"guest-sync","arguments":{"id":-0}}', ['{"return": 0}']],
  ['{"execute":"nope"}', ['{"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}']],
  ['{"execute":"guest-ping",}', [NO_VALUE]],
  ['{"execute" "guest-ping"}', [syntax('missing : in object pair')]],
  ['{"execute":"guest-ping" "x"}', [syntax('expected separator in dict')]],
  ['{,}', [NO_VALUE]],
  ['{1:2}', [syntax('key is not a string in object')]],
  ['[1,]', [NO_VALUE]],
  ['[1 2]', [syntax('expected separator in list')]],
  ['{"a":"\\x"}\n', [syntax('invalid escape sequence in string')]],
  ['{"a":"\\u12"}\n', [syntax('\\u12" is not a valid Unicode character')]],
  ['{"a":"\\ud800"}\n', [syntax('\\ud800 is not a valid Unicode character')]],
  ['{"a":"\\ud83dx"}\n', [syntax('\\ud83d is not a valid Unicode character')]],
  ['{"a":"\\udc00"}\n', [syntax('\\udc00 is not a valid Unicode character')]],
  ['{"a":"\\uffff"}\n', [syntax('\\uffff is not a valid Unicode character')]],
  ['{"a":"\\ufdd0"}\n', [syntax('\\ufdd0 is not a valid Unicode character')]],
  ['{"a":"\\ud83d\\ude00"}\n', [generic("QMP input member 'a' is unexpected")]],
  ['{"\\ud83d\\ude00":1}\n', [generic("QMP input member '😀' is unexpected")]],
  ['{"\xf0\x9f\x98\x80":1}\n', [generic("QMP input member '😀' is unexpected")]],
  ['{"a":"\xc0\x80"}\n', [generic("QMP input member 'a' is unexpected")]],
  ...['\xc3(', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\xef\xbf\xbf', '\xc3', '\x80', '\xe0\x80\x80'].map(
    (bytes): [string, string[]] => [`{"a":"${bytes}"}\n`, [syntax('invalid UTF-8 sequence in string')]],
  ),
  ['{"a":"x\ny"}\n', [stray('"x\n'), NO_VALUE]],
  ['{"a":01}\n', [stray('01'), NO_VALUE]],
  ['{"a":-}\n', [stray('-}')]],
  ['{"a":1.}\n', [stray('1.}')]],
  ['{"a":1e}\n', [stray('1e}')]],
  ['{"a":+1}\n', [stray('+'), NO_VALUE]],
  ['{"a":1.5e+3,"b":-0}\n', [generic("QMP input member 'a' is unexpected")]],
  ['{"a":%d}\n', [stray('%'), NO_VALUE]],
  ['{"a":True}\n', [stray('T'), NO_VALUE]],
  ['{"\xff": 1}\n', [stray('"\ufffd'), NO_VALUE, NO_OBJECT, NO_VALUE]],
  ['\x00\x01\x02\n', [stray(''), stray('\x01'), stray('\x02')]],
  [
    '{"execute":"guest-ping","id":1}{"execute":"guest-ping","id":2}',
    ['{"return": {}, "id": 1}', '{"return": {}, "id": 2}'],
  ],
  ['{"execute":"guest-ping"}]\n', [DONE, NO_VALUE]],
  ['[}', [NO_VALUE]],
  ['{]{"execute":"guest-ping"}', [NO_VALUE, DONE]],
  ['[[}]', [NO_VALUE, NO_VALUE]],
  ['abc{"execute":"guest-ping"}\n', [syntax("invalid keyword 'abc'"), DONE]],
  ['@@@{"execute":"guest-ping"}\n', [stray('@'), DONE]],
  ['@ "x" @ {"execute":"guest-ping"}\n', [stray('@'), DONE]],
  ['@\xff{"execute":"guest-ping"}', [stray('@'), stray('\ufffd'), DONE]],
  ['@abc\n{"execute":"guest-ping"}', [stray('@'), DONE]],
  ['"abc\xff{"execute":"guest-ping"}', [stray('"abc\ufffd'), DONE]],
  ['"abc\xfe{"execute":"guest-ping"}', [stray('"abc\ufffd'), DONE]],
  ["'\xed\xa0\x80\xc3\xa9\xe2\x82\x80\x80\xff", [stray("'\ufffdé₀\ufffd\ufffd")]],
  ['0e1\n', [NO_OBJECT, syntax("invalid keyword 'e'"), NO_OBJECT]],
  ['1 2\n', [NO_OBJECT, NO_OBJECT]],
  ['true1\n', [NO_OBJECT, NO_OBJECT]],
  ['1a\n', [NO_OBJECT, syntax("invalid keyword 'a'")]],
  ['"a""b"', [NO_OBJECT, NO_OBJECT]],
  ['"a\\\n', [stray('"a\\\n')]],
  ['-\n', [stray('-\n')]],
  ['1.5.5\n', [NO_OBJECT, stray('.')]],
  ['\tA\t\n', [stray('A')]],
  ['\x1b[A', [stray('\x1b'), stray('A')]],
  [`${'['.repeat(1024)}${']'.repeat(1024)}`, [NO_OBJECT]],
  [`${'['.repeat(1025)}${']'.repeat(3)}`, [generic('JSON nesting depth limit exceeded'), NO_VALUE, NO_VALUE, NO_VALUE]],
];

describe('what qemu-ga answers', () => {
  it.each(OBSERVED)('is what clipmux answers to %j', (input, answers) => {
    expect(answersTo(input)).toEqual(answers);
  });
});

describe('an id', () => {
  it.each([
    '5',
    '1.50',
    '12345678901234567890123',
    '1e400',
    'null',
    '"a b"',
    '"\\u00e9\\/"',
    '{"a": [1,2.50,  "x"]}',
    '-0',
  ])('comes back byte for byte: %s', (id) => {
    expect(answersTo(`{"id":${id},"execute":"guest-ping"}`)).toEqual([`{"return": {}, "id": ${id}}`]);
    expect(answersTo(`{"id":${id},"execute":"nope"}`)[0]).toMatch(`, "id": ${id}}`);
    expect(answersTo(`{"id":${id}}`)[0]).toMatch(`, "id": ${id}}`);
  });

  it('is written anew where its bytes would be no JSON for others, or no line', () => {
    expect(answersTo(`{'execute':'guest-ping','id':'a\\'b"c'}`)).toEqual(['{"return": {}, "id": "a\'b\\"c"}']);
    expect(answersTo('{"execute":"guest-ping","id":[1,\n2.50]}')).toEqual(['{"return": {}, "id": [1, 2.50]}']);
    expect(answersTo('{"execute":"guest-ping","id":"\xc0\x80"}')).toEqual(['{"return": {}, "id": "\\u0000"}']);
  });
});

describe('numbers', () => {
  it('keep their text', () => {
    expect(new JsonNumber('1795306503116808001').toInt64()).toBe(1795306503116808001n);
    expect(new JsonNumber('1.0').toInt64()).toBeUndefined();
  });
});
