import { randomBytes } from 'node:crypto';
import { TEXT_TYPE } from '@clipmux/host';
import { CONTROL_PIECE_BYTES_MAX } from '@clipmux/rpc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentsOf, nextEvent } from '../support/exchange.ts';
import { WireAgent } from './wire-agent.ts';
import { World } from './world.ts';

const PNG = 'image/png';
const MIB = 1024 * 1024;

let world: World;
/** At the seat, active. */
let alice: WireAgent;
/** At the seat, behind her. */
let bob: WireAgent;

beforeAll(async () => {
  world = await World.start();
  world.mock.addSession({ id: '1', uid: 0, user: 'root', active: true });
  world.mock.addSession({ id: '2', uid: 0, user: 'root' });
});
afterAll(() => world?.end());
beforeEach(async () => {
  [alice, bob] = await Promise.all([
    WireAgent.connect(world.sessionSocket, { named: '1' }),
    WireAgent.connect(world.sessionSocket, { named: '2' }),
  ]);
  world.mock.activate('1');
  await world.chosen(alice.id);
});
afterEach(async () => {
  world.host.release('clipboard');
  await Promise.all([alice.close(), bob.close()]);
  await world.until(() => world.choice.session === null, 'the end of both');
});

/** Sets what a session's clipboard holds; the active one's if none is named. */
function set(
  byType: Readonly<Record<string, string | Buffer>>,
  options: { session?: number; share?: boolean } = {},
): Promise<{ session: number; types: string[] }> {
  const contents = Object.entries(byType).map(([type, content]) => ({
    type,
    data: Buffer.from(content).toString('base64'),
  }));
  return world.control.call('clipboard.set', { contents, ...options });
}

/** Reads all of a session's clipboard, in as large pieces as there are. */
async function get(type = TEXT_TYPE, session?: number): Promise<Buffer> {
  const { handle, size } = await world.control.call('clipboard.get', {
    type,
    ...(session !== undefined && { session }),
  });
  const pieces: Buffer[] = [];
  for (let offset = 0, eof = false; !eof; ) {
    const piece = await world.control.call('clipboard.read', { handle, offset, size: CONTROL_PIECE_BYTES_MAX });
    pieces.push(Buffer.from(piece.data, 'base64'));
    offset += pieces.at(-1)?.length ?? 0;
    eof = piece.eof;
  }
  await world.control.call('clipboard.close', { handle });
  const content = Buffer.concat(pieces);
  expect(content.length).toBe(size);
  return content;
}

function targets(session: number) {
  return world.control.call('clipboard.targets', { session });
}

async function hostPastes(type = TEXT_TYPE): Promise<Buffer> {
  return Buffer.from(await world.host.paste('clipboard', type, { timeout: 10_000 }));
}

