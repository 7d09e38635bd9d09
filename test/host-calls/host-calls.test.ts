import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST_CALLS_PER_SESSION_MAX, HOST_RETURN_BYTES_MAX } from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WireAgent } from '../sessions/wire-agent.ts';
import { accepts, Program } from '../support/chain.ts';
import { until } from '../support/wait.ts';
import { type Call, RawHost } from './raw-host.ts';

const SESSIONS = 10;
const CALLS_EACH = 12;
const NAMES = ['echo', 'fail', 'slow'];

let directory: string;
let port: string;
let daemon: Program;
let host: RawHost;
const agents: WireAgent[] = [];

function configure(answer: string): void {
  const allow = JSON.stringify(NAMES);
  writeFileSync(
    join(directory, 'clipmux.toml'),
    `[host-calls]\nport = "unix:${port}"\nallow = ${allow}\nanswer = "${answer}"\n`,
  );
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'clipmux-host-calls-'));
  port = join(directory, 'calls.sock');
  configure('10s');
  const socket = join(directory, 'session.sock');
  daemon = new Program('clipmuxd', [
    ...['--no-logind', '--log-level', 'debug', '--config', join(directory, 'clipmux.toml')],
    ...['--session-socket', socket, '--port', `unix:${join(directory, 'nobody.sock')}`],
  ]);
  await until(() => {
    if (daemon.process.exitCode !== null) throw new Error(`clipmuxd ended before it was ready:\n${daemon.log}`);
    return accepts(socket);
  }, 'clipmuxd to be ready');
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  await daemon.stop();
  await host.close();
  rmSync(directory, { recursive: true });
});

/** The host comes, and so many sessions. */
async function start(sessions: number, options: { readonly reads?: boolean } = {}): Promise<WireAgent[]> {
  host = await RawHost.listen(port, options);
  if (options.reads ?? true) await host.connected();
  else await daemon.said(/port is open .*calls\.sock/);
  await connect(sessions);
  return agents;
}

async function connect(sessions: number): Promise<void> {
  for (let number = 0; number < sessions; number += 1) {
    agents.push(await WireAgent.connect(join(directory, 'session.sock'), { display: `:${agents.length + 50}` }));
  }
}

/** In an order that has nothing to do with that of the calls, and is the same at each run. */
function shuffled(calls: readonly Call[]): Call[] {
  let seed = 20_261_122;
  const weight = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed;
  };
  return calls
    .map((call) => [weight(), call] as const)
    .sort(([a], [b]) => a - b)
    .map(([, call]) => call);
}

const agent = (): WireAgent => agents[0] as WireAgent; // each test starts one at least

describe('ten sessions that call the host at once', () => {
  it('each get the answers to their own calls, returns and errors, whatever the order', async () => {
    await start(SESSIONS);
    const outcomes = agents.flatMap((each) =>
      Array.from({ length: CALLS_EACH }, async (_, number) => {
        const secret = `${each.id}/${number}`;
        const call = each.wire.hostCall(number % 3 === 0 ? 'fail' : 'echo', { secret });
        if (number % 3 !== 0) expect(await call).toEqual({ session: each.id, secret });
        else
          await expect(call).rejects.toMatchObject({ name: 'host-error', details: ['GenericError', `not ${secret}`] });
        return secret;
      }),
    );
    await host.until(() => host.calls.length === SESSIONS * CALLS_EACH, 'all calls');
    for (const call of shuffled(host.calls)) {
      const { secret } = call.arguments;
      if (call.execute === 'fail') host.fail(call, `not ${secret}`);
      else host.return(call, { session: call.id.session, secret });
    }
    expect(new Set(await Promise.all(outcomes)).size).toBe(SESSIONS * CALLS_EACH);
    expect(new Set(host.calls.map(({ id }) => id.call)).size).toBe(SESSIONS * CALLS_EACH);
  });

  it('all learn that the host has restarted, and the next one answers their next calls but none of the old', async () => {
    await start(SESSIONS);
    const before = agents.map((each) => each.wire.hostCall('slow', { from: each.id }));
    const gone = Promise.all(before.map((call) => expect(call).rejects.toMatchObject({ name: 'host-absent' })));
    await host.until(() => host.calls.length === SESSIONS, 'all calls');
    const old = host.calls;
    await host.close();
    await gone;
    await expect(agent().wire.hostCall('echo')).rejects.toMatchObject({ name: 'host-absent' });
    host = await RawHost.listen(port);
    await host.connected();
    const after = agents.map((each) => each.wire.hostCall('echo', { from: each.id }));
    await host.until(() => host.calls.length === SESSIONS, 'all new calls');
    for (const call of old) host.return(call, 'old');
    for (const call of shuffled(host.calls)) host.return(call, call.arguments['from']);
    expect(await Promise.all(after)).toEqual(agents.map(({ id }) => id));
    await daemon.said(/an answer of the host was dropped .*the call is over/);
  });
});

