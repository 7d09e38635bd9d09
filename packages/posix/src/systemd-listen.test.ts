import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemdListenSockets } from './systemd-listen.ts';

describe('systemdListenSockets', () => {
  it('gives descriptors by name, from 3 on, and several under one name', () => {
    const environment = { LISTEN_PID: '42', LISTEN_FDS: '4', LISTEN_FDNAMES: 'session:control:session:' };
    expect([...systemdListenSockets(environment, 42)]).toEqual([
      ['session', [3, 5]],
      ['control', [4]],
      ['unknown', [6]],
    ]);
  });

  it('removes the variables, so that no child takes them for its own', () => {
    const environment = { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'session', HOME: '/root' };
    systemdListenSockets(environment, 42);
    expect(environment).toEqual({ HOME: '/root' });
  });

  it('is empty without systemd, and when the sockets were meant for another process', () => {
    expect(systemdListenSockets({}, 42).size).toBe(0);
    expect(systemdListenSockets({ LISTEN_PID: '41', LISTEN_FDS: '1' }, 42).size).toBe(0);
    expect(systemdListenSockets({ LISTEN_FDS: '1' }, 42).size).toBe(0);
  });

  it('refuses a count that is no sensible number', () => {
    for (const count of ['', '-1', 'x', '1e1', '65', '99999999999']) {
      expect(() => systemdListenSockets({ LISTEN_PID: '42', LISTEN_FDS: count }, 42)).toThrow(
        expect.objectContaining({ code: 'bad-environment' }),
      );
    }
  });

  it('takes over a listening socket as systemd hands it: bound before the program starts, under its pid', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clipmux-listen-'));
    const path = join(folder, 'socket');
    const starter = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1]); s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='session.socket')
print('bound', flush=True)
os.execv(sys.argv[2], sys.argv[2:])`;
    const program = `import('${new URL('./systemd-listen.ts', import.meta.url).href}').then(({ systemdListenSockets }) => {
      const [fd] = systemdListenSockets().get('session.socket');
      require('net').createServer((client) => client.end('from the service')).listen({ fd });
    })`;
    const child = spawn('python3', ['-c', starter, path, process.execPath, '--import', 'tsx', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      const client = connect(path);
      const [greeting] = (await once(client, 'data')) as [Buffer];
      expect(greeting.toString()).toBe('from the service');
      client.destroy();
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});
