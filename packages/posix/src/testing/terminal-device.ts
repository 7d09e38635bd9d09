import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A character device with a host's end in our hands: a raw pseudo-terminal whose other side socat ties to a socket. When that
 * socket is closed the terminal hangs up, and reading it gives end of file, as a virtio port does.
 */
export interface TerminalDevice {
  readonly path: string;
  readonly host: Socket;
  remove(): void;
}

export async function createTerminalDevice(): Promise<TerminalDevice> {
  const folder = mkdtempSync(join(tmpdir(), 'clipmux-device-'));
  const path = join(folder, 'device');
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, 'host'));
  await once(server, 'listening');
  // The terminal exists before socat connects. It complains of every host that goes; a failure to start shows as a time-out.
  const socat: ChildProcess = spawn('socat', [`PTY,link=${path},rawer`, `UNIX-CONNECT:${join(folder, 'host')}`], {
    stdio: 'ignore',
  });
  const [host] = (await once(server, 'connection')) as [Socket];
  host.on('error', () => {});
  server.close();
  return {
    path,
    host,
    remove: () => {
      host.destroy();
      socat.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
