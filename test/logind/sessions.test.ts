import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variant } from '../support/dbus-peer.ts';
import { sessionPath } from '../support/logind-mock.ts';
import { LogindWorld } from './world.ts';

let world: LogindWorld;

beforeEach(async () => {
  world = await LogindWorld.withAliceAndBob();
});

afterEach(() => world.end());

const session = (id: string) => world.logind.sessions.get(id);

describe('the sessions of logind', () => {
  it('are read when it starts, and told once', () => {
    expect(world.logind.available).toBe(true);
    expect(session('1')).toEqual({
      id: '1',
      uid: 1000,
      user: 'alice',
      seat: 'seat0',
      type: 'x11',
      class: 'user',
      active: true,
      locked: false,
      remote: false,
      display: ':0',
      leader: 4711,
      state: 'active',
      since: 1_700_000_000_123,
    });
    expect(session('2')).toMatchObject({ uid: 1001, user: 'bob', type: 'wayland', active: false, state: 'online' });
    expect(world.activeId).toBe('1');
    expect(world.told).toEqual(['available']);
    expect(world.active).toEqual(['1']);
  });

  it('switch in one change, though logind tells it in three signals', async () => {
    world.mock.activate('2');
    await world.until(() => world.activeId !== '1', 'the switch');
    await world.drained();
    expect(world.active.filter((id, position) => id !== world.active[position - 1])).toEqual(['1', '2']);
    expect(session('1')).toMatchObject({ active: false, state: 'online' });
  });

  it('are all there for who waits until it has caught up', async () => {
    world.mock.addSession({ id: '3', uid: 1002, user: 'carol' });
    expect(await world.logind.sessionOfPid(4711)).toBeNull();
    await world.logind.caughtUp();
    expect(world.ids).toContain('3');
    await world.logind.caughtUp();
    world.mock.addSession({ id: '4', active: true });
    await world.logind.sessionOfPid(4711);
    world.logind.stop();
    await world.logind.caughtUp();
  });

  it('leave nobody in the foreground on an empty terminal', async () => {
    world.mock.deactivate();
    await world.until(() => world.activeId === null, 'the empty terminal');
    expect(world.ids).toEqual(['1', '2']);
  });

  it('lock and unlock by LockedHint', async () => {
    world.mock.lock('1');
    await world.until(() => session('1')?.locked === true, 'the lock');
    expect(session('2')?.locked).toBe(false);
    world.mock.unlock('1');
    await world.until(() => session('1')?.locked === false, 'the unlock');
  });

  it('stay unlocked when they are only asked to lock', async () => {
    world.mock.requestLock('1');
    await world.drained();
    expect(session('1')?.locked).toBe(false);
  });

  it('come and go', async () => {
    world.mock.addSession({ id: 'c7', uid: 1002, user: 'carol', seat: '', remote: true, type: 'tty' });
    await world.until(() => world.ids.includes('c7'), 'the new session');
    expect(session('c7')).toMatchObject({ user: 'carol', seat: '', remote: true, type: 'tty', active: true });
    world.mock.removeSession('1');
    await world.until(() => !world.ids.includes('1'), 'the end of the session');
    expect(world.activeId).toBeNull();
  });

  it('show a greeter as what it is, in the foreground of its seat', async () => {
    world.mock.addSession({ id: 'c1', uid: 120, user: 'gdm', class: 'greeter', active: true });
    await world.until(() => world.activeId === 'c1', 'the greeter');
    expect(world.logind.activeOnSeat()).toMatchObject({ class: 'greeter', uid: 120 });
  });

  it('change their type, class and display', async () => {
    world.mock.change('2', { type: 'x11', class: 'lock-screen', display: ':5' });
    await world.until(() => session('2')?.display === ':5', 'the change');
    expect(session('2')).toMatchObject({ type: 'x11', class: 'lock-screen' });
  });

  it('may be on other seats, each with its own foreground', async () => {
    world.mock.addSession({ id: '9', seat: 'seat1', user: 'dave', active: true });
    await world.until(() => world.logind.activeOnSeat('seat1')?.id === '9', 'the second seat');
    expect(world.activeId).toBe('1');
    world.mock.removeSession('9');
    world.mock.removeSeat('seat1');
    await world.until(() => !world.ids.includes('9'), 'the end of the second seat');
    expect(world.logind.activeOnSeat('seat1')).toBeNull();
  });

  it('are not told anew by signals that change nothing', async () => {
    await world.drained();
    const before = world.changes;
    world.mock.sendChanged(sessionPath('1'), 'org.freedesktop.login1.Session', { IdleHint: variant('b', true) });
    world.mock.sendChanged(sessionPath('1'), 'org.freedesktop.login1.Session', { LockedHint: variant('b', false) });
    await world.drained();
    // The two that drained() itself makes.
    expect(world.changes - before).toBe(2);
  });

  it('are many: 300 are read without overrunning the bus, and told at once', async () => {
    for (let number = 100; number < 400; number++) world.mock.addSession({ id: String(number), seat: '' });
    world.logind.stop();
    world.changes = 0;
    await world.logind.start();
    expect(world.logind.sessions.size).toBe(302);
    expect(world.changes).toBe(1);
  });
});

