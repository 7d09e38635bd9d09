import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { HostEndpoint } from '../endpoint/host-endpoint.ts';
import { TEXT_TYPE } from '../mime.ts';
import { next, ScriptedGuest } from '../testing.ts';
import { connect } from './connect.ts';
import { listen } from './listen.ts';

const directory = mkdtempSync(join(tmpdir(), 'clipmux-host-'));
afterAll(() => rmSync(directory, { recursive: true }));
let count = 0;
const freshPath = (): string => join(directory, `port-${count++}`);

describe('listen', () => {
  test('a guest connects, goes, and comes again; the socket file is for the owner only and goes at the end', async () => {
    const path = freshPath();
    const host = new HostEndpoint();
    const listener = await listen(path, host);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    host.copy('clipboard', new Map([[TEXT_TYPE, Buffer.from('x')]]));
    for (let round = 0; round < 3; round++) {
      const guest = new ScriptedGuest(connectSocket(path));
      await guest.shakeHands();
      expect(await guest.hear('clipboard-grab')).toMatchObject({ serial: 0 });
      const gone = next(host, 'disconnected');
      guest.stream.destroy();
      await gone;
    }
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  test('16 MiB cross a real socket both ways', async () => {
    const path = freshPath();
    const host = new HostEndpoint();
    const listener = await listen(path, host);
    const guest = new ScriptedGuest(connectSocket(path));
    await guest.shakeHands();
    const content = Buffer.alloc(16 * 1024 * 1024, 'both ways ');
    host.copy('clipboard', new Map([['image/png', content]]));
    guest.send({ type: 'clipboard-request', selection: 0, clipboardType: 2 });
    await guest.hear('clipboard-grab');
    expect(Buffer.compare((await guest.hear('clipboard')).data, content)).toBe(0);
    const grabbed = next(host, 'grabbed');
    guest.send({ type: 'clipboard-grab', selection: 0, serial: 1, types: [2] });
    await grabbed;
    const pasted = host.paste('clipboard', 'image/png');
    await guest.hear('clipboard-request');
    guest.send({ type: 'clipboard', selection: 0, clipboardType: 2, data: content });
    expect(Buffer.compare(await pasted, content)).toBe(0);
    await listener.close();
  });

  test('a second guest is sent away, the first one stays', async () => {
    const path = freshPath();
    const host = new HostEndpoint();
    const listener = await listen(path, host);
    const first = new ScriptedGuest(connectSocket(path));
    await first.shakeHands();
    await host.ready();
    const second = connectSocket(path);
    second.resume();
    await once(second, 'close');
    host.maxClipboard(5);
    expect(await first.hear('max-clipboard')).toMatchObject({ max: 5 });
    await listener.close();
  });

  test('a socket file that nobody listens on is replaced', async () => {
    const path = freshPath();
    // A child that is killed leaves its socket file behind; a server closed in this process would remove it.
    const { execFileSync } = await import('node:child_process');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow();
    expect(existsSync(path)).toBe(true);
    const listener = await listen(path, new HostEndpoint());
    await listener.close();
  });

  test('a socket in use and a file that is no socket are left alone', async () => {
    const path = freshPath();
    const server = createServer((socket) => socket.destroy()).listen(path);
    await once(server, 'listening');
    await expect(listen(path, new HostEndpoint())).rejects.toMatchObject({ code: 'address-in-use' });
    server.close();
    const file = freshPath();
    writeFileSync(file, 'content');
    await expect(listen(file, new HostEndpoint())).rejects.toMatchObject({ code: 'not-a-socket' });
    expect(statSync(file).size).toBe(7);
  });

  test('a path that can not be listened on is an error', async () => {
    await expect(listen(join(directory, 'none', 'port'), new HostEndpoint())).rejects.toMatchObject({
      code: 'address-invalid',
      message: expect.stringContaining('there is no folder'),
    });
  });
});

describe('connect', () => {
  test('connects to a listening VMM, and again when the connection is lost', async () => {
    const path = freshPath();
    const server = createServer().listen(path);
    await once(server, 'listening');
    const host = new HostEndpoint();
    const arrival = once(server, 'connection');
    const connector = await connect(path, host, { reconnect: true });
    const [first] = await arrival;
    const guest = new ScriptedGuest(first);
    await guest.shakeHands();
    await host.ready();
    const again = once(server, 'connection');
    first.destroy();
    const [second] = await again;
    await new ScriptedGuest(second).shakeHands();
    await host.ready();
    await connector.close();
    expect(host.connected).toBe(false);
    server.close();
  });

  test('rejects where nobody listens', async () => {
    await expect(connect(freshPath(), new HostEndpoint())).rejects.toMatchObject({ code: 'no-listener' });
  });

  test('rejects for a path that no socket can have', async () => {
    for (const path of ['', `/tmp/${'x'.repeat(110)}`]) {
      await expect(connect(path, new HostEndpoint())).rejects.toMatchObject({ code: 'address-invalid' });
      await expect(listen(path, new HostEndpoint())).rejects.toMatchObject({ code: 'address-invalid' });
    }
  });
});
