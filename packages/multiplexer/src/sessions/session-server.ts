import { createServer, type Server, type Socket } from 'node:net';
import { type Logger, peerCredentials } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import { MAX_CONNECTIONS } from './limits.ts';
import { type ListenAddress, listen } from './listening-socket.ts';
import { Session, type SessionListener } from './session.ts';

export interface SessionServerOptions {
  readonly version: string;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** Takes agents' connections. What they say is the listener's business. */
export class SessionServer {
  readonly #server: Server;
  readonly #listener: SessionListener;
  readonly #options: SessionServerOptions;
  readonly #sessions = new Set<Session>();

  constructor(listener: SessionListener, options: SessionServerOptions) {
    this.#listener = listener;
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves when connecting succeeds. @throws {ListenError} */
  async listen(address: ListenAddress): Promise<void> {
    await listen(this.#server, address);
    this.#server.on('error', (error) =>
      this.#options.logger.error('the session socket failed', { error: error.message }),
    );
    this.#server.on('drop', () => this.#options.logger.warning('too many connections', { limit: MAX_CONNECTIONS }));
  }

  /** Tells every agent and takes no more. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const error = new RpcError('shutting-down', 'clipmuxd is going down');
    await Promise.all([...this.#sessions].map((session) => session.close(error)));
    await closed;
  }

  #accept(socket: Socket): void {
    const { version, logger, now = Date.now } = this.#options;
    let session: Session;
    try {
      session = new Session(socket, this.#listener, { credentials: peerCredentials(socket), version, logger, now });
    } catch (error) {
      logger.error('cannot tell who connected; turned away', { error: String(error) });
      socket.destroy();
      return;
    }
    this.#sessions.add(session);
    socket.once('close', () => this.#sessions.delete(session));
  }
}
