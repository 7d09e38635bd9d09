/**
 * The guest agent on real virtio-serial ports, in a Debian guest with the real qemu-ga, set up as docs/guest-agent.md says: beside it, then in
 * front of it. The tests build on each other: they are one story, which ends with the guest's shutdown.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  connect,
  GuestAgentClient,
  GuestCommandError,
  type GuestNews,
  HostCallServer,
  type HostConnector,
} from '@clipmux/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentClient } from '../guest-agent/client.ts';
import { until, within } from '../support/wait.ts';
import { agentReady, installClipmux, sessionId, USER_IDS } from './desktop/clipmux.ts';
import { Desktop } from './desktop/desktop.ts';
import { socketPort } from './desktop/host-socket.ts';
import type { GuestSession } from './desktop/session.ts';
import { countLogWrites, look, mainPid, startWriting } from './guest-agent/freezing.ts';
import { agentPorts, agentSocket, BESIDE_PORT, CALLS_PORT, QEMU_PORT } from './guest-agent/ports.ts';
import { setUp } from './guest-agent/set-up.ts';
import { bundle } from './image/bundle.ts';

/** An emulated processor on a busy machine. */
const SLOW_MS = 60_000;
const CLIPMUXD = 'clipmuxd.service';
const QEMU_GA = 'qemu-guest-agent.service';
const FROZEN = 'the agent is in frozen state';

interface Info {
  readonly version: string;
  readonly supported_commands: readonly {
    readonly name: string;
    readonly enabled: boolean;
    readonly 'success-response': boolean;
  }[];
}

/** Where docs/guest-agent-host.md says what sessions may call. */
const HOST_DOCUMENT = join(import.meta.dirname, '../../docs/guest-agent-host.md');

const figures: Record<string, unknown> = {};
let desktop: Desktop;
let alice: GuestSession;
let client: GuestAgentClient;
/** The host's end of the port for calls, and what it was told. */
const server = new HostCallServer(
  new Map([
    [
      'open-url',
      ({ url }, { session }) => {
        if (url === 'about:trouble') throw new Error('no browser is there');
        return { opened: url, for: session };
      },
    ],
  ]),
);
const news: GuestNews[] = [];
let calls: HostConnector | undefined;

beforeAll(async () => {
  desktop = await Desktop.boot({
    devices: (folder) => [
      ...socketPort(folder),
      ...agentPorts(folder, [QEMU_PORT, BESIDE_PORT, CALLS_PORT]),
      ...['-display', 'none'],
    ],
  });
  alice = desktop.session('alice');
  const hostCalls = /^```toml\n(\[host-calls\].*?)^```$/ms.exec(readFileSync(HOST_DOCUMENT, 'utf8'))?.[1] ?? '';
  await desktop.shell.succeed(
    'mkdir -p /etc/clipmux/clipmux.toml.d && cat >/etc/clipmux/clipmux.toml.d/host-calls.toml',
    { input: hostCalls },
  );
  const begun = performance.now();
  await installClipmux(desktop);
  Object.assign(figures, {
    'boot until ssh, s': Math.round(desktop.bootSeconds),
    'installation until agent ready, s': Math.round((performance.now() - begun) / 1000),
  });
});

afterAll(async () => {
  console.log(`test:vm guest agent: ${JSON.stringify(figures)}`);
  client?.close();
  await calls?.close();
  await desktop?.stop();
});

const path = (port: string) => agentSocket(desktop.folder, port);
const call = async <T = unknown>(command: string, given: object = {}): Promise<T> =>
  (await client.execute(command, given)).value as T;
const names = ({ supported_commands: commands }: Info) => commands.map(({ name }) => name);

/** The guest's error. */
async function refusal(command: string, given: object = {}): Promise<{ class: string; desc: string }> {
  const error = await client.execute(command, given).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GuestCommandError)) throw new Error(`${command} was not refused: ${error}`);
  return { class: error.errorClass, desc: error.message };
}

/** Connects to the port anew; resolves when the guest answers there. */
async function connectAgent(port: string): Promise<void> {
  client?.close();
  await until(
    async () => {
      client = await GuestAgentClient.connect(path(port), { timeoutMs: SLOW_MS });
      const answered = await client.execute('guest-ping').catch(() => undefined);
      if (!answered) client.close();
      return answered !== undefined;
    },
    `the guest to answer on ${port}`,
    SLOW_MS,
  );
}

/** Uses the port by its bytes, instead of the client. */
async function raw(use: (stream: AgentClient) => Promise<void>): Promise<void> {
  client.close();
  const stream = await AgentClient.connect(path(QEMU_PORT));
  try {
    await use(stream);
  } finally {
    stream.close();
    await connectAgent(QEMU_PORT);
  }
}

