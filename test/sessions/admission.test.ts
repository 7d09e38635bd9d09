import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostCopy } from '../support/exchange.ts';
import { makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { Desk } from './desk.ts';
import { WireAgent, type WireAgentOptions } from './wire-agent.ts';
import { World } from './world.ts';

/** Time, in ms, that a silent agent has when another one comes for its session. */
const PING_MS = 2000;
/** What that may take longer on a busy machine. */
const SLACK_MS = 900;

let users: Record<'alice' | 'bob' | 'daemon', TestUser>;
const agents: WireAgent[] = [];

beforeAll(async () => {
  users = await makeUsers('alice', 'bob', 'daemon');
});
afterAll(() => removeUsers(users));
afterEach(() => closeAgents());

async function closeAgents(): Promise<void> {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
}

async function connect(world: World, user: TestUser | { uid: number }, options: WireAgentOptions = {}) {
  const agent = await WireAgent.connect(world.sessionSocket, { uid: user.uid, ...options });
  agents.push(agent);
  return agent;
}

describe('with logind', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world?.end());
  beforeEach(async () => {
    await world.configure('');
    world.mock.addSession({ id: '1', uid: users.alice.uid, user: users.alice.name, active: true });
  });
  afterEach(async () => {
    world.mock.unbindPid(process.pid);
    await closeAgents();
    for (const id of ['1', '2', '3']) if (world.mock.has(id)) world.mock.removeSession(id);
  });

  async function logindIdOf(agent: WireAgent): Promise<string | undefined> {
    return (await world.session(agent.id))?.logind?.id;
  }

  it('a user without a login session does not get in, and is told why', async () => {
    await expect(connect(world, users.bob)).rejects.toMatchObject({
      name: 'denied',
      message: expect.stringMatching(`uid ${users.bob.uid} has no login session`),
    });
    expect(await world.sessions()).toEqual([]);
  });

  it('nor does a user who has only a greeter, or a session of the systemd user manager', async () => {
    world.mock.addSession({ id: '2', uid: users.bob.uid, class: 'greeter' });
    world.mock.addSession({ id: '3', uid: users.bob.uid, class: 'manager' });
    await expect(connect(world, users.bob)).rejects.toMatchObject({ name: 'denied' });
  });

  it('an agent that comes in the moment of the login is let in: clipmuxd hears logind out first', async () => {
    for (const id of ['2', '3']) {
      world.mock.addSession({ id, uid: users.bob.uid, user: users.bob.name });
      expect(await logindIdOf(await connect(world, users.bob, { named: id }))).toBe(id);
    }
  });

  it('where the configuration names users, nobody else gets in, and they do without a session, too', async () => {
    await world.configure(`[access]\nusers = ["${users.bob.name}"]\n`);
    await expect(connect(world, users.alice)).rejects.toMatchObject({
      name: 'denied',
      message: expect.stringMatching('access'),
    });
    const bob = await connect(world, users.bob);
    expect(await world.session(bob.id)).toMatchObject({ uid: users.bob.uid, logind: null });
  });

  it('a user who is struck off that list loses the connection', async () => {
    const alice = await connect(world, users.alice);
    await world.configure(`[access]\nusers = ["${users.bob.name}"]\n`);
    expect(await alice.closed).toMatchObject({ name: 'denied', message: expect.stringMatching('access') });
  });

  it('who names another user’s session, or their display, gets their own and gains nothing', async () => {
    const alice = await connect(world, users.alice, { display: ':7' });
    await world.chosen(alice.id, 'active-on-seat');
    world.host.copy('clipboard', new Map([['text/plain;charset=utf-8', Buffer.from('for alice')]]));
    await alice.owns();
    world.mock.addSession({ id: '2', uid: users.bob.uid, user: users.bob.name });
    const bob = await connect(world, users.bob, { display: ':7', named: '1' });
    expect(await logindIdOf(bob)).toBe('2');
    await expect(bob.paste()).rejects.toMatchObject({ name: 'denied' });
    expect(bob.given()).toBeNull();
    expect(world.choice.session).toBe(alice.id);
    expect(await alice.paste()).toBe('for alice');
  });

  it('who has no session and names another user’s does not get in', async () => {
    await expect(connect(world, users.bob, { named: '1' })).rejects.toMatchObject({ name: 'denied' });
  });

  it('a process in another user’s session is not taken for that user’s', async () => {
    world.mock.bindPid(process.pid, '1');
    await expect(connect(world, users.bob)).rejects.toMatchObject({ name: 'denied' });
    world.mock.addSession({ id: '2', uid: users.bob.uid, user: users.bob.name });
    expect(await logindIdOf(await connect(world, users.bob))).toBe('2');
  });

  it('an agent is turned away while another one serves the session and answers', async () => {
    const first = await connect(world, users.alice);
    await expect(connect(world, users.alice)).rejects.toMatchObject({ name: 'duplicate-agent' });
    await first.heard();
    expect((await world.sessions()).map(({ id }) => id)).toEqual([first.id]);
  });

  it('of many agents that come for a session at once, one gets in', async () => {
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => connect(world, users.alice)));
    const refused = all.filter((outcome) => outcome.status === 'rejected');
    expect(refused.map(({ reason }) => reason.name)).toEqual(Array.from({ length: 5 }, () => 'duplicate-agent'));
    expect(await world.sessions()).toHaveLength(1);
  });

  it('a user has so many agents and no more; another one is not kept out by that', async () => {
    await world.configure('[limits]\nconnections-per-user = 2\n');
    const root = { uid: 0 };
    for (const display of [':1', ':2']) await connect(world, root, { display });
    await expect(connect(world, root, { display: ':3' })).rejects.toMatchObject({ name: 'limit-exceeded' });
    await connect(world, users.alice);
  });

  it('ids are never used twice', async () => {
    const ids: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      ids.push((await connect(world, users.alice)).id);
      await closeAgents();
      await world.until(
        () => world.events.some((event) => event.kind === 'session-removed' && event.session === ids.at(-1)),
        'its end',
      );
    }
    expect(new Set(ids).size).toBe(3);
    expect([...ids].sort((a, b) => a - b)).toEqual(ids);
  });
});

