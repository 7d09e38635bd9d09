import { writeFileSync } from 'node:fs';
import { type SelectionName, TEXT_TYPE } from '@clipmux/host';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../selections/raw-client.ts';
import { contentsOf, nextEvent } from '../support/exchange.ts';
import { makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { Desk } from './desk.ts';
import { WireAgent } from './wire-agent.ts';
import { World } from './world.ts';

/** What each test begins with: both selections cross both ways. */
const OPEN = '[primary]\ndirection = "both"\n';
const PNG = 'image/png';
const SELECTIONS: readonly SelectionName[] = ['clipboard', 'primary'];

let world: World;
let alice: WireAgent;

/** Alice sits at the seat, and nobody owns anything. */
async function sitDown(config = OPEN): Promise<void> {
  await world.configure(config);
  alice = await WireAgent.connect(world.sessionSocket, { named: '1' });
  await world.chosen(alice.id);
}

async function leave(): Promise<void> {
  for (const selection of SELECTIONS) world.host.release(selection);
  world.host.setFaults({});
  const left = world.happens('session-removed');
  await alice.close();
  await left;
}

async function startWorld(manner: 'qemu' | 'spice'): Promise<void> {
  world = await World.start({ host: { manner } });
  world.mock.addSession({ id: '1', uid: 0, user: 'root', active: true });
}

async function hostCopies(content: Parameters<typeof contentsOf>[0], selection: SelectionName = 'clipboard') {
  const owner = world.happens('owner', (event) => event.selection === selection && event.owner.kind === 'host');
  world.host.copy(selection, contentsOf(content));
  await owner;
  await alice.heard();
}

/** Alice copies; resolves with the types that the host is told of, undefined if it is not told. */
async function aliceCopies(
  content: Parameters<WireAgent['copy']>[0],
  options: NonNullable<Parameters<WireAgent['copy']>[1]> = {},
): Promise<readonly string[] | undefined> {
  const { selection = 'clipboard' } = options;
  alice.copy(content, options);
  await alice.heard();
  await answerOfHost();
  return world.host.offered(selection);
}

/** What clipmuxd has said to the host so far has come: it answers, in the order of the port, what nobody offers. */
async function answerOfHost(): Promise<void> {
  const answered = nextEvent(world.host, 'data');
  world.host.send({ type: 'clipboard-request', selection: 2, clipboardType: 1 });
  await answered;
}

async function hostPastes(selection: SelectionName = 'clipboard', type = TEXT_TYPE): Promise<string> {
  return Buffer.from(await world.host.paste(selection, type, { timeout: 10_000 })).toString();
}

function cutShort() {
  return new Promise((resolve) => alice.once('cutShort', resolve));
}

describe('with a host that is QEMU’s', () => {
  beforeAll(() => startWorld('qemu'));
  afterAll(() => world?.end());
  beforeEach(() => sitDown());
  afterEach(() => leave());

  describe('the direction', () => {
    it.each(
      SELECTIONS.flatMap((selection) =>
        [
          { direction: 'both', toGuest: true, toHost: true },
          { direction: 'host-to-guest', toGuest: true, toHost: false },
          { direction: 'guest-to-host', toGuest: false, toHost: true },
          { direction: 'off', toGuest: false, toHost: false },
        ].map((row) => ({ ...row, selection })),
      ),
    )('$direction of $selection holds both ways', async ({ selection, direction, toGuest, toHost }) => {
      await world.configure(`[${selection}]\ndirection = "${direction}"\n`);
      await hostCopies('of the host', selection);
      expect(alice.given(selection)).toEqual(toGuest ? [TEXT_TYPE] : null);
      if (toGuest) expect(await alice.paste(selection)).toBe('of the host');
      else await expect(alice.paste(selection)).rejects.toMatchObject({ name: 'denied' });
      expect(await aliceCopies('of alice', { selection })).toEqual(toHost ? [TEXT_TYPE] : undefined);
      expect(world.host.owns(selection)).toBe(!toHost);
      if (toHost) expect(await hostPastes(selection)).toBe('of alice');
    });

    it('takes back what has crossed when it is closed, and gives it again when it is opened', async () => {
      await hostCopies('of the host');
      await world.configure('[clipboard]\ndirection = "guest-to-host"\n');
      await alice.lost();
      await expect(alice.paste()).rejects.toMatchObject({ name: 'denied' });
      await world.configure('');
      await alice.owns();
      expect(await aliceCopies('of alice')).toEqual([TEXT_TYPE]);
      const released = nextEvent(world.host, 'released');
      await world.configure('[clipboard]\ndirection = "host-to-guest"\n');
      await released;
      const grabbed = nextEvent(world.host, 'grabbed');
      await world.configure('');
      await grabbed;
      expect(await hostPastes()).toBe('of alice');
    });

    it('of PRIMARY is to the guest alone by default: what is marked there would overwrite a viewer’s clipboard', async () => {
      await world.configure('');
      await hostCopies('marked at the host', 'primary');
      expect(await alice.paste('primary')).toBe('marked at the host');
      expect(await aliceCopies('marked by alice', { selection: 'primary' })).toBeUndefined();
      const { settings } = await world.control.call('status', {});
      expect(settings.direction).toEqual({ clipboard: 'both', primary: 'host-to-guest' });
    });
  });

  describe('types', () => {
    it('that may not come in are not offered to the session, nor given to who asks all the same', async () => {
      await world.configure('[host-to-guest]\ntypes = ["text"]\n');
      await hostCopies({ [TEXT_TYPE]: 'text', [PNG]: 'picture' });
      expect(alice.given()).toEqual([TEXT_TYPE]);
      await expect(alice.paste('clipboard', PNG)).rejects.toMatchObject({ name: 'type-unavailable' });
      expect(await alice.paste()).toBe('text');
    });

    it('none of which may come in empty the selection: the old content is not pasted for the new', async () => {
      await world.configure('[host-to-guest]\ntypes = ["image"]\n');
      await aliceCopies('older');
      await hostCopies('newer, but text');
      expect(alice.given()).toEqual([]);
      await expect(alice.paste()).rejects.toMatchObject({ name: 'type-unavailable' });
    });

    it('that may not go out are not offered to the host, nor given to it', async () => {
      await world.configure('[guest-to-host]\ntypes = ["text/plain"]\n');
      expect(await aliceCopies({ [TEXT_TYPE]: 'text', [PNG]: 'picture' })).toEqual([TEXT_TYPE]);
      const answered = nextEvent(world.host, 'data');
      world.host.send({ type: 'clipboard-request', selection: 0, clipboardType: 2 });
      expect(await answered).toMatchObject({ size: 0 });
      expect(await hostPastes()).toBe('text');
      expect(await aliceCopies({ [PNG]: 'picture' })).toBeUndefined();
    });
  });

  describe('sizes', () => {
    it('past the limit do not come in, and the person is told', async () => {
      await world.configure('[host-to-guest]\nmax-size = "1KiB"\n');
      await hostCopies('x'.repeat(1024));
      expect(await alice.paste()).toHaveLength(1024);
      await hostCopies('x'.repeat(1025));
      const told = cutShort();
      await expect(alice.paste()).rejects.toMatchObject({ name: 'too-large' });
      expect(await told).toEqual({ selection: 'clipboard', direction: 'host-to-guest', reason: 'too-large' });
    });

    it('past the limit do not go out, and the person is told', async () => {
      await world.configure('[guest-to-host]\nmax-size = "1KiB"\n');
      await aliceCopies('x'.repeat(1024));
      expect(await hostPastes()).toHaveLength(1024);
      await aliceCopies('x'.repeat(1025));
      const told = cutShort();
      expect(await hostPastes()).toBe('');
      expect(await told).toEqual({ selection: 'clipboard', direction: 'guest-to-host', reason: 'too-large' });
    });

    it('may be cut off in silence, where the administrator wants it so', async () => {
      await world.configure('[host-to-guest]\nmax-size = "1KiB"\n[notifications]\npaste-cut-short = false\n');
      await hostCopies('x'.repeat(1025));
      let told = false;
      void cutShort().then(() => {
        told = true;
      });
      await expect(alice.paste()).rejects.toMatchObject({ name: 'too-large' });
      await alice.heard();
      expect(told).toBe(false);
    });
  });

  it('a host that does not answer in time cuts a paste short, too', async () => {
    await world.configure('[timeouts]\nhost-answer = "200ms"\n');
    await hostCopies('never sent');
    world.host.setFaults({ requests: 'never-answer' });
    const told = cutShort();
    await expect(alice.paste()).rejects.toMatchObject({ name: 'timed-out' });
    expect(await told).toEqual({ selection: 'clipboard', direction: 'host-to-guest', reason: 'timed-out' });
  });

  describe('a password', () => {
    it('is not offered to the host, and what was offered before is withdrawn', async () => {
      expect(await aliceCopies('no secret')).toEqual([TEXT_TYPE]);
      expect(await aliceCopies('secret', { secret: true })).toBeUndefined();
      await expect(hostPastes()).rejects.toMatchObject({ code: 'nothing-to-paste' });
      // The host's own standing offer is left alone by it.
      await hostCopies('of the host');
      expect(await aliceCopies('secret again', { secret: true })).toBeUndefined();
      expect(world.host.owns('clipboard')).toBe(true);
    });

    it('is like any other text where the administrator wants it so, at once', async () => {
      expect(await aliceCopies('secret', { secret: true })).toBeUndefined();
      const grabbed = nextEvent(world.host, 'grabbed');
      await world.configure('[privacy]\npassword-hint = "ignore"\n');
      await grabbed;
      expect(await hostPastes()).toBe('secret');
    });
  });

  it('content of the host’s is taken away when its time is up, and comes back with the next copy', async () => {
    await world.configure('[privacy]\nwipe-after = "1s"\n');
    const start = performance.now();
    await hostCopies('for a second');
    expect(await alice.paste()).toBe('for a second');
    await alice.lost();
    expect(performance.now() - start).toBeGreaterThan(900);
    await expect(alice.paste()).rejects.toMatchObject({ name: 'no-owner' });
    await hostCopies('the next');
    expect(await alice.paste()).toBe('the next');
  });

  it('text of a VNC viewer comes without QEMU’s line ends and NUL, unless the administrator wants them', async () => {
    await hostCopies('two\r\nlines\r\n\0');
    expect(await alice.paste()).toBe('two\nlines\n');
    await hostCopies('text of another\r\nkind\n\0');
    expect(await alice.paste()).toBe('text of another\r\nkind\n\0');
    await world.configure('[text]\nnormalise-vnc = false\n');
    await hostCopies('two\r\nlines\r\n\0');
    expect(await alice.paste()).toBe('two\r\nlines\r\n\0');
  });

  describe('SIGHUP', () => {
    async function hangUp(config: string): Promise<void> {
      writeFileSync(world.configPath, config);
      const read = world.happens('config');
      world.daemon.process.kill('SIGHUP');
      await read;
    }

    it('has the configuration read anew, which takes effect at once', async () => {
      await hostCopies('of the host');
      await hangUp('[clipboard]\ndirection = "off"\n');
      await alice.lost();
      expect(world.events.at(-1)).toMatchObject({
        kind: 'config',
        changed: expect.arrayContaining(['clipboard.direction']),
      });
    });

    it('changes nothing where the configuration has mistakes, and each is named by file and line', async () => {
      const from = world.daemon.lines;
      await hangUp('[clipboard]\ndirection = "off"\n[limits]\nconections = 3\n');
      await world.daemon.said(
        /clipmux\.toml:4:1: limits\.conections: unknown key; did you mean limits\.connections\?/,
        from,
      );
      await world.daemon.said(/nothing was changed/, from);
      await hostCopies('still crosses');
      expect(await alice.paste()).toBe('still crosses');
      await expect(world.configure('policy = 3\n')).rejects.toMatchObject({
        name: 'invalid-config',
        details: [expect.stringMatching(/clipmux\.toml:1:1: policy: must be/)],
      });
    });

    it('keeps what an administrator has set at run time, unless the file says something new of it', async () => {
      await world.control.call('policy.set', { policy: 'off' });
      await world.control.call('log.level', { level: 'trace' });
      await hangUp(`${OPEN}[limits]\nconnections = 100\n`);
      expect(await world.control.call('policy.get', {})).toEqual({ policy: 'off' });
      expect(await world.control.call('log.level', {})).toEqual({ level: 'trace' });
      await hangUp(`policy = "active"\n${OPEN}`);
      expect(await world.control.call('policy.get', {})).toEqual({ policy: 'off' });
      await world.control.call('policy.set', { policy: 'active' });
      await world.control.call('log.level', { level: 'debug' });
    });
  });
});

describe('with a host that is a SPICE client', () => {
  beforeAll(() => startWorld('spice'));
  afterAll(() => world?.end());
  beforeEach(() => sitDown(''));
  afterEach(() => leave());

  it('PRIMARY crosses both ways by default: the client keeps it apart', async () => {
    await hostCopies('marked at the host', 'primary');
    expect(await alice.paste('primary')).toBe('marked at the host');
    expect(await aliceCopies('marked by alice', { selection: 'primary' })).toEqual([TEXT_TYPE]);
    expect(await hostPastes('primary')).toBe('marked by alice');
  });

  it('content that the agent calls something else than what was asked for is not handed on', async () => {
    await leave();
    alice = await WireAgent.connect(world.sessionSocket, { named: '1', answersAs: PNG });
    await world.chosen(alice.id);
    await aliceCopies('no picture');
    await expect(hostPastes()).rejects.toMatchObject({ code: 'refused' });
  });

  it('text is left as it is', async () => {
    await hostCopies('two\r\nlines\r\n\0');
    expect(await alice.paste()).toBe('two\r\nlines\r\n\0');
  });

  it('its own limit holds, too', async () => {
    world.host.maxClipboard(10);
    await aliceCopies('longer than ten');
    const told = cutShort();
    await expect(hostPastes()).rejects.toMatchObject({ code: 'refused' });
    expect(await told).toMatchObject({ direction: 'guest-to-host', reason: 'too-large' });
    world.host.maxClipboard(-1);
  });
});

describe('a real program that marks a password', () => {
  let users: Record<'alice', TestUser>;
  let desk: Desk;

  beforeAll(async () => {
    users = await makeUsers('alice');
    world = await World.start();
    desk = await Desk.open(world, users.alice, { id: '1', active: true });
  });
  afterAll(async () => {
    await desk?.close();
    await world?.end();
    await removeUsers(users);
  });

  it('keeps it from the host', async () => {
    const offered = nextEvent(world.host, 'grabbed');
    desk.copy('no secret');
    await offered;
    const released = nextEvent(world.host, 'released');
    const manager = await RawClient.connect(desk.xvfb);
    await manager.ownOffering(['UTF8_STRING', 'x-kde-passwordManagerHint'], (request) => {
      const hint = request.target === manager.atom('x-kde-passwordManagerHint');
      manager.answer(request, 'STRING', 8, Buffer.from(hint ? 'secret' : 'the password'));
    });
    await released;
    expect((await world.session(desk.id))?.offers.clipboard).toContain(TEXT_TYPE);
    await expect(hostPastes()).rejects.toMatchObject({ code: 'nothing-to-paste' });
    await manager.die();
  });
});
