import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawJson } from '@clipmux/guest-agent';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestAgentClient } from './client.ts';

interface Command {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

let directory: string;
let path: string;
let server: Server;
let client: GuestAgentClient;
let guest: Socket;
/** What came, with 0xFF as `<FF>`. */
let lines: string[];
/** What the guest says to a command; synchronisation is answered already. */
let answer: (command: Command) => string | Buffer;

const ok = (value: unknown): string => `${JSON.stringify({ return: value })}\n`;
const isSync = ({ execute }: Command): boolean => execute === 'guest-sync-delimited';
const synced = (command: Command): Buffer =>
  Buffer.concat([Buffer.from([0xff]), Buffer.from(ok(command.arguments['id']))]);
const kinds = (): string[] => lines.map((line) => /"execute":"([^"]*)"/.exec(line)?.[1] ?? line);

async function connect(timeoutMs: number): Promise<void> {
  const accepted = once(server, 'connection');
  client = await GuestAgentClient.connect(path, { timeoutMs });
  await accepted;
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-agent-client-'));
  lines = [];
  answer = () => ok({});
  path = join(directory, 'agent.sock');
  server = createServer((socket) => {
    guest = socket;
    let rest = '';
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      const [first = '', ...others] = bytes.toString('latin1').split('\n');
      const parts = [rest + first, ...others];
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line.replaceAll('\u00ff', '<FF>'));
        const command = JSON.parse(line.replaceAll('\u00ff', '')) as Command;
        const said = answer(command);
        socket.write(isSync(command) && said === ok({}) ? synced(command) : said);
      }
    });
  }).listen(path);
  await once(server, 'listening');
  await connect(200);
});
afterEach(() => {
  client.close();
  guest.destroy();
  server.close();
  rmSync(directory, { recursive: true });
});

