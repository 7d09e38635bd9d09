import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { HostError } from '../errors.ts';
import { checkSocketPath, explainListenError } from './path.ts';
import type { SocketUser } from './socket-user.ts';

/** Only the owner may connect: the clipboard's content crosses here. */
export const DEFAULT_SOCKET_MODE = 0o600;

/** A socket on which guests' ports arrive. */
export interface HostListener {
  /** Stops listening, removes the socket file and closes the endpoint's connection. */
  close(): Promise<void>;
}

/**
 * Listens on a unix socket and gives each guest that connects to the endpoint; while there is one, others are sent away at once.
 * A socket file that nobody listens on any more is removed. Rejects with {@link HostError} `address-in-use` if somebody does, and
 * `not-a-socket` if a file of another kind is there, and `address-invalid` if no socket can be there.
 */
export async function listen(
  path: string,
  endpoint: SocketUser,
  options: { readonly mode?: number } = {},
): Promise<HostListener> {
  checkSocketPath(path);
  await removeStaleSocket(path);
  const server = createServer((socket) => accept(socket, endpoint));
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => reject(explainListenError(path, error));
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      resolve();
    });
    // The socket file is there as soon as listen() returns; nobody has connected yet.
    if (server.listening) chmodSync(path, options.mode ?? DEFAULT_SOCKET_MODE);
  });
  return {
    close: async () => {
      const closed = closeServer(server);
      await endpoint.close();
      await closed;
    },
  };
}

function accept(socket: Socket, endpoint: SocketUser): void {
  if (endpoint.connected) {
    socket.on('error', () => {});
    socket.destroy();
    return;
  }
  endpoint.attach(socket);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function removeStaleSocket(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new HostError('not-a-socket', `${path} exists and is not a socket`);
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('close', () => probe.destroy());
    probe.once('connect', () => probe.destroy());
  });
  if (answered) throw new HostError('address-in-use', `something listens on ${path} already`);
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
