import fc, { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, changedSettings, describeSettings, parseSettings, type Settings } from './index.ts';
import { ALL_DEFINITIONS } from './setting-tree.ts';
import { DIRECTIONS, PASSWORD_HINTS } from './settings.ts';

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const direction = fc.record({ direction: orNull(fc.constantFrom(...DIRECTIONS)) });
const crossing = fc.record({
  types: orNull(
    fc.array(fc.constantFrom('text/*', 'image/*', 'image/png', 'text/plain;charset=utf-8', 'a.b+c/x-d'), {
      minLength: 1,
      maxLength: 64,
    }),
  ),
  maxBytes: fc.integer({ min: 1, max: 2 ** 31 }),
});
const answer = fc.integer({ min: 100, max: 600_000 });
const connections = fc.integer({ min: 1, max: 10_000 });
const socket = fc.stringMatching(/^\/[a-z"\\é ']{0,20}[a-z]$/);
const user = fc.oneof(
  fc.stringMatching(/^[a-zA-Zäß_][a-z0-9"\\' _.$-]{0,30}[a-z]$/),
  fc.integer({ min: 0, max: 2 ** 32 - 2 }),
);

const command = fc.stringMatching(/^guest-[a-z-]{1,20}$/);

/** Any settings that a file can make. */
const settingsOfAnyKind: fc.Arbitrary<Settings> = fc.record({
  policy: fc.oneof(
    fc.constantFrom({ kind: 'active' } as const, { kind: 'off' } as const),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map((session) => ({ kind: 'pinned', session }) as const),
  ),
  port: fc.oneof(
    socket,
    socket.map((path) => `unix:${path}`),
  ),
  clipboard: direction,
  primary: direction,
  hostToGuest: crossing,
  guestToHost: crossing,
  access: fc.record({ users: orNull(fc.array(user)) }),
  privacy: fc.record({
    passwordHint: fc.constantFrom(...PASSWORD_HINTS),
    wipeAfterMs: orNull(fc.integer({ min: 1000, max: 86_400_000 })),
  }),
  text: fc.record({ normaliseVnc: fc.boolean() }),
  timeouts: fc.record({
    hostAnswerMs: answer,
    sessionAnswerMs: answer,
    sessionStallMs: answer,
    settleMs: fc.integer({ min: 0, max: 10_000 }),
  }),
  limits: fc.record({
    connections,
    connectionsPerUser: connections,
    pendingConnections: connections,
    pendingConnectionsPerUser: connections,
    controlConnections: fc.integer({ min: 1, max: 1000 }),
    hostRequests: fc.integer({ min: 1, max: 1000 }),
  }),
  log: fc.record({ level: fc.constantFrom('error', 'warning', 'info', 'debug', 'trace') }),
  sockets: fc.record({ session: socket, control: socket }),
  notifications: fc.record({ pasteCutShort: fc.boolean() }),
  relay: fc.record({ socket: orNull(socket) }),
  guestAgent: fc.record({
    ports: fc.array(
      fc.oneof(
        socket,
        socket.map((path) => `unix:${path}`),
      ),
      { maxLength: 8 },
    ),
    upstream: orNull(socket.map((path) => `unix:${path}`)),
    allow: orNull(fc.array(command)),
    block: fc.array(command),
    privileged: fc.boolean(),
    sessionMethods: orNull(fc.array(command)),
    upstreamAnswerMs: fc.integer({ min: 1000, max: 3_600_000 }),
  }),
  hostCalls: fc.record({
    port: orNull(socket.map((path) => `unix:${path}`)),
    allow: fc.array(command),
    answerMs: fc.integer({ min: 100, max: 3_600_000 }),
  }),
});

const parse = (...texts: string[]) => parseSettings(texts.map((text, index) => ({ path: `${index}.toml`, text })));

/** Text that is near enough to a configuration to reach every branch. */
const nearlyConfiguration = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ALL_DEFINITIONS.flatMap(({ name, key, table }) => [name, key, `[${table}]`, `[[${table}]]`])),
      fc.constantFrom(
        '=',
        '=',
        '\n',
        '\n',
        '.',
        ',',
        '[',
        ']',
        '{',
        '}',
        '"',
        '"""',
        "'",
        '#',
        '\\',
        '\r\n',
        '__proto__',
      ),
      fc.constantFrom(
        '"off"',
        '"8s"',
        '"1MiB"',
        '1',
        '0',
        '-1',
        'true',
        '1.5',
        'inf',
        '2026-01-01',
        '["text"]',
        '[[]]',
        '{}',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(' '));

/** One assignment with a valid key and any value. */
const assignment = fc
  .tuple(
    fc.constantFrom(...ALL_DEFINITIONS),
    fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.array(fc.string())),
  )
  .map(([{ name }, value]) => `${name} = ${JSON.stringify(value)}`);

describe('any settings', () => {
  it('come back from their description', () => {
    assert(
      property(settingsOfAnyKind, (settings) => {
        expect(parse(describeSettings(settings))).toEqual(settings);
      }),
    );
  });

  it('override every key of any other', () => {
    assert(
      property(settingsOfAnyKind, settingsOfAnyKind, (first, second) => {
        expect(parse(describeSettings(first), describeSettings(second))).toEqual(second);
      }),
    );
  });

  it('differ in the keys that were changed, and in no others', () => {
    assert(
      property(settingsOfAnyKind, settingsOfAnyKind, (first, second) => {
        const names = changedSettings(first, second).map(({ name }) => name);
        const [before, after] = [describeSettings(first), describeSettings(second)].map((text) => text.split('\n'));
        const changed = after!.filter((line, index) => line !== before![index]);
        expect(names).toHaveLength(changed.length);
        expect(changedSettings(first, first)).toEqual([]);
      }),
    );
  });
});

describe('any text', () => {
  it.each([
    ['of a configuration taken apart', nearlyConfiguration],
    ['that assigns anything to a key', assignment],
    ['at all', fc.string({ unit: 'binary' })],
  ])('%s makes settings or a ConfigError with places in the text', (_name, texts) => {
    assert(
      property(texts, (text) => {
        try {
          const settings = parse(text);
          expect(parse(describeSettings(settings))).toEqual(settings);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          const lines = text.split('\n');
          const { problems } = error as ConfigError;
          expect(problems.length).toBeGreaterThan(0);
          for (const { position } of problems) {
            expect(lines[position!.line - 1]?.length).toBeGreaterThanOrEqual(position!.column - 1);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