describe('two agents for one display', () => {
  let world: World;
  let desk: Desk;

  beforeAll(async () => {
    world = await World.start();
    desk = await Desk.open(world, users.alice, { id: '1', active: true });
  });
  afterAll(async () => {
    await desk?.close();
    await world?.end();
  });

  it('the second one ends, with status 0, and says why', async () => {
    const second = desk.launchAgent();
    expect(await second.exit()).toBe(0);
    expect(second.log).toMatch(/another agent serves this session/);
    expect(second.log).toMatch(`pid ${desk.agent.process.pid}`);
    await hostCopy(desk, 'still served by the first');
    expect(await desk.paste()).toBe('still served by the first');
  });

  it('the first one is replaced when it has been silent for two seconds, and does not come back', async () => {
    const first = desk.agent;
    first.process.kill('SIGSTOP');
    const start = performance.now();
    await desk.startAgent();
    const took = performance.now() - start;
    expect(took).toBeGreaterThan(PING_MS - 100);
    expect(took).toBeLessThan(PING_MS + SLACK_MS);
    console.log(`a silent agent is replaced in ${took.toFixed(0)} ms, the start of the new one included`);
    first.process.kill('SIGCONT');
    expect(await first.exit()).toBe(0);
    expect(first.log).toMatch(/another agent serves this session/);
    await hostCopy(desk, 'served by the second');
    expect(await desk.paste()).toBe('served by the second');
    expect(await world.sessions()).toHaveLength(1);
  });
});

describe('without logind', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ logind: false });
  });
  afterAll(() => world?.end());
  beforeEach(() => world.configure(''));

  it('root gets in, others only where the configuration names them, and the administrator is told', async () => {
    await expect(connect(world, users.alice)).rejects.toMatchObject({
      name: 'denied',
      message: expect.stringMatching('without logind'),
    });
    await connect(world, { uid: 0 });
    await world.configure(`[access]\nusers = [${users.alice.uid}]\n`);
    await connect(world, users.alice);
    await expect(connect(world, users.bob)).rejects.toMatchObject({ name: 'denied' });
    const { logind, warnings } = await world.control.call('status', {});
    expect(logind.available).toBe(false);
    expect(warnings.join()).toMatch(/without logind only root/);
    expect(world.daemon.log.match(/warning clipmuxd: without logind only root/g)).toHaveLength(1);
  });

  it('one agent serves a display, however its name is spelled', async () => {
    await connect(world, { uid: 0 }, { display: ':7' });
    for (const display of [':7', ':7.0', 'unix:7'])
      await expect(connect(world, { uid: 0 }, { display })).rejects.toMatchObject({ name: 'duplicate-agent' });
    await connect(world, { uid: 0 }, { display: ':8' });
  });

  it('the newest takes part', async () => {
    const one = await connect(world, { uid: 0 }, { display: ':1' });
    await world.chosen(one.id, 'newest');
    const two = await connect(world, { uid: 0 }, { display: ':2' });
    await world.chosen(two.id, 'newest');
    one.copy('brings it in');
    await world.chosen(one.id, 'newest');
  });

  it('who came meanwhile is looked at anew when logind comes', async () => {
    await world.configure(`[access]\nusers = [${users.alice.uid}]\n`);
    const alice = await connect(world, users.alice);
    await world.chosen(alice.id, 'newest');
    world.mock.addSession({ id: '1', uid: users.alice.uid, user: users.alice.name, active: true, locked: true });
    await world.mock.start();
    // It connects again, and then belongs to the login session: which is locked.
    expect(await alice.closed).toMatchObject({ name: 'shutting-down' });
    await connect(world, users.alice);
    await world.chosen(null, 'locked');
  });
});

describe('a clipmuxd that is not root', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ user: users.daemon });
  });
  afterAll(() => world?.end());

  it('tells users and their sessions apart just as well', async () => {
    world.mock.addSession({ id: '1', uid: users.alice.uid, user: users.alice.name, active: true });
    world.mock.addSession({ id: '2', uid: users.alice.uid, user: users.alice.name, timestamp: 9_000_000_000_000_000n });
    world.mock.bindPid(process.pid, '1');
    const alice = await connect(world, users.alice);
    // Not the newest one: its process's own.
    expect((await world.session(alice.id))?.logind?.id).toBe('1');
    await world.chosen(alice.id, 'active-on-seat');
    await expect(connect(world, users.bob)).rejects.toMatchObject({ name: 'denied' });
  });
});