describe('a call to the host', () => {
  it('of a method that the configuration does not name is refused, and the host does not hear of it', async () => {
    await start(1);
    await expect(agent().wire.hostCall('guest-exec')).rejects.toMatchObject({ name: 'not-allowed' });
    const call = agent().wire.hostCall('echo');
    await host.until(() => host.calls.length > 0, 'the other call');
    expect(host.calls.map(({ execute }) => execute)).toEqual(['echo']);
    host.return(host.calls[0] as Call, 1);
    expect(await call).toBe(1);
  });

  it('that is late ends with its time; the answer that comes then goes to nobody', async () => {
    await start(1);
    await expect(agent().wire.hostCall('slow', {}, { timeoutMs: 20 })).rejects.toMatchObject({ name: 'timed-out' });
    const call = agent().wire.hostCall('echo');
    await host.until(() => host.calls.length === 2, 'both calls');
    for (const [index, each] of host.calls.entries()) host.return(each, index);
    expect(await call).toBe(1);
    await daemon.said(/an answer of the host was dropped .*the call is over/);
  });

  it('is taken back by the agent; the answer that comes then goes to nobody', async () => {
    await start(1);
    const controller = new AbortController();
    const call = agent().wire.hostCall('slow', {}, { signal: controller.signal });
    const refused = expect(call).rejects.toMatchObject({ name: 'cancelled' });
    await host.until(() => host.calls.length === 1, 'the call');
    controller.abort();
    await refused;
    await host.until(() => host.events.some(({ event }) => event === 'CALL_ENDED'), 'the news');
    const { data } = host.events.find(({ event }) => event === 'CALL_ENDED') ?? {};
    expect(data).toEqual({ ...(host.calls[0] as Call).id, reason: 'cancelled' });
    host.return(host.calls[0] as Call, 'late');
    await daemon.said(/an answer of the host was dropped .*the call is over/);
    await agent().heard();
  });

  it('of a session that has left is answered to nobody, and others go on', async () => {
    await start(2);
    const [leaver, stayer] = agents as [WireAgent, WireAgent];
    const left = expect(leaver.wire.hostCall('slow')).rejects.toMatchObject({ name: 'connection-closed' });
    const stayed = stayer.wire.hostCall('slow');
    await host.until(() => host.calls.length === 2, 'both calls');
    await leaver.close();
    await left;
    await host.until(() => host.events.some(({ event }) => event === 'SESSION_REMOVED'), 'the news');
    for (const call of host.calls) host.return(call, call.id.session);
    expect(await stayed).toBe(stayer.id);
    await daemon.said(new RegExp(`an answer of the host was dropped .*session=${leaver.id}`));
  });

  it('beyond the bound of a session is refused to it alone', async () => {
    await start(2);
    const [busy, other] = agents as [WireAgent, WireAgent];
    const open = Array.from({ length: HOST_CALLS_PER_SESSION_MAX }, () => busy.wire.hostCall('slow'));
    await expect(busy.wire.hostCall('slow')).rejects.toMatchObject({ name: 'limit-exceeded' });
    // A session that waits for the host can still be spoken to.
    await busy.heard();
    const call = other.wire.hostCall('echo');
    await host.until(() => host.calls.length === HOST_CALLS_PER_SESSION_MAX + 1, 'all calls');
    for (const each of host.calls) host.return(each, 'done');
    expect(await Promise.all([...open, call])).toEqual(host.calls.map(() => 'done'));
  });

  it('is told when the host returns too much', async () => {
    await start(1);
    const call = expect(agent().wire.hostCall('echo')).rejects.toMatchObject({ name: 'too-large' });
    await host.until(() => host.calls.length === 1, 'the call');
    host.return(host.calls[0] as Call, 'x'.repeat(HOST_RETURN_BYTES_MAX));
    await call;
  });
});

