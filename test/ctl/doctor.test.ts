import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostEndpoint, listen } from '@clipmux/host';
import { AgentWire, RpcError } from '@clipmux/rpc';
import { Capability, CapabilitySet } from '@clipmux/vdagent';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Desk } from '../sessions/desk.ts';
import { World } from '../sessions/world.ts';
import { accepts, Program, type ProgramOptions } from '../support/chain.ts';
import { stopProcess } from '../support/processes.ts';
import { makeUsers, PublicPrograms, removeUsers, type TestUser } from '../support/users.ts';
import { until } from '../support/wait.ts';
import { startXvfb } from '../support/xvfb.ts';
import { type CtlOptions, type Diagnosis, doctor } from './clipmuxctl.ts';
import { holdDevice } from './held-device.ts';

/** Each finding of the doctor, produced by the real trouble. */

let users: Record<'alice' | 'bob', TestUser>;
let programs: PublicPrograms;
let folder: string;
/** What a test leaves to be undone, last first. */
let undo: (() => unknown)[] = [];

beforeAll(async () => {
  users = await makeUsers('alice', 'bob');
  programs = new PublicPrograms();
});

afterAll(async () => {
  programs?.remove();
  await removeUsers(users);
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-doctor-'));
  chmodSync(folder, 0o777);
});

afterEach(async () => {
  for (const action of undo.reverse()) await action();
  undo = [];
  rmSync(folder, { recursive: true, force: true });
});

/** Only what is wrong, with its severity. */
function codes({ findings }: Diagnosis): string[] {
  return [...findings].map(([code, { severity }]) => `${code} ${severity}`);
}

/** Starts clipmuxd with this port, without logind, and waits until it can be asked. */
async function daemon(port: string, options: ProgramOptions & { readonly config?: string } = {}): Promise<CtlOptions> {
  const [socket, session] = [join(folder, 'control.sock'), join(folder, 'session.sock')];
  const config = join(folder, 'clipmux.toml');
  writeFileSync(config, options.config ?? '');
  const program = new Program(
    'clipmuxd',
    ['--port', port, '--session-socket', session, '--control-socket', socket, '--config', config, '--no-logind'],
    { dist: programs.dist, node: programs.node, ...options },
  );
  undo.push(() => program.stop());
  const ready = async () => (await accepts(session)) && (await accepts(socket));
  await until(ready, `clipmuxd to be ready: ${program.log}`);
  return { socket };
}

/** Asks until this is found: clipmuxd has to come across it first. */
async function finds(code: string, options: CtlOptions, ...args: string[]): Promise<Diagnosis> {
  let diagnosis: Diagnosis | undefined;
  const asked = async () => {
    diagnosis = await doctor(options, ...args);
    return diagnosis.findings.has(code);
  };
  await until(asked, `the doctor to find ${code}`, 20_000).catch((error: Error) => {
    throw new Error(`${error.message}; it found ${diagnosis && codes(diagnosis)}`);
  });
  return diagnosis as Diagnosis;
}

async function host(options: ConstructorParameters<typeof HostEndpoint>[0] = {}): Promise<string> {
  const path = join(folder, 'port.sock');
  const endpoint = new HostEndpoint(options);
  const listener = await listen(path, endpoint);
  undo.push(() => listener.close());
  return `unix:${path}`;
}

/** A unix socket that does this with whoever connects. */
async function serve(name: string, use: (socket: Socket) => void): Promise<string> {
  const path = join(folder, name);
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    use(socket);
  }).listen(path);
  await once(server, 'listening');
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return path;
}

