import { connect, type Socket } from 'node:net';
import { ConnectError } from './exit-status.ts';

/** Where clipmuxd listens unless told otherwise. */
export const DEFAULT_CONTROL_SOCKET = '/run/clipmux/control.sock';

/** Connects to clipmuxd's control socket. @throws {ConnectError} */
export function connectControl(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const failed = (error: NodeJS.ErrnoException) => reject(explain(path, error));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function explain(path: string, error: NodeJS.ErrnoException): ConnectError {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConnectError(
        'missing',
        `clipmuxd is not running: there is no ${path} (systemctl enable --now clipmuxd starts it; clipmuxctl doctor tells more)`,
      );
    case 'ECONNREFUSED':
      return new ConnectError(
        'refused',
        `clipmuxd is not running: nobody listens on ${path} (systemctl restart clipmuxd starts it; clipmuxctl doctor tells more)`,
      );
    case 'EACCES':
    case 'EPERM':
      return new ConnectError(
        'denied',
        `${path} may not be used by this user: use root, or join the group clipmux and log in again`,
      );
    default:
      return new ConnectError('failed', `cannot connect to ${path}: ${error.message}`);
  }
}
