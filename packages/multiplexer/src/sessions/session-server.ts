import { createServer, type Server, type Socket } from 'node:net';
import { deliverDirectly, type Logger, peerCredentials } from '@clipmux/posix';
import { RpcError } from '@clipmux/rpc';
import { TURNED_AWAY_MAX } from './limits.ts';
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
  readonly #turnedAway = new Set<Session>();
  #floodTold = false;

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
    let excess: string | null;
    try {
      excess = this.#excess(peerCredentials(socket).uid);
      if (excess && this.#turnedAway.size >= TURNED_AWAY_MAX) {
        this.#flooded(excess);
        socket.destroy();
        return;
      }
      deliverDirectly(socket);
      session = new Session(socket, this.#listener, this.#options);
    } catch (error) {
      logger.error('cannot tell who connected; turned away', { error: String(error) });
      socket.destroy();
      return;
    }
    // Who is turned away takes nobody's place while it is being told.
    const those = excess ? this.#turnedAway : this.#sessions;
    those.add(session);
    socket.once('close', () => {
      those.delete(session);
      this.#floodTold &&= this.#turnedAway.size > 0;
    });
    if (excess) void session.close(new RpcError('limit-exceeded', excess));
  }

  /** Says it once a flood, not once a connection. */
  #flooded(excess: string): void {
    if (this.#floodTold) return;
    this.#floodTold = true;
    this.#options.logger.warning('connections come in faster than they can be told why they are turned away', {
      excess,
    });
  }

  /** Which limit one more connection of this user would pass; null for none. */
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
    const passed = counts.find(([count, limit]) => count >= limit);
    return passed ? `too many ${passed[2]}: ${passed[1]} are allowed` : null;
  }
}