describe('content that an administrator sets', () => {
  it('is for that session alone: not for the host, nor for another one', async () => {
    expect(await set({ [TEXT_TYPE]: 'for alice', [PNG]: 'picture' })).toEqual({
      session: alice.id,
      types: [TEXT_TYPE, PNG],
    });
    await alice.owns();
    expect(alice.given()).toEqual([TEXT_TYPE, PNG]);
    expect(await alice.paste()).toBe('for alice');
    expect(await alice.paste('clipboard', PNG)).toBe('picture');
    await expect(alice.paste('clipboard', 'image/bmp')).rejects.toMatchObject({ name: 'type-unavailable' });
    expect(bob.given()).toBeNull();
    await expect(bob.paste()).rejects.toMatchObject({ name: 'denied' });
    await expect(hostPastes()).rejects.toMatchObject({ code: 'nothing-to-paste' });
    expect(await targets(alice.id)).toMatchObject({ owner: 'held', types: [TEXT_TYPE, PNG] });
    expect((await get()).toString()).toBe('for alice');
  });

  it('is offered to the host, too, where that is wanted', async () => {
    const grabbed = nextEvent(world.host, 'grabbed');
    await set({ [TEXT_TYPE]: 'for both', [PNG]: 'picture' }, { share: true });
    expect((await grabbed).types).toEqual([TEXT_TYPE, PNG]);
    expect((await hostPastes()).toString()).toBe('for both');
    expect((await hostPastes(PNG)).toString()).toBe('picture');
    expect(await alice.paste()).toBe('for both');
    const { owners } = await world.control.call('status', {});
    expect(owners.clipboard).toMatchObject({ kind: 'held', session: alice.id });
  });

  it('of a session that is not active waits for its turn, and is pasted there meanwhile', async () => {
    await set({ [TEXT_TYPE]: 'for bob' }, { session: bob.id, share: true });
    await bob.owns();
    expect(await bob.paste()).toBe('for bob');
    expect(world.host.offered('clipboard')).toBeUndefined();
    const grabbed = nextEvent(world.host, 'grabbed');
    world.mock.activate('2');
    await grabbed;
    expect((await hostPastes()).toString()).toBe('for bob');
    const released = nextEvent(world.host, 'released');
    world.mock.activate('1');
    await released;
    expect(alice.given()).toBeNull();
  });

  it('of a locked session is not offered until it is unlocked', async () => {
    world.mock.lock('1');
    await world.chosen(null, 'locked');
    await set({ [TEXT_TYPE]: 'behind the lock' }, { session: alice.id, share: true });
    await alice.owns();
    expect(world.host.offered('clipboard')).toBeUndefined();
    const grabbed = nextEvent(world.host, 'grabbed');
    world.mock.unlock('1');
    await grabbed;
    expect((await hostPastes()).toString()).toBe('behind the lock');
  });

  it('takes the place of what a program has copied there, and is replaced by the next copy', async () => {
    const offered = nextEvent(world.host, 'grabbed');
    alice.copy('of a program');
    await offered;
    const withdrawn = nextEvent(world.host, 'released');
    await set({ [TEXT_TYPE]: 'held' });
    await withdrawn;
    await alice.owns();
    const again = nextEvent(world.host, 'grabbed');
    alice.copy('of a program again');
    await again;
    expect(await targets(alice.id)).toMatchObject({ owner: 'program' });
    expect((await get()).toString()).toBe('of a program again');
  });

  it('is replaced by what the host copies', async () => {
    const grabbed = nextEvent(world.host, 'grabbed');
    await set({ [TEXT_TYPE]: 'held', [PNG]: 'picture' }, { share: true });
    await grabbed;
    world.host.copy('clipboard', contentsOf('of the host'));
    await alice.until((agent) => agent.given()?.length === 1, 'the host’s types');
    expect(await alice.paste()).toBe('of the host');
    expect(await targets(alice.id)).toMatchObject({ owner: 'host', types: [TEXT_TYPE] });
    expect((await get()).toString()).toBe('of the host');
  });

  it('is cleared, at the host, too; then nothing is pasted', async () => {
    const grabbed = nextEvent(world.host, 'grabbed');
    await set({ [TEXT_TYPE]: 'held' }, { share: true });
    await Promise.all([grabbed, alice.owns()]);
    const released = nextEvent(world.host, 'released');
    await world.control.call('clipboard.clear', {});
    await released;
    await alice.until((agent) => agent.given()?.length === 0, 'an empty selection');
    await expect(alice.paste()).rejects.toMatchObject({ name: expect.stringMatching(/no-owner|type-unavailable/) });
    await expect(get()).rejects.toMatchObject({ name: expect.stringMatching(/no-owner|type-unavailable/) });
  });

  it('is cleared, with what the host offers: then nobody owns the selection', async () => {
    world.host.copy('clipboard', contentsOf('of the host'));
    await alice.owns();
    expect(await targets(alice.id)).toMatchObject({ owner: 'host', types: [TEXT_TYPE] });
    await world.control.call('clipboard.clear', {});
    await alice.until((agent) => agent.given()?.length === 0, 'an empty selection');
    expect(await targets(alice.id)).toMatchObject({ owner: 'nobody', types: [] });
    await expect(get()).rejects.toMatchObject({ name: 'no-owner' });
  });

  it('may be large, and goes in and comes out in pieces', async () => {
    const picture = randomBytes(9 * MIB);
    const { handle } = await world.control.call('clipboard.begin', {});
    for (let offset = 0; offset < picture.length; offset += CONTROL_PIECE_BYTES_MAX) {
      const data = picture.subarray(offset, offset + CONTROL_PIECE_BYTES_MAX).toString('base64');
      await world.control.call('clipboard.append', { handle, type: PNG, data });
    }
    const grabbed = nextEvent(world.host, 'grabbed');
    await world.control.call('clipboard.commit', { handle, session: alice.id, share: true });
    await grabbed;
    expect((await hostPastes(PNG)).equals(picture)).toBe(true);
    expect((await get(PNG)).equals(picture)).toBe(true);
    const { bytes } = await alice.wire.collect({ selection: 'clipboard', type: PNG }, { maxBytes: 16 * MIB });
    expect(bytes.equals(picture)).toBe(true);
  });

  it('goes with its session', async () => {
    const grabbed = nextEvent(world.host, 'grabbed');
    await set({ [TEXT_TYPE]: 'for alice' }, { share: true });
    await grabbed;
    const released = nextEvent(world.host, 'released');
    const { id } = alice;
    await alice.close();
    await released;
    await world.chosen(null);
    await expect(get(TEXT_TYPE, id)).rejects.toMatchObject({ name: 'no-such-session' });
    await expect(set({ [TEXT_TYPE]: 'for nobody' })).rejects.toMatchObject({ name: 'no-such-session' });
    alice = await WireAgent.connect(world.sessionSocket, { named: '1' });
    await world.chosen(alice.id);
    expect(await targets(alice.id)).toMatchObject({ owner: 'nobody' });
  });
});

describe('what an administrator gets', () => {
  it('is what that session has, active or not', async () => {
    bob.copy('of bob');
    await bob.heard();
    expect((await get(TEXT_TYPE, bob.id)).toString()).toBe('of bob');
    await expect(get(TEXT_TYPE, alice.id)).rejects.toMatchObject({ name: 'no-owner' });
    await expect(get(PNG, bob.id)).rejects.toMatchObject({ name: 'type-unavailable' });
  });
});
