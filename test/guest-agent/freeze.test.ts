import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeQemuGa } from '../../packages/multiplexer/src/guest-agent/upstream/fake-qemu-ga.fixture.ts';
import { RawHost } from '../host-calls/raw-host.ts';
import { WireAgent } from '../sessions/wire-agent.ts';
import { StandIn } from './world.ts';

/** A freeze of this machine's disks is nothing for a test: the qemu-ga behind is one that only says that it freezes. */

let standIn: StandIn;
let qemuGa: FakeQemuGa;

async function start(): Promise<void> {
  standIn = new StandIn();
  qemuGa = await FakeQemuGa.start(join(standIn.directory, 'fake-qga'));
  await standIn.start([`upstream = "unix:${qemuGa.path}"`], '-v');
  await standIn.daemon?.said(/qemu-ga is connected/);
}

afterEach(async () => {
  // It ends only when nothing is frozen.
  if (qemuGa.frozen) await (await standIn.connect()).ask('{"execute": "guest-fsfreeze-thaw"}');
  await standIn.stop();
  await qemuGa.stop();
  standIn.remove();
});

describe('from freeze to thaw', () => {
  it('clipmuxd writes nothing, carries out only what qemu-ga would, and writes afterwards what it kept', async () => {
    await start();
    const daemon = standIn.daemon;
    if (!daemon) throw new Error('not started');
    const client = await standIn.connect();
    const held = qemuGa.hold('guest-fsfreeze-freeze');
    client.send('{"execute": "guest-fsfreeze-freeze"}');
    const { answer } = await held;
    await daemon.said(/file systems are being frozen/);
    const lines = daemon.lines;
    // Log lines of any kind: connections, errors, commands.
    const others = await Promise.all(Array.from({ length: 5 }, () => standIn.connect()));
    for (const other of others) await other.ask('{"execute": "guest-ping"}');
    qemuGa.frozen = true;
    answer('{"return": 3}\n');
    expect(JSON.parse((await client.answer()).toString())).toEqual({ return: 3 });

    for (const command of [
      'guest-exec',
      'guest-get-time',
      'guest-session-list',
      'guest-clipboard-get',
      'guest-fsfreeze-freeze',
    ]) {
      expect((await client.ask(`{"execute": "${command}"}`)).error).toEqual({
        class: 'CommandNotFound',
        desc: `Command ${command} has been disabled: the agent is in frozen state`,
      });
    }
    expect(await client.call('guest-ping')).toEqual({});
    expect(await client.call('guest-sync', { id: 5 })).toBe(5);
    expect(await client.call('guest-fsfreeze-status')).toBe('frozen');
    const { supported_commands: commands } = await client.call<{
      supported_commands: { name: string; enabled: boolean }[];
    }>('guest-info');
    expect(
      commands
        .filter(({ enabled }) => enabled)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      'guest-fsfreeze-status',
      'guest-fsfreeze-thaw',
      'guest-info',
      'guest-ping',
      'guest-sync',
      'guest-sync-delimited',
    ]);
    for (const other of others) other.close();
    expect(daemon.lines).toBe(lines);
    expect(qemuGa.commands).not.toContain('guest-exec');

    expect(await client.call('guest-fsfreeze-thaw')).toBe(2);
    await daemon.said(/file systems are thawed/, lines);
    expect(daemon.log).toMatch(/a client of the guest agent[\s\S]*file systems are thawed/);
    expect((await client.ask('{"execute": "guest-exec"}')).return).toEqual({ did: 'guest-exec' });
  });

  it('sessions come, call the host and leave, and the host answers nonsense, without a line in the log', async () => {
    standIn = new StandIn();
    qemuGa = await FakeQemuGa.start(join(standIn.directory, 'fake-qga'));
    const port = join(standIn.directory, 'calls.sock');
    const host = await RawHost.listen(port);
    const config = [`upstream = "unix:${qemuGa.path}"`, '[host-calls]', `port = "unix:${port}"`, 'allow = ["echo"]'];
    const daemon = await standIn.start(config, '-v', '--session-socket', standIn.sessionSocket);
    await daemon.said(/qemu-ga is connected/);
    await host.connected();
    const client = await standIn.connect();
    await client.call('guest-fsfreeze-freeze');
    const lines = daemon.lines;
    const agent = await WireAgent.connect(standIn.sessionSocket, { display: ':50' });
    const call = agent.wire.hostCall('echo', { a: 1 });
    await host.until(() => host.calls.length === 1, 'the call');
    host.say('nonsense\n{"return": 1, "id": {"session": 9, "call": 9}}\n');
    const [first] = host.calls;
    if (first) host.return(first, 'while frozen');
    expect(await call).toBe('while frozen');
    await expect(agent.wire.hostCall('reboot')).rejects.toMatchObject({ name: 'not-allowed' });
    await agent.close();
    await host.until(() => host.events.some(({ event }) => event === 'SESSION_REMOVED'), 'the session to be gone');
    await host.close();
    expect(await client.call('guest-fsfreeze-status')).toBe('frozen');
    expect(daemon.lines).toBe(lines);
    await client.call('guest-fsfreeze-thaw');
    await daemon.said(/what is no answer to a call/, lines);
    await daemon.said(/file systems are thawed/, lines);
  });

  it('SIGTERM takes effect after the thaw', async () => {
    await start();
    const client = await standIn.connect();
    await client.call('guest-fsfreeze-freeze');
    const child = standIn.daemon?.process;
    child?.kill('SIGTERM');
    // Whoever still answers has not ended.
    for (let round = 0; round < 5; round += 1) expect(await client.call('guest-fsfreeze-status')).toBe('frozen');
    expect(child?.exitCode).toBeNull();
    await client.call('guest-fsfreeze-thaw');
    expect(await standIn.daemon?.exit()).toBe(0);
  });

  it('a clipmuxd that is started anew knows that disks are frozen', async () => {
    await start();
    const first = await standIn.connect();
    await first.call('guest-fsfreeze-freeze');
    standIn.daemon?.process.kill('SIGKILL');
    await first.closed();
    await standIn.daemon?.exit();
    await standIn.start([`upstream = "unix:${qemuGa.path}"`]);
    const client = await standIn.connect();
    expect((await client.ask('{"execute": "guest-session-list"}')).error?.desc).toContain('frozen state');
    await client.call('guest-fsfreeze-thaw');
    expect(await client.call('guest-session-list')).toMatchObject({ sessions: [] });
  });

  it('a freeze that takes its time is waited for, and thawed through another client', async () => {
    await start();
    const client = await standIn.connect();
    const held = qemuGa.hold('guest-fsfreeze-freeze');
    client.send('{"execute": "guest-fsfreeze-freeze"}');
    const { answer } = await held;
    client.close();
    answer('{"return": 3}\n');
    const other = await standIn.connect();
    expect(await other.call('guest-fsfreeze-thaw')).toBe(2);
    expect(await other.call('guest-session-list')).toMatchObject({ sessions: [] });
  });
});

describe('guest-shutdown', () => {
  it('has no answer, and what follows has its own', async () => {
    await start();
    const client = await standIn.connect();
    client.send(
      '{"execute": "guest-shutdown", "id": 1}{"execute": "guest-ping", "id": 2}{"execute": "guest-exec", "id": 3}',
    );
    expect(JSON.parse((await client.answer()).toString())).toEqual({ return: {}, id: 2 });
    expect(JSON.parse((await client.answer()).toString())).toMatchObject({ return: { did: 'guest-exec' } });
    expect(qemuGa.commands).toEqual(['guest-shutdown', 'guest-exec']);
  });
});
