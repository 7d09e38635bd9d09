import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusConnection } from '../../packages/multiplexer/src/logind/bus-connection.ts';
import { DBusPeer, variant } from '../support/dbus-peer.ts';
import { LogindMock, seatPath, sessionPath } from '../support/logind-mock.ts';
import { PrivateBus } from '../support/private-bus.ts';
import { until, within } from '../support/wait.ts';
import { LogindWorld } from './world.ts';

const PROPERTIES = 'org.freedesktop.DBus.Properties';
const SESSION = 'org.freedesktop.login1.Session';

/** Unique names of everybody on the bus. */
async function namesOn(peer: DBusPeer): Promise<readonly string[]> {
  const [names] = await peer.callBus('ListNames', '');
  return (names as string[]).filter((name) => name.startsWith(':'));
}

describe('another process on the bus', () => {
  let world: LogindWorld;
  let stranger: DBusPeer;
  /** clipmuxd's unique name. */
  let victim: string;

  beforeEach(async () => {
    world = await LogindWorld.withAliceAndBob();
    stranger = await DBusPeer.connect(world.bus.address);
    const others = [stranger.name, world.mock.uniqueName];
    victim = (await namesOn(stranger)).find((name) => !others.includes(name))!;
  });

  afterEach(async () => {
    await stranger.disconnect();
    await world.end();
  });

  /** Waits until the victim has read what the stranger sent so far: it has refused a later call of his. */
  const read = () =>
    expect(stranger.call(victim, '/', 'org.example', 'Anything', [''])).rejects.toThrow(/offers nothing/);

  it("cannot unlock a session or switch by signals that look like logind's", async () => {
    world.mock.lock('1');
    await world.until(() => world.logind.sessions.get('1')?.locked === true, 'the lock');
    const { changes } = world;
    const forge = (path: string, name: string, values: Record<string, ReturnType<typeof variant>>) =>
      stranger.signal(path, PROPERTIES, 'PropertiesChanged', ['sa{sv}as', name, values, []], victim);
    forge(sessionPath('1'), SESSION, { LockedHint: variant('b', false), Active: variant('b', false) });
    forge(sessionPath('2'), SESSION, { Active: variant('b', true) });
    const seat = { ActiveSession: variant('(so)', ['2', sessionPath('2')]) };
    forge(seatPath('seat0'), 'org.freedesktop.login1.Seat', seat);
    const manager = ['/org/freedesktop/login1', 'org.freedesktop.login1.Manager'] as const;
    stranger.signal(...manager, 'SessionRemoved', ['so', '1', sessionPath('1')], victim);
    await read();
    await world.drained();
    expect(world.activeId).toBe('1');
    expect(world.logind.sessions.get('1')?.locked).toBe(true);
    expect(world.changes).toBe(changes + 2); // those of drained()
  });

  it("cannot pass itself off as logind's new owner", async () => {
    const bus = ['/org/freedesktop/DBus', 'org.freedesktop.DBus'] as const;
    const told = ['sss', 'org.freedesktop.login1', world.mock.uniqueName, stranger.name] as const;
    stranger.signal(...bus, 'NameOwnerChanged', told, victim);
    await read();
    world.mock.activate('2');
    await world.until(() => world.activeId === '2', 'a switch told by the real logind');
    expect(world.told).toEqual(['available']);
  });

  it('cannot crash it by a message that dbus-next cannot parse', async () => {
    // A number is made the index of a file descriptor that does not come along: the bus lets that pass.
    const bytes = await stranger.signalBytes('/', 'org.example', 'Odd', ['u', 0], victim);
    const signature = bytes.indexOf(Buffer.from('\x01u\0', 'latin1'));
    expect(signature).toBeGreaterThan(0);
    bytes[signature + 1] = 'h'.charCodeAt(0);
    stranger.stream.write(bytes);
    await read();
    world.mock.lock('1');
    await world.until(() => world.logind.sessions.get('1')?.locked === true, 'the next signal');
    expect(world.told).toEqual(['available']);
  });

  it('finds nothing to call there', async () => {
    const call = (name: string, member: string) => stranger.call(victim, '/', name, member, ['']);
    const refused = expect.objectContaining({ type: 'org.freedesktop.DBus.Error.UnknownMethod' });
    await expect(call('org.freedesktop.DBus.Introspectable', 'Introspect')).rejects.toEqual(refused);
    await expect(call('org.freedesktop.DBus.Properties', 'GetAll')).rejects.toEqual(refused);
  });
});

describe('a bus that refuses', () => {
  let bus: PrivateBus;

  afterEach(() => bus.remove());

  it('another connection at Hello is an error like any other', async () => {
    bus = await PrivateBus.start({ limits: { max_connections_per_user: 1 } });
    const first = await BusConnection.open({ address: bus.address });
    await expect(BusConnection.open({ address: bus.address, connectTimeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'no-bus',
    });
    first.close();
  });

  it('our credentials is an error like any other', async () => {
    bus = await PrivateBus.start({ authentication: 'ANONYMOUS' });
    await expect(BusConnection.open({ address: bus.address, connectTimeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'no-bus',
    });
  });

  it('more than 32 waiting replies never has to: further calls wait for their turn', async () => {
    bus = await PrivateBus.start({ limits: { max_replies_per_connection: 32 } });
    const mock = await LogindMock.start(bus.address);
    const connection = await BusConnection.open({ address: bus.address });
    const list = () =>
      connection.call({
        destination: mock.uniqueName,
        path: '/org/freedesktop/login1',
        interface: 'org.freedesktop.login1.Manager',
        member: 'ListSessions',
      });
    const replies = await Promise.all(Array.from({ length: 300 }, list));
    expect(replies).toEqual(Array.from({ length: 300 }, () => [[]]));
    connection.close();
    await mock.stop();
  });
});

describe('a connection to the bus', () => {
  let bus: PrivateBus;

  beforeEach(async () => {
    bus = await PrivateBus.start();
  });
  afterEach(() => bus.remove());

  it('rejects calls that wait when the bus dies, and says once that it is gone', async () => {
    const mock = await LogindMock.start(bus.address);
    mock.hang();
    const connection = await BusConnection.open({ address: bus.address });
    let closed = 0;
    connection.on('close', () => closed++);
    const call = connection.call({ destination: mock.uniqueName, path: '/', interface: 'a.b', member: 'C' });
    const rejected = expect(call).rejects.toMatchObject({ code: 'closed' });
    await bus.stop('SIGKILL');
    await within(rejected, 'the rejection');
    expect(closed).toBe(1);
    await expect(connection.callBus('ListNames', '', [])).rejects.toMatchObject({ code: 'closed' });
    await mock.stop();
  });

  it('lets what a listener throws end the program, as dbus-next would not', async () => {
    const program = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'throwing-listener.ts')], {
      env: { ...process.env, ...bus.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    program.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    await until(() => program.exitCode !== null, 'the program to end');
    expect(program.exitCode).not.toBe(0);
    expect(stderr).toContain('thrown by a listener');
  });
});
