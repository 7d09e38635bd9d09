import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { median } from '../bench/statistics.ts';
import { Requestor } from '../bench/x11/requestor.ts';
import { hostCopy, hostPaste, nextEvent } from '../support/exchange.ts';
import { makeUsers, removeUsers, type TestUser } from '../support/users.ts';
import { within } from '../support/wait.ts';
import { Desk } from './desk.ts';
import { World } from './world.ts';

/** How often a switch is timed. */
const SWITCHES = 20;

/** What an agent ends with that may not take part (clipmux-session --help). */
const EXIT_REFUSED = 4;

let users: Record<'alice' | 'bob' | 'carol', TestUser>;
let world: World;
/** At the seat. */
let alice: Desk;
let bob: Desk;

beforeAll(async () => {
  users = await makeUsers('alice', 'bob', 'carol');
  world = await World.start();
  [alice, bob] = await Promise.all([
    Desk.open(world, users.alice, { id: '1', active: true }),
    Desk.open(world, users.bob, { id: '2' }),
  ]);
});
afterAll(async () => {
  await Promise.all([alice?.close(), bob?.close()]);
  await world?.end();
  await removeUsers(users);
});
/** Alice is active, nothing is locked, nobody owns anything. */
beforeEach(async () => {
  world.host.release('clipboard');
  await Promise.all([alice.clear(), bob.clear()]);
  await world.control.call('policy.set', { policy: 'active' });
  for (const { login } of [alice, bob]) world.mock.unlock(login);
  world.mock.activate(alice.login);
  await world.chosen(alice.id, 'active-on-seat');
});

/** What the host has been offered since: its grabs of CLIPBOARD, counted. */
function countGrabs(): () => number {
  let count = 0;
  world.host.on('grabbed', () => {
    count += 1;
  });
  return () => count;
}

function grabbed() {
  return nextEvent(world.host, 'grabbed');
}

async function switchTo(desk: Desk): Promise<void> {
  world.mock.activate(desk.login);
  await world.chosen(desk.id);
}

describe('users who take turns at a seat', () => {
  it('are given what the host offers while they are active, and not before or after', async () => {
    await hostCopy(alice, 'for whoever sits here');
    expect(await alice.paste()).toBe('for whoever sits here');
    await expect(bob.paste()).rejects.toThrow();
    const changed = Promise.all([alice.taken(), bob.given()]);
    world.mock.activate(bob.login);
    await changed;
    expect(await bob.paste()).toBe('for whoever sits here');
    await expect(alice.paste()).rejects.toThrow();
  });

  it('each offer their own where the host offers nothing; what the one before had offered is withdrawn', async () => {
    const aliceOffers = grabbed();
    await alice.copyKnown('of alice');
    await aliceOffers;
    const grabs = countGrabs();
    await bob.copyKnown('of bob');
    const bobOffers = grabbed();
    const pasting = hostPaste(alice);
    expect((await pasting).toString()).toBe('of alice');
    expect(grabs()).toBe(0);
    world.mock.activate(bob.login);
    await bobOffers;
    expect((await hostPaste(bob)).toString()).toBe('of bob');
  });

  it('come to a host that keeps its offer: it wins over what the next one owns', async () => {
    await bob.copyKnown('older than the host’s');
    await hostCopy(alice, 'standing');
    const given = bob.given();
    await switchTo(bob);
    await given;
    expect(await bob.paste()).toBe('standing');
    expect(world.host.owns('clipboard')).toBe(true);
  });

  it('leave nothing behind: the host is told when the next one offers nothing', async () => {
    const offered = grabbed();
    await alice.copyKnown('of alice');
    await offered;
    const released = nextEvent(world.host, 'released');
    await switchTo(bob);
    await released;
    expect(world.host.offered('clipboard')).toBeUndefined();
  });

  it('make way for a greeter and for a text console, where nobody takes part', async () => {
    await hostCopy(alice, 'standing');
    const taken = alice.taken();
    world.mock.addSession({ id: 'c1', uid: 65534, user: 'greeter', class: 'greeter', active: true });
    await taken;
    await world.chosen(null, 'nobody');
    await expect(alice.paste()).rejects.toThrow();
    const given = alice.given();
    await switchTo(alice);
    await given;
    world.mock.addSession({ id: 't1', uid: users.alice.uid, user: users.alice.name, type: 'tty', active: true });
    await world.chosen(null, 'nobody');
    for (const id of ['c1', 't1']) world.mock.removeSession(id);
  });

  it('may be without an agent: nobody takes part in their place', async () => {
    world.mock.addSession({ id: '9', uid: users.carol.uid, user: users.carol.name, active: true });
    await world.chosen(null, 'active-without-agent');
    world.mock.removeSession('9');
  });
});

