import { MessageReader, SESSION_CALL_MAX_MS, SESSION_CALL_MS } from '@clipmux/guest-agent';
import { silentLogger } from '@clipmux/posix';
import { HOST_CALL_TIMEOUT_MAX_MS, HOST_PARAMS_BYTES_MAX, NODE_TIMERS, RpcError } from '@clipmux/rpc';
import { beforeEach, describe, expect, it } from 'vitest';
import { permitted } from '../../arbiter/index.ts';
import { HANDLES_MAX } from '../limits.ts';
import { Freeze } from '../upstream/freeze.ts';
import { ClipboardAccess } from './clipboard-access.ts';
import { ClipboardCommands } from './clipboard-commands.ts';
import { CommandFilter, type CommandLists } from './command-filter.ts';
import { Dispatcher } from './dispatcher.ts';
import { FakeTarget } from './fake-target.fixture.ts';
import { sessionCommands } from './session-commands.ts';

const TEXT = 'text/plain;charset=utf-8';
let target: FakeTarget;
let privileged: boolean;
let lists: CommandLists;
let sessionMethods: readonly string[] | null;
let dispatcher: Dispatcher;
let clipboard: ClipboardCommands;
let freeze: Freeze;

beforeEach(() => {
  target = new FakeTarget();
  privileged = false;
  lists = { allow: null, block: [] };
  sessionMethods = null;
  freeze = new Freeze(() => {});
  const access = new ClipboardAccess(target, permitted, () => privileged);
  clipboard = new ClipboardCommands(access, NODE_TIMERS);
  dispatcher = new Dispatcher({
    handlers: { ...clipboard.handlers, ...sessionCommands(target, access, () => sessionMethods) },
    filter: new CommandFilter(() => lists, freeze),
    upstream: null,
    version: '0.1.0',
    logger: silentLogger,
  });
  return () => clipboard.stop();
});

interface Reply {
  readonly return?: Record<string, unknown>;
  readonly error?: { readonly class: string; readonly desc: string };
}

function send(text: string): Promise<string> {
  return new Promise((resolve) => {
    const reader = new MessageReader({
      message: (message) =>
        dispatcher.answer(message, new AbortController().signal, (answer) => resolve(answer?.toString('latin1') ?? '')),
      junk: resolve,
    });
    reader.push(Buffer.from(text));
  });
}

async function call(command: string, values: object = {}): Promise<Reply> {
  return JSON.parse(await send(JSON.stringify({ execute: command, arguments: values }))) as Reply;
}

async function failure(command: string, values: object = {}): Promise<string> {
  const { error } = await call(command, values);
  expect(error?.class).toBe('GenericError');
  return error?.desc ?? '';
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the dialect', () => {
  it('has sync, ping and info', async () => {
    expect(await send('{"execute":"guest-sync","arguments":{"id":9223372036854775807},"id":1.50}')).toBe(
      '{"return": 9223372036854775807, "id": 1.50}\n',
    );
    expect(Buffer.from(await send("{'execute':'guest-sync-delimited','arguments':{'id':7}}"), 'latin1')).toEqual(
      Buffer.from('\xff{"return": 7}\n', 'latin1'),
    );
    expect(await call('guest-ping')).toEqual({ return: {} });
    expect((await call('guest-info')).return).toMatchObject({ version: '0.1.0' });
  });

  it('blocks commands, known or not, as qemu-ga does', async () => {
    lists = { allow: null, block: ['guest-ping', 'guest-get-time'] };
    for (const command of lists.block) {
      expect(await call(command)).toEqual({
        error: { class: 'CommandNotFound', desc: `Command ${command} has been disabled` },
      });
    }
    expect(await call('guest-invalid-cmd')).toEqual({
      error: { class: 'CommandNotFound', desc: 'The command guest-invalid-cmd has not been found' },
    });
    const info = (await call('guest-info')).return as { supported_commands: { name: string; enabled: boolean }[] };
    expect(info.supported_commands.filter(({ enabled }) => !enabled).map(({ name }) => name)).toEqual(['guest-ping']);
  });

  it('allows only what is listed, and of that nothing that is blocked', async () => {
    lists = { allow: ['guest-ping', 'guest-sync'], block: ['guest-sync'] };
    expect(await call('guest-ping')).toEqual({ return: {} });
    for (const command of ['guest-sync', 'guest-session-list']) {
      expect((await call(command)).error?.desc).toBe(`Command ${command} has been disabled`);
    }
  });

  it('disables its own commands while file systems are frozen', async () => {
    freeze.answered('guest-fsfreeze-status', Buffer.from('{"return":"frozen"}'));
    expect((await call('guest-session-list')).error).toEqual({
      class: 'CommandNotFound',
      desc: 'Command guest-session-list has been disabled: the agent is in frozen state',
    });
    expect(await call('guest-ping')).toEqual({ return: {} });
  });
});

