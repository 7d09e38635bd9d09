import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentWire,
  type DaemonHandlers,
  DaemonWire,
  NODE_TIMERS,
  RpcError,
  type RpcErrorName,
} from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DaemonConnection, type DaemonConnectionListener } from './daemon-connection.ts';
import { HELLO_ANSWER_TIMEOUT_MS, RECONNECT_CEILING_MS } from './limits.ts';
import { RecordingLog, settle } from './testing.ts';

const IDENTITY = { agent: { name: 'test', version: '1' }, display: ':7', session: '3', pid: 42 };

/** A clock on which every wait is over at once, or when the test says so. */
class HastyTimers {
  /** Every wait that was asked for, in ms. */
  readonly delays: number[] = [];
  hold = false;
  readonly #held = new Set<() => void>();

  set(callback: () => void, delay: number): object {
    this.delays.push(delay);
    if (!this.hold) return setImmediate(callback);
    this.#held.add(callback);
    return callback;
  }

  clear(handle: object): void {
    if (typeof handle === 'function') this.#held.delete(handle as () => void);
    else clearImmediate(handle as NodeJS.Immediate);
  }

  /** Waits that are neither over nor taken back. */
  get waiting(): number {
    return this.#held.size;
  }

  /** Ends the next wait, once it has begun. */
  async pass(): Promise<void> {
    while (this.#held.size === 0) await new Promise(setImmediate);
    for (const callback of this.#held) {
      this.#held.delete(callback);
      callback();
    }
  }
}

/** What the test is told, one after the other. */
class Events {
  readonly #waiting: string[] = [];
  #wake: () => void = () => {};

  put(event: string): void {
    this.#waiting.push(event);
    this.#wake();
  }