describe('clipmuxd', () => {
  // In a pid namespace of its own, so that a clipmuxd that somebody else runs here is not seen.
  const through = ['unshare', '--pid', '--fork', '--mount-proc'];

  it('that does not run: no socket, or one that nobody listens on', async () => {
    const missing = await doctor({ socket: join(folder, 'none.sock'), through });
    expect(missing.findings.get('daemon-not-running')?.remedies).toContain('systemctl enable --now clipmuxd');
    expect([missing.status, missing.healthy]).toEqual([1, false]);
    const path = join(folder, 'stale.sock');
    const left = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)})`]);
    await until(() => accepts(path), 'the socket');
    await stopProcess(left, 'SIGKILL');
    expect(codes(await doctor({ socket: path, through }))).toContain('daemon-not-running error');
  });

  it('that runs with another socket', async () => {
    await daemon(await host());
    const { findings } = await doctor({ socket: join(folder, 'other.sock') });
    expect(findings.get('control-socket-elsewhere')?.sentence).toMatch(/clipmuxd runs \(pid \d+\)/);
  });

  it('that the user may not control', async () => {
    const options = await daemon(await host());
    const { dist, node } = programs;
    const diagnosis = await doctor({ ...options, user: users.bob, dist, node });
    expect(diagnosis.findings.get('control-denied')?.remedies).toContain(`--groups clipmux ${users.bob.name}`);
  });

  it('that does not answer', async () => {
    const socket = await serve('silent.sock', (client) => client.resume());
    expect(codes(await doctor({ socket }))).toContain('daemon-silent error');
  });

  it('that is something else', async () => {
    const socket = await serve('other.sock', (client) => client.end('220 mail.example ESMTP\r\n'));
    expect(codes(await doctor({ socket }))).toContain('control-failed error');
  });
});

describe('the port', () => {
  it('that the machine does not have, with and without clipmuxd', async () => {
    const path = join(folder, 'com.redhat.spice.0');
    const alone = await doctor({ socket: join(folder, 'none.sock') }, '--port', path);
    expect(alone.findings.get('port-missing')?.remedies).toContain(
      'virtserialport,chardev=vdagent,name=com.redhat.spice.0',
    );
    const { findings } = await finds('port-missing', await daemon(path));
    expect(findings.get('port-missing')?.remedies).toContain("<channel type='qemu-vdagent'>");
    expect(findings.get('port-missing')?.sentence).toContain(path);
  });

  it('that is held by spice-vdagentd, which is named, and the units to stop', async () => {
    const device = await holdDevice(folder, 'spice-vdagentd');
    undo.push(() => device.release());
    const options = await daemon(device.path, { user: users.alice });
    const { findings } = await finds('port-held', options);
    expect(findings.get('port-held')).toMatchObject({
      sentence: `spice-vdagentd (pid ${device.holder.pid}) has ${device.path} open, and a port has one user`,
      remedies: expect.stringContaining('systemctl restart spice-vdagentd.service'),
    });
    // Who may not see other users' processes learns how to.
    const { dist, node } = programs;
    const blind = await doctor(
      { socket: join(folder, 'none.sock'), user: users.bob, dist, node },
      '--port',
      device.path,
    );
    expect(blind.findings.get('port-held')?.remedies).toContain(`fuser -v ${device.path}`);
  });

  it('that clipmuxd may not open', async () => {
    const path = join(folder, 'device');
    const terminal = spawn('socat', [`PTY,link=${path},rawer,mode=600`, 'PIPE'], { stdio: 'ignore' });
    undo.push(() => stopProcess(terminal));
    await until(() => existsSync(path), 'the terminal');
    const { findings } = await finds('port-denied', await daemon(path, { user: users.alice }));
    expect(findings.get('port-denied')?.remedies).toContain('udevadm');
  });

  it('that is a socket which is not there', async () => {
    const options = await daemon(`unix:${join(folder, 'gone.sock')}`);
    expect((await finds('port-missing', options)).findings.get('port-missing')?.sentence).toContain('gone.sock');
  });

  it('whose host has left its socket behind', async () => {
    const path = join(folder, 'port.sock');
    const left = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)})`]);
    await until(() => accepts(path), 'the socket');
    await stopProcess(left, 'SIGKILL');
    const { findings } = await finds('host-closed', await daemon(`unix:${path}`));
    expect(findings.get('host-closed')?.remedies).toContain('virsh dumpxml');
  });

  it('that is no port', async () => {
    const path = join(folder, 'directory');
    mkdirSync(path);
    expect(codes(await finds('port-failed', await daemon(path)))).toContain('port-failed error');
  });
});

describe('the host', () => {
  it('that says nothing', async () => {
    const path = await serve('port.sock', (socket) => socket.resume());
    expect(codes(await finds('host-silent', await daemon(`unix:${path}`)))).toContain('host-silent error');
  });

  it('that shares no clipboard', async () => {
    const options = await daemon(await host({ capabilities: CapabilitySet.of(Capability.MOUSE_STATE) }));
    const { findings } = await finds('host-no-clipboard', options);
    expect(findings.get('host-no-clipboard')?.remedies).toContain('clipboard=on');
  });

  it('that talks nonsense, as a recent error', async () => {
    const path = await serve('port.sock', (socket) => {
      socket.resume();
      socket.write(Buffer.alloc(64, 0xff));
    });
    const { findings } = await finds('recent-error', await daemon(`unix:${path}`));
    expect(findings.get('recent-error')?.sentence).toMatch(/^\d+ s ago: the port was closed and opened again/);
  });
});