describe('a client of the guest agent', () => {
  it('comes into step once, behind 0xFF, and then asks', async () => {
    await client.execute('guest-ping');
    await client.execute('guest-ping', { a: 1 });
    expect(kinds()).toEqual(['guest-sync-delimited', 'guest-ping', 'guest-ping']);
    expect(lines[0]).toMatch(/^<FF>\{/);
    expect(lines[2]).toBe('{"execute":"guest-ping","arguments":{"a":1}}');
  });

  it('takes no notice of what the guest had still to say before', async () => {
    answer = (command) =>
      isSync(command) ? Buffer.concat([Buffer.from('{"return": "old"}\n{"half'), synced(command)]) : ok('new');
    expect((await client.execute('guest-ping')).value).toBe('new');
  });

  it('asks one thing at a time, in order, and gives each its own answer', async () => {
    let open = 0;
    answer = (command) => {
      if (isSync(command)) return ok({});
      open += 1;
      setImmediate(() => {
        expect(open).toBe(1);
        open -= 1;
        guest.write(ok(command.arguments['number']));
      });
      return '';
    };
    const numbers = [1, 2, 3, 4, 5];
    const answers = await Promise.all(numbers.map((number) => client.execute('guest-x', { number })));
    expect(answers.map(({ value }) => value)).toEqual(numbers);
  });

  it("throws the guest's errors with their class, and goes on without a new synchronisation", async () => {
    answer = (command) =>
      command.execute === 'guest-no'
        ? '{"error": {"class": "CommandNotFound", "desc": "The command guest-no has not been found"}}\n'
        : ok({});
    await expect(client.execute('guest-no')).rejects.toMatchObject({
      code: 'guest-error',
      errorClass: 'CommandNotFound',
      message: 'The command guest-no has not been found',
    });
    await client.execute('guest-ping');
    expect(kinds()).toEqual(['guest-sync-delimited', 'guest-no', 'guest-ping']);
  });

  it('gives up after the time; then the late answer is not taken for the next one’s', async () => {
    answer = (command) => (command.execute === 'guest-slow' ? '' : ok(isSync(command) ? {} : 'right'));
    await expect(client.execute('guest-slow')).rejects.toMatchObject({ code: 'timed-out' });
    const next = client.execute('guest-ping');
    guest.write(ok('late'));
    expect((await next).value).toBe('right');
    expect(kinds()).toEqual(['guest-sync-delimited', 'guest-slow', 'guest-sync-delimited', 'guest-ping']);
  });

  it('gives up after the time too when the guest does not even come into step; nothing was sent then', async () => {
    answer = () => '';
    const begun = performance.now();
    await expect(client.execute('guest-ping')).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringMatching(/within 200 ms, so guest-ping was not sent/),
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(kinds()).toEqual(['guest-sync-delimited']);
  });

  it('sends numbers as they are given: bigints, and JSON as it was written', async () => {
    await client.execute('guest-x', { id: 9007199254740993n });
    await client.execute('guest-x', new RawJson('{"half": 1.50}'));
    expect(lines.slice(1)).toEqual([
      '{"execute":"guest-x","arguments":{"id":9007199254740993}}',
      '{"execute":"guest-x","arguments":{"half": 1.50}}',
    ]);
  });

  it('can be asked for a guest-sync-delimited, whose answer comes behind 0xFF, and its error does not', async () => {
    expect(await client.execute('guest-sync-delimited', { id: 5 })).toEqual({ value: 5, text: '5' });
    answer = () => '{"error": {"class": "GenericError", "desc": "Parameter \'id\' is missing"}}\n';
    await expect(client.execute('guest-sync-delimited')).rejects.toMatchObject({ code: 'guest-error' });
    answer = () => ok({});
    await client.execute('guest-ping');
    expect(kinds()).toEqual([
      ...['guest-sync-delimited', 'guest-sync-delimited', 'guest-sync-delimited'],
      'guest-ping',
    ]);
  });

  it('skips events, and keeps the digits of large numbers in the text', async () => {
    answer = (command) => (isSync(command) ? ok({}) : '{"event": "X", "data": {}}\n{"return": 1732233600123456789}\n');
    expect((await client.execute('guest-get-time')).text).toBe('1732233600123456789');
  });

  it.each(['nonsense\n', '[]\n', '{}\n', '{"return" 1}\n'])('fails for %j, and comes into step anew', async (junk) => {
    answer = (command) => (command.execute === 'guest-x' ? junk : ok({}));
    await expect(client.execute('guest-x')).rejects.toMatchObject({ code: 'bad-answer' });
    await client.execute('guest-ping');
    expect(kinds().at(-1)).toBe('guest-ping');
  });

  it('fails all that waits when the connection ends', async () => {
    answer = (command) => (isSync(command) ? ok({}) : '');
    const both = ['guest-a', 'guest-b'].map((command) => client.execute(command));
    const failed = both.map((one) => expect(one).rejects.toMatchObject({ code: 'guest-disconnected' }));
    while (lines.length < 2) await once(guest, 'data');
    guest.destroy();
    await Promise.all(failed);
    await expect(client.execute('guest-ping')).rejects.toMatchObject({ code: 'guest-disconnected' });
  });
});

describe('content', () => {
  const content = Buffer.alloc(5_000_000, 'content in pieces. ');

  // Its size takes a machine that is busy longer than the time-out of the other tests.
  beforeEach(async () => {
    client.close();
    await connect(10_000);
  });

  it('is read piece by piece under its handle', async () => {
    let offset = 0;
    answer = (command) => {
      if (isSync(command)) return ok({});
      const { count } = command.arguments as { count: number };
      const piece = content.subarray(offset, offset + count);
      offset += piece.length;
      const eof = offset === content.length;
      const base = { type: 'image/png', size: content.length, 'buf-b64': piece.toString('base64'), eof };
      return ok(eof ? base : { ...base, handle: 7 });
    };
    const got = await client.get({ session: 3, selection: 'primary' }, 'image/png', content.length);
    expect(got.type).toBe('image/png');
    expect(got.bytes.equals(content)).toBe(true);
    const given = lines.slice(1).map((line) => (JSON.parse(line) as Command).arguments);
    expect(given[0]).toMatchObject({ session: 3, selection: 'primary', type: 'image/png' });
    expect(given.slice(1)).toEqual([
      { handle: 7, count: given[0]?.['count'] },
      { handle: 7, count: given[0]?.['count'] },
    ]);
  });

  it('that is too large is refused, and its handle closed', async () => {
    answer = (command) =>
      command.execute === 'guest-clipboard-get'
        ? ok({ type: 'a/b', size: 100, 'buf-b64': 'aGVsbG8=', eof: false, handle: 9 })
        : ok({});
    await expect(client.get({}, undefined, 99)).rejects.toMatchObject({ code: 'too-large' });
    expect(lines.at(-1)).toBe('{"execute":"guest-clipboard-close","arguments":{"handle":9}}');
  });

  it.each([
    ['nothing-to-paste', { owner: 'nobody', types: [] }],
    ['type-not-offered', { owner: 'program', types: ['text/html'] }],
    ['guest-error', { owner: 'program', types: ['image/png'] }],
    ['guest-error', null],
  ])('that cannot be read is %s where guest-clipboard-targets says %j', async (code, held) => {
    const refused = '{"error": {"class": "GenericError", "desc": "why not"}}\n';
    answer = (command) => {
      if (isSync(command)) return ok({});
      return command.execute === 'guest-clipboard-targets' && held ? ok({ session: 3, ...held }) : refused;
    };
    const where = { session: 3, selection: 'primary' } as const;
    await expect(client.get(where, 'image/png', 99)).rejects.toMatchObject({
      code,
      errorClass: 'GenericError',
      message: 'why not',
    });
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ execute: 'guest-clipboard-targets', arguments: where });
  });

  it('that the guest does not know is not asked for twice', async () => {
    answer = (command) =>
      isSync(command) ? ok({}) : '{"error": {"class": "CommandNotFound", "desc": "there is no such command"}}\n';
    await expect(client.get({}, undefined, 99)).rejects.toMatchObject({ code: 'guest-error' });
    expect(kinds()).toEqual(['guest-sync-delimited', 'guest-clipboard-get']);
  });

  it('is set in pieces of one type after the other, the last without `more`', async () => {
    answer = (command) => {
      if (isSync(command)) return ok({});
      return ok(command.arguments['more'] === true ? { handle: 4 } : { session: 3, types: [] });
    };
    const contents = new Map([
      ['a/b', content],
      ['c/d', Buffer.from('second')],
    ]);
    expect(await client.set({ session: 3 }, contents, true)).toBe(3);
    const given = lines.slice(1).map((line) => (JSON.parse(line) as Command).arguments);
    expect(given.map(({ handle, type, more, session, share }) => [handle, type, more, session, share])).toEqual([
      [undefined, 'a/b', true, 3, true],
      [4, 'a/b', true, undefined, undefined],
      [4, 'a/b', true, undefined, undefined],
      [4, 'c/d', false, undefined, undefined],
    ]);
    const sent = given.slice(0, 3).map((one) => Buffer.from(String(one['buf-b64']), 'base64'));
    expect(Buffer.concat(sent).equals(content)).toBe(true);
  });
});

