/**
 * The guest agent on real virtio-serial ports, in a Debian guest with the real qemu-ga, set up as docs/guest-agent.md says: beside it, then in
 * front of it. The tests build on each other: they are one story, which ends with the guest's shutdown.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentClient } from '../guest-agent/client.ts';
import { run } from '../support/processes.ts';
import { until, within } from '../support/wait.ts';
import { agentReady, installClipmux, sessionId, USER_IDS } from './desktop/clipmux.ts';
import { Desktop } from './desktop/desktop.ts';
import { socketPort } from './desktop/host-socket.ts';
import type { GuestSession } from './desktop/session.ts';
import { AgentHost } from './guest-agent/agent-host.ts';
import { CallsHost, documentedConfiguration, TROUBLE } from './guest-agent/calls-host.ts';
import { countLogWrites, look, mainPid, startWriting } from './guest-agent/freezing.ts';
import { agentDevice, agentPorts, BESIDE_PORT, CALLS_PORT, QEMU_PORT } from './guest-agent/ports.ts';
import { serveMethods } from './guest-agent/serve-methods.ts';
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

const HOST_PROGRAM = join(import.meta.dirname, '../../dist/clipmux-host.cjs');

const figures: Record<string, unknown> = {};
let desktop: Desktop;
let alice: GuestSession;
let host: AgentHost;
const calls = new CallsHost();

beforeAll(async () => {
  desktop = await Desktop.boot({
    devices: (folder) => [
      ...socketPort(folder),
      ...agentPorts(folder, [QEMU_PORT, BESIDE_PORT, CALLS_PORT]),
      ...['-display', 'none'],
    ],
  });
  alice = desktop.session('alice');
  host = new AgentHost(desktop);
  await desktop.shell.succeed(
    'mkdir -p /etc/clipmux/clipmux.toml.d && cat >/etc/clipmux/clipmux.toml.d/host-calls.toml',
    { input: documentedConfiguration() },
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
  host?.disconnect();
  await calls.close();
  await desktop?.stop();
});

const names = ({ supported_commands: commands }: Info) => commands.map(({ name }) => name);

describe('clipmuxd beside qemu-ga', () => {
  it('answers on a port of its own; qemu-ga keeps its own', async () => {
    await setUp(desktop, 'beside');
    await host.connect(BESIDE_PORT);
    const { sessions } = await host.sessions();
    expect(sessions).toMatchObject([{ user: 'alice', uid: USER_IDS.alice, display: ':0', eligible: true }]);
    expect((await host.refusal('guest-get-time')).class).toBe('CommandNotFound');
    await host.exchangeText('beside');
    await host.connect();
    expect(names(await host.call<Info>('guest-info'))).not.toContain('guest-session-list');
    expect(await host.call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
    host.disconnect();
  });
});

describe('clipmuxd in front of qemu-ga', () => {
  it('takes the port, and qemu-ga is started behind it', async () => {
    await setUp(desktop, 'front');
    await host.connect();
    const states = await desktop.shell.succeed(`systemctl is-active ${CLIPMUXD} ${QEMU_GA} qemu-guest-agent.socket`);
    expect(states).toBe('active\nactive\nactive\n');
    // At the next boot it is clipmuxd that udev starts for the port.
    expect(await desktop.shell.succeed(`udevadm info --query=property /dev/virtio-ports/${QEMU_PORT}`)).toMatch(
      /^SYSTEMD_WANTS=clipmuxd\.service$/m,
    );
  });

  it('has the commands of both in guest-info', async () => {
    const info = await host.call<Info>('guest-info');
    expect(await desktop.shell.succeed('qemu-ga --version')).toContain(` ${info.version}\n`);
    expect(names(info)).toEqual(expect.arrayContaining(['guest-clipboard-get', 'guest-exec', 'guest-fsfreeze-freeze']));
    expect(new Set(names(info)).size).toBe(names(info).length);
    expect(info.supported_commands.filter((command) => !command['success-response']).map(({ name }) => name)).toContain(
      'guest-shutdown',
    );
  });

  it('lists sessions and carries their clipboard', async () => {
    const { sessions } = await host.sessions();
    expect(sessions).toMatchObject([{ user: 'alice', uid: USER_IDS.alice, eligible: true }]);
    await host.exchangeText('in front');
  });

  it('passes guest-exec and guest-exec-status on', async () => {
    const { pid } = await host.call<{ pid: number }>('guest-exec', {
      path: 'sh',
      arg: ['-c', 'id -un; echo trouble >&2; exit 3'],
      'capture-output': true,
    });
    type Status = { exited: boolean; exitcode?: number; 'out-data'?: string; 'err-data'?: string };
    let status: Status = { exited: false };
    await until(
      async () => {
        status = await host.call<Status>('guest-exec-status', { pid });
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
    const { text } = await host.client.execute('guest-get-time');
    expect(text).toMatch(/^\d{19}$/);
    expect(Math.abs(Number(text) / 1e6 - Date.now())).toBeLessThan(SLOW_MS);
    // The first whole number that a double cannot hold. /dev/shm takes any offset.
    const handle = await host.call<number>('guest-file-open', { path: '/dev/shm/large', mode: 'w+' });
    await host.raw(async (stream) => {
      const given = `"arguments": {"handle": ${handle}, "offset": 9007199254740993, "whence": "set"}`;
      stream.send(`{"execute": "guest-file-seek", ${given}, "id": 9007199254740995}`);
      const answer = (await stream.answer(SLOW_MS)).toString();
      expect(answer).toContain('"position": 9007199254740993');
      expect(answer).toContain('"id": 9007199254740995');
    });
  });

  it('answers guest-sync as libvirt sends it, before each command', async () => {
    await host.raw(async (stream) => {
      for (const command of ['guest-get-time', 'guest-session-list']) {
        stream.send('{"execute":"guest-sync","arguments":{"id":1795306503116}}\n');
        expect((await stream.answer(SLOW_MS)).toString()).toBe('{"return": 1795306503116}');
        stream.send(`{"execute":"${command}"}\n`);
        expect((await stream.answer(SLOW_MS)).toString()).toMatch(/^\{"return": /);
      }
    });
  });
});

describe('the command lines of docs/guest-agent-host.md', () => {
  const lines = readFileSync(HOST_DOCUMENT, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('virsh') && line.includes('/run/vm/agent.sock') && !line.startsWith('By'));
  let served: ChildProcess;

  beforeAll(async () => {
    served = await serveMethods(desktop);
  });

  afterAll(() => {
    served?.kill();
  });

  it.each(lines.filter((line) => /^(echo|clipmux-host) /.test(line)))('%s', async (line) => {
    const { eligible } = await host.sessions();
    host.disconnect();
    const command = line
      .replaceAll('/run/vm/agent.sock', host.path())
      .replace(/clipmux-host/, `${process.execPath} ${HOST_PROGRAM}`)
      .replace(/--session \d+/, `--session ${eligible}`)
      .replace(/"session": \d+/, `"session": ${eligible}`)
      .replace(/ > text$/, '');
    const { code, stdout, stderr } = await run('sh', ['-c', command], { timeoutMs: SLOW_MS });
    await host.connect();
    expect([code, stderr]).toEqual([0, '']);
    if (line.includes('socat')) expect(stdout.toString()).toMatch(/^\{"return": /);
  });
});

describe('hosts that come one after another', () => {
  it('have their answers, however soon each comes', async () => {
    host.disconnect();
    for (let round = 0; round < 20; round += 1) {
      const stream = await AgentClient.connect(host.path());
      expect(await stream.ask(`{"execute": "guest-ping", "id": ${round}}`, SLOW_MS)).toEqual({ return: {}, id: round });
      stream.close();
    }
    await host.connect();
  });
});

describe('the port for calls', () => {
  const switchTo = (terminal: number) =>
    desktop.shell.succeed(
      `busctl call org.freedesktop.login1 /org/freedesktop/login1/seat/seat0 org.freedesktop.login1.Seat SwitchTo u ${terminal}`,
    );

  it('tells the host what is there when it comes', async () => {
    const { sessions, eligible } = await host.sessions();
    await calls.connect(host.path(CALLS_PORT));
    const session = sessions[0]?.id;
    await calls.told('READY', {}, 0);
    await calls.told('SESSION_ADDED', { session, uid: USER_IDS.alice, display: ':0' }, 0);
    await calls.told('ACTIVE_CHANGED', { session: eligible, reason: 'active-on-seat' }, 0);
    // The guest's clock, which is the host's.
    for (const { at } of calls.news) expect(Math.abs(at - Date.now())).toBeLessThan(SLOW_MS);
  });

  it('tells of each change: another terminal in the foreground, and a copy', async () => {
    const { eligible: session } = await host.sessions();
    const terminal = Number(
      await desktop.shell.succeed(`loginctl show-session -p VTNr --value ${await sessionId(desktop, 'alice')}`),
    );
    let from = calls.now;
    await switchTo(terminal + 1);
    await calls.told('ACTIVE_CHANGED', { session: null }, from);
    from = calls.now;
    await switchTo(terminal);
    await calls.told('ACTIVE_CHANGED', { session, reason: 'active-on-seat' }, from);
    from = calls.now;
    await alice.copy('of which the host is told');
    await calls.told('CLIPBOARD_OWNER_CHANGED', { selection: 'clipboard', owner: 'session', session }, from);
    expect(JSON.stringify(calls.news)).not.toContain('of which the host is told');
  });

  it('carries calls of a session to the host, and each answer back', async () => {
    // A login without a seat, so that alice keeps the clipboard.
    const login =
      '--property=User=bob --property=PAMName=login --setenv=XDG_SESSION_TYPE=tty --setenv=XDG_SESSION_CLASS=user';
    const asBob = (given: string) =>
      desktop.shell.succeed(
        `systemd-run --quiet --wait --pipe ${login} /usr/bin/node /tmp/host-call.cjs /run/clipmux/session.sock ${given}`,
      );
    const program = bundle(join(import.meta.dirname, 'programs/host-call-program.ts'));
    await desktop.shell.succeed('cat >/tmp/host-call.cjs', { input: program });
    const from = calls.now;
    const urls = ['https://example.org/1', TROUBLE, 'https://example.org/2'];
    const given = urls.map((url) => `'${JSON.stringify({ url })}'`).join(' ');
    const { session, outcomes } = JSON.parse(await asBob(`open-url ${given}`)) as {
      session: number;
      outcomes: unknown;
    };
    expect(outcomes).toEqual([
      { return: { opened: urls[0], for: session } },
      { error: ['host-error', 'GenericError', 'no browser is there'] },
      { return: { opened: urls[2], for: session } },
    ]);
    await calls.told('SESSION_ADDED', { session, uid: USER_IDS.bob, display: ':7' }, from);
    await calls.told('SESSION_REMOVED', { session }, from);
    // What the configuration does not allow never reaches the host.
    expect(await asBob("mount '{}'")).toContain('not-allowed');
  });
});

describe('with the disk frozen', () => {
  it('a program that writes waits; clipmuxd answers, and writes nothing until the thaw', async () => {
    const pid = await mainPid(desktop, CLIPMUXD);
    const before = await look(desktop, pid);
    expect(await host.call<number>('guest-fsfreeze-freeze')).toBeGreaterThan(0);
    const logWrites = await countLogWrites(desktop, pid);
    const writer = startWriting(desktop, '/var/tmp/written-while-frozen');
    await writer.waits();

    // What would be logged: clients that come, go and are refused.
    for (let round = 0; round < 3; round += 1) {
      await host.connect();
      expect(await host.call('guest-fsfreeze-status')).toBe('frozen');
      expect(await host.call('guest-sync', { id: round })).toBe(round);
      for (const command of ['guest-exec', 'guest-session-list', 'guest-clipboard-get', 'guest-shutdown']) {
        const { class: kind, desc } = await host.refusal(command);
        expect([kind, desc]).toEqual(['CommandNotFound', expect.stringContaining(FROZEN)]);
      }
    }
    const enabled = (await host.call<Info>('guest-info')).supported_commands.filter((command) => command.enabled);
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
    expect(await host.call<number>('guest-fsfreeze-thaw')).toBeGreaterThan(0);
    await within(writer.written, 'the write to be done', SLOW_MS);
    await desktop.journal.said(/file systems are thawed/, from);
    expect(await logWrites()).toBeGreaterThan(0);
    expect(await host.call('guest-fsfreeze-status')).toBe('thawed');
    await host.exchangeText('after the thaw');
  });

  it('a clipmuxd and a qemu-ga that are killed come back, know that the disk is frozen, and let the thaw through', async () => {
    expect(await host.call<number>('guest-fsfreeze-freeze')).toBeGreaterThan(0);
    const first = await mainPid(desktop, CLIPMUXD);
    await desktop.shell.succeed(`kill -KILL ${first} ${await mainPid(desktop, QEMU_GA)}`);
    await host.connect();
    expect(await host.call('guest-fsfreeze-status')).toBe('frozen');
    expect((await host.refusal('guest-session-list')).desc).toContain(FROZEN);
    const from = desktop.journal.now;
    expect(await host.call<number>('guest-fsfreeze-thaw')).toBeGreaterThan(0);
    await agentReady(desktop, 'alice', from);
    expect(await mainPid(desktop, CLIPMUXD)).not.toBe(first);
    await host.exchangeText('after clipmuxd was killed');
  });
});

describe('trouble', () => {
  it('a qemu-ga that is killed is started again by systemd', async () => {
    await host.call('guest-get-host-name');
    await desktop.shell.succeed(`systemctl kill --signal=KILL ${QEMU_GA}`);
    await until(
      async () => (await host.client.execute('guest-get-host-name').catch(() => undefined)) !== undefined,
      'the qemu-ga that was started anew',
      SLOW_MS,
    );
  });

  it('a qemu-ga that is stopped is an error for its commands alone, until it is started', async () => {
    await desktop.shell.succeed(`systemctl stop qemu-guest-agent.socket ${QEMU_GA}`);
    const { class: kind, desc } = await host.refusal('guest-get-host-name');
    expect([kind, desc]).toEqual([
      'GenericError',
      expect.stringContaining('the qemu-ga behind clipmuxd cannot be asked'),
    ]);
    expect((await host.sessions()).sessions).toHaveLength(1);
    await host.exchangeText('without qemu-ga');
    await desktop.shell.succeed('systemctl start qemu-guest-agent.socket');
    expect(await host.call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
  });

  it('a port that is taken out of the machine is taken again when it is put back', async () => {
    host.disconnect();
    let from = desktop.journal.now;
    const { id } = agentDevice(QEMU_PORT);
    await desktop.monitor.execute('device_del', { id });
    await desktop.journal.said(/port cannot be opened.*org\.qemu\.guest_agent\.0/, from);
    from = desktop.journal.now;
    await desktop.monitor.execute('device_add', agentDevice(QEMU_PORT));
    await host.connect();
    await desktop.journal.said(/port is open.*org\.qemu\.guest_agent\.0/, from);
    expect(await host.call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
  });

  it('a clipmuxd that is restarted goes on with the host that is connected', async () => {
    const from = desktop.journal.now;
    const fromNews = calls.now;
    await desktop.shell.succeed(`systemctl restart ${CLIPMUXD}`);
    await agentReady(desktop, 'alice', from);
    await until(
      () => calls.news.slice(fromNews).some(({ event }) => event === 'SESSION_ADDED'),
      'news of alice',
      SLOW_MS,
    );
    expect(calls.news.slice(fromNews).map(({ event }) => event)).toContain('READY');
    expect(await host.call('guest-get-host-name')).toEqual({ 'host-name': 'guest' });
    await host.exchangeText('after the restart');
  });
});

describe('guest-shutdown', () => {
  it('ends the machine, and has no answer', async () => {
    host.disconnect();
    const stream = await AgentClient.connect(host.path());
    stream.send('{"execute": "guest-shutdown", "arguments": {"mode": "powerdown"}}\n');
    await within(desktop.ended, 'the machine to end', 2 * SLOW_MS);
    await stream.closed();
    expect(stream.pending).toBe(0);
  });
});