describe('this session', () => {
  const nowhere = () => ({ socket: join(folder, 'none.sock') });

  it('that has no agent', async () => {
    const { dist, node } = programs;
    const xvfb = await startXvfb({ args: ['-ac'] });
    undo.push(() => xvfb.stop());
    const { findings } = await doctor({ ...nowhere(), user: users.bob, dist, node, env: { DISPLAY: xvfb.display } });
    expect(findings.get('agent-missing')?.remedies).toContain('systemctl --user start clipmux-session');
  });

  it('that is Wayland without XWayland', async () => {
    const env = { XDG_SESSION_TYPE: 'wayland', WAYLAND_DISPLAY: 'wayland-0' };
    expect(codes(await doctor({ ...nowhere(), env }))).toContain('wayland-without-xwayland error');
  });

  it.each([
    ['display-unset', { XDG_SESSION_TYPE: 'x11' }],
    ['display-invalid', { DISPLAY: 'nonsense' }],
    ['display-unreachable', { DISPLAY: ':50123' }],
  ])('whose display is wrong: %s', async (code, env) => {
    expect(codes(await doctor({ ...nowhere(), env }))).toContain(`${code} error`);
  });

  it('whose Xauthority is wrong', async () => {
    const cookies = join(folder, 'cookies');
    const cookie = Buffer.alloc(16, 7);
    // u16 FamilyWild, empty address and number, name, data (Xauth.h).
    const counted = (bytes: Buffer) => Buffer.concat([Buffer.from([0, bytes.length]), bytes]);
    const name = Buffer.from('MIT-MAGIC-COOKIE-1');
    const nothing = Buffer.alloc(0);
    writeFileSync(
      cookies,
      Buffer.concat([Buffer.from([0xff, 0xff]), counted(nothing), counted(nothing), counted(name), counted(cookie)]),
    );
    const xvfb = await startXvfb({ authFile: cookies });
    undo.push(() => xvfb.stop());
    const env = { DISPLAY: xvfb.display, XAUTHORITY: join(folder, 'none') };
    const { findings } = await doctor({ ...nowhere(), env });
    expect(findings.get('display-refused')?.sentence).toContain(`XAUTHORITY=${join(folder, 'none')}`);
    expect(codes(await doctor({ ...nowhere(), env: { ...env, XAUTHORITY: cookies } }))).not.toContain(
      'display-refused error',
    );
  });

  it('whose X server lacks XFIXES', async () => {
    const xvfb = await startXvfb({ args: ['-extension', 'XFIXES'] });
    undo.push(() => xvfb.stop());
    expect(codes(await doctor({ ...nowhere(), env: { DISPLAY: xvfb.display } }))).toContain('xfixes-missing error');
  });
});

describe('versions', () => {
  it('of clipmuxctl and clipmuxd that differ', async () => {
    const options = await daemon(await host());
    const dist = join(folder, 'dist');
    cpSync(programs.dist, dist, { recursive: true });
    const program = join(dist, 'clipmuxctl.cjs');
    const text = readFileSync(program, 'utf8');
    const newer = text.replace(/(CLIPMUX_VERSION = .*?)"\d+\.\d+\.\d+"/, '$1"99.0.0"');
    expect(newer).not.toBe(text);
    writeFileSync(program, newer);
    const { findings } = await doctor({ ...options, dist });
    expect(findings.get('version-ctl')?.sentence).toContain('clipmuxctl 99.0.0');
  });

  it('of an agent and clipmuxd that differ', async () => {
    const options = await daemon(await host());
    const stream = connect(join(folder, 'session.sock'));
    await once(stream, 'connect');
    const refuse = () => {
      throw new RpcError('no-owner', 'nothing here');
    };
    const handlers = { 'selection.grab': () => {}, 'selection.release': () => {}, 'selection.request': refuse };
    const wire = new AgentWire(stream, { ...handlers, 'paste.cut-short': () => {} });
    const agent = { name: 'clipmux-session', version: '0.0.1' };
    await wire.hello({ agent, display: ':0', session: null, pid: process.pid });
    undo.push(() => wire.close());
    const { findings } = await doctor(options);
    expect(findings.get('version-agent')?.sentence).toContain('clipmux-session 0.0.1');
  });
});

