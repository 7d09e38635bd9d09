/** The built clipmuxd on a real virtio port, with an agent of one session. The host's end is a HostEndpoint on QEMU's socket. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type HostConnector, HostEndpoint, TEXT_TYPE } from '@clipmux/host';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { nextEvent } from '../support/exchange.ts';
import { until, within } from '../support/wait.ts';
import { Guest } from './guest.ts';
import type { GuestProcess } from './guest-process.ts';
import { bundle, folderEntries } from './image/bundle.ts';
import type { AgentCommand, AgentEvent } from './programs/agent-protocol.ts';

const PORT = 'com.redhat.spice.0';
const DEVICE = `/dev/virtio-ports/${PORT}`;
const SOCKET = '/run/session.sock';
const DIST = join(import.meta.dirname, '../../dist');
/** An emulated processor starts a program of this size in some seconds. */
const SLOW_MS = 60_000;

const figures: Record<string, unknown> = {};
let guest: Guest;
let host: HostEndpoint;
let connector: HostConnector | undefined;
let daemon: GuestProcess;
let agent: GuestProcess | undefined;

beforeAll(async () => {
  const { CLIPMUX_VM_NODE: node = process.execPath } = process.env;
  guest = await Guest.boot({
    ports: [PORT],
    node,
    files: [
      { type: 'file', path: '/app/clipmuxd.cjs', data: readFileSync(join(DIST, 'clipmuxd.cjs')) },
      ...folderEntries(join(DIST, 'native'), '/app/native'),
      {
        type: 'file',
        path: '/app/agent-program.cjs',
        data: Buffer.from(bundle(join(import.meta.dirname, 'programs/agent-program.ts'))),
      },
      // PRIMARY crosses to any host, which by default it does not to QEMU's.
      { type: 'file', path: '/app/clipmux.toml', data: Buffer.from('[primary]\ndirection = "both"\n') },
      { type: 'folder', path: '/run' },
    ],
  });
  Object.assign(figures, { accelerator: guest.accelerator, node: guest.node });
});

beforeEach(() => {
  host = new HostEndpoint();
});

afterEach(async () => {
  await connector?.close();
  for (const process_ of [agent, daemon]) {
    if (process_ === undefined) continue;
    await guest.signal(process_, 'SIGKILL');
    await within(process_.exited, 'a program to end');
  }
  agent = undefined;
});

afterAll(async () => {
  console.log(`test:vm clipmuxd: ${JSON.stringify(figures)}`);
  await guest?.stop();
});

async function startDaemon(): Promise<void> {
  const begun = performance.now();
  const options = ['--port', DEVICE, '--session-socket', SOCKET, '--config', '/app/clipmux.toml', '--no-logind'];
  // Counting wake-ups: V8's own are left out, as in virtio-port.test.ts.
  daemon = await guest.start(['node', '--no-memory-reducer', '/app/clipmuxd.cjs', ...options, '--log-level', 'debug']);
  await said(/ ready /);
  figures['clipmuxd ready, ms'] = Math.round(performance.now() - begun);
}

/** Waits for a line of clipmuxd's log. */
const said = (pattern: RegExp) => until(() => pattern.test(daemon.stderr), `${pattern} in clipmuxd's log`, SLOW_MS);

async function startAgent(): Promise<void> {
  agent = await guest.start(['node', '/app/agent-program.cjs', SOCKET]);
  await event('ready');
}

const tell = (command: AgentCommand) => guest.input(agent as GuestProcess, `${JSON.stringify(command)}\n`);

async function event<K extends AgentEvent['event']>(kind: K): Promise<Extract<AgentEvent, { event: K }>> {
  const line = await (agent as GuestProcess).waitFor(
    (candidate) => (JSON.parse(candidate) as AgentEvent).event === kind,
    `event ${kind}`,
  );
  return JSON.parse(line) as Extract<AgentEvent, { event: K }>;
}

/** Connects the host; resolves once the guest may offer to it. */
async function connectHost({ reconnect = false } = {}): Promise<void> {
  connector = await connect(guest.portSocket(PORT), host, { reconnect });
  await host.ready({ timeout: SLOW_MS });
}

async function hostCopies(text: string, selection: 'clipboard' | 'primary' = 'clipboard'): Promise<void> {
  host.copy(selection, new Map([[TEXT_TYPE, Buffer.from(text)]]));
  expect(await event('given')).toEqual({ event: 'given', selection, types: [TEXT_TYPE] });
}

async function guestPastes(selection: 'clipboard' | 'primary' = 'clipboard') {
  await tell({ do: 'paste', selection });
  return event('pasted');
}

async function guestCopies(text: string, selection: 'clipboard' | 'primary' = 'clipboard'): Promise<void> {
  const grabbed = nextEvent(host, 'grabbed', (grab) => grab.selection === selection, SLOW_MS);
  await tell({ do: 'copy', selection, text });
  await grabbed;
}