describe('a request in flight when the session changes', () => {
  it('of a program in the session fails at once', async () => {
    await hostCopy(alice, 'never sent');
    world.host.setFaults({ requests: 'never-answer' });
    const requested = nextEvent(world.host, 'requested');
    const pasted = alice.paste();
    pasted.catch(() => {});
    await requested;
    const start = performance.now();
    await switchTo(bob);
    await expect(pasted).rejects.toThrow();
    // Far below the time that a silent host has.
    expect(performance.now() - start).toBeLessThan(3000);
    world.host.setFaults({});
    const given = bob.given();
    await hostCopy(bob, 'the next');
    await given;
    expect(await bob.paste()).toBe('the next');
  });

  it('of the host is answered with nothing at once, and never with what the next session has', async () => {
    const offered = grabbed();
    const copier = alice.copy('of alice');
    await offered;
    await bob.copyKnown('of bob');
    copier.process.kill('SIGSTOP');
    const asked = world.happens('request', ({ by, session }) => by === 'host' && session === alice.id);
    const pasting = hostPaste(alice);
    await asked;
    const bobOffers = grabbed();
    world.mock.activate(bob.login);
    expect((await pasting).length).toBe(0);
    await bobOffers;
    copier.process.kill('SIGCONT');
    expect((await hostPaste(bob)).toString()).toBe('of bob');
  });
});

describe('a locked session', () => {
  it('gives up what it had of the host, is refused it, and is given it back when it is unlocked', async () => {
    await hostCopy(alice, 'standing');
    const taken = alice.taken();
    world.mock.lock(alice.login);
    await taken;
    await world.chosen(null, 'locked');
    await expect(alice.paste()).rejects.toThrow();
    const given = alice.given();
    world.mock.unlock(alice.login);
    await given;
    expect(await alice.paste()).toBe('standing');
  });

  it('offers nothing: what it had offered is withdrawn, what is copied there meanwhile waits', async () => {
    const offered = grabbed();
    await alice.copyKnown('before');
    await offered;
    const released = nextEvent(world.host, 'released');
    world.mock.lock(alice.login);
    await released;
    const grabs = countGrabs();
    await alice.copyKnown('behind the lock');
    await expect(hostPaste(alice)).rejects.toMatchObject({ code: 'nothing-to-paste' });
    expect(grabs()).toBe(0);
    const again = grabbed();
    world.mock.unlock(alice.login);
    await again;
    expect((await hostPaste(alice)).toString()).toBe('behind the lock');
  });

  it('is one whose hint says so: being asked to lock changes nothing', async () => {
    await hostCopy(alice, 'standing');
    const from = world.events.length;
    world.mock.requestLock(alice.login);
    // Signals come in order: by the time that this change is known, the request has been heard.
    await switchTo(bob);
    const choices = world.events.slice(from).filter(({ kind }) => kind === 'eligible');
    expect(choices).toMatchObject([{ session: bob.id }]);
  });
});