describe('a host that sends junk', () => {
  it('harms no call: what names none is ignored and logged without its content', async () => {
    await start(1);
    const call = agent().wire.hostCall('echo');
    await host.until(() => host.calls.length === 1, 'the call');
    const { id } = host.calls[0] as Call;
    for (const junk of [
      'hush, nonsense',
      '{"return": "hush"}',
      '{"return": "hush", "id": 17}',
      `{"return": "hush", "id": {"session": ${id.session}, "call": ${id.call + 1}}}`,
      `{"return": "hush", "id": {"session": ${id.session + 1}, "call": ${id.call}}}`,
      '{"execute": "hush"}',
      '}}]] "hush',
      '\u0000\u00ff',
      '[1, {"hush"',
    ]) {
      host.say(`${junk}\n`);
    }
    // The last of them is half a message: the end of its line ends it.
    host.return(host.calls[0] as Call, 'right');
    expect(await call).toBe('right');
    await daemon.said(/an answer of the host was dropped/);
    expect(daemon.log).not.toMatch(/hush/);
  });

  it('loses no good line by one that is broken, which is logged once', async () => {
    await start(1);
    const calls = ['a', 'b', 'c', 'd'].map((name) => agent().wire.hostCall('echo', { name }));
    await host.until(() => host.calls.length === calls.length, 'the calls');
    const [a, b, c, d] = host.calls as [Call, Call, Call, Call];
    host.say('{"return": {"hush": [[[\n');
    host.return(a, 'a');
    expect(await calls[0]).toBe('a');
    host.say('{"return": "hush, hush\n');
    host.return(b, 'b');
    expect(await calls[1]).toBe('b');
    host.say(`{"return": "${'hush'.repeat(HOST_RETURN_BYTES_MAX)}"}\n`);
    host.return(c, 'c');
    expect(await calls[2]).toBe('c');
    // A program that ends in the middle of a line, and the next one, which begins with the end of one: nobody has noticed in between.
    host.say(`{"return": "hush", "id": {"session": ${d.id.session}, "ca`);
    host.say('\n');
    host.return(d, 'd');
    expect(await calls[3]).toBe('d');
    const told = () => daemon.log.match(/the host sent what is no answer to a call/g)?.length;
    await until(() => told() === 4, 'a line of the log for each');
    expect(daemon.log).toMatch(/the line has more than 1048576 bytes/);
    expect(daemon.log).not.toMatch(/hush/);
  });
});

describe('a host that reads nothing', () => {
  it('makes calls end with their time, or be refused when too much waits; what was taken back it never gets', async () => {
    configure('300ms');
    daemon.process.kill('SIGHUP');
    await daemon.said(/the configuration was read anew/);
    await start(SESSIONS, { reads: false });
    const large = { text: 'x'.repeat(60_000) };
    const calls = agents.flatMap((each) =>
      Array.from({ length: HOST_CALLS_PER_SESSION_MAX }, () =>
        each.wire.hostCall('slow', large).then(
          () => 'answered',
          (error: Error) => error.name,
        ),
      ),
    );
    const names = await Promise.all(calls);
    expect(new Set(names)).toEqual(new Set(['timed-out', 'limit-exceeded']));
    await Promise.all(agents.map((each) => each.heard()));
    host.read();
    const call = agent().wire.hostCall('echo', { now: 'read' });
    await host.until(() => host.calls.some(({ execute }) => execute === 'echo'), 'the call after');
    // What the kernel had taken came; the rest had ended before it could be sent.
    expect(host.calls.length).toBeLessThan(names.length / 2);
    host.return(host.calls.at(-1) as Call, 1);
    expect(await call).toBe(1);
  });
});

describe('events', () => {
  it('tell a host that comes what is there, and then what changes', async () => {
    await start(1);
    const [first] = agents as [WireAgent];
    first.copy('not to be told');
    const has = (event: string, data: object) =>
      host.until(
        () =>
          host.events.some(
            (told) => told.event === event && Object.entries(data).every(([key, value]) => told.data[key] === value),
          ),
        `${event} ${JSON.stringify(data)}: ${JSON.stringify(host.events)}`,
      );
    await has('CLIPBOARD_OWNER_CHANGED', { selection: 'clipboard', owner: 'session', session: first.id });
    await has('SESSION_ADDED', { session: first.id, uid: 0, display: ':50' });
    await has('ACTIVE_CHANGED', { session: first.id });
    await host.close();
    host = await RawHost.listen(port);
    await has('READY', {});
    await has('SESSION_ADDED', { session: first.id });
    await has('ACTIVE_CHANGED', { session: first.id });
    await has('CLIPBOARD_OWNER_CHANGED', { selection: 'clipboard', owner: 'session', session: first.id });
    await connect(1);
    await has('SESSION_ADDED', { session: agents[1]?.id });
    await first.close();
    await has('SESSION_REMOVED', { session: first.id });
    expect(JSON.stringify(host.events)).not.toContain('not to be told');
    for (const { timestamp } of host.events) expect(Math.abs(timestamp.seconds - Date.now() / 1000)).toBeLessThan(60);
  });
});