describe('sessions', () => {
  it('are listed, selected and called', async () => {
    expect((await call('guest-session-list')).return).toMatchObject({
      policy: 'active',
      eligible: 1,
      reason: 'newest',
      sessions: [
        { id: 1, user: 'alice', display: ':1', locked: false, active: true },
        { id: 2, locked: true },
      ],
    });
    expect((await call('guest-session-select', { session: 2 })).return).toMatchObject({ policy: 'pinned:2' });
    expect((await call('guest-session-select')).return).toMatchObject({ policy: 'active' });
    expect((await call('guest-clipboard-policy', { policy: 'off' })).return).toMatchObject({
      policy: 'off',
      direction: { clipboard: 'both', primary: 'both' },
      privileged: false,
    });
    expect(await failure('guest-clipboard-policy', { policy: 'x' })).toBe('policy must be …');
    expect((await call('guest-session-call', { method: 'ping' })).return).toEqual({ session: 1, result: {} });
    expect(await failure('guest-session-call', { session: 2, method: 'ping' })).toMatch(/did not answer within/);
    expect((await call('guest-session-call', { method: 'selection.targets' })).return).toEqual({
      session: 1,
      result: { owner: 'program', types: [TEXT] },
    });
    expect(await failure('guest-session-call', { method: 'ping', params: { x: 1 } })).toBe(
      "Parameter 'params.x' is unexpected",
    );
  });
});