describe('a method in a session', () => {
  it('is called with its parameters, session and time, and its result is any JSON', async () => {
    answer = (command) => ok(isSync(command) ? {} : { session: 3, result: [null, command.arguments['params']] });
    const options = { session: 3, timeoutMs: 60_000 };
    expect(await client.sessionCall('choose-file', { title: 'x' }, options)).toEqual({
      session: 3,
      result: [null, { title: 'x' }],
    });
    answer = () => ok({ session: 1, result: null });
    expect(await client.sessionCall('ping')).toEqual({ session: 1, result: null });
    const given = lines.slice(1).map((line) => (JSON.parse(line) as Command).arguments);
    expect(given).toEqual([
      { session: 3, method: 'choose-file', params: { title: 'x' }, timeout: 60_000 },
      { method: 'ping', params: {} },
    ]);
  });

  it('is waited for as long as it may take, and not only as long as other commands', async () => {
    answer = (command) => {
      if (isSync(command)) return ok({});
      // Twice as long as the client waits for other commands.
      setTimeout(() => guest.write(ok({ session: 1, result: 'late' })), 400);
      return '';
    };
    expect((await client.sessionCall('slow', {}, { timeoutMs: 300 })).result).toBe('late');
  });

  it('whose program is too slow for the guest is timed out; one that only says so is not', async () => {
    const error = (desc: string) => `${JSON.stringify({ error: { class: 'GenericError', desc } })}\n`;
    const late = 'did not answer within 1000 ms';
    answer = (command) => (isSync(command) ? ok({}) : error(`the program that serves slow ${late}`));
    await expect(client.sessionCall('slow')).rejects.toMatchObject({ code: 'timed-out', errorClass: 'GenericError' });
    answer = () => error(`the program that serves slow answered with an error: the printer ${late}`);
    await expect(client.sessionCall('slow')).rejects.toMatchObject({ code: 'guest-error' });
  });

  it('whose answer has no result fails', async () => {
    answer = (command) => ok(isSync(command) ? {} : { session: 1 });
    await expect(client.sessionCall('a')).rejects.toMatchObject({ code: 'bad-answer' });
  });
});

