import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliverDirectly } from './deliver-directly.ts';

/** Far more than a stream's queue and the kernel's buffers hold. */
const MUCH = Buffer.alloc(4 * 1024 * 1024, 'much');

describe('a socket that delivers directly', () => {
  let folder: string;
  let server: Server;
  let peer: Socket;
  let socket: Socket;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clipmux-deliver-'));
    server = createServer({ allowHalfOpen: true });
    server.listen(join(folder, 'socket'));
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    socket = connect(join(folder, 'socket'));
    [peer] = (await accepted) as [Socket];
    deliverDirectly(socket);
  });

  afterEach(() => {
    socket.destroy();
    peer.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('gives its listeners what comes, without passing it through the queue', async () => {
    const heard: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => {
      expect(socket.readableLength).toBe(0);
      heard.push(bytes);
    });
    peer.end(MUCH);
    await once(socket, 'end');
    expect(Buffer.concat(heard).equals(MUCH)).toBe(true);
    // What Node counts as it goes through its queue: that way was not taken.
    expect(socket.readableDidRead).toBe(false);
  });

  it('holds back the peer while it is paused, and loses and reorders nothing', async () => {
    const heard: Buffer[] = [];
    let pauses = 0;
    socket.on('data', (bytes: Buffer) => {
      heard.push(bytes);
      if (pauses >= 20) return;
      pauses += 1;
      socket.pause();
      setImmediate(() => setImmediate(() => socket.resume()));
    });
    const numbered = Buffer.from(Uint32Array.from({ length: 1_000_000 }, (_, index) => index).buffer);
    peer.end(numbered);
    await once(socket, 'end');
    expect(Buffer.concat(heard).equals(numbered)).toBe(true);
    expect(pauses).toBe(20);
  });

  it('takes no more than the queue holds while it stays paused', async () => {
    socket.on('data', () => socket.pause());
    let taken = false;
    peer.write(MUCH, () => {
      taken = true;
    });
    await once(socket, 'pause');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(false);
    expect(socket.readableLength).toBeLessThan(MUCH.length / 4);
    socket
      .removeAllListeners('data')
      .on('data', () => {})
      .resume();
    peer.end();
    await once(socket, 'end');
    expect(taken).toBe(true);
  });

  it('keeps what comes before anybody listens', async () => {
    peer.write('early');
    await once(socket, 'readable');
    const first = once(socket, 'data');
    expect(String((await first)[0])).toBe('early');
  });

  it('ends, and closes, when the peer does', async () => {
    socket.on('data', () => {});
    const events: string[] = [];
    for (const name of ['end', 'close']) socket.on(name, () => events.push(name));
    peer.end('last');
    await once(socket, 'close');
    expect(events).toEqual(['end', 'close']);
  });
});
