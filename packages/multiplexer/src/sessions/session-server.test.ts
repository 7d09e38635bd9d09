import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@clipmux/posix';
import { AgentWire, type CloseReason } from '@clipmux/rpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TURNED_AWAY_MAX } from './limits.ts';
import type { SessionListener } from './session.ts';
import { SessionServer } from './session-server.ts';

const NOBODY_COMES: SessionListener = {
  admit: () => new Promise(() => {}),
  connected: () => {},
  left: () => {},
  grab: () => {},
  release: () => {},
  request: () => Promise.reject(new Error('not asked for')),
  callHost: () => Promise.reject(new Error('not asked for')),
  cancelHostCall: () => {},
};

describe('the session socket', () => {
  let directory: string;
  let path: string;
  let server: SessionServer;
  let lines: string[];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'clipmux-server-'));
    path = join(directory, 'session.sock');
    lines = [];
    server = new SessionServer(NOBODY_COMES, {
      version: '0',
      logger: createLogger({ name: 'test', write: (line) => lines.push(line), journald: false, level: 'warning' }),
      now: () => 0,
      limits: () => ({
        connections: 100,
        connectionsPerUser: 100,
        pendingConnections: 100,
        pendingConnectionsPerUser: 2,
      }),
      transfers: () => ({ maxBytes: 1, answerTimeoutMs: 1000, stallTimeoutMs: 1000 }),
    });
    await server.listen({ path, mode: 0o600 });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  async function open(): Promise<Socket> {
    const socket = connect(path);
    sockets.push(socket);
    socket.pause();
    await once(socket, 'connect');
    return socket;
  }

  /** Resolves with clipmuxd's farewell, or with how the connection ended. */
  function farewell(socket: Socket): Promise<CloseReason> {
    const ignore = () => {};
    socket.resume();
    return new Promise((closed) => {
      new AgentWire(socket, {
        'selection.grab': ignore,
        'selection.release': ignore,
        'paste.cut-short': ignore,
        'selection.request': () => Promise.reject(new Error('not asked for')),
        closed,
      });
    });
  }

  it('gives the place of one that was turned away to nobody, so that it is free when another one leaves', async () => {
    const first = await open();
    await open();
    const lingers = await open();
    first.resume();
    first.end();
    await once(first, 'close');
    // The third is being told and takes up to a second for that; it does not count.
    const outcome = Promise.race([farewell(await open()), new Promise((resolve) => setTimeout(resolve, 100, 'stays'))]);
    expect(await outcome).toBe('stays');
    expect(await farewell(lingers)).toMatchObject({ name: 'limit-exceeded' });
  });

  it('tells only so many at once why they are turned away, closes the rest, and says so once', async () => {
    const kept = await Promise.all([open(), open()]);
    const told = await Promise.all(Array.from({ length: TURNED_AWAY_MAX }, open));
    const rest = await Promise.all(Array.from({ length: 3 }, open));
    for (const socket of rest) expect(await farewell(socket)).toMatchObject({ name: 'connection-closed' });
    for (const socket of told) expect(await farewell(socket)).toMatchObject({ name: 'limit-exceeded' });
    expect(lines.filter((line) => line.includes('connections come in faster'))).toHaveLength(1);
    for (const socket of kept) expect(socket.destroyed).toBe(false);
  });
});
