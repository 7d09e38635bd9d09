import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@clipmux/posix';
import {
  CONTROL_PIECE_BYTES_MAX,
  ControlClient,
  encodeBase64,
  RPC_ERROR_CODES,
  type RpcErrorName,
  type Timers,
  type UnknownEvent,
} from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ControlServer, type ControlServerOptions } from './control-server.ts';
import { FakeTarget } from './fake-target.fixture.ts';
import { CONTROL_CONTENT_TIMEOUT_MS, CONTROL_HANDLES_MAX } from './limits.ts';

const TEXT = 'text/plain;charset=utf-8';

let folder: string;
let path: string;
let target: FakeTarget;
let server: ControlServer;
const sockets: Socket[] = [];

async function serve(options: Partial<ControlServerOptions> = {}): Promise<void> {
  server = new ControlServer(target, { logger: silentLogger, ...options });
  await server.listen({ path });
}

function open(): Socket {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

function client(events: UnknownEvent[] = []): ControlClient {
  return new ControlClient(open(), { event: (event) => events.push(event) });
}

const failure = (name: RpcErrorName) => expect.objectContaining({ name, code: RPC_ERROR_CODES[name], remote: true });

/** All that comes until the other end closes. */
async function all(socket: Socket): Promise<Record<string, unknown>[]> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(socket, 'end');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-control-'));
  path = join(folder, 'control.sock');
  target = new FakeTarget();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('who may connect', () => {
  it('is limited by the mode of the socket: its owner and its group', async () => {
    await serve();
    expect(statSync(path).mode & 0o777).toBe(0o660);
  });

  it.runIf(process.getuid?.() === 0)('gives the socket to the group', async () => {
    await serve({ group: 991 });
    expect(statSync(path).gid).toBe(991);
  });

  it('lets in whom the kernel says we are', async () => {
    await serve({ ownUid: process.getuid?.() ?? -1 });
    await expect(client().call('policy.get', {})).resolves.toEqual({ policy: 'active' });
  });

  it('tells others why not, and closes', async () => {
    await serve({ peerOf: () => ({ pid: 1, uid: 1000, gid: 1000, groups: [4] }), group: 991 });
    await expect(client().call('status', {})).rejects.toEqual(failure('denied'));
    const lines = await all(open());
    expect(lines).toMatchObject([{ id: null, error: { code: 3, data: { name: 'denied' } } }]);
    await vi.waitFor(() => expect(server.connections).toBe(0));
  });

  it('does what no one asks whose credentials cannot be had', async () => {
    await serve({
      peerOf: () => {
        throw new Error('gone');
      },
    });
    await expect(client().call('status', {})).rejects.toEqual(failure('internal'));
  });

  it('is limited in number; a place that is left is free again', async () => {
    await serve({ connectionsMax: 2 });
    const first = client();
    const second = client();
    await Promise.all([first.call('policy.get', {}), second.call('policy.get', {})]);
    await expect(client().call('policy.get', {})).rejects.toEqual(failure('limit-exceeded'));
    first.close();
    await vi.waitFor(() => expect(server.connections).toBe(1));
    await expect(client().call('policy.get', {})).resolves.toEqual({ policy: 'active' });
  });

  it('replaces a socket file that a dead process left, and removes its own at the end', async () => {
    await serve();
    await server.close();
    expect(() => statSync(path)).toThrow('ENOENT');
    await serve();
    const other = new ControlServer(target, { logger: silentLogger });
    await expect(other.listen({ path })).rejects.toMatchObject({ code: 'in-use' });
  });
});

describe('a script', () => {
  it('says all it has to say, ends, and still gets every answer', async () => {
    await serve();
    const socket = open();
    socket.end(
      '{"jsonrpc":"2.0","id":1,"method":"policy.set","params":{"policy":"off"}}\n' +
        '{"jsonrpc":"2.0","id":2,"method":"log.level"}\n{"jsonrpc":"2.0","id":3,"method":"what"}',
    );
    expect(await all(socket)).toEqual([
      { jsonrpc: '2.0', id: 1, result: { policy: 'off', eligible: { session: null, reason: 'policy-off' } } },
      { jsonrpc: '2.0', id: 2, result: { level: 'info' } },
      {
        jsonrpc: '2.0',
        id: 3,
        error: { code: -32601, message: expect.any(String), data: { name: 'method-not-found' } },
      },
    ]);
  });

  it('is told which member is wrong', async () => {
    await serve();
    const control = client();
    await expect(control.call('policy.set', { policy: 'pinned:me' })).rejects.toThrow('policy must be "active", "off"');
    await expect(control.call('clipboard.targets', { session: 0 })).rejects.toThrow('session must be at least 1');
    await expect(control.call('clipboard.read', { handle: 1, offset: -1, size: 1 })).rejects.toThrow('offset must be');
    const size = CONTROL_PIECE_BYTES_MAX + 1;
    await expect(control.call('clipboard.read', { handle: 1, offset: 0, size })).rejects.toThrow(
      'size must be at most',
    );
    await expect(control.call('clipboard.set', { contents: [] })).rejects.toThrow('contents must have at least one');
  });
});

describe('what is known', () => {
  it('is told: status, sessions, policy, level, configuration', async () => {
    await serve();
    const control = client();
    expect(await control.call('status', {})).toEqual({ ...target.status(), protocol: 1 });
    expect(await control.call('session.list', {})).toEqual(target.sessions());
    expect(await control.call('config.show', {})).toEqual({ toml: 'policy = "active"\n' });
  });

  it('can be changed', async () => {
    await serve();
    const control = client();
    expect(await control.call('session.select', { session: 2 })).toEqual({
      policy: 'pinned:2',
      eligible: { session: 2, reason: 'pinned' },
    });
    expect(await control.call('session.select', { session: null })).toMatchObject({ policy: 'active' });
    await expect(control.call('session.select', { session: 3 })).rejects.toEqual(failure('no-such-session'));
    expect(await control.call('policy.set', { policy: 'pinned:1' })).toMatchObject({ eligible: { session: 1 } });
    expect(await control.call('log.level', { level: 'debug' })).toEqual({ level: 'debug' });
    expect(target.logLevel).toBe('debug');
    expect(await control.call('trace', {})).toEqual({ on: false });
    expect(await control.call('trace', { on: true })).toEqual({ on: true });
    expect(await control.call('config.reload', {})).toEqual({ changed: ['policy', 'port'], restart: ['port'] });
    target.problems = ['a.toml:1:1: this is wrong', 'a.toml:2:1: and that'];
    await expect(control.call('config.reload', {})).rejects.toMatchObject({
      name: 'invalid-config',
      details: target.problems,
    });
  });
});

describe('a selection', () => {
  it('is set, listed, read in pieces and cleared', async () => {
    await serve();
    const control = client();
    const bytes = Buffer.from('héllo');
    expect(
      await control.call('clipboard.set', { contents: [{ type: TEXT, data: encodeBase64(bytes) }], share: true }),
    ).toEqual({ session: 1, types: [TEXT] });
    expect(target.held.get('1 clipboard')?.share).toBe(true);
    expect(await control.call('clipboard.targets', {})).toEqual({
      session: 1,
      selection: 'clipboard',
      owner: 'held',
      types: [TEXT],
    });
    const { handle, size } = await control.call('clipboard.get', { type: TEXT });
    expect(size).toBe(6);
    expect(await control.call('clipboard.read', { handle, offset: 0, size: 2 })).toEqual({
      data: encodeBase64(bytes.subarray(0, 2)),
      eof: false,
    });
    expect(await control.call('clipboard.read', { handle, offset: 2, size: 100 })).toEqual({
      data: encodeBase64(bytes.subarray(2)),
      eof: true,
    });
    await control.call('clipboard.close', { handle });
    await expect(control.call('clipboard.close', { handle })).rejects.toEqual(failure('no-such-handle'));
    expect(await control.call('clipboard.clear', {})).toEqual({ session: 1 });
    await expect(control.call('clipboard.get', { type: TEXT })).rejects.toEqual(failure('no-owner'));
  });

  it('is set in pieces of the largest size, for another session, and read back whole', async () => {
    await serve();
    const control = client();
    const bytes = Buffer.alloc(CONTROL_PIECE_BYTES_MAX + 12_345, 'abcdefg');
    const { handle } = await control.call('clipboard.begin', {});
    for (let at = 0; at < bytes.length; at += CONTROL_PIECE_BYTES_MAX) {
      const data = encodeBase64(bytes.subarray(at, at + CONTROL_PIECE_BYTES_MAX));
      await control.call('clipboard.append', { handle, type: 'image/png', data });
    }
    expect(server.heldBytes).toBe(bytes.length);
    const whose = { session: 2, selection: 'primary' } as const;
    expect(await control.call('clipboard.commit', { handle, ...whose })).toEqual({ session: 2, types: ['image/png'] });
    expect(server.heldBytes).toBe(0);
    const read = await control.call('clipboard.get', { ...whose, type: 'image/png' });
    const pieces: Buffer[] = [];
    for (let at = 0; ; at += CONTROL_PIECE_BYTES_MAX) {
      const part = { handle: read.handle, offset: at, size: CONTROL_PIECE_BYTES_MAX };
      const { data, eof } = await control.call('clipboard.read', part);
      pieces.push(Buffer.from(data, 'base64'));
      if (eof) break;
    }
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  it('keeps a handle whose content found no session', async () => {
    await serve();
    const control = client();
    const { handle } = await control.call('clipboard.begin', {});
    await control.call('clipboard.append', { handle, type: TEXT, data: 'aGk=' });
    await expect(control.call('clipboard.commit', { handle, session: 9 })).rejects.toEqual(failure('no-such-session'));
    await expect(control.call('clipboard.commit', { handle, session: 2 })).resolves.toMatchObject({ session: 2 });
  });

  it('is not set from what is no base64, or from one type twice', async () => {
    await serve();
    const control = client();
    const wrong = control.call('clipboard.set', { contents: [{ type: TEXT, data: 'aGk' }] });
    await expect(wrong).rejects.toThrow('contents.0.data must be base64');
    const twice = Array(2).fill({ type: TEXT, data: 'aGk=' }) as { type: string; data: string }[];
    await expect(control.call('clipboard.set', { contents: twice })).rejects.toEqual(failure('invalid-params'));
  });

  it("is not read through another connection's handle", async () => {
    await serve();
    const control = client();
    target.hold({ session: 1, selection: 'clipboard' }, [{ type: TEXT, bytes: Buffer.from('secret') }], false);
    const { handle } = await control.call('clipboard.get', { type: TEXT });
    await expect(client().call('clipboard.read', { handle, offset: 0, size: 1 })).rejects.toEqual(
      failure('no-such-handle'),
    );
  });

  it('is let go when the connection ends', async () => {
    await serve();
    target.hold({ session: 1, selection: 'clipboard' }, [{ type: TEXT, bytes: Buffer.alloc(5000) }], false);
    const control = client();
    await control.call('clipboard.get', { type: TEXT });
    expect(server.heldBytes).toBe(5000);
    control.close();
    await vi.waitFor(() => expect(server.heldBytes).toBe(0));
  });

  it('that never comes whole is given up after a while, also for a client that went meanwhile', async () => {
    const late: (() => void)[] = [];
    const timers: Timers = {
      set: (callback, milliseconds) =>
        milliseconds === CONTROL_CONTENT_TIMEOUT_MS ? late.push(callback) : setTimeout(callback, milliseconds),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
    };
    await serve({ timers });
    target.hold({ session: 1, selection: 'clipboard' }, [{ type: TEXT, bytes: Buffer.alloc(5000) }], false);
    target.stalled = true;
    const waiting = client().call('clipboard.get', { type: TEXT });
    const gone = client();
    gone.call('clipboard.get', { type: TEXT }).catch(() => {});
    await vi.waitFor(() => expect(server.heldBytes).toBe(10_000));
    gone.close();
    for (const fire of late) fire();
    await expect(waiting).rejects.toEqual(failure('timed-out'));
    await vi.waitFor(() => expect([server.heldBytes, server.connections]).toEqual([0, 1]));
    expect(target.left).toBe(2);
  });

  it('has handles in a bounded number', async () => {
    await serve();
    const control = client();
    for (let count = 0; count < CONTROL_HANDLES_MAX; count += 1) await control.call('clipboard.begin', {});
    await expect(control.call('clipboard.begin', {})).rejects.toEqual(failure('limit-exceeded'));
    await expect(control.call('clipboard.get', { type: TEXT })).rejects.toMatchObject({ remote: true });
  });
});

describe('a monitor', () => {
  it('sees events from start to stop, in their order', async () => {
    await serve({ now: () => 17 });
    const events: UnknownEvent[] = [];
    const control = client(events);
    target.tell({ kind: 'error', message: 'before' });
    await control.call('monitor.start', {});
    await control.call('monitor.start', {});
    expect(target.listeners.size).toBe(1);
    target.tell({ kind: 'policy', policy: 'off' });
    target.tell({ kind: 'session-removed', session: 1, reason: 'it went' });
    await control.call('monitor.stop', {});
    target.tell({ kind: 'error', message: 'after' });
    await control.call('policy.get', {});
    expect(events).toEqual([
      { at: 17, kind: 'policy', policy: 'off' },
      { at: 17, kind: 'session-removed', session: 1, reason: 'it went' },
    ]);
  });

  it('that does not read loses events, and is told how many once it reads', async () => {
    await serve();
    const socket = open();
    socket.write('{"jsonrpc":"2.0","id":1,"method":"monitor.start"}\n');
    await once(socket, 'data');
    socket.pause();
    const message = 'x'.repeat(400);
    const told = 20_000;
    for (let count = 0; count < told; count += 1) {
      target.tell({ kind: 'error', message });
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    let lines = 0;
    let lost = 0;
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const { params } = JSON.parse(part) as { params: { kind: string; count?: number } };
        if (params.kind === 'lost') lost += params.count ?? 0;
        else lines += 1;
      }
    });
    socket.resume();
    await vi.waitFor(() => expect(lines + lost).toBe(told));
    expect(lost).toBeGreaterThan(0);
    expect(lines * message.length).toBeLessThan(4 * 1024 * 1024);
  });

  it('leaves no listener behind', async () => {
    await serve();
    const control = client();
    await control.call('monitor.start', {});
    expect(target.listeners.size).toBe(1);
    control.close();
    await vi.waitFor(() => expect(target.listeners.size).toBe(0));
  });
});

describe('the end', () => {
  it('is told to every client', async () => {
    await serve();
    const control = client();
    await control.call('policy.get', {});
    const [reason] = await Promise.all([control.closed, server.close()]);
    expect(reason).toEqual(failure('shutting-down'));
  });

  it('comes also to clients that do not read', async () => {
    await serve();
    chmodSync(path, 0o600);
    const socket = open();
    await once(socket, 'connect');
    socket.pause();
    await vi.waitFor(() => expect(server.connections).toBe(1));
    await server.close();
    expect(server.connections).toBe(0);
  });
});