describe('answers and signals that cross', () => {
  it('never let an answer undo a newer signal', async () => {
    world.mock.holdReplies();
    const asked = world.mock.called('GetAll');
    world.mock.addSession({ id: '3' });
    await asked;
    // The answer that is held says unlocked.
    world.mock.lock('3');
    world.mock.releaseReplies();
    await world.until(() => world.ids.includes('3'), 'the session');
    expect(session('3')?.locked).toBe(true);
    await world.drained();
    expect(session('3')?.locked).toBe(true);
  });

  it('drop a session that ends while it is read', async () => {
    world.mock.holdReplies();
    const asked = world.mock.called('GetAll');
    world.mock.addSession({ id: '3' });
    await asked;
    world.mock.removeSession('3');
    world.mock.releaseReplies();
    await world.drained();
    expect(world.ids).toEqual(['1', '2']);
  });

  it('hold a switch to a session that is still being read, so that nobody else comes into its place', async () => {
    await world.end();
    world = await LogindWorld.withAliceAndBob({ settleMs: 10_000 });
    world.mock.holdReplies();
    const asked = world.mock.called('GetAll');
    world.mock.addSession({ id: '3', active: true });
    await asked;
    expect(world.activeId).toBe('1');
    world.mock.releaseReplies();
    await world.until(() => world.activeId !== '1', 'the switch');
    expect(world.activeId).toBe('3');
  });

  it('do not hold it for longer than signals that belong together may take', async () => {
    world.mock.holdReplies();
    const begun = performance.now();
    world.mock.addSession({ id: '3', active: true });
    await world.until(() => world.activeId !== '1', 'the end of the wait');
    expect(world.activeId).toBeNull();
    expect(performance.now() - begun).toBeGreaterThan(250);
    world.mock.releaseReplies();
    await world.until(() => world.activeId === '3', 'the switch');
  });

  it('read again what a signal names without its value', async () => {
    const asked = world.mock.calls('GetAll');
    world.mock.sendChanged(sessionPath('1'), 'org.freedesktop.login1.Session', {}, ['LockedHint']);
    await world.drained();
    expect(world.mock.calls('GetAll')).toBe(asked + 2);
  });

  it('leave out a signal with a value of the wrong type', async () => {
    world.mock.sendChanged(sessionPath('1'), 'org.freedesktop.login1.Session', { LockedHint: variant('s', 'yes') });
    await world.drained();
    expect(session('1')?.locked).toBe(false);
  });
});

describe('the session of a process', () => {
  it('is found by its pid', async () => {
    world.mock.bindPid(4242, '2');
    expect(await world.logind.sessionOfPid(4242)).toEqual(session('2'));
  });

  it('is null for a process of no session, for none and for what is no pid', async () => {
    const asked = world.mock.calls('GetSessionByPID');
    expect(await world.logind.sessionOfPid(4242)).toBeNull();
    expect(world.mock.calls('GetSessionByPID')).toBe(asked + 1);
    for (const pid of [0, -1, 1.5, Number.NaN]) expect(await world.logind.sessionOfPid(pid)).toBeNull();
    expect(world.mock.calls('GetSessionByPID')).toBe(asked + 1);
  });

  it('is found though its login has only just begun', async () => {
    world.mock.addSession({ id: '3', user: 'erin' });
    world.mock.bindPid(4243, '3');
    expect(await world.logind.sessionOfPid(4243)).toMatchObject({ id: '3', user: 'erin' });
  });

  it('is asked for by 500 at once, all of whom get their own', async () => {
    for (let pid = 1; pid <= 500; pid++) world.mock.bindPid(pid, pid % 2 === 0 ? '1' : '2');
    const found = await Promise.all(Array.from({ length: 500 }, (_, index) => world.logind.sessionOfPid(index + 1)));
    expect(found.map((one) => one?.id)).toEqual(
      Array.from({ length: 500 }, (_, index) => (index % 2 === 0 ? '2' : '1')),
    );
  });
});