describe('methods that programs of sessions serve', () => {
  const asked: unknown[] = [];
  beforeEach(() => {
    asked.length = 0;
    target.answer = async (session, called) => {
      asked.push({ session, ...called });
      return called.params['back'] ?? null;
    };
  });

  it.each([[{ a: [1, 'ü\n'] }], [[1, 2]], ['text'], [5], [false], [null]])(
    'are called, and whatever JSON they return is the result: %j',
    async (back) => {
      expect(await call('guest-session-call', { method: 'a', params: { back } })).toEqual({
        return: { session: 1, result: back },
      });
    },
  );

  it('are given the time that the host names, or the usual one', async () => {
    await call('guest-session-call', { session: 1, method: 'choose-file', params: { x: 1 }, timeout: 60_000 });
    await call('guest-session-call', { method: 'b' });
    expect(asked).toEqual([
      { session: 1, method: 'choose-file', params: { x: 1 }, timeoutMs: 60_000 },
      { session: 1, method: 'b', params: {}, timeoutMs: SESSION_CALL_MS },
    ]);
    expect(SESSION_CALL_MAX_MS).toBe(HOST_CALL_TIMEOUT_MAX_MS);
  });

  it('return what every reader takes, whatever a program has answered', async () => {
    target.answer = async () => ['\ud800', { '\ufdd0': '\\ud800\uffff' }];
    const line = await send('{"execute": "guest-session-call", "arguments": {"method": "a"}}');
    expect(line).toBe('{"return": {"session": 1, "result": ["\ufffd",{"\ufffd":"\\\\ud800\ufffd"}]}}\n');
  });

  it('that fail are errors that say why', async () => {
    target.answer = () => Promise.reject(new RpcError('program-error', 'the program answered with an error: no'));
    expect(await failure('guest-session-call', { method: 'a' })).toBe('the program answered with an error: no');
  });

  it.each([
    [{ method: 'a b' }, /^Parameter 'method' expects 1 to 64 letters/],
    [{ method: 'x'.repeat(65) }, /^Parameter 'method' expects/],
    [{ method: 'session.serve' }, /^there is no method session\.serve: clipmux's own names are "ping" and/],
    [{ method: 'toString' }, /^toString may not be called/],
    [{ method: 'a', params: { x: 'y'.repeat(HOST_PARAMS_BYTES_MAX) } }, /^Parameter 'params' must have at most 65536/],
    [{ method: 'a', timeout: 0 }, /^Parameter 'timeout' expects a number from 1 to 3600000$/],
    [{ method: 'a', session: 9 }, /^no session has the id 9$/],
    [{ method: 'a', session: 2 }, /^session 2 is locked$/],
  ])('are not called where the call is not right: %j', async (values, message) => {
    sessionMethods = ['a'];
    expect(await failure('guest-session-call', values)).toMatch(message);
    expect(asked).toEqual([]);
  });

  it('are called only where the configuration names them, if it names any', async () => {
    sessionMethods = ['a'];
    expect((await call('guest-session-call', { method: 'a' })).return).toEqual({ session: 1, result: null });
    expect(await failure('guest-session-call', { method: 'b' })).toBe(
      'b may not be called: see guest-agent.session-methods',
    );
    sessionMethods = [];
    expect(await failure('guest-session-call', { method: 'a' })).toMatch(/may not be called/);
    expect((await call('guest-session-call', { method: 'ping' })).return).toEqual({ session: 1, result: {} });
  });

  it('do not answer out of a session that was locked meanwhile', async () => {
    target.answer = async () => {
      target.eligible = { session: null, reason: 'locked' };
      return 'secret';
    };
    expect(await failure('guest-session-call', { method: 'a' })).toMatch(
      /^session 1 does not take part: .* \(a was called; what it returned is not handed on\)$/,
    );
    expect(await failure('guest-session-call', { method: 'a' })).toMatch(/^no session takes part now/);
  });

  it('are called in any session where the host’s administrator is privileged', async () => {
    privileged = true;
    expect((await call('guest-session-call', { session: 2, method: 'a' })).return).toMatchObject({ session: 2 });
  });

  it('are taken back when the client goes', async () => {
    const controller = new AbortController();
    const waits = new Promise<AbortSignal>((resolve) => {
      target.answer = (_session, _called, signal) => {
        resolve(signal);
        return new Promise(() => {});
      };
    });
    const reader = new MessageReader({
      message: (message) => dispatcher.answer(message, controller.signal, () => {}),
      junk: () => {},
    });
    reader.push(Buffer.from('{"execute": "guest-session-call", "arguments": {"method": "a"}}'));
    const signal = await waits;
    expect(signal.aborted).toBe(false);
    controller.abort();
    expect(signal.aborted).toBe(true);
  });
});

describe('guest-clipboard-get', () => {
  it('gives a small content at once', async () => {
    const piece = { type: TEXT, size: 5, offset: 0, count: 5, 'buf-b64': base64('hello'), eof: true };
    expect((await call('guest-clipboard-get')).return).toEqual(piece);
    expect((await call('guest-clipboard-get', { session: 1, selection: 'clipboard', type: TEXT })).return).toEqual(
      piece,
    );
  });

  it('gives a content in pieces, as it was at first, also one again', async () => {
    const first = (await call('guest-clipboard-get', { count: 2 })).return;
    expect(first).toMatchObject({ size: 5, count: 2, 'buf-b64': base64('he'), eof: false });
    const handle = first?.['handle'];
    target.owned.clear();
    expect((await call('guest-clipboard-get', { handle, count: 2 })).return).toMatchObject({
      offset: 2,
      'buf-b64': base64('ll'),
    });
    expect((await call('guest-clipboard-get', { handle, offset: 0, count: 2 })).return).toMatchObject({
      'buf-b64': base64('he'),
    });
    expect((await call('guest-clipboard-get', { handle })).return).toEqual({
      type: TEXT,
      size: 5,
      offset: 2,
      count: 3,
      'buf-b64': base64('llo'),
      eof: true,
    });
    expect(await failure('guest-clipboard-get', { handle })).toMatch(/there is no handle/);
  });

  it('holds no more handles than it may, and frees them', async () => {
    for (let each = 0; each < HANDLES_MAX; each += 1) await call('guest-clipboard-get', { count: 1 });
    expect(await failure('guest-clipboard-get', { count: 1 })).toMatch(/handles already/);
    expect(await call('guest-clipboard-close', { handle: 1 })).toEqual({ return: {} });
    expect(await failure('guest-clipboard-close', { handle: 1 })).toMatch(/there is no handle 1/);
    expect((await call('guest-clipboard-get')).return).toMatchObject({ eof: true });
    expect(target.unread).toBe(0);
  });

  it('says what is wrong', async () => {
    expect(await failure('guest-clipboard-get', { type: 'image/png' })).toBe(
      'image/png is not among the types offered',
    );
    expect(await failure('guest-clipboard-get', { selection: 'primary' })).toMatch(/holds nothing for the host/);
    expect(await failure('guest-clipboard-get', { session: 9 })).toBe('no session has the id 9');
    expect(await failure('guest-clipboard-get', { offset: 1 })).toBe("Parameter 'offset' needs a handle");
    expect(await failure('guest-clipboard-get', { handle: 1, type: TEXT })).toMatch(/is not to be given with handle 1/);
  });
});

describe('guest-clipboard-set', () => {
  /** The first piece, `ab`. */
  async function begin(values: object = {}): Promise<{ readonly handle: number }> {
    const { return: begun } = await call('guest-clipboard-set', { 'buf-b64': base64('ab'), more: true, ...values });
    return { handle: Number(begun?.['handle']) };
  }

  it('sets one piece, which may be read again', async () => {
    expect((await call('guest-clipboard-set', { 'buf-b64': base64('from the host') })).return).toEqual({
      session: 1,
      selection: 'clipboard',
      types: [TEXT],
    });
    expect(target.held.get('1 clipboard')).toMatchObject({ share: false, contents: [{ type: TEXT }] });
    expect((await call('guest-clipboard-get')).return).toMatchObject({ 'buf-b64': base64('from the host') });
  });

  it('puts several pieces and types together', async () => {
    const { return: first } = await call('guest-clipboard-set', {
      'buf-b64': base64('ab'),
      more: true,
      selection: 'primary',
      share: true,
    });
    const handle = first?.['handle'];
    expect(first).toEqual({ handle, size: 2 });
    expect((await call('guest-clipboard-set', { handle, 'buf-b64': base64('c'), more: true })).return).toEqual({
      handle,
      size: 3,
    });
    const last = { handle, type: 'text/html', 'buf-b64': base64('<b>') };
    expect((await call('guest-clipboard-set', last)).return).toEqual({
      session: 1,
      selection: 'primary',
      types: [TEXT, 'text/html'],
    });
    const held = target.held.get('1 primary');
    expect(held?.share).toBe(true);
    expect(held?.contents.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['abc', '<b>']);
    expect(await failure('guest-clipboard-set', last)).toMatch(/there is no handle/);
  });

  it('in pieces is shared if the first piece says so; a later one may say the same, and nothing else', async () => {
    for (const [first, wrong] of [
      [true, false],
      [false, true],
      [undefined, true],
    ]) {
      const { handle } = await begin({ share: first });
      expect(await failure('guest-clipboard-set', { handle, 'buf-b64': '', more: true, share: wrong })).toBe(
        `Parameter 'share' contradicts the first piece of handle ${handle}, which decides: give it there, or leave it out`,
      );
      await call('guest-clipboard-set', { handle, 'buf-b64': '', more: true, share: !wrong });
      expect(await call('guest-clipboard-set', { handle, 'buf-b64': base64('c') })).toHaveProperty('return');
      const held = target.held.get('1 clipboard');
      expect([held?.share, held?.contents.map(({ bytes }) => Buffer.from(bytes).toString())]).toEqual([
        !wrong,
        ['abc'],
      ]);
    }
  });

  it('in pieces is for the session that takes part at the first piece, never for the next one', async () => {
    privileged = true;
    const { handle } = await begin();
    target.eligible = { session: 2, reason: 'pinned' };
    expect((await call('guest-clipboard-set', { handle, 'buf-b64': base64('c') })).return?.['session']).toBe(1);
    expect([...target.held.keys()]).toEqual(['1 clipboard']);
  });

  it('in pieces is refused and dropped when its session takes part no more', async () => {
    const { handle } = await begin();
    target.eligible = { session: 2, reason: 'pinned' };
    expect(await failure('guest-clipboard-set', { handle, 'buf-b64': base64('c') })).toMatch(
      /^session 1 does not take part/,
    );
    expect(await failure('guest-clipboard-set', { handle, 'buf-b64': base64('c') })).toMatch(/there is no handle/);
    expect(target.held.size).toBe(0);
  });

  it.each([false, true])('in pieces is refused and dropped when its session has left (privileged: %s)', async (is) => {
    privileged = is;
    const { handle } = await begin();
    target.left.add(1);
    target.eligible = { session: null, reason: 'nobody' };
    const next = { handle, 'buf-b64': base64('c'), more: true };
    expect(await failure('guest-clipboard-set', next)).toBe('no session has the id 1');
    expect(await failure('guest-clipboard-set', next)).toMatch(/there is no handle/);
  });

  it.each([false, true])(
    'in pieces is refused at the first one where it could not be set (privileged: %s)',
    async (is) => {
      privileged = is;
      const first = { 'buf-b64': base64('ab'), more: true };
      expect(await failure('guest-clipboard-set', { ...first, session: 99 })).toBe('no session has the id 99');
      target.eligible = { session: null, reason: 'locked' };
      expect(await failure('guest-clipboard-set', first)).toMatch(/^no session takes part now/);
      privileged = false;
      expect(await failure('guest-clipboard-set', { ...first, session: 2 })).toBe('session 2 is locked');
      target.eligible = { session: 1, reason: 'newest' };
      target.crossing = { ...target.crossing, toSession: { allowed: false, types: null } };
      expect(await failure('guest-clipboard-set', first)).toMatch(/may not come from the host/);
      // None of them has left a handle behind.
      expect(await failure('guest-clipboard-close', { handle: 1 })).toMatch(/there is no handle 1/);
    },
  );

  it('in pieces is refused as soon as it is too large', async () => {
    target.crossing = { ...target.crossing, maxBytesToSession: 4 };
    const { handle } = await begin();
    expect(await failure('guest-clipboard-set', { handle, 'buf-b64': base64('cde'), more: true })).toMatch(
      /5 bytes; at most 4/,
    );
  });

  it('is undone by guest-clipboard-clear', async () => {
    await call('guest-clipboard-set', { 'buf-b64': base64('x') });
    expect((await call('guest-clipboard-clear')).return).toEqual({ session: 1, selection: 'clipboard' });
    expect(target.held.get('1 clipboard')?.contents).toEqual([]);
  });
});

describe('what holds for copy and paste', () => {
  const closed = { allowed: false, types: null };
  const images = { allowed: true, types: ['image/*'] };

  it('holds for a session that is locked or does not take part', async () => {
    for (const [command, values] of COMMANDS_OF_SESSION_2)
      expect(await failure(command, values)).toBe('session 2 is locked');
    target.eligible = { session: 2, reason: 'pinned' };
    expect(await failure('guest-clipboard-get', { session: 1 })).toMatch(/^session 1 does not take part: select it/);
    target.eligible = { session: null, reason: 'locked' };
    expect(await failure('guest-clipboard-get')).toMatch(/no session takes part/);
  });

  it('holds for a session that is locked while its content is read', async () => {
    target.reading = () => {
      target.eligible = { session: null, reason: 'locked' };
    };
    expect(await failure('guest-clipboard-get')).toMatch(/does not take part/);
  });

  it('holds for directions', async () => {
    target.crossing = { ...target.crossing, toHost: closed };
    expect((await call('guest-clipboard-targets')).return).toMatchObject({ owner: 'nobody', types: [] });
    expect(await failure('guest-clipboard-get')).toMatch(/may not go to the host/);
    target.crossing = { ...target.crossing, toSession: closed };
    expect(await failure('guest-clipboard-set', { 'buf-b64': '' })).toMatch(/may not come from the host/);
    expect(await failure('guest-clipboard-clear')).toMatch(/may not come from the host/);
  });

  it('holds for types and sizes', async () => {
    target.crossing = { ...target.crossing, toHost: images, toSession: images };
    expect(await failure('guest-clipboard-get')).toMatch(/not among the types offered/);
    expect(await failure('guest-clipboard-set', { 'buf-b64': base64('x') })).toMatch(/may not come from the host/);
    target.crossing = { ...new FakeTarget().crossing, maxBytesToHost: 4, maxBytesToSession: 4 };
    expect(await failure('guest-clipboard-get')).toMatch(/5 bytes; at most 4/);
    expect(target.unread).toBe(0);
    expect(await failure('guest-clipboard-set', { 'buf-b64': base64('12345') })).toMatch(/5 bytes; at most 4/);
  });

  it('holds for passwords and for what another administrator has set', async () => {
    target.secret = true;
    expect((await call('guest-clipboard-targets')).return).toMatchObject({ owner: 'nobody', types: [] });
    expect(await failure('guest-clipboard-get')).toMatch(/holds nothing for the host/);
    target.hold({ session: 1, selection: 'clipboard' }, [{ type: TEXT, bytes: Buffer.from('x') }], false);
    expect(await failure('guest-clipboard-get')).toMatch(/holds nothing for the host/);
    target.hold({ session: 1, selection: 'clipboard' }, [{ type: TEXT, bytes: Buffer.from('x') }], true);
    expect((await call('guest-clipboard-get')).return).toMatchObject({ count: 1 });
  });

  it('holds for nothing where the administrator of the host is privileged', async () => {
    privileged = true;
    target.secret = true;
    target.crossing = {
      ...target.crossing,
      toHost: closed,
      toSession: closed,
      maxBytesToHost: 1,
      maxBytesToSession: 1,
    };
    for (const [command, values] of COMMANDS_OF_SESSION_2) {
      expect((await call(command, values)).error).toBeUndefined();
    }
    expect((await call('guest-clipboard-get')).return).toMatchObject({ count: 5 });
    expect(target.lastUnlimited).toBe(true);
  });
});

const COMMANDS_OF_SESSION_2: readonly [string, object][] = [
  ['guest-clipboard-targets', { session: 2 }],
  ['guest-clipboard-get', { session: 2 }],
  ['guest-clipboard-set', { session: 2, 'buf-b64': 'eA==' }],
  ['guest-clipboard-clear', { session: 2 }],
];
