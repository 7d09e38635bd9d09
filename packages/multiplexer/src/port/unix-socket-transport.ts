import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { deliverDirectly, socketPathProblem } from '@clipmux/posix';
import { PortError } from './port-error.ts';
import type { PortTransport } from './transport.ts';

/** Trying costs next to nothing, and a person who starts the host's end waits for it. */
const UNIX_SOCKET_RETRY_CEILING_MS = 1_000;

/** A port that is a unix stream socket: QEMU's `-chardev socket,server=on`, or a host endpoint. We connect, as a guest's port would. */
export class UnixSocketTransport implements PortTransport {
  readonly name: string;
  readonly retryCeiling = UNIX_SOCKET_RETRY_CEILING_MS;
  readonly #path: string;

  /** @throws PortError `invalid-name` if no socket can have that path */
  constructor(path: string) {
    const problem = socketPathProblem(path);
    if (problem !== undefined) throw new PortError('invalid-name', `unix:${problem}`);
    this.#path = path;
    this.name = `unix:${path}`;
  }

  open(signal: AbortSignal): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(this.#aborted());
        return;
      }
      const socket = connect(this.#path);
      deliverDirectly(socket);
      const settle = () => {
        socket.off('connect', connected).off('error', failed);
        signal.removeEventListener('abort', aborted);
        // Whatever happens until the stream's user listens must not end the program.
        socket.on('error', () => {});
      };
      const connected = () => {
        settle();
        resolve(socket);
      };
      const failed = (error: Error) => {
        settle();
        reject(this.#explain(error));
      };
      const aborted = () => {
        settle();
        socket.destroy();
        reject(this.#aborted());
      };
      socket.once('connect', connected).once('error', failed);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  release(): void {
    // Nothing is held between attempts.
  }

  #explain(error: NodeJS.ErrnoException): PortError {
    switch (error.code) {
      case 'ENOENT':
        return new PortError(
          'missing',
          `${this.name} does not exist: start the host's end, or name another with --port`,
          error,
        );
      case 'ECONNREFUSED':
        return new PortError('refused', `nobody listens on ${this.name}: start the host's end`, error);
      case 'EACCES':
      case 'EPERM':
        return new PortError(
          'denied',
          `${this.name} may not be opened by this user: change the socket's mode or owner`,
          error,
        );
      case 'EAGAIN':
        return new PortError('busy', `${this.name} takes no more connections now: another client may hold it`, error);
      case 'ENOTSOCK':
      case 'EPROTOTYPE':
        return new PortError('failed', `${this.name} is not a stream socket: name another with --port`, error);
      default:
        return new PortError('failed', `${this.name} cannot be opened: ${error.message}`, error);
    }
  }

  #aborted(): PortError {
    return new PortError('aborted', `opening ${this.name} was given up`);
  }
}
