import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_TIMERS, type Timers } from '@clipmux/rpc';
import { afterEach, describe, expect, it } from 'vitest';
import { notify } from '../../packages/session/src/notice/notification-service.ts';
import { NotificationsMock } from '../support/notifications-mock.ts';
import { PrivateBus, type PrivateBusOptions } from '../support/private-bus.ts';
import { until } from '../support/wait.ts';

const TEXT = { summary: 'Nothing was pasted', body: 'It was too large. Copy less.' };
const PROGRAM = join(import.meta.dirname, '../support/notifications-program.ts');
const TSX = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs');

/** Time-outs are over after this. */
const HASTY_MS = 200;
const HASTY: Timers = { ...NODE_TIMERS, set: (callback) => NODE_TIMERS.set(callback, HASTY_MS) };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function startBus(options: PrivateBusOptions = {}): Promise<{ bus: PrivateBus; socket: string }> {
  const bus = await PrivateBus.start(options);
  cleanUp.push(() => bus.remove());
  return { bus, socket: bus.address.replace('unix:path=', '') };
}

async function startService() {
  const { bus, socket } = await startBus();
  const service = await NotificationsMock.start(bus.address);
  return { bus, socket, service };
}

const show = (socket: string, options: { replaces?: number; timers?: Timers; signal?: AbortSignal } = {}) =>
  notify(socket, TEXT, { replaces: 0, signal: new AbortController().signal, ...options });

describe('a notice', () => {
  it('is shown with its text, as an application without a desktop entry, for as long as the service likes', async () => {
    const { socket, service } = await startService();
    const id = await show(socket);
    expect(await service.next()).toEqual({
      ...TEXT,
      application: 'clipmux',
      replaces: 0,
      icon: 'edit-paste',
      actions: [],
      hints: {},
      expiry: -1,
      id,
    });
  });

  it('takes the place of the one that it is to replace', async () => {
    const { socket, service } = await startService();
    const id = await show(socket);
    expect(await show(socket, { replaces: id })).toBe(id);
    expect([(await service.next()).replaces, (await service.next()).replaces]).toEqual([0, id]);
  });

  it('leaves no connection behind', async () => {
    const { socket, service } = await startService();
    await show(socket);
    await until(async () => (await service.others()).length === 0, 'the connection to be closed');
  });

  it('makes the bus start the service where that is not running', async () => {
    const command = `${process.execPath} ${TSX} ${PROGRAM} ADDRESS`;
    const { socket } = await startBus({ services: { 'org.freedesktop.Notifications': command } });
    expect(await show(socket)).toBeGreaterThan(0);
  });
});

describe('a notice that cannot be shown', () => {
  it('for want of a service is rejected with no-service', async () => {
    const { socket } = await startBus();
    await expect(show(socket)).rejects.toMatchObject({ code: 'no-service' });
  });

  it('as the service cannot be started is rejected with no-service', async () => {
    const { socket } = await startBus({ services: { 'org.freedesktop.Notifications': '/bin/false' } });
    await expect(show(socket)).rejects.toMatchObject({ code: 'no-service' });
  });

  it('as the service refuses it is rejected with refused', async () => {
    const { socket, service } = await startService();
    service.behaviour = 'refuses';
    await expect(show(socket)).rejects.toMatchObject({ code: 'refused' });
  });

  it('as the service hangs is rejected with timed-out', async () => {
    const { socket, service } = await startService();
    service.behaviour = 'is silent';
    await expect(show(socket, { timers: HASTY })).rejects.toMatchObject({ code: 'timed-out' });
    await until(async () => (await service.others()).length === 0, 'the connection to be closed');
  });

  it('as the bus hangs is rejected with timed-out', async () => {
    const { bus, socket } = await startService();
    bus.freeze();
    await expect(show(socket, { timers: HASTY })).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('as the bus dies meanwhile is rejected with no-bus', async () => {
    const { bus, socket, service } = await startService();
    service.behaviour = 'is silent';
    const shown = show(socket);
    shown.catch(() => undefined);
    await service.next();
    await bus.stop('SIGKILL');
    await expect(shown).rejects.toMatchObject({ code: 'no-bus' });
  });

  it('as the bus knows no way to authenticate in common is rejected with no-bus', async () => {
    const { socket } = await startBus({ authentication: 'ANONYMOUS' });
    await expect(show(socket)).rejects.toMatchObject({ code: 'no-bus' });
  });

  it.each(['/nowhere/bus', '\0clipmux-test-nobody'])(
    'as nobody listens at %j is rejected with no-bus',
    async (socket) => {
      await expect(show(socket)).rejects.toMatchObject({ code: 'no-bus' });
    },
  );

  it('as the agent ends is rejected with cancelled, and the connection is closed', async () => {
    const { socket, service } = await startService();
    service.behaviour = 'is silent';
    const ending = new AbortController();
    const shown = show(socket, { signal: ending.signal });
    shown.catch(() => undefined);
    await service.next();
    ending.abort();
    await expect(shown).rejects.toMatchObject({ code: 'cancelled' });
    await until(async () => (await service.others()).length === 0, 'the connection to be closed');
  });
});

describe('a bus that speaks nonsense', () => {
  /** A bus that lets everybody in, and answers the first message with these bytes. */
  async function falseBus(bytes: Buffer): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-'));
    cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'bus');
    const sockets: Socket[] = [];
    const server: Server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (piece) => {
        if (piece.includes('AUTH')) socket.write('OK 0123456789abcdef0123456789abcdef\r\n');
        if (piece.includes('BEGIN')) socket.write(bytes);
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    cleanUp.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return path;
  }

  /** A message's first 16 bytes: little-endian, its type, version 1, length of the body, serial 1, length of the fields. */
  const header = (type: number, body: number, fields: number) =>
    Buffer.from([0x6c, type, 0, 1, ...word(body), ...word(1), ...word(fields)]);
  const word = (value: number) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff];

  const REPLY_TO_1 = [5, 1, 0x75, 0, ...word(1)];
  const ERROR_NAME = [4, 1, 0x73, 0, ...word(3), 0x61, 0x2e, 0x62, 0, 0, 0, 0, 0];

  it.each([
    ['refuses Hello', Buffer.concat([header(3, 0, 20), Buffer.from([...REPLY_TO_1, ...ERROR_NAME])]), 'no-bus'],
    [
      'names a type that there is not',
      Buffer.concat([header(2, 0, 8), Buffer.from([5, 1, 0x21, 0, 0, 0, 0, 0])]),
      'no-bus',
    ],
    ['announces more than there can be', header(2, 0xffffffff, 0xfffffff0), 'no-bus'],
    ['breaks off', header(2, 100, 8), 'timed-out'],
    ['answers Hello with nothing in it', Buffer.concat([header(2, 0, 8), Buffer.from(REPLY_TO_1)]), 'timed-out'],
    ['speaks another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(20)), /no-bus|timed-out/],
  ])('and %s harms nobody', async (_what, bytes, code) => {
    const socket = await falseBus(bytes);
    const error: unknown = await show(socket, { timers: HASTY }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(code) });
  });
});