/** Text both ways through alice's clipboard, by commands of the host. */
async function exchangeText(text: string): Promise<void> {
  await client.set({}, new Map([['text/plain;charset=utf-8', Buffer.from(`host: ${text}`)]]));
  await until(async () => (await alice.pasteAny()) === `host: ${text}`, "the host's text in alice's session", SLOW_MS);
  await alice.copy(`guest: ${text}`);
  await until(async () => (await client.targets()).owner === 'program', 'the copy to be known', SLOW_MS);
  expect((await client.get({}, undefined, 1024)).bytes.toString()).toBe(`guest: ${text}`);
}

describe('clipmuxd beside qemu-ga', () => {
  it('answers on a port of its own; qemu-ga keeps its own', async () => {
    await setUp(desktop, 'beside');
    await connectAgent(BESIDE_PORT);
    const { sessions } = await client.sessions();
    expect(sessions).toMatchObject([{ user: 'alice', uid: USER_IDS.alice, display: ':0', eligible: true }]);
    expect((await refusal('guest-get-time')).class).toBe('CommandNotFound');
    await exchangeText('beside');
    await connectAgent(QEMU_PORT);
    expect(names(await call<Info>('guest-info'))).not.toContain('guest-session-list');
    expect(await call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
    client.close();
  });
});

describe('clipmuxd in front of qemu-ga', () => {
  it('takes the port, and qemu-ga is started behind it', async () => {
    await setUp(desktop, 'front');
    await connectAgent(QEMU_PORT);
    const states = await desktop.shell.succeed(`systemctl is-active ${CLIPMUXD} ${QEMU_GA} qemu-guest-agent.socket`);
    expect(states).toBe('active\nactive\nactive\n');
    // At the next boot it is clipmuxd that udev starts for the port.
    expect(await desktop.shell.succeed(`udevadm info --query=property /dev/virtio-ports/${QEMU_PORT}`)).toMatch(
      /^SYSTEMD_WANTS=clipmuxd\.service$/m,
    );
  });

  it('has the commands of both in guest-info', async () => {
    const info = await call<Info>('guest-info');
    expect(await desktop.shell.succeed('qemu-ga --version')).toContain(` ${info.version}\n`);
    expect(names(info)).toEqual(expect.arrayContaining(['guest-clipboard-get', 'guest-exec', 'guest-fsfreeze-freeze']));
    expect(new Set(names(info)).size).toBe(names(info).length);
    expect(info.supported_commands.filter((command) => !command['success-response']).map(({ name }) => name)).toContain(
      'guest-shutdown',
    );
  });

  it('lists sessions and carries their clipboard', async () => {
    const { sessions } = await client.sessions();
    expect(sessions).toMatchObject([{ user: 'alice', uid: USER_IDS.alice, eligible: true }]);
    await exchangeText('in front');
  });

  it('passes guest-exec and guest-exec-status on', async () => {
    const { pid } = await call<{ pid: number }>('guest-exec', {
      path: 'sh',
      arg: ['-c', 'id -un; echo trouble >&2; exit 3'],
      'capture-output': true,
    });
    type Status = { exited: boolean; exitcode?: number; 'out-data'?: string; 'err-data'?: string };
    let status: Status = { exited: false };
    await until(
      async () => {
        status = await call<Status>('guest-exec-status', { pid });
        return status.exited;
      },
      'the program to end',
      SLOW_MS,
    );
    expect(status.exitcode).toBe(3);
    expect(Buffer.from(status['out-data'] ?? '', 'base64').toString()).toBe('root\n');
    expect(Buffer.from(status['err-data'] ?? '', 'base64').toString()).toBe('trouble\n');
  });

  it('leaves the bytes of what passes through as they are', async () => {
    const { text } = await client.execute('guest-get-time');
    expect(text).toMatch(/^\d{19}$/);
    expect(Math.abs(Number(text) / 1e6 - Date.now())).toBeLessThan(SLOW_MS);
    // The first whole number that a double cannot hold. /dev/shm takes any offset.
    const handle = await call<number>('guest-file-open', { path: '/dev/shm/large', mode: 'w+' });
    await raw(async (stream) => {
      const given = `"arguments": {"handle": ${handle}, "offset": 9007199254740993, "whence": "set"}`;
      stream.send(`{"execute": "guest-file-seek", ${given}, "id": 9007199254740995}`);
      const answer = (await stream.answer(SLOW_MS)).toString();
      expect(answer).toContain('"position": 9007199254740993');
      expect(answer).toContain('"id": 9007199254740995');
    });
  });

  it('answers guest-sync as libvirt sends it, before each command', async () => {
    await raw(async (stream) => {
      for (const command of ['guest-get-time', 'guest-session-list']) {
        stream.send('{"execute":"guest-sync","arguments":{"id":1795306503116}}\n');
        expect((await stream.answer(SLOW_MS)).toString()).toBe('{"return": 1795306503116}');
        stream.send(`{"execute":"${command}"}\n`);
        expect((await stream.answer(SLOW_MS)).toString()).toMatch(/^\{"return": /);
      }
    });
  });
});

describe('hosts that come one after another', () => {
  it('have their answers, however soon each comes', async () => {
    client.close();
    for (let round = 0; round < 20; round += 1) {
      const stream = await AgentClient.connect(path(QEMU_PORT));
      expect(await stream.ask(`{"execute": "guest-ping", "id": ${round}}`, SLOW_MS)).toEqual({ return: {}, id: round });
      stream.close();
    }
    await connectAgent(QEMU_PORT);
  });
});

describe('the port for calls', () => {
  /** The next event of the guest, from `from` on, that has this data. */
  const told = (event: string, data: object, from: number) =>
    until(
      () =>
        news
          .slice(from)
          .some((item) => item.event === event && isDeepStrictEqual({ ...item.data, ...data }, item.data)),
      `${event} ${JSON.stringify(data)}; there came ${JSON.stringify(news.slice(from))}`,
      SLOW_MS,
    );
  const switchTo = (terminal: number) =>
    desktop.shell.succeed(
      `busctl call org.freedesktop.login1 /org/freedesktop/login1/seat/seat0 org.freedesktop.login1.Seat SwitchTo u ${terminal}`,
    );

  it('tells the host what is there when it comes', async () => {
    const { sessions, eligible } = await client.sessions();
    server.on('news', (item) => news.push(item));
    calls = await connect(path(CALLS_PORT), server, { reconnect: true });
    const session = sessions[0]?.id;
    await told('READY', {}, 0);
    await told('SESSION_ADDED', { session, uid: USER_IDS.alice, display: ':0' }, 0);
    await told('ACTIVE_CHANGED', { session: eligible, reason: 'active-on-seat' }, 0);
    // The guest's clock, which is the host's.
    for (const { at } of news) expect(Math.abs(at - Date.now())).toBeLessThan(SLOW_MS);
  });

  it('tells of each change: another terminal in the foreground, and a copy', async () => {
    const { eligible: session } = await client.sessions();
    const terminal = Number(
      await desktop.shell.succeed(`loginctl show-session -p VTNr --value ${await sessionId(desktop, 'alice')}`),
    );
    let from = news.length;
    await switchTo(terminal + 1);
    await told('ACTIVE_CHANGED', { session: null }, from);
    from = news.length;
    await switchTo(terminal);
    await told('ACTIVE_CHANGED', { session, reason: 'active-on-seat' }, from);
    from = news.length;
    await alice.copy('of which the host is told');
    await told('CLIPBOARD_OWNER_CHANGED', { selection: 'clipboard', owner: 'session', session }, from);
    expect(JSON.stringify(news)).not.toContain('of which the host is told');
  });

  it('carries calls of a session to the host, and each answer back', async () => {
    const program = bundle(join(import.meta.dirname, 'programs/host-call-program.ts'));
    await desktop.shell.succeed('cat >/tmp/host-call.cjs', { input: program });
    const from = news.length;
    const urls = ['https://example.org/1', 'about:trouble', 'https://example.org/2'];
    const given = urls.map((url) => `'${JSON.stringify({ url })}'`).join(' ');
    const { session, outcomes } = JSON.parse(
      await alice.run(`node /tmp/host-call.cjs /run/clipmux/session.sock open-url ${given}`),
    ) as { session: number; outcomes: unknown };
    expect(outcomes).toEqual([
      { return: { opened: urls[0], for: session } },
      { error: ['host-error', 'GenericError', 'no browser is there'] },
      { return: { opened: urls[2], for: session } },
    ]);
    await told('SESSION_ADDED', { session, uid: USER_IDS.alice, display: ':7' }, from);
    await told('SESSION_REMOVED', { session }, from);
    // What the configuration does not allow never reaches the host.
    expect(await alice.run("node /tmp/host-call.cjs /run/clipmux/session.sock mount '{}'")).toContain('not-allowed');
  });
});

describe('with the disk frozen', () => {
  it('a program that writes waits; clipmuxd answers, and writes nothing until the thaw', async () => {
    const pid = await mainPid(desktop, CLIPMUXD);
    const before = await look(desktop, pid);
    expect(await call<number>('guest-fsfreeze-freeze')).toBeGreaterThan(0);
    const logWrites = await countLogWrites(desktop, pid);
    const writer = startWriting(desktop, '/var/tmp/written-while-frozen');
    await writer.waits();

    // What would be logged: clients that come, go and are refused.
    for (let round = 0; round < 3; round += 1) {
      await connectAgent(QEMU_PORT);
      expect(await call('guest-fsfreeze-status')).toBe('frozen');
      expect(await call('guest-sync', { id: round })).toBe(round);
      for (const command of ['guest-exec', 'guest-session-list', 'guest-clipboard-get', 'guest-shutdown']) {
        const { class: kind, desc } = await refusal(command);
        expect([kind, desc]).toEqual(['CommandNotFound', expect.stringContaining(FROZEN)]);
      }
    }
    const enabled = (await call<Info>('guest-info')).supported_commands.filter((command) => command.enabled);
    expect(enabled.map(({ name }) => name).sort()).toEqual([
      ...['guest-fsfreeze-status', 'guest-fsfreeze-thaw', 'guest-info', 'guest-ping', 'guest-sync'],
      'guest-sync-delimited',
    ]);

    const { threads, diskBytes } = await look(desktop, pid);
    expect(threads.filter((state) => state.startsWith('D'))).toEqual([]);
    expect(diskBytes).toBe(before.diskBytes);
    expect(await logWrites()).toBe(0);
    expect(writer.hasWritten()).toBe(false);

    const from = desktop.journal.now;
    expect(await call<number>('guest-fsfreeze-thaw')).toBeGreaterThan(0);
    await within(writer.written, 'the write to be done', SLOW_MS);
    await desktop.journal.said(/file systems are thawed/, from);
    expect(await logWrites()).toBeGreaterThan(0);
    expect(await call('guest-fsfreeze-status')).toBe('thawed');
    await exchangeText('after the thaw');
  });

  it('a clipmuxd and a qemu-ga that are killed come back, know that the disk is frozen, and let the thaw through', async () => {
    expect(await call<number>('guest-fsfreeze-freeze')).toBeGreaterThan(0);
    const first = await mainPid(desktop, CLIPMUXD);
    await desktop.shell.succeed(`kill -KILL ${first} ${await mainPid(desktop, QEMU_GA)}`);
    await connectAgent(QEMU_PORT);
    expect(await call('guest-fsfreeze-status')).toBe('frozen');
    expect((await refusal('guest-session-list')).desc).toContain(FROZEN);
    const from = desktop.journal.now;
    expect(await call<number>('guest-fsfreeze-thaw')).toBeGreaterThan(0);
    await agentReady(desktop, 'alice', from);
    expect(await mainPid(desktop, CLIPMUXD)).not.toBe(first);
    await exchangeText('after clipmuxd was killed');
  });
});

describe('trouble', () => {
  it('a qemu-ga that is killed is started again by systemd', async () => {
    await call('guest-get-host-name');
    await desktop.shell.succeed(`systemctl kill --signal=KILL ${QEMU_GA}`);
    await until(
      async () => (await client.execute('guest-get-host-name').catch(() => undefined)) !== undefined,
      'the qemu-ga that was started anew',
      SLOW_MS,
    );
  });

  it('a qemu-ga that is stopped is an error for its commands alone, until it is started', async () => {
    await desktop.shell.succeed(`systemctl stop qemu-guest-agent.socket ${QEMU_GA}`);
    const { class: kind, desc } = await refusal('guest-get-host-name');
    expect([kind, desc]).toEqual([
      'GenericError',
      expect.stringContaining('the qemu-ga behind clipmuxd cannot be asked'),
    ]);
    expect((await client.sessions()).sessions).toHaveLength(1);
    await exchangeText('without qemu-ga');
    await desktop.shell.succeed('systemctl start qemu-guest-agent.socket');
    expect(await call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
  });

  it('a clipmuxd that is restarted goes on with the host that is connected', async () => {
    const from = desktop.journal.now;
    const fromNews = news.length;
    await desktop.shell.succeed(`systemctl restart ${CLIPMUXD}`);
    await agentReady(desktop, 'alice', from);
    await until(() => news.slice(fromNews).some(({ event }) => event === 'SESSION_ADDED'), 'news of alice', SLOW_MS);
    expect(news.slice(fromNews).map(({ event }) => event)).toContain('READY');
    expect(await call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
    await exchangeText('after the restart');
  });
});

describe('guest-shutdown', () => {
  it('ends the machine, and has no answer', async () => {
    client.close();
    const stream = await AgentClient.connect(path(QEMU_PORT));
    stream.send('{"execute": "guest-shutdown", "arguments": {"mode": "powerdown"}}\n');
    await within(desktop.ended, 'the machine to end', 2 * SLOW_MS);
    await stream.closed();
    expect(stream.pending).toBe(0);
  });
});