describe('the administrator', () => {
  it('pins a session, which then takes part wherever the users are, unless it is locked', async () => {
    await hostCopy(alice, 'standing');
    const given = bob.given();
    await world.control.call('policy.set', { policy: `pinned:${bob.id}` });
    await given;
    await world.chosen(bob.id, 'pinned');
    world.mock.deactivate();
    world.mock.activate(alice.login);
    expect(await bob.paste()).toBe('standing');
    await expect(alice.paste()).rejects.toThrow();
    const taken = bob.taken();
    world.mock.lock(bob.login);
    await taken;
    await world.chosen(null, 'locked');
  });

  it('turns it all off and on again', async () => {
    await hostCopy(alice, 'standing');
    const taken = alice.taken();
    await world.control.call('policy.set', { policy: 'off' });
    await taken;
    await world.chosen(null, 'policy-off');
    await expect(alice.paste()).rejects.toThrow();
    await alice.copyKnown('kept here');
    await expect(hostPaste(alice)).rejects.toMatchObject({ code: 'nothing-to-paste' });
    const given = alice.given();
    await world.control.call('policy.set', { policy: 'active' });
    await given;
    expect(await alice.paste()).toBe('standing');
  });

  it('selects a session by its id, and lets it follow the seat again', async () => {
    await world.control.call('session.select', { session: bob.id });
    await world.chosen(bob.id, 'pinned');
    await world.control.call('session.select', { session: null });
    await world.chosen(alice.id, 'active-on-seat');
    await expect(world.control.call('session.select', { session: 4711 })).rejects.toMatchObject({
      name: 'no-such-session',
    });
  });
});

