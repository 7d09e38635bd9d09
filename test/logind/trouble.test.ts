import { afterEach, describe, expect, it } from 'vitest';
import { PrivateBus } from '../support/private-bus.ts';
import { within } from '../support/wait.ts';
import { LogindWorld } from './world.ts';

let world: LogindWorld;

afterEach(() => world.end());

describe('a logind that restarts', () => {
  it('is read anew: what changed meanwhile is told, and nobody was without it', async () => {
    world = await LogindWorld.withAliceAndBob();
    await world.mock.stop();
    world.mock.activate('2');
    world.mock.lock('1');
    world.mock.addSession({ id: '3', seat: '' });
    await world.mock.start();
    await world.until(() => world.ids.includes('3'), 'the state read anew');
    expect(world.activeId).toBe('2');
    expect(world.logind.sessions.get('1')?.locked).toBe(true);
    expect(world.told).toEqual(['available']);
    expect(world.changes).toBe(2);
    world.mock.lock('2');
    await world.until(() => world.logind.sessions.get('2')?.locked === true, 'signals of the new logind');
  });

  it('and stays away is lost: no session counts until it is back', async () => {
    world = await LogindWorld.withAliceAndBob({ lostGraceMs: 50 });
    await world.mock.stop();
    await world.until(() => !world.logind.available, 'the loss');
    expect(world.told).toEqual(['available', 'lost']);
    expect(world.ids).toEqual([]);
    expect(world.activeId).toBeNull();
    await expect(world.logind.sessionOfPid(1)).rejects.toMatchObject({ code: 'unavailable' });
    await world.mock.start();
    await world.until(() => world.logind.available, 'its return');
    expect(world.ids).toEqual(['1', '2']);
  });

  it('rejects who asks for a process while it goes', async () => {
    world = await LogindWorld.withAliceAndBob();
    world.mock.hang();
    const called = world.mock.called('GetSessionByPID');
    const asked = expect(world.logind.sessionOfPid(1)).rejects.toMatchObject({ code: 'unavailable' });
    await called;
    await world.mock.stop();
    await within(asked, 'the rejection');
  });
});

describe('a bus that restarts', () => {
  it('is found again, and logind with it', async () => {
    world = await LogindWorld.withAliceAndBob();
    await world.bus.restart();
    world.mock.activate('2');
    await world.mock.start();
    await world.until(() => world.activeId === '2', 'the state read anew');
    expect(world.told).toEqual(['available']);
    world.mock.lock('2');
    await world.until(() => world.logind.sessions.get('2')?.locked === true, 'signals over the new connection');
  });

  it('and dies by SIGKILL is no different', async () => {
    world = await LogindWorld.withAliceAndBob();
    await world.bus.stop('SIGKILL');
    await world.bus.start();
    world.mock.removeSession('2');
    await world.mock.start();
    await world.until(() => !world.ids.includes('2'), 'the state read anew');
    expect(world.told).toEqual(['available']);
  });

  it('and stays away is lost', async () => {
    world = await LogindWorld.withAliceAndBob({ lostGraceMs: 50 });
    await world.bus.stop();
    await world.until(() => !world.logind.available, 'the loss');
    expect(world.told[1]).toBe('lost');
    expect(world.ids).toEqual([]);
    await world.bus.start();
    await world.mock.start();
    await world.until(() => world.logind.available, 'its return');
    expect(world.ids).toEqual(['1', '2']);
  });
});

describe('without logind', () => {
  it('says that there is no bus, and finds it once it is there', async () => {
    world = new LogindWorld(PrivateBus.prepare());
    await world.logind.start();
    expect(world.logind.available).toBe(false);
    expect(world.logind.availability).toMatchObject({ available: false, reason: 'no-bus', error: { code: 'no-bus' } });
    expect(world.changes).toBe(0);
    await expect(world.logind.sessionOfPid(1)).rejects.toMatchObject({ code: 'unavailable' });
    await world.bus.start();
    await world.mock.start();
    await world.until(() => world.logind.available, 'logind');
  });

  it('says that nobody of that name is on the bus, and hears when it comes', async () => {
    world = new LogindWorld(await PrivateBus.start());
    await world.logind.start();
    expect(world.told).toEqual(['no-logind']);
    world.mock.addSession({ id: '5', active: true });
    await world.mock.start();
    await world.until(() => world.logind.available, 'logind');
    expect(world.activeId).toBe('5');
  });

  it('an address that cannot be used is named, and harms nobody', async () => {
    world = new LogindWorld(PrivateBus.prepare(), { address: 'tcp:host=127.0.0.1,port=1' });
    await world.logind.start();
    expect(world.logind.availability).toMatchObject({ reason: 'no-bus', error: { code: 'bad-address' } });
  });
});

describe('calls that hang', () => {
  it('make a logind that never answers unavailable, and it is asked again', async () => {
    world = new LogindWorld(await PrivateBus.start(), { callTimeoutMs: 50 });
    world.mock.hang();
    world.mock.addSession({ id: '1', active: true });
    await world.mock.start();
    await world.logind.start();
    expect(world.logind.availability).toMatchObject({ reason: 'no-answer', error: { code: 'timed-out' } });
    world.mock.answer();
    await world.until(() => world.logind.available, 'the answer');
    expect(world.activeId).toBe('1');
  });

  it('time out for who asks for a process, and disturb nobody else', async () => {
    world = await LogindWorld.withAliceAndBob({ callTimeoutMs: 500 });
    world.mock.bindPid(7, '1');
    world.mock.hang();
    await expect(world.logind.sessionOfPid(7)).rejects.toMatchObject({ code: 'timed-out' });
    expect(world.logind.available).toBe(true);
    world.mock.answer();
    expect(await world.logind.sessionOfPid(7)).toMatchObject({ id: '1' });
  });

  it('that read a new session have all read anew once logind answers again', async () => {
    world = await LogindWorld.withAliceAndBob({ callTimeoutMs: 500 });
    world.mock.hang();
    const first = world.mock.called('GetAll');
    world.mock.addSession({ id: '3' });
    await first;
    await within(world.mock.called('ListSessions'), 'a new attempt');
    world.mock.answer();
    await world.until(() => world.ids.includes('3'), 'the new session');
    expect(world.told).toEqual(['available']);
  });

  it('do not keep the start waiting when the bus accepts and says nothing', async () => {
    world = new LogindWorld(await PrivateBus.start(), { connectTimeoutMs: 100 });
    world.bus.freeze();
    await within(world.logind.start(), 'the first word');
    expect(world.told).toEqual(['no-bus']);
    world.bus.thaw();
    await world.mock.start();
    await world.until(() => world.logind.available, 'logind');
  });
});

describe('being stopped', () => {
  it('forgets all, tells nothing more, and can start again', async () => {
    world = await LogindWorld.withAliceAndBob();
    const { changes } = world;
    world.logind.stop();
    expect(world.logind.available).toBe(false);
    expect(world.ids).toEqual([]);
    await world.logind.start();
    expect(world.ids).toEqual(['1', '2']);
    expect(world.changes).toBe(changes + 1);
  });

  it('ends a start that waits', async () => {
    world = new LogindWorld(await PrivateBus.start());
    world.bus.freeze();
    const started = world.logind.start();
    world.logind.stop();
    await within(started, 'the end of the start');
    expect(world.told).toEqual([]);
  });
});
