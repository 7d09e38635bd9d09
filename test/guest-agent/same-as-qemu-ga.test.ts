import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/processes.ts';
import { AgentClient } from './client.ts';
import { RealQemuGa, StandIn } from './world.ts';

/**
 * The same bytes to qemu-ga and to clipmuxd: the answers must be the same, whatever the bytes are. With QEMU 10.2 its parser goes on after
 * errors at other places than before, and clipmuxd is compared with the one before.
 */
const PARSER_CHANGED_IN = [10, 2] as const;

const pieces = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', "'", '\\', '\xff', '\xfe', '\n', ' ', '\t', '\0'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '-',
      '0',
      '1',
      '9',
      '.',
      'e',
      'E',
      '+',
      'true',
      'null',
      'nul',
      '@',
      'A',
      '%',
      '/',
      '\x7f',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\\u00e9',
      '\\ud83d',
      '\\ude00',
      '\\u12',
      '\\n',
      '\\x',
      '\xc3\xa9',
      '\xc0\x80',
      '\xed\xa0\x80',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '{"execute":"guest-ping"}',
      "{'execute':'guest-sync','arguments':{'id':7}}",
      '{"execute":"guest-sync","arguments":{"id":"x"}}',
      '{"execute":"guest-ping","arguments":{"foo":1}}',
      '{"execute":"guest-no-such-thing","id":3}',
      '{"a":[1,{"b":"c"}]}',
      '{"execute":',
      '"arguments":{',
      '"id":1',
    ),
  },
);
const input = fc.array(pieces, { minLength: 1, maxLength: 14 }).map((parts) => parts.join(''));

/** What differs in bytes only: qemu-ga puts an `id` before an error, and writes 1.50 as 1.5. */
function normal(answer: string): unknown {
  return JSON.parse(answer);
}

describe('clipmuxd and qemu-ga', () => {
  const standIn = new StandIn();
  const qemuGa = new RealQemuGa(standIn.directory);
  let ours: AgentClient;
  let theirs: AgentClient;

  beforeAll(async () => {
    const [major = 0, minor = 0] =
      /Agent (\d+)\.(\d+)/
        .exec((await run('qemu-ga', ['--version'])).stdout.toString())
        ?.slice(1)
        .map(Number) ?? [];
    const [limitMajor, limitMinor] = PARSER_CHANGED_IN;
    expect(major < limitMajor || (major === limitMajor && minor < limitMinor)).toBe(true);
    await qemuGa.start();
    await standIn.start();
    ours = await standIn.connect();
    theirs = await AgentClient.connect(qemuGa.path);
  });

  afterAll(async () => {
    theirs.close();
    await standIn.stop();
    await qemuGa.stop();
    standIn.remove();
  });

  it('answer the same to any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => {
        ours.send(bytes);
        theirs.send(bytes);
        const answers = await ours.answersUntilSync();
        const expected = await theirs.answersUntilSync();
        expect(answers.map(normal)).toEqual(expected.map(normal));
      }),
      { numRuns: 3000 },
    );
  }, 120_000);

  it('answer the same to any bytes that come one by one', async () => {
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => {
        for (const byte of bytes) ours.send(byte);
        theirs.send(bytes);
        const answers = await ours.answersUntilSync();
        const expected = await theirs.answersUntilSync();
        expect(answers.map(normal)).toEqual(expected.map(normal));
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});