describe('the configuration', () => {
  it.each([
    ['direction-off warning', '[clipboard]\ndirection = "off"\n'],
    ['direction-one-way note', '[clipboard]\ndirection = "host-to-guest"\n'],
    ['types-without-text note', '[guest-to-host]\ntypes = ["image"]\n'],
    ['policy-off warning', 'policy = "off"\n'],
    ['policy-pinned-absent warning', 'policy = "pinned:4711"\n'],
  ])('that blocks: %s', async (code, config) => {
    expect(codes(await doctor(await daemon(await host(), { config })))).toContain(code);
  });

  it('that keeps logind out is a note, and so is no session at all', async () => {
    const diagnosis = await doctor(await daemon(await host()));
    expect(codes(diagnosis)).toEqual(['no-sessions warning', 'daemon-warning note']);
  });
});

describe('many sessions', () => {
  let world: World;
  let alice: Desk;
  let bob: Desk;
  let options: CtlOptions;

  beforeAll(async () => {
    world = await World.start();
    options = { socket: join(world.programs.directory, 'control.sock') };
    [alice, bob] = await Promise.all([
      Desk.open(world, users.alice, { id: '1', active: true }),
      Desk.open(world, users.bob, { id: '2' }),
    ]);
    await world.chosen(alice.id, 'active-on-seat');
  });

  afterAll(async () => {
    await Promise.all([alice?.close(), bob?.close()]);
    await world?.end();
  });

  it('where nothing is wrong give a clean bill, and exit status 0', async () => {
    const diagnosis = await doctor({ ...options, env: { DISPLAY: alice.xvfb.display } });
    expect(codes(diagnosis)).toEqual([]);
    expect([diagnosis.healthy, diagnosis.status]).toEqual([true, 0]);
  });

  it('of which the active one is locked, or another is pinned', async () => {
    world.mock.lock(alice.login);
    await world.chosen(null, 'locked');
    expect(codes(await doctor(options))).toEqual(['session-locked note']);
    world.mock.unlock(alice.login);
    await world.control.call('session.select', { session: bob.id });
    expect(codes(await doctor(options))).toEqual(['policy-pinned note']);
    await world.control.call('session.select', { session: null });
    await world.chosen(alice.id);
  });

  it('of which one has a locker that does not tell logind', async () => {
    const locker = join(folder, 'i3lock');
    copyFileSync('/bin/sleep', locker);
    chmodSync(locker, 0o755);
    const { uid, gid } = users.alice;
    const child: ChildProcess = spawn(locker, ['600'], { uid, gid, stdio: 'ignore' });
    undo.push(() => stopProcess(child));
    const { findings } = await finds('locker-without-hint', options);
    expect(findings.get('locker-without-hint')?.sentence).toContain(`i3lock (pid ${child.pid}) has locked`);
    expect(findings.get('locker-without-hint')?.remedies).toContain('SetLockedHint b true\ni3lock --nofork\n');
    world.mock.lock(alice.login);
    await world.chosen(null, 'locked');
    expect(codes(await doctor(options))).toEqual(['session-locked note']);
    world.mock.unlock(alice.login);
    await world.chosen(alice.id);
  });

  it('of which the active one has no agent, or one that has not connected, or no X display', async () => {
    await bob.agent.stop();
    world.mock.activate(bob.login);
    await world.chosen(null, 'active-without-agent');
    const missing = await finds('agent-missing', options);
    expect(missing.findings.get('agent-missing')?.sentence).toContain(`${bob.user.name} (logind session 2)`);

    const lost = new Program('clipmux-session', ['--socket', '/nonexistent', '--display', bob.xvfb.display], {
      dist: world.programs.dist,
      node: world.programs.node,
      user: users.bob,
    });
    undo.push(() => lost.stop());
    await lost.said(/clipmuxd/);
    const agent = await finds('agent-not-connected', options);
    expect(agent.findings.get('agent-not-connected')?.sentence).toContain(`(pid ${lost.process.pid})`);

    world.mock.addSession({ id: '3', uid: 59_999, user: 'carol', type: 'wayland', active: true });
    const wayland = await finds('wayland-without-xwayland', options);
    expect(codes(wayland)).toEqual(['wayland-without-xwayland error']);
    world.mock.removeSession('3');
    world.mock.activate(alice.login);
    await world.chosen(alice.id);
  });
});
