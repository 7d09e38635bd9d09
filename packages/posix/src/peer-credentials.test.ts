import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PosixError } from './errors.ts';
import { peerCredentials } from './peer-credentials.ts';
import { peerPidfd, pidfdOf } from './pidfd.ts';

const NOBODY = 65534;

let folder: string;
let path: string;
let server: Server;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-peer-'));
  chmodSync(folder, 0o755);
  path = join(folder, 'socket');
  // Half open: an accepted socket must outlive its peer to be asked about it.
  server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o777);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  server.close();
  rmSync(folder, { recursive: true });
});

async function accept(): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket;
}

/** A process of its own that connects and stays until its standard input ends. */
function connectFromChild(prefix: readonly string[]): ChildProcess {
  const program = `require('net').connect(${JSON.stringify(path)}); process.stdin.resume().on('end', () => process.exit())`;
  const [command, ...parameters] = [...prefix, process.execPath, '-e', program];
  const child = spawn(command as string, parameters, { stdio: ['pipe', 'inherit', 'inherit'] });
  children.push(child);
  return child;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PosixError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('peerCredentials', () => {
  it('gives our own pid, uid and gid, seen from either end, for a connection of this process', async () => {
    const client = connect(path);
    const accepted = await accept();
    const own = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() };
    expect(peerCredentials(accepted)).toEqual(own);
    expect(peerCredentials(client)).toEqual(own);
    client.destroy();
  });

  it.runIf(process.getuid?.() === 0)('gives the pid, uid and gid of a child that runs as nobody', async () => {
    const child = connectFromChild(['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']);
    expect(peerCredentials(await accept())).toEqual({ pid: child.pid, uid: NOBODY, gid: NOBODY });
  });

  it('still knows the pid after the peer has gone, as the kernel recorded it', async () => {
    const child = connectFromChild([]);
    const accepted = await accept();
    child.stdin?.end();
    await once(child, 'exit');
    expect(peerCredentials(accepted).pid).toBe(child.pid);
    accepted.destroy();
  });

  it('says so when the socket is closed', async () => {
    const client = connect(path);
    const accepted = await accept();
    client.destroy();
    accepted.destroy();
    expect(codeOf(() => peerCredentials(accepted))).toBe('socket-closed');
  });
});

describe('peerPidfd', () => {
  it('follows the process that connected until it ends', async () => {
    const child = connectFromChild([]);
    const process_ = peerPidfd(await accept());
    expect([process_.pid, process_.isAlive()]).toEqual([child.pid, true]);
    child.stdin?.end();
    await once(child, 'exit');
    expect(process_.isAlive()).toBe(false);
    process_.close();
    process_.close();
    expect(process_.isAlive()).toBe(false);
  });

  it('refuses a peer that has already ended', async () => {
    const child = connectFromChild([]);
    const accepted = await accept();
    child.stdin?.end();
    await once(child, 'exit');
    expect(codeOf(() => peerPidfd(accepted))).toBe('process-gone');
    accepted.destroy();
  });
});

describe('pidfdOf, for kernels without SO_PEERPIDFD', () => {
  it('takes a process of the expected user', () => {
    const own = pidfdOf(process.pid, process.geteuid?.() ?? -1);
    expect(own.isAlive()).toBe(true);
    own.close();
  });

  it("refuses a process that is another user's, whose pid must have been reused", () => {
    expect(codeOf(() => pidfdOf(process.pid, 4_000_000))).toBe('process-gone');
  });

  it('refuses a pid that no process has', async () => {
    const child = connectFromChild([]);
    child.stdin?.end();
    await once(child, 'exit');
    expect(codeOf(() => pidfdOf(child.pid as number, process.geteuid?.() ?? -1))).toBe('process-gone');
  });
});
