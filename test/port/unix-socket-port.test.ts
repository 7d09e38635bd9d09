import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PortKeeper, UnixSocketTransport } from '../../packages/multiplexer/src/port/index.ts';
import { until, within } from '../support/wait.ts';

let folder: string;
let path: string;
let keeper: PortKeeper;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-port-'));
  chmodSync(folder, 0o755);
  path = join(folder, 'host.sock');
  keeper = new PortKeeper({ transport: new UnixSocketTransport(path) });
});

afterEach(() => {
  keeper.stop();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

async function listen(): Promise<Server> {
  const listening = createServer().listen(path);
  await once(listening, 'listening');
  server = listening;
  return listening;
}

const opened = async () => (await within(once(keeper, 'open'), 'the port to open', 3_000))[0] as Duplex;
const accepted = async (listening: Server) => (await once(listening, 'connection'))[0] as Socket;

describe('a port that is a unix socket', () => {
  it('opens once somebody listens, and carries bytes both ways', async () => {
    keeper.start();
    await until(() => keeper.status.failures >= 2, 'two attempts');
    expect(keeper.status.lastError?.code).toBe('missing');
    const connection = accepted(await listen());
    const port = await opened();
    const host = await connection;
    host.write('from the host');
    expect(String((await once(port, 'data'))[0])).toBe('from the host');
    port.write('from the guest');
    expect(String((await once(host, 'data'))[0])).toBe('from the guest');
  });

  it('opens again when the host closes after the handshake, within a tenth of a second', async () => {
    const listening = await listen();
    keeper.start();
    const [host] = await Promise.all([accepted(listening), opened()]);
    keeper.confirm();
    const begun = performance.now();
    const again = opened();
    host.end();
    await again;
    expect(performance.now() - begun).toBeLessThan(100);
    expect(keeper.status.opened).toBe(2);
  });

  it('opens again when the host dies and comes back under the same path, each time', async () => {
    keeper.start();
    for (let round = 1; round <= 3; round++) {
      const listening = await listen();
      const [host] = await Promise.all([accepted(listening), opened()]);
      const closed = once(keeper, 'close');
      listening.close();
      host.destroy();
      await closed;
      const before = keeper.status.lastError?.at;
      await until(() => keeper.status.lastError?.at !== before, 'an attempt without a listener');
    }
    expect(keeper.status.opened).toBe(3);
  });

  it('names what is wrong: nobody listens, no socket, no permission', async () => {
    const codeOf = async () => {
      keeper.start();
      await until(() => keeper.status.lastError !== undefined, 'a failed attempt');
      keeper.stop();
      return keeper.status.lastError;
    };
    writeFileSync(path, '');
    expect(await codeOf()).toMatchObject({ code: 'refused' });
    rmSync(path);

    const root = process.geteuid?.() === 0;
    await listen();
    chmodSync(path, 0o700);
    keeper = new PortKeeper({ transport: new UnixSocketTransport(path) });
    if (root) process.seteuid?.(65534);
    else chmodSync(path, 0o000);
    try {
      expect(await codeOf()).toMatchObject({ code: 'denied' });
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  it('leaves nothing behind when it is stopped while connecting', async () => {
    await listen();
    keeper.start();
    keeper.stop();
    const connections = await new Promise<number>((resolve, reject) => {
      server?.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
    expect(connections).toBe(0);
    expect(keeper.status).toMatchObject({ state: 'stopped', opened: 0 });
  });
});
