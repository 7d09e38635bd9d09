import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { peerGroups } from './peer-groups.ts';

let folder: string;
let path: string;
let server: Server;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-groups-'));
  chmodSync(folder, 0o755);
  path = join(folder, 'socket');
  server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o777);
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function accept(): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket;
}

describe('peerGroups', () => {
  it("gives this process's own supplementary groups for a connection of its own", async () => {
    const accepted = accept();
    const client = connect(path);
    const socket = await accepted;
    // getgroups(2) as Node has it adds the effective group where the kernel does not list it.
    const own = new Set([...(process.getgroups?.() ?? [])]);
    for (const group of peerGroups(socket)) expect(own).toContain(group);
    client.destroy();
    socket.destroy();
  });

  it.runIf(process.getuid?.() === 0).each([
    ['none', []],
    ['a few', [27, 991, 4_000_000_000]],
    ['more than fit at the first try', Array.from({ length: 300 }, (_, index) => 5000 + index)],
  ])('gives the groups of another process that has %s, also once it has ended', async (_how, groups) => {
    const accepted = accept();
    const setting = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join()}`;
    const program = `require('net').connect(${JSON.stringify(path)}, () => process.exit())`;
    const child = spawn('setpriv', ['--reuid=65534', '--regid=65534', setting, process.execPath, '-e', program]);
    const socket = await accepted;
    await once(child, 'exit');
    expect(peerGroups(socket)).toEqual(groups);
    socket.destroy();
  });

  it('says so when the socket is closed', async () => {
    const accepted = accept();
    const client = connect(path);
    const socket = await accepted;
    socket.destroy();
    expect(() => peerGroups(socket)).toThrow(expect.objectContaining({ code: 'socket-closed' }));
    client.destroy();
  });
});
