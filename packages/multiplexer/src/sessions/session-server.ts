import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import { type ListenAddress, listen } from './listening-socket.ts';
import { Session, type SessionListener, type TransferSettings } from './session.ts';

/** How many connections there may be at once. */
export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerUser: number;
  /** Those that have not said hello yet. */
  readonly pendingConnections: number;
  readonly pendingConnectionsPerUser: number;
}

export interface SessionServerOptions {
  readonly version: string;
  readonly logger: Logger;
  readonly now: () => number;
  readonly limits: () => ConnectionLimits;
  readonly transfers: () => TransferSettings;
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
  }

  /** Resolves when connecting succeeds. @throws {ListenError} */
  async listen(address: ListenAddress): Promise<void> {
    await listen(this.#server, address);
    this.#server.on('error', (error) =>
      this.#options.logger.error('the session socket failed', { error: error.message }),
    );
  }

  /** Tells every agent and takes no more. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const error = new RpcError('shutting-down', 'clipmuxd is going down');
    await Promise.all([...this.#sessions].map((session) => session.close(error)));
    await closed;
  }

  #accept(socket: Socket): void {
    const { logger } = this.#options;
    let session: Session;
    try {
      session = new Session(socket, this.#listener, this.#options);
    } catch (error) {
      logger.error('cannot tell who connected; turned away', { error: String(error) });
      socket.destroy();
      return;
    }
    this.#sessions.add(session);
    socket.once('close', () => this.#sessions.delete(session));
    const excess = this.#excess(session.credentials.uid);
    if (excess) void session.close(new RpcError('limit-exceeded', excess));
  }

  /** Which limit the newest connection, one of this user, passes; null for none. */
  #excess(uid: number): string | null {
    const limits = this.#options.limits();
    const all = [...this.#sessions];
    const pending = all.filter((session) => session.pending);
    const ofUser = (sessions: readonly Session[]) =>
      sessions.filter(({ credentials }) => credentials.uid === uid).length;
    const counts: readonly [count: number, limit: number, what: string][] = [
      [ofUser(pending), limits.pendingConnectionsPerUser, `connections of uid ${uid} that have not said hello`],
      [ofUser(all), limits.connectionsPerUser, `connections of uid ${uid}`],
      [pending.length, limits.pendingConnections, 'connections that have not said hello'],
      [all.length, limits.connections, 'connections'],
    ];
    const passed = counts.find(([count, limit]) => count > limit);
    return passed ? `too many ${passed[2]}: ${passed[1]} are allowed` : null;
  }
}
