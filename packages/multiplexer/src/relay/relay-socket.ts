import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, peerCredentials } from '@clipmux/posix';
import { type ListenAddress, listen } from '../sessions/index.ts';

/** Root's and our own: what comes over this socket goes to the host as it is. */
const RELAY_SOCKET_MODE = 0o600;

/**
 * The socket that is the stock daemon's port. A port has one user: a second one waits, unread, until the first has gone, as a stock
 * daemon that is turned away would come again without a pause. A third is turned away.
 */
export class RelaySocket {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #connected: (socket: Socket) => void;
  readonly #server: Server;
  #current: Socket | null = null;
  #next: Socket | null = null;

  constructor(path: string, logger: Logger, connected: (socket: Socket) => void) {
    this.#path = path;
    this.#logger = logger;
    this.#connected = connected;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** Resolves when connecting succeeds. @throws {ListenError} */
  async listen(): Promise<void> {
    const address: ListenAddress = { path: this.#path, mode: RELAY_SOCKET_MODE };
    await listen(this.#server, address);
    this.#server.on('error', (error) => this.#logger.error('the relay’s socket failed', { error: error.message }));
  }

  /** Hangs up and takes no more. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const [current, next] = [this.#current, this.#next];
    this.#current = null;
    this.#next = null;
    current?.destroy();
    next?.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    // A peer that goes at once must not end the program.
    socket.on('error', () => {});
    if (!this.#mayConnect(socket)) {
      socket.destroy();
      return;
    }
    if (this.#current === null) {
      this.#take(socket);
    } else if (this.#next === null) {
      this.#logger.info('another stock daemon connects: it waits until the first has gone');
      this.#next = socket;
      socket.once('close', () => {
        if (this.#next === socket) this.#next = null;
      });
    } else {
      this.#logger.warning('a third stock daemon connects: turned away');
      socket.destroy();
    }
  }

  #take(socket: Socket): void {
    this.#current = socket;
    socket.once('close', () => {
      if (this.#current !== socket) return;
      this.#current = null;
      const next = this.#next;
      this.#next = null;
      if (next && !next.destroyed) this.#take(next);
    });
    this.#connected(socket);
  }

  #mayConnect(socket: Socket): boolean {
    try {
      const { uid, pid } = peerCredentials(socket);
      if (uid === 0 || uid === process.getuid?.()) return true;
      this.#logger.warning('only root and clipmuxd’s own user may be the stock daemon; turned away', { uid, pid });
    } catch (error) {
      this.#logger.error('cannot tell who connected to the relay; turned away', { error: String(error) });
    }
    return false;
  }
}