  async next(): Promise<string> {
    while (this.#waiting.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#waiting.shift() as string;
  }

  get rest(): readonly string[] {
    return this.#waiting;
  }
}

describe('the connection to clipmuxd', () => {
  let folder: string;
  let path: string;
  let server: Server | undefined;
  let connection: DaemonConnection;
  let timers: HastyTimers;
  let events: Events;
  let log: RecordingLog;
  let agentWire: AgentWire | undefined;
  const daemonWires: DaemonWire[] = [];
  const sockets: Socket[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clipmux-'));
    path = join(folder, 'session.sock');
    timers = new HastyTimers();
    events = new Events();
    log = new RecordingLog();
    const listener: DaemonConnectionListener = {
      connected: (wire) => {
        agentWire = wire;
        events.put('connected');
      },
      disconnected: () => events.put('disconnected'),
      grab: (selection, serial, types) => events.put(`grab ${selection} ${serial} ${types.join()}`),
      release: (selection, serial) => events.put(`release ${selection} ${serial}`),
      request: (selection, type, maxBytes) => {
        events.put(`request ${selection} ${type} ${maxBytes}`);
        return Promise.resolve({ size: 2, type, content: Buffer.from('hi') });
      },
      pasteCutShort: ({ direction, reason }) => events.put(`cut short ${direction} ${reason}`),
      call: ({ method }) => Promise.resolve(`${method} was called`),
    };
    connection = new DaemonConnection(listener, {
      path,
      identity: IDENTITY,
      logger: log.logger,
      refused: (name, message) => events.put(`refused ${name}: ${message}`),
      timers,
      answerTimers: NODE_TIMERS,
      random: () => 1,
    });
  });

  afterEach(async () => {
    vi.useRealTimers();
    await connection.stop(new RpcError('shutting-down', 'the test is over'));
    for (const socket of sockets.splice(0)) socket.destroy();
    daemonWires.length = 0;
    await stopServer();
    rmSync(folder, { recursive: true, force: true });
  });

  /** clipmuxd's socket: each connection is handed to `accept`. */
  async function listen(accept: (socket: Socket) => void): Promise<void> {
    server = createServer((socket) => {
      sockets.push(socket);
      accept(socket);
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
  }

  async function stopServer(): Promise<void> {
    const stopping = server;
    server = undefined;
    if (stopping) await new Promise((resolve) => stopping.close(resolve));
  }

  function daemon(changes: Partial<DaemonHandlers> = {}): (socket: Socket) => void {
    return (socket) => {
      const wire = new DaemonWire(socket, {
        'session.hello': () => ({ session: 1, daemon: { version: 'test' } }),
        'selection.grab': () => undefined,
        'selection.release': () => undefined,
        'selection.request': () => {
          throw new RpcError('no-owner', 'nobody');
        },
        ...changes,
      });
      daemonWires.push(wire);
    };
  }

  /** Waits until both ends know that a connection has ended. */
  async function over(index: number): Promise<void> {
    while (!sockets[index]?.destroyed) await new Promise(setImmediate);
    await settle();
  }

  const refusing = (name: RpcErrorName) =>
    daemon({
      'session.hello': () => {
        throw new RpcError(name, 'why');
      },
    });

  it('says who it is, and hands over what clipmuxd sends', async () => {
    const hellos: unknown[] = [];
    await listen(
      daemon({
        'session.hello': (params) => {
          hellos.push(params);
          return { session: 1, daemon: { version: 'test' } };
        },
      }),
    );
    connection.start();
    expect(await events.next()).toBe('connected');
    expect(hellos).toEqual([{ version: 1, ...IDENTITY }]);
    const [wire] = daemonWires;
    wire?.notify('selection.grab', { selection: 'primary', serial: 1, types: ['image/png'] });
    wire?.notify('selection.release', { selection: 'primary', serial: 2 });
    wire?.notify('paste.cut-short', { selection: 'primary', direction: 'host-to-guest', reason: 'timed-out' });
    expect(await events.next()).toBe('grab primary 1 image/png');
    expect(await events.next()).toBe('release primary 2');
    expect(await events.next()).toBe('cut short host-to-guest timed-out');
    const content = await wire?.collect({ selection: 'clipboard', type: 'image/png' }, { maxBytes: 9 });
    expect(content?.bytes.toString()).toBe('hi');
    expect(await events.next()).toBe('request clipboard image/png 9');
    expect(await wire?.sessionCall('choose-file', {}, { timeoutMs: 1000 })).toBe('choose-file was called');
    expect(agentWire?.closeReason).toBeUndefined();
  });

  it('is tried again while clipmuxd is not there, with growing waits up to the ceiling, and one complaint', async () => {
    timers.hold = true;
    connection.start();
    for (let attempt = 0; attempt < 8; attempt += 1) await timers.pass();
    await listen(daemon());
    await timers.pass();
    expect(await events.next()).toBe('connected');
    expect(timers.delays.slice(0, 8)).toEqual([
      100,
      200,
      400,
      800,
      1600,
      3200,
      RECONNECT_CEILING_MS,
      RECONNECT_CEILING_MS,
    ]);
    expect(log.at('warning')).toHaveLength(1);
  });

  it('is made again when it is lost, and the loss is told once', async () => {
    await listen(daemon());
    connection.start();
    expect(await events.next()).toBe('connected');
    sockets[0]?.destroy();
    expect(await events.next()).toBe('disconnected');
    expect(await events.next()).toBe('connected');
    expect(events.rest).toEqual([]);
    expect(daemonWires).toHaveLength(2);
  });

  it('is made again after clipmuxd has said that it goes down', async () => {
    await listen(daemon());
    connection.start();
    expect(await events.next()).toBe('connected');
    void daemonWires[0]?.close(new RpcError('shutting-down', 'an upgrade'));
    expect(await events.next()).toBe('disconnected');
    expect(await events.next()).toBe('connected');
  });

  it('that ended before clipmuxd knew the agent is not told of at all, and backs off', async () => {
    let attempts = 0;
    await listen((socket) => {
      attempts += 1;
      if (attempts <= 3) socket.destroy();
      else daemon()(socket);
    });
    timers.hold = true;
    connection.start();
    for (let attempt = 0; attempt < 3; attempt += 1) await timers.pass();
    expect(await events.next()).toBe('connected');
    expect(timers.delays).toEqual([100, 200, 400]);
  });

  it('gives a clipmuxd up that does not answer hello', async () => {
    let attempts = 0;
    await listen((socket) => {
      attempts += 1;
      if (attempts > 1) daemon()(socket);
      else socket.resume();
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    connection.start();
    while (attempts === 0 || vi.getTimerCount() === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(HELLO_ANSWER_TIMEOUT_MS - 1);
    expect(timers.delays).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(await events.next()).toBe('connected');
    expect(attempts).toBe(2);
  });

  it.each<RpcErrorName>(['denied', 'duplicate-agent', 'version-unsupported'])(
    'that is refused with %s is not tried again',
    async (name) => {
      await listen(refusing(name));
      connection.start();
      expect(await events.next()).toBe(`refused ${name}: why`);
      await over(0);
      expect(timers.delays).toEqual([]);
      expect(events.rest).toEqual([]);
    },
  );

  it.each<RpcErrorName>(['internal', 'limit-exceeded'])('that is refused with %s is tried again', async (name) => {
    let attempts = 0;
    await listen((socket) => {
      attempts += 1;
      (attempts === 1 ? refusing(name) : daemon())(socket);
    });
    connection.start();
    expect(await events.next()).toBe('connected');
    expect(attempts).toBe(2);
  });

  it.each<RpcErrorName>(['replaced', 'duplicate-agent', 'denied'])(
    'that clipmuxd ends with %s is not tried again: the agent is told of both',
    async (name) => {
      await listen(daemon());
      connection.start();
      expect(await events.next()).toBe('connected');
      void daemonWires[0]?.close(new RpcError(name, 'another agent came'));
      expect(await events.next()).toBe('disconnected');
      expect(await events.next()).toBe(`refused ${name}: another agent came`);
      await over(0);
      expect(timers.delays).toEqual([]);
    },
  );

  it('says why it is stopped, and is not made again', async () => {
    const reasons: unknown[] = [];
    await listen(daemon({ closed: (reason) => reasons.push(reason) }));
    connection.start();
    expect(await events.next()).toBe('connected');
    await connection.stop(new RpcError('shutting-down', 'SIGTERM'));
    expect(await events.next()).toBe('disconnected');
    while (reasons.length === 0) await new Promise(setImmediate);
    expect(reasons).toEqual([{ by: 'peer', name: 'shutting-down', message: 'SIGTERM' }]);
    await over(0);
    expect(timers.delays).toEqual([]);
  });

  it('that is stopped while it waits for its next attempt leaves nothing behind', async () => {
    timers.hold = true;
    connection.start();
    while (timers.waiting === 0) await new Promise(setImmediate);
    await connection.stop(new RpcError('shutting-down', 'SIGTERM'));
    expect(timers.waiting).toBe(0);
  });
});