const hostPastes = async (selection: 'clipboard' | 'primary' = 'clipboard') =>
  Buffer.from(await host.paste(selection, TEXT_TYPE, { timeout: SLOW_MS })).toString();

it('carries text both ways, in CLIPBOARD and PRIMARY', async () => {
  await startDaemon();
  await connectHost();
  await startAgent();
  for (const selection of ['clipboard', 'primary'] as const) {
    await hostCopies(`from the host, ${selection}: äöü €`, selection);
    expect((await guestPastes(selection)).text).toBe(`from the host, ${selection}: äöü €`);
    await guestCopies(`from the guest, ${selection}: ñ 漢`, selection);
    expect(await hostPastes(selection)).toBe(`from the guest, ${selection}: ñ 漢`);
  }
});

it('carries 8 MiB from the host unchanged', async () => {
  await startDaemon();
  await connectHost();
  await startAgent();
  const text = randomBytes(4 * 1024 * 1024).toString('hex');
  await hostCopies(text);
  const begun = performance.now();
  const { sha256, size } = await guestPastes();
  figures['8 MiB from the host, ms'] = Math.round(performance.now() - begun);
  expect({ size, sha256 }).toEqual({ size: text.length, sha256: createHash('sha256').update(text).digest('hex') });
});

it('waits for a host that is absent, and goes on with one that left and came back', async () => {
  await startDaemon();
  await startAgent();
  await said(/port waits for the host/);
  await connectHost();
  await guestCopies('copied before the host left');
  host.disconnect();
  await said(/port is closed/);

  const grabbed = nextEvent(host, 'grabbed', undefined, SLOW_MS);
  await connectHost();
  await grabbed;
  expect(await hostPastes()).toBe('copied before the host left');
  await hostCopies('from the host that came back');
  expect((await guestPastes()).text).toBe('from the host that came back');
});

it('gives up what the host owned when the host leaves', async () => {
  await startDaemon();
  await connectHost();
  await startAgent();
  await hostCopies('of a host that leaves');
  host.disconnect();
  expect((await event('taken')).selection).toBe('clipboard');
  await tell({ do: 'paste', selection: 'clipboard' });
  expect(['nothing-to-paste', 'no-owner', 'not-owner']).toContain((await event('refused')).code);
});

it('names the process that holds the port, and takes the port once that has gone', async () => {
  const holder = await guest.start(['sh', '-c', `exec sleep 1000 3<> ${DEVICE}`]);
  await until(
    async () => (await guest.readFile(`/proc/${holder.pid}/comm`)) === 'sleep\n',
    'the holder to have opened the port',
  );
  await startDaemon();
  await said(new RegExp(`held by another process \\(sleep, pid ${holder.pid}\\)`));
  await guest.signal(holder, 'SIGKILL');
  await holder.exited;
  await connectHost();
  await startAgent();
  await hostCopies('after the holder has gone');
  expect((await guestPastes()).text).toBe('after the holder has gone');
});

it('ends at once and with status 0 on SIGTERM, with a read pending and an agent connected', async () => {
  await startDaemon();
  // QEMU does not tell the host that the guest has closed the port. The host learns of it when the next clipmuxd announces itself, and
  // begins anew, as QEMU's own does.
  await connectHost({ reconnect: true });
  await startAgent();
  const begun = performance.now();
  await guest.signal(daemon, 'SIGTERM');
  expect(await within(daemon.exited, 'clipmuxd to end')).toEqual({ code: 0, signal: null });
  figures['ms to end'] = Math.round(performance.now() - begun);
  expect((await event('closed')).code).toBe('shutting-down');
  expect(await guest.listFolder('/run')).not.toContain('session.sock');

  const disconnected = once(host, 'disconnected');
  await startDaemon();
  await within(disconnected, 'the host to begin anew', SLOW_MS);
  await host.ready({ timeout: SLOW_MS });
  await startAgent();
  await hostCopies('after a restart');
  expect((await guestPastes()).text).toBe('after a restart');
});

it('wakes up for nothing while host and agent are connected and nobody copies', async () => {
  await startDaemon();
  await connectHost();
  await startAgent();
  await hostCopies('something');
  await guestPastes();
  const wakeUps = async () => {
    let count = 0;
    for (const task of await guest.listFolder(`/proc/${daemon.pid}/task`)) {
      const text = await guest.readFile(`/proc/${daemon.pid}/task/${task}/status`);
      count += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1]);
    }
    return count;
  };
  // After its start, and after content, a program has work left that ends by itself.
  const looks: number[] = [];
  for (let look = 0; look < 12 && looks.at(-1) !== 0; look += 1) {
    const before = await wakeUps();
    await wait(5_000);
    looks.push((await wakeUps()) - before);
  }
  figures['wake-ups in each 5 s'] = looks;
  expect(looks.at(-1)).toBe(0);
  figures['resident, KiB'] = Number(/^VmRSS:\s+(\d+)/m.exec(await guest.readFile(`/proc/${daemon.pid}/status`))?.[1]);
});
