import { connect as connectSocket, type Socket } from 'node:net';
import { checkSocketPath, explainConnectError } from './path.ts';
import type { SocketUser } from './socket-user.ts';

/** Milliseconds before the first new attempt after a connection was lost. */
export const FIRST_RECONNECT_DELAY = 100;

/** Each further attempt waits twice as long, up to this many milliseconds. */
export const MAX_RECONNECT_DELAY = 2000;

/** A connection to a socket behind which a guest's port lies. */
export interface HostConnector {
  /** Closes the endpoint's connection and makes no other. */
  close(): Promise<void>;
}

/**
 * Connects an endpoint to a unix socket on which a VMM listens for the host's end of a port (QEMU: `-chardev socket,server=on`).
 * Rejects if that fails, with {@link HostError} `no-listener` where nobody listens. With `reconnect` it tries again, for ever, whenever the connection is lost later.
 */
export async function connect(
  path: string,
  endpoint: SocketUser,
  options: { readonly reconnect?: boolean } = {},
): Promise<HostConnector> {
  let timer: NodeJS.Timeout | undefined;
  let delay = FIRST_RECONNECT_DELAY;
  let closed = false;

  const again = (): void => {
    if (closed) return;
    timer = setTimeout(() => {
      open(path).then(
        (socket) => {
          delay = FIRST_RECONNECT_DELAY;
          if (closed || endpoint.connected) socket.destroy();
          else endpoint.attach(socket);
        },
        () => again(),
      );
    }, delay);
    delay = Math.min(delay * 2, MAX_RECONNECT_DELAY);
  };

  endpoint.attach(await open(path));
  if (options.reconnect) endpoint.on('disconnected', again);
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      endpoint.off('disconnected', again);
      await endpoint.close();
    },
  };
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    checkSocketPath(path);
    const socket = connectSocket(path);
    const fail = (error: Error): void => reject(explainConnectError(path, error));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