describe('a command that does not answer when it succeeds', () => {
  it('has succeeded when what was sent behind it is answered', async () => {
    answer = (command) => (command.execute === 'guest-shutdown' ? '' : ok({}));
    await client.executeSilent('guest-shutdown', { mode: 'powerdown' });
    expect(kinds()).toEqual(['guest-sync-delimited', 'guest-shutdown', 'guest-sync-delimited']);
    expect((await client.execute('guest-ping')).value).toEqual({});
    expect(kinds()).toHaveLength(4);
  });

  it('has failed when the guest answers with an error, and the next one gets its own answer', async () => {
    answer = ({ execute }) =>
      execute === 'guest-shutdown' ? '{"error": {"class": "CommandNotFound", "desc": "disabled"}}\n' : ok({});
    await expect(client.executeSilent('guest-shutdown')).rejects.toMatchObject({ errorClass: 'CommandNotFound' });
    answer = ({ execute }) => (execute === 'guest-ping' ? ok('pong') : ok({}));
    expect((await client.execute('guest-ping')).value).toBe('pong');
  });

  it('has succeeded when the guest goes', async () => {
    answer = ({ execute }) => {
      if (execute === 'guest-shutdown') guest.destroy();
      return ok({});
    };
    await client.executeSilent('guest-shutdown');
    await expect(client.execute('guest-ping')).rejects.toMatchObject({ code: 'guest-disconnected' });
  });

  it('is given up when nothing is answered', async () => {
    await client.execute('guest-ping');
    answer = () => '';
    await expect(client.executeSilent('guest-shutdown')).rejects.toMatchObject({ code: 'timed-out' });
  });
});

describe('a command of which the guest says whether it answers', () => {
  const info = ok({
    version: '9',
    supported_commands: [
      { name: 'guest-vanish', enabled: true, 'success-response': false },
      { name: 'guest-get-time', enabled: true, 'success-response': true },
      'nonsense',
    ],
  });

  it('is called as guest-info says, which is asked once', async () => {
    answer = ({ execute }) => {
      if (execute === 'guest-info') return info;
      return execute === 'guest-vanish' ? '' : ok({});
    };
    expect(await client.call('guest-vanish')).toBeNull();
    expect(await client.call('guest-get-time')).toEqual({ value: {}, text: '{}' });
    expect(await client.call('guest-unlisted')).toEqual({ value: {}, text: '{}' });
    expect(kinds()).toEqual([
      ...['guest-sync-delimited', 'guest-info', 'guest-vanish', 'guest-sync-delimited'],
      ...['guest-get-time', 'guest-unlisted'],
    ]);
  });

  it('is not asked for where that is known of every guest', async () => {
    answer = ({ execute }) => (execute === 'guest-shutdown' ? '' : ok({}));
    expect(await client.call('guest-session-list')).toEqual({ value: {}, text: '{}' });
    expect(await client.call('guest-fsfreeze-thaw')).toEqual({ value: {}, text: '{}' });
    expect(await client.call('guest-shutdown')).toBeNull();
    expect(kinds()).not.toContain('guest-info');
  });

  it.each([
    ['refuses guest-info', '{"error": {"class": "CommandNotFound", "desc": "disabled"}}\n'],
    ['tells nothing in it', ok({})],
    ['answers it with what is no answer', 'nonsense\n'],
  ])('answers as most do where the guest %s', async (_what, said) => {
    answer = ({ execute }) => (execute === 'guest-info' ? said : ok({}));
    expect(await client.call('guest-get-time')).toEqual({ value: {}, text: '{}' });
  });

  it('is not sent where guest-info is not answered in time', async () => {
    answer = (command) => (isSync(command) ? ok({}) : '');
    await expect(client.call('guest-get-time')).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringMatching(/guest-get-time was not sent/),
    });
    expect(kinds()).toEqual(['guest-sync-delimited', 'guest-info']);
  });
});