describe('sessions without a seat', () => {
  let carol: Desk;
  let vnc: Desk;

  beforeAll(async () => {
    [carol, vnc] = await Promise.all([
      Desk.open(world, users.carol, { id: '31', seat: '' }),
      Desk.open(world, users.bob, { id: '32', seat: '' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([carol?.close(), vnc?.close()]);
    for (const id of ['31', '32']) world.mock.removeSession(id);
  });
  beforeEach(() => Promise.all([carol.clear(), vnc.clear()]));

  it('take part where nobody’s session is at the seat, the newest activity first', async () => {
    await carol.copyKnown('first');
    await vnc.copyKnown('second');
    const offered = grabbed();
    world.mock.deactivate();
    await offered;
    await world.chosen(vnc.id, 'newest-without-seat');
    expect((await hostPaste(vnc)).toString()).toBe('second');
    await hostCopy(vnc, 'of the host');
    expect(await vnc.paste()).toBe('of the host');
    await expect(carol.paste()).resolves.toBe('first');
  });

  it('come in by a copy, which wins over what the host offers', async () => {
    await vnc.copyKnown('makes it the newest');
    world.mock.deactivate();
    await world.chosen(vnc.id);
    await hostCopy(vnc, 'standing');
    const taken = vnc.taken();
    const offered = grabbed();
    carol.copy('wins');
    await Promise.all([taken, offered]);
    await world.chosen(carol.id, 'newest-without-seat');
    expect(world.host.owns('clipboard')).toBe(false);
    expect((await hostPaste(carol)).toString()).toBe('wins');
    await expect(vnc.paste()).rejects.toThrow();
  });

  it('stay out while somebody sits at the seat, whatever they copy', async () => {
    await hostCopy(alice, 'of the host');
    await carol.copyKnown('not wanted');
    expect(world.choice.session).toBe(alice.id);
    expect(world.host.owns('clipboard')).toBe(true);
  });

  it('are passed over while they are locked', async () => {
    await carol.copyKnown('of carol');
    await vnc.copyKnown('of the newest');
    world.mock.lock(vnc.login);
    world.mock.deactivate();
    await world.chosen(carol.id, 'newest-without-seat');
    world.mock.unlock(vnc.login);
    await world.chosen(vnc.id, 'newest-without-seat');
  });
});

describe('an agent', () => {
  let carol: Desk | undefined;

  afterEach(async () => {
    await carol?.close();
    carol = undefined;
    for (const id of ['41', '42']) world.mock.removeSession(id);
  });

  async function sessionOfCarol(named?: string): Promise<string | undefined> {
    // Two sessions of the user: the one of the seat is the older one.
    world.mock.addSession({ id: '42', uid: users.carol.uid, user: users.carol.name, seat: '', timestamp: 9_000_000n });
    const since = { timestamp: 1_000_000n };
    carol = await Desk.open(world, users.carol, { id: '41', ...since }, { inScope: false, ...(named && { named }) });
    return (await world.session(carol.id))?.logind?.id;
  }

  it('of user@.service belongs to the session that it names', async () => {
    expect(await sessionOfCarol('41')).toBe('41');
  });

  it('of user@.service that names none belongs to the user’s newest graphical session', async () => {
    expect(await sessionOfCarol()).toBe('42');
  });

  it('of user@.service that names another user’s gets its own user’s newest', async () => {
    expect(await sessionOfCarol(alice.login)).toBe('42');
  });

  it('is closed when its session has logged out, and does not come back', async () => {
    expect(await sessionOfCarol('41')).toBe('41');
    const { agent, id } = carol as Desk;
    world.mock.removeSession('41');
    world.mock.removeSession('42');
    expect(await agent.exit()).toBe(EXIT_REFUSED);
    expect(agent.log).toMatch(/the login session has ended/);
    expect(await world.session(id)).toBeUndefined();
    for (const again of ['41', '42']) world.mock.addSession({ id: again });
  });
});

describe('while logind is away', () => {
  let carol: Desk;

  beforeAll(async () => {
    carol = await Desk.open(world, users.carol, { id: '51', seat: '' });
  });
  afterAll(async () => {
    await carol?.close();
    world.mock.removeSession('51');
  });

  /** Logind goes, with its bus or without. What it is told meanwhile nobody hears. */
  async function comesBack(withBus: boolean): Promise<void> {
    if (withBus) await world.bus.start();
    await world.mock.start();
  }
  async function goes(withBus: boolean): Promise<void> {
    if (withBus) await world.bus.stop();
    await world.mock.stop();
  }

  it.each([
    ['logind', false],
    ['the bus', true],
  ])('because %s is restarted, who took part goes on; then all is read anew', async (_, withBus) => {
    await hostCopy(alice, 'standing');
    await goes(withBus);
    await carol.copyKnown('does not come in');
    expect(await alice.paste()).toBe('standing');
    expect(world.choice.session).toBe(alice.id);
    world.mock.activate(bob.login);
    const changed = Promise.all([alice.taken(), bob.given()]);
    await comesBack(withBus);
    await changed;
    expect(await bob.paste()).toBe('standing');
    await world.chosen(bob.id, 'active-on-seat');
  });

  it('and a session is locked meanwhile, that is known when logind is back', async () => {
    await hostCopy(alice, 'standing');
    await goes(false);
    world.mock.lock(alice.login);
    const taken = alice.taken();
    await comesBack(false);
    await taken;
    await world.chosen(null, 'locked');
  });

  it('for long, nobody else comes in, not even in the place of one who leaves', async () => {
    await hostCopy(alice, 'standing');
    await goes(false);
    await world.chosen(alice.id, 'logind-lost');
    const status = await world.control.call('status', {});
    expect(status.logind).toMatchObject({ available: false });
    expect(status.warnings.join()).toMatch(/logind has gone/);
    expect(await alice.paste()).toBe('standing');
    await alice.agent.stop();
    await world.chosen(null, 'logind-lost');
    await carol.copyKnown('does not come in');
    expect(world.choice.session).toBeNull();
    await comesBack(false);
    await alice.startAgent();
    await world.chosen(alice.id, 'active-on-seat');
  });
});

describe('the figures', () => {
  it('a switch takes so long until the first paste in the new session', async () => {
    const requestors = await Promise.all(
      [alice, bob].map(({ xvfb }) => Requestor.connect(xvfb.display, ['UTF8_STRING'])),
    );
    const content = 'whoever is here';
    await hostCopy(alice, content);
    const times: number[] = [];
    for (let round = 1; round <= SWITCHES; round += 1) {
      const [next, before] = round % 2 === 0 ? [alice, bob] : [bob, alice];
      const requestor = requestors[round % 2] as Requestor;
      const changed = Promise.all([next.given(), before.taken()]);
      const pieces: Buffer[] = [];
      const owned = requestor.nextOwner('CLIPBOARD');
      const start = performance.now();
      world.mock.activate(next.login);
      await within(owned, 'the new session to own the selection');
      await within(
        requestor.read('CLIPBOARD', 'UTF8_STRING', (piece) => pieces.push(piece)),
        'the paste',
      );
      times.push(performance.now() - start);
      expect(Buffer.concat(pieces).toString()).toBe(content);
      await changed;
    }
    for (const requestor of requestors) requestor.close();
    console.log(
      `switch of the active session to first paste in the new one, ms: median ${median(times).toFixed(1)},` +
        ` ${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)} (n=${times.length})`,
    );
    expect(median(times)).toBeLessThan(500);
  });
});
