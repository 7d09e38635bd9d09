import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuestAgentClient } from '@clipmux/host';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Desk } from '../sessions/desk.ts';
import { World } from '../sessions/world.ts';
import { contentsOf, sha256 } from '../support/exchange.ts';
import { makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { until } from '../support/wait.ts';
import { xclipCopy, xclipPaste } from '../support/xclip.ts';
import { AgentClient } from './client.ts';

const TEXT = 'text/plain;charset=utf-8';
const MIB = 1024 * 1024;

interface Piece {
  readonly size: number;
  readonly count: number;
  readonly 'buf-b64': string;
  readonly eof: boolean;
  readonly handle?: number;
}

let users: Record<'alice' | 'bob', TestUser>;
let world: World;
/** At the seat, and beside it. */
let alice: Desk;
let bob: Desk;
let client: AgentClient;
const directory = mkdtempSync(join(tmpdir(), 'clipmux-agent-clipboard-'));
const path = join(directory, 'sock');
const config = (...lines: readonly string[]) => ['[guest-agent]', `ports = ["unix:${path}"]`, ...lines, ''].join('\n');

beforeAll(async () => {
  users = await makeUsers('alice', 'bob');
  world = await World.start({ config: config() });
  [alice, bob] = await Promise.all([
    Desk.open(world, users.alice, { id: '1', active: true }),
    Desk.open(world, users.bob, { id: '2' }),
  ]);
  client = await AgentClient.connect(path);
});

afterAll(async () => {
  client?.close();
  await Promise.all([alice?.close(), bob?.close()]);
  await world?.end();
  await removeUsers(users);
  rmSync(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  await configure();
  await Promise.all([alice.clear(), bob.clear()]);
  for (const { login } of [alice, bob]) world.mock.unlock(login);
  world.mock.activate(alice.login);
  await client.call('guest-session-select');
  await world.chosen(alice.id, 'active-on-seat');
});

async function configure(...lines: readonly string[]): Promise<void> {
  writeFileSync(world.configPath, config(...lines));
  await world.control.call('config.reload', {});
}

/** The error's text. */
async function refusal(command: string, values: object = {}): Promise<string> {
  const { error } = await client.ask(JSON.stringify({ execute: command, arguments: values }));
  expect(error?.class).toBe('GenericError');
  return error?.desc ?? '';
}

/** A whole content, in as many pieces as it takes. */
async function get(values: object = {}): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let piece = await client.call<Piece>('guest-clipboard-get', values, 60_000);
  pieces.push(Buffer.from(piece['buf-b64'], 'base64'));
  while (!piece.eof) {
    piece = await client.call<Piece>('guest-clipboard-get', { handle: piece.handle });
    pieces.push(Buffer.from(piece['buf-b64'], 'base64'));
  }
  return Buffer.concat(pieces);
}

const set = (text: string, values: object = {}) =>
  client.call('guest-clipboard-set', { 'buf-b64': Buffer.from(text).toString('base64'), ...values });

describe('the host’s commands', () => {
  it('list the sessions', async () => {
    const { eligible, sessions } = await client.call<{ eligible: number; sessions: { id: number }[] }>(
      'guest-session-list',
    );
    expect(eligible).toBe(alice.id);
    const byId = new Map(sessions.map((session) => [session.id, session]));
    expect(byId.get(alice.id)).toMatchObject({
      user: users.alice.name,
      eligible: true,
      locked: false,
      active: true,
      display: alice.xvfb.display,
    });
    expect(byId.get(bob.id)).toMatchObject({ user: users.bob.name, eligible: false, active: false });
  });

  it('read what a program in the session has copied', async () => {
    await alice.copyKnown('grüße from alice');
    expect(await client.call('guest-clipboard-targets')).toMatchObject({ session: alice.id, owner: 'program' });
    expect((await get()).toString()).toBe('grüße from alice');
  });

  it('set what a program in the session pastes, and clear it', async () => {
    expect(await set('from the host')).toEqual({ session: alice.id, selection: 'clipboard', types: [TEXT] });
    await until(async () => (await alice.paste().catch(() => '')) === 'from the host', 'the text to be there');
    expect((await get()).toString()).toBe('from the host');
    await client.call('guest-clipboard-clear');
    await until(
      () =>
        alice.paste().then(
          () => false,
          () => true,
        ),
      'nothing to be there',
    );
  });

  it('set several types, in several pieces', async () => {
    const { handle } = await set('<b>', { type: 'text/html', more: true });
    await set('bold</b>', { type: 'text/html', handle, more: true });
    expect(await set('bold', { handle })).toMatchObject({ types: ['text/html', TEXT] });
    const html = async () => (await xclipPaste(alice.xvfb, { target: 'text/html' }).catch(() => '')).toString();
    await until(async () => (await html()) === '<b>bold</b>', 'the text to be there');
    expect(await alice.paste()).toBe('bold');
  });

  it('share what they set with the host’s clipboard if told to', async () => {
    await set('shared', { share: true });
    await until(
      async () => (await world.host.paste('clipboard', TEXT).catch(() => '')).toString() === 'shared',
      'the host',
    );
  });

  it('share what comes in several pieces, and in several types, if the first one says so', async () => {
    const large = Buffer.alloc(5 * MIB, 'shared in pieces. ');
    const library = await GuestAgentClient.connect(path);
    const contents = new Map([
      [TEXT, large],
      ['text/html', Buffer.from('<b>shared</b>')],
    ]);
    expect(await library.set({}, contents, true)).toBe(alice.id);
    library.close();
    await until(() => world.host.offered('clipboard')?.includes(TEXT) ?? false, 'the offer to the host');
    expect(sha256(Buffer.from(await world.host.paste('clipboard', TEXT)))).toBe(sha256(large));
  });

  it('set what comes in several pieces for the session of the first one, or not at all', async () => {
    const { handle } = await set('for alice, ', { more: true });
    await client.call('guest-session-select', { session: bob.id });
    const last = { handle, 'buf-b64': Buffer.from('not for bob').toString('base64') };
    expect(await refusal('guest-clipboard-set', last)).toMatch(/does not take part/);
    expect(await refusal('guest-clipboard-set', last)).toMatch(/there is no handle/);
    expect(await client.call('guest-clipboard-targets')).toMatchObject({ session: bob.id, owner: 'nobody' });
    expect(await refusal('guest-clipboard-set', { session: 99, more: true, 'buf-b64': '' })).toMatch(/no session has/);
  });

  it('tell that nobody owns what they have cleared, also while the host offers something', async () => {
    world.host.copy('clipboard', contentsOf('of the host'));
    await until(
      async () => (await client.call('guest-clipboard-targets'))['owner'] === 'host',
      'the content of the host to be there',
    );
    await client.call('guest-clipboard-clear');
    expect(await client.call('guest-clipboard-targets')).toMatchObject({ owner: 'nobody', types: [] });
    world.host.release('clipboard');
  });

  it('reach a session in the agent', async () => {
    expect(await client.call('guest-session-call', { session: bob.id, method: 'ping' })).toEqual({
      session: bob.id,
      result: {},
    });
  });
});

describe('what holds for copy and paste', () => {
  it('holds for commands: a session that does not take part is not seen until it is selected', async () => {
    await bob.copyKnown('secret of bob');
    for (const [command, values] of [
      ['guest-clipboard-get', {}],
      ['guest-clipboard-targets', {}],
      ['guest-clipboard-set', { 'buf-b64': 'eA==' }],
      ['guest-clipboard-clear', {}],
    ] as const) {
      expect(await refusal(command, { session: bob.id, ...values })).toMatch(/does not take part/);
    }
    await client.call('guest-session-select', { session: bob.id });
    expect((await get()).toString()).toBe('secret of bob');
  });

  it('holds for a locked session, whoever selects it', async () => {
    await alice.copyKnown('secret of alice');
    world.mock.lock(alice.login);
    await world.chosen(null, 'locked');
    expect(await refusal('guest-clipboard-get')).toMatch(/no session takes part/);
    expect(await refusal('guest-clipboard-get', { session: alice.id })).toMatch(/is locked/);
    expect(await refusal('guest-clipboard-set', { session: alice.id, 'buf-b64': 'eA==' })).toMatch(/is locked/);
    await client.call('guest-session-select', { session: alice.id });
    expect(await refusal('guest-clipboard-get', { session: alice.id })).toMatch(/is locked/);
  });

  it('holds for directions and sizes', async () => {
    await alice.copyKnown('0123456789');
    await configure('[clipboard]', 'direction = "host-to-guest"');
    expect(await refusal('guest-clipboard-get')).toMatch(/may not go to the host/);
    await configure('[clipboard]', 'direction = "guest-to-host"');
    expect(await refusal('guest-clipboard-set', { 'buf-b64': 'eA==' })).toMatch(/may not come from the host/);
    await configure('[guest-to-host]', 'max-size = 9', '[host-to-guest]', 'max-size = 9');
    expect(await refusal('guest-clipboard-get')).toMatch(/longer than the permitted 9 bytes/);
    const ten = Buffer.from('0123456789').toString('base64');
    expect(await refusal('guest-clipboard-set', { 'buf-b64': ten })).toMatch(/10 bytes; at most 9/);
    await configure();
    expect((await get()).toString()).toBe('0123456789');
  });

  it('holds no more where the configuration lets the host’s administrator pass it', async () => {
    await bob.copyKnown('secret of bob');
    world.mock.lock(bob.login);
    await configure('privileged = true', '[clipboard]', 'direction = "off"', '[guest-to-host]', 'max-size = 1');
    expect((await get({ session: bob.id })).toString()).toBe('secret of bob');
    await set('to bob', { session: bob.id });
    await until(async () => (await bob.paste().catch(() => '')) === 'to bob', 'the text to be there');
  });
});

describe('64 MiB', () => {
  it('come by guest-clipboard-get as they were copied', async () => {
    const content = Buffer.alloc(64 * MIB, 'the quick brown fox jumps over the lazy dog, 0123456789\n');
    const copier = xclipCopy(alice.xvfb, content, { target: 'UTF8_STRING' });
    await until(async () => (await world.session(alice.id))?.offers.clipboard !== null, 'the copy to be known', 30_000);
    const begun = performance.now();
    let first = 0;
    const pieces: Buffer[] = [];
    let piece = await client.call<Piece>('guest-clipboard-get', {}, 60_000);
    first = performance.now();
    pieces.push(Buffer.from(piece['buf-b64'], 'base64'));
    while (!piece.eof) {
      piece = await client.call<Piece>('guest-clipboard-get', { handle: piece.handle }, 60_000);
      pieces.push(Buffer.from(piece['buf-b64'], 'base64'));
    }
    const ended = performance.now();
    expect(sha256(Buffer.concat(pieces))).toBe(sha256(content));
    const rate = (milliseconds: number, bytes = 64) => `${(bytes / (milliseconds / 1000)).toFixed(0)} MiB/s`;
    console.log(`64 MiB in all ${rate(ended - begun)}; out of the handle ${rate(ended - first, 60)}`);
    await copier.stop();
  }, 120_000);
});
