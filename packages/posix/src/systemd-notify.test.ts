import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PosixError } from './errors.ts';
import { stateLines, systemdNotify, unixAddress } from './systemd-notify.ts';

let folder: string;
let receiver: ChildProcessByStdio<null, Readable, null> | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipmux-notify-'));
});

afterEach(() => {
  receiver?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A real datagram socket, which Node lacks: prints "bound", then each datagram as hex. */
async function bindReceiver(name: string): Promise<() => Promise<string>> {
  const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind('\\0' + name[1:] if name.startswith('@') else name)
print('bound', flush=True)
while True: print(s.recv(65536).hex(), flush=True)`;
  receiver = spawn('python3', ['-c', program, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = receiver.stdout.setEncoding('utf8');
  const next = async () => String((await once(lines, 'data'))[0]).trim();
  expect(await next()).toBe('bound');
  return async () => Buffer.from(await next(), 'hex').toString();
}

/** On a busy machine Python takes its time to start. */
const PYTHON_TIMEOUT_MS = 30_000;

describe('systemdNotify', { timeout: PYTHON_TIMEOUT_MS }, () => {
  it('sends one datagram to a socket in the file system', async () => {
    const path = join(folder, 'notify');
    const receive = await bindReceiver(path);
    expect(systemdNotify({ ready: true, status: 'Connected\nto the host' }, { NOTIFY_SOCKET: path })).toBe(true);
    expect(await receive()).toBe('READY=1\nSTATUS=Connected to the host');
  });

  it('sends to an abstract socket', async () => {
    const name = `@clipmux-notify-${process.pid}`;
    const receive = await bindReceiver(name);
    expect(systemdNotify({ stopping: true }, { NOTIFY_SOCKET: name })).toBe(true);
    expect(await receive()).toBe('STOPPING=1');
  });

  it('does nothing when nobody asked to be told', () => {
    expect(systemdNotify({ ready: true }, {})).toBe(false);
    expect(systemdNotify({ ready: true }, { NOTIFY_SOCKET: '' })).toBe(false);
  });

  it('says which call failed when nobody listens', () => {
    expect(() => systemdNotify({ ready: true }, { NOTIFY_SOCKET: join(folder, 'nobody') })).toThrow(
      expect.objectContaining({ code: 'system-call-failed', errno: 2 }),
    );
  });

  it('refuses names that cannot be sockets', () => {
    for (const name of ['relative', `/${'x'.repeat(200)}`, `/${'x'.repeat(107)}`]) {
      expect(() => systemdNotify({ ready: true }, { NOTIFY_SOCKET: name })).toThrow(PosixError);
    }
  });
});

describe('the bytes', () => {
  it('puts every member on its own line', () => {
    expect(stateLines({ ready: true, watchdog: true, stopping: true, status: 'ok' })).toBe(
      'READY=1\nSTOPPING=1\nWATCHDOG=1\nSTATUS=ok',
    );
    expect(stateLines({})).toBe('');
  });

  it('ends a path with NUL and begins an abstract name with one', () => {
    expect(unixAddress('/run/n')).toEqual(Buffer.from('\x01\x00/run/n\x00', 'latin1'));
    expect(unixAddress('@n')).toEqual(Buffer.from('\x01\x00\x00n', 'latin1'));
  });
});
